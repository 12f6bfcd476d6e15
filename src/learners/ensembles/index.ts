export { AdaptiveRandomForest, type AdaptiveRandomForestOptions } from './adaptive-random-forest.ts'
export {
  AdaptiveRandomForestRegressor,
  type AdaptiveRandomForestRegressorOptions,
} from './adaptive-random-forest-regressor.ts'
export { ADWINBagging, type ADWINBaggingOptions } from './adwin-bagging.ts'
export type { Vote } from './class-judge.ts'
export type { CrewInput as EnsembleInput, CrewOptions as EnsembleOptions } from './crew.ts'
export { DynamicWeightedMajority, type DynamicWeightedMajorityOptions } from './dynamic-weighted-majority.ts'
export { FeatureSubset, type FeatureSubsetOptions } from './feature-subset.ts'
export { LeveragingBagging, type LeveragingBaggingOptions, type LeveragingMethod } from './leveraging-bagging.ts'
export type { CreateMember } from './nursery.ts'
export { OnlineBagging, type OnlineBaggingOptions } from './online-bagging.ts'
export { OnlineBoosting, type OnlineBoostingOptions } from './online-boosting.ts'
export { OnlineStacking, type OnlineStackingOptions } from './online-stacking.ts'
export { StreamingRandomPatches, type StreamingRandomPatchesOptions } from './streaming-random-patches.ts'
export type { Combination } from './value-judge.ts'
