export type { AnomalyScorer } from './anomaly-scorer.ts'
export { HalfSpaceTrees, type HalfSpaceTreesOptions } from './half-space-trees.ts'
