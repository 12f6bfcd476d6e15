export { Accuracy, type AccuracyOptions } from './accuracy.ts'
export { AUC, type AUCOptions } from './auc.ts'
export { AveragePrecision, type AveragePrecisionOptions } from './average-precision.ts'
export { BalancedAccuracy, type BalancedAccuracyOptions } from './balanced-accuracy.ts'
export { Brier } from './brier.ts'
export { CalibrationError, type CalibrationErrorOptions } from './calibration-error.ts'
export { CohenKappa, type CohenKappaOptions } from './cohen-kappa.ts'
export type { Drawdown } from './drawdown.ts'
export {
  EQUITY_FLOORS,
  type EquityMeasure,
  EquityStatistics,
  type EquityStatisticsOptions,
} from './equity-statistics.ts'
export { type Exposure, exposureOf, type HeldPosition } from './exposure.ts'
export { type ExposureMeasure, ExposureStatistics, type ExposureStatisticsOptions } from './exposure-statistics.ts'
export { FBeta, type FBetaOptions } from './f-beta.ts'
export { type Figure, formatMeasure } from './figure.ts'
export { GeometricMean, type GeometricMeanOptions } from './geometric-mean.ts'
export { IntervalCoverage, type IntervalCoverageOptions, type IntervalMetric } from './interval-coverage.ts'
export { KappaM, type KappaMOptions } from './kappa-m.ts'
export { KappaTemporal, type KappaTemporalOptions } from './kappa-temporal.ts'
export { LogLoss } from './log-loss.ts'
export { MatthewsCorrelation, type MatthewsCorrelationOptions } from './matthews-correlation.ts'
export { MeanAbsoluteError } from './mean-absolute-error.ts'
export { PinballLoss, type PinballLossOptions } from './pinball-loss.ts'
export { Precision, type PrecisionOptions } from './precision.ts'
export {
  type RBin,
  type RMeasure,
  RMultipleStatistics,
  type RMultipleStatisticsOptions,
  type RMultiples,
  rMultiples,
} from './r-multiples.ts'
export { RSquared } from './r-squared.ts'
export { Recall, type RecallOptions } from './recall.ts'
export type { Binning, BrierParts, ReliabilityBin } from './reliability.ts'
export { Rolling, type RollingOptions } from './rolling.ts'
export { RootMeanSquaredError } from './root-mean-squared-error.ts'
export { type ScoredTable, scoreTable } from './score-table.ts'
export {
  TRADE_FLOORS,
  type TradeMeasure,
  TradeStatistics,
  type TradeStatisticsOptions,
} from './trade-statistics.ts'
