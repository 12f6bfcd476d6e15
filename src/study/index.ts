export type { Dimension } from './dimension.ts'
export type { Past as TrialHistory, Standing } from './history.ts'
export {
  type ParameterImportance,
  type ParameterImportanceOptions,
  parameterImportance,
} from './importance.ts'
export { MedianPruner, type MedianPrunerOptions } from './median-pruner.ts'
export { NoPruner } from './no-pruner.ts'
export type { Objective, OptimizeOptions } from './optimize.ts'
export {
  type Category,
  type ChoiceParameter,
  type Condition,
  type Conditional,
  choice,
  type FloatParameter,
  float,
  type InferParams,
  type IntParameter,
  int,
  type Parameter,
  type RangeOptions,
  type Space,
  type Unconditional,
  when,
} from './parameter.ts'
export { type PatienceOptions, patience, type StopRule } from './patience.ts'
export type { Pruner, Race, Yardstick } from './pruner.ts'
export { RandomSampler } from './random-sampler.ts'
export type { Sampler } from './sampler.ts'
export { Study, type StudyOptions, type TrialCounts } from './study.ts'
export { SuccessiveHalving, type SuccessiveHalvingOptions } from './successive-halving.ts'
export { TPE, type TPEOptions } from './tpe.ts'
export type {
  Direction as SearchDirection,
  Report as TrialReport,
  Trial,
  TrialOutcome,
  TrialRecord,
  TrialState,
  Verdict as TrialVerdict,
} from './trial.ts'
export { wilcoxonGreater } from './wilcoxon.ts'
export { WilcoxonPruner, type WilcoxonPrunerOptions } from './wilcoxon-pruner.ts'
