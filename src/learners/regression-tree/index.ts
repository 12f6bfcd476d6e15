export {
  HoeffdingTreeRegressor,
  type HoeffdingTreeRegressorOptions,
  type RegressionTreeNode,
} from './hoeffding-tree-regressor.ts'
export type { RegressionTreeInput, RegressionTreeOptions } from './options.ts'
