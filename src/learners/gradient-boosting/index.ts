export { GradientBoosting } from './gradient-boosting.ts'
export type { GradientBoostingInput, GradientBoostingOptions } from './options.ts'
export type { Tree, TreeBranch, TreeLeaf } from './tree.ts'
