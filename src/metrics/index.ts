export { Accuracy, type AccuracyOptions } from './accuracy.ts'
export { AUC, type AUCOptions } from './auc.ts'
export { BalancedAccuracy, type BalancedAccuracyOptions } from './balanced-accuracy.ts'
export { Brier } from './brier.ts'
export { CalibrationError, type CalibrationErrorOptions, type ReliabilityBin } from './calibration-error.ts'
export { CohenKappa, type CohenKappaOptions } from './cohen-kappa.ts'
export { FBeta, type FBetaOptions } from './f-beta.ts'
export { GeometricMean, type GeometricMeanOptions } from './geometric-mean.ts'
export { KappaM, type KappaMOptions } from './kappa-m.ts'
export { KappaTemporal, type KappaTemporalOptions } from './kappa-temporal.ts'
export { LogLoss } from './log-loss.ts'
export { MatthewsCorrelation, type MatthewsCorrelationOptions } from './matthews-correlation.ts'
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
