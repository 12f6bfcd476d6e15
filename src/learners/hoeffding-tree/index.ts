export { HoeffdingTreeClassifier, type HoeffdingTreeClassifierOptions } from './hoeffding-tree-classifier.ts'
export type { LeafPrediction } from './leaf-prediction.ts'
export type { TreeNode } from './tree.ts'
