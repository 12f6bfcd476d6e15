export { asymptoticHalfWidth, asymptoticP, asymptoticRho, type Sides } from './asymptotic.ts'
export {
  type BacktestOverfitting,
  type BacktestOverfittingOptions,
  backtestOverfitting,
} from './backtest-overfitting.ts'
export { type BlockLengths, optimalBlockLength } from './block-length.ts'
export type { BootstrapKind } from './bootstrap-interval.ts'
export {
  BoundedMeanConfidenceSequence,
  type BoundedMeanConfidenceSequenceOptions,
} from './bounded-mean-confidence-sequence.ts'
export { deflatedSharpeRatio, effectiveTrials, expectedMaximumSharpe, meanCorrelation } from './deflated-sharpe.ts'
export type { DifferenceOptions, DifferenceReport, DifferenceVerdict } from './difference-report.ts'
export { falseDiscoveryRates } from './false-discovery-rates.ts'
export { MeanConfidenceSequence, type MeanConfidenceSequenceOptions } from './mean-confidence-sequence.ts'
export { normalMixtureBound, normalMixtureRho } from './normal-mixture.ts'
export { type PairedComparisonOptions, pairedComparison } from './paired-comparison.ts'
export {
  type Effect,
  minimumDetectableEffect,
  type PowerOptions,
  powerOf,
  type SampleSize,
  sampleSize,
  type UnknownEffect,
} from './power.ts'
export { type ChosenSignal, SelectionEvidence } from './selection-evidence.ts'
export {
  minimumTrackRecordLength,
  probabilisticSharpeRatio,
  type SharpeEstimate,
  type SharpeMoments,
  sharpeRatio,
} from './sharpe-ratio.ts'
export {
  type BootstrapEstimate,
  drawStationary,
  type StationaryBootstrapOptions,
  stationaryBootstrap,
} from './stationary-bootstrap.ts'
export { compareTakenAndSkipped } from './taken-and-skipped.ts'
export { wilsonInterval } from './wilson-interval.ts'
export { WinRateConfidenceSequence, type WinRateConfidenceSequenceOptions } from './win-rate-confidence-sequence.ts'
