export { Accuracy, type AccuracyOptions } from './accuracy.ts'
export { AUC, type AUCOptions } from './auc.ts'
export { AveragePrecision, type AveragePrecisionOptions } from './average-precision.ts'
export { BalancedAccuracy, type BalancedAccuracyOptions } from './balanced-accuracy.ts'
export { Brier } from './brier.ts'
export {
  type BrierParts,
  CalibrationError,
  type CalibrationErrorOptions,
  type ReliabilityBin,
} from './calibration-error.ts'
export { CohenKappa, type CohenKappaOptions } from './cohen-kappa.ts'
export {
  EQUITY_FLOORS,
  type EquityMeasure,
  EquityStatistics,
  type EquityStatisticsOptions,
  type Figure,
} from './equity-statistics.ts'
export { type Exposure, exposureOf, type HeldPosition } from './exposure.ts'
export { FBeta, type FBetaOptions } from './f-beta.ts'
export { GeometricMean, type GeometricMeanOptions } from './geometric-mean.ts'
export { IntervalCoverage, type IntervalCoverageOptions } from './interval-coverage.ts'
export { KappaM, type KappaMOptions } from './kappa-m.ts'
export { KappaTemporal, type KappaTemporalOptions } from './kappa-temporal.ts'
export { LogLoss } from './log-loss.ts'
export { MatthewsCorrelation, type MatthewsCorrelationOptions } from './matthews-correlation.ts'
export { MeanAbsoluteError } from './mean-absolute-error.ts'
export { PinballLoss, type PinballLossOptions } from './pinball-loss.ts'
export { Precision, type PrecisionOptions } from './precision.ts'
export { type RMultiples, rMultiples } from './r-multiples.ts'
export { Recall, type RecallOptions } from './recall.ts'
export { Rolling, type RollingOptions } from './rolling.ts'
export { RootMeanSquaredError } from './root-mean-squared-error.ts'
export {
  formatMeasure,
  TRADE_FLOORS,
  type TradeMeasure,
  TradeStatistics,
  type TradeStatisticsOptions,
} from './trade-statistics.ts'
