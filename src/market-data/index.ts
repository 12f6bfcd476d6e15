export type { DateOrder } from '../core/read-time.ts'
export type { Timeframe } from '../core/timeframe.ts'
export {
  type CandleFlag,
  type CandleFlagCode,
  CandleInspector,
  type CandleInspectorOptions,
} from './candle-inspector.ts'
export {
  type NormalizedSeries,
  type NormalizeSeriesOptions,
  normalizeSeries,
  type SeriesGap,
  type SeriesIssue,
  type SeriesIssueCode,
} from './normalize-series.ts'
export type { CandleSource } from './sources.ts'
export { type ToCandleOptions, toCandle } from './to-candle.ts'
