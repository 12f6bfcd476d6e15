export type { XgboostInput, XgboostOptions } from './options.ts'
export { type XgboostCodec, XgboostLearner } from './xgboost-learner.ts'
