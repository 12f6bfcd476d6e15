export { FeatureSelection, type FeatureSelectionOptions } from './feature-selection.ts'
