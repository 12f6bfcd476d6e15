export { Accuracy, type AccuracyOptions } from './accuracy.ts'
export { AUC, type AUCOptions } from './auc.ts'
export { Brier } from './brier.ts'
export { CalibrationError, type CalibrationErrorOptions, type ReliabilityBin } from './calibration-error.ts'
export { LogLoss } from './log-loss.ts'
export { Precision, type PrecisionOptions } from './precision.ts'
export { Recall, type RecallOptions } from './recall.ts'
export { Rolling, type RollingOptions } from './rolling.ts'
export {
  formatMeasure,
  TRADE_FLOORS,
  type TradeMeasure,
  TradeStatistics,
  type TradeStatisticsOptions,
} from './trade-statistics.ts'
