export type { StreamingGradientBoostingInput, StreamingGradientBoostingOptions } from './options.ts'
export {
  StochasticGradientTree,
  type StochasticGradientTreeInput,
  type StochasticGradientTreeOptions,
} from './stochastic-gradient-tree.ts'
export { StreamingGradientBoosting } from './streaming-gradient-boosting.ts'
