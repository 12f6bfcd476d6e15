export { type BlockBootstrapOptions, blockBootstrap, blockLengthFor } from './block-bootstrap.ts'
export type { Canary, CanaryName } from './canaries.ts'
export {
  type BaselineName,
  type Comparison,
  type Estimate,
  type Field,
  formatEstimate,
  type ScoreReport,
  type Scores,
} from './compare.ts'
export { checkDataset, type Dataset } from './dataset.ts'
export type { EntryLabeling } from './entry-outcomes.ts'
export {
  type EvaluateOptions,
  type Evaluation,
  type EvaluationPart,
  evaluate,
  type MoneyReport,
} from './evaluate.ts'
export { readEvaluation, writeEvaluation } from './evaluation-json.ts'
export { type DropColumnOptions, dropColumnImportance } from './importance/drop-column.ts'
export type { ExplanationByFold, FeatureExplanation, FoldExplanation } from './importance/explanation-by-fold.ts'
export { type CorrelatedGroupsOptions, correlatedGroups, type FeatureGroup } from './importance/feature-groups.ts'
export type { CreateLearner, FoldSpan, Watch } from './importance/folds.ts'
export type { FeatureWorth, FoldImportance, ImportanceByFold } from './importance/importance-by-fold.ts'
export { type ImportanceDrift, importanceDrift, type NeighbourDrift } from './importance/importance-drift.ts'
export {
  type ImportanceOptions,
  type ImportanceOverTime,
  importanceOverTime,
} from './importance/importance-over-time.ts'
export type { FoldSkill } from './importance/ranked-feature.ts'
export {
  type FeatureSkill,
  type SingleFeatureOptions,
  type SingleFeatureSkill,
  singleFeatureSkill,
} from './importance/single-feature-skill.ts'
export type { BucketFigures, HalfFigures } from './insights/bucket-figures.ts'
export type { DimensionOptions } from './insights/dimensions.ts'
export {
  type BucketFinding,
  type PatternInsights,
  type PatternInsightsOptions,
  patternInsights,
} from './insights/pattern-insights.ts'
export type { Stability } from './insights/words.ts'
export { type Chosen, type NestedOptions, type NestedValidation, nestedWalkForward } from './nested.ts'
export * from './off-policy/index.ts'
export { type ProgressiveOptions, type ProgressiveStep, progressive } from './progressive.ts'
export {
  type RandomEntryOptions,
  type RandomEntryReport,
  randomEntryTest,
  type StrategyEntry,
} from './random-entry.ts'
export { scorePredictions } from './score-predictions.ts'
export { SCORES, type ScoreName, type ScoreRule } from './scorecard.ts'
export type { ScorePredictionsOptions } from './scoring.ts'
export type { SkillGain, SkillGains } from './skill.ts'
export {
  backtestPaths,
  CombinatorialPurged,
  type CombinatorialPurgedOptions,
} from './splitters/combinatorial-purged.ts'
export { HoldOut, type HoldOutOptions } from './splitters/hold-out.ts'
export { PurgedKFold, type PurgedKFoldOptions } from './splitters/purged-k-fold.ts'
export { ShuffledSplit, type ShuffledSplitOptions } from './splitters/shuffled-split.ts'
export type { SpanUnit } from './splitters/spans.ts'
export { WalkForward, type WalkForwardOptions } from './splitters/walk-forward.ts'
export { sweepThresholds, type ThresholdPoint } from './thresholds.ts'
export {
  type FoldReport,
  type OutOfSample,
  type Validation,
  type ValidationOptions,
  validateHoldout,
  walkForward,
} from './validate.ts'
export {
  detectableCorrelation,
  type Finding,
  type Power,
  type Strictness,
  signalsNeeded,
  type Verdict,
} from './verdict.ts'
export { type Trainer, walkForwardWith } from './walk-forward-with.ts'
