export { averageUniqueness } from './average-uniqueness.ts'
export {
  atrBracket,
  type BarrierWidths,
  fixedBracket,
  roundTripCosts,
  type TradingCosts,
} from './bracket-of.ts'
export { FixedHorizon, type FixedHorizonOptions } from './fixed-horizon.ts'
export { type Excursions, labelFromOutcome } from './label-from-outcome.ts'
export {
  type DecisionKind,
  type OutcomeRow,
  OutcomeTracker,
  type OutcomeTrackerOptions,
  type TrackedDecision,
} from './outcome-tracker.ts'
export { type Trend, type TrendScanOptions, trendScan } from './strongest-trend.ts'
export { timeDecay } from './time-decay.ts'
export { type TrendLabel, TrendScanning, type TrendScanningOptions } from './trend-scanning.ts'
export { TripleBarrier, type TripleBarrierOptions } from './triple-barrier.ts'
export type { TradeEntry } from './watch-list.ts'
