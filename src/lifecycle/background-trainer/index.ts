export {
  type DailyAnalysis,
  dailyAnalysis,
  type FeatureChange,
  type GroupPerformance,
  type WeeklyAnalysis,
  weeklyAnalysis,
} from './analysis.ts'
export { BackgroundTrainer, type TrainerStatus } from './background-trainer.ts'
export { defaultTriggers } from './default-triggers.ts'
export { DriftTrigger, type DriftTriggerOptions } from './drift-trigger.ts'
export { FeatureTrigger, type FeatureTriggerOptions } from './feature-trigger.ts'
export { PerformanceTrigger, type PerformanceTriggerOptions } from './performance-trigger.ts'
export { defaultRecipe, type RetrainRecipe } from './recipe.ts'
export type { Comparison as CandidateComparison, RetrainPlan, RetrainReport } from './report.ts'
export { RetrainGate, type RetrainGateOptions } from './retrain-gate.ts'
export type { RetrainCause, RetrainTrigger, RetrainWish } from './retrain-trigger.ts'
export { RowLog, type RowLogOptions } from './row-log.ts'
export { ScheduleTrigger, type ScheduleTriggerOptions } from './schedule-trigger.ts'
export { serveRetrains } from './serve-retrains.ts'
export type { SettledRow } from './settled-row.ts'
export type { BackgroundTrainerOptions, RetrainResult, TrainerEvent } from './trainer-options.ts'
