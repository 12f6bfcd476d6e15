import type { Vector } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { State } from '../core/state.ts'
import { barEnd, barStart, type Timeframe, timeframeMs } from '../core/timeframe.ts'
import type { Candle } from '../market.ts'
import type { Indicator } from './indicator.ts'

/** State of {@link onTimeframe}: the bar that is being built, and what the indicator makes of those before it. */
export type OnTimeframeState<S extends State = State> = {
  /** When the bar in building opened, and when it ends; NaN before the first candle. */
  start: number
  end: number
  open: number
  high: number
  low: number
  close: number
  /** NaN where a candle had none. */
  volume: number
  /** 1 where the bar is whole so far, 0 where the series began in the middle of it or it has been handed on. */
  whole: number
  readonly inner: S
}

/**
 * An indicator of longer bars, made of the candles that come in: `onTimeframe('4h', rsi(14), '1h')`.
 *
 * A longer bar counts when it has closed and not before: with the candle that reaches its end, or, where that one is
 * missing, with the next. Until then the numbers are those of the bar before it, as they would have been live. Bars are
 * cut in UTC, weeks on Monday; a bar in which the series began is left out, because half of it is missing.
 *
 * O(1) a candle.
 *
 * @param timeframe - length of the longer bars, a multiple of `base`
 * @param base - length of the candles that come in
 */
export function onTimeframe<S extends State, Out extends string>(
  timeframe: Timeframe,
  indicator: Indicator<S, Out>,
  base: Timeframe,
): Indicator<OnTimeframeState<S>, Out> {
  const [length, step] = [timeframeMs(timeframe), timeframeMs(base)]
  if (length <= step || (!timeframe.endsWith('M') && length % step !== 0)) {
    throw new TradeLearnError('INVALID_OPTION', `"timeframe" must be a multiple of ${base}, got ${timeframe}.`)
  }
  return {
    kind: `${indicator.kind} on ${timeframe} of ${base}`,
    outputs: indicator.outputs,
    init: () => ({
      ...{ start: NaN, end: NaN, open: NaN, high: NaN, low: NaN, close: NaN, volume: NaN, whole: 0 },
      inner: indicator.init(),
    }),
    update(state, candle) {
      const { time } = candle
      if (!(time < state.end)) {
        // the last bar's own end may never have come
        if (state.whole === 1) indicator.update(state.inner, barOf(state, candle.symbol))
        begin(state, candle, barStart(time, timeframe), timeframe)
      } else {
        state.high = Math.max(state.high, candle.high)
        state.low = Math.min(state.low, candle.low)
        state.close = candle.close
        state.volume += candle.volume ?? NaN
      }
      if (state.whole === 1 && time + step >= state.end) {
        indicator.update(state.inner, barOf(state, candle.symbol))
        state.whole = 0
      }
    },
    read(state, out: Vector, at) {
      indicator.read(state.inner, out, at)
    },
  }
}

function begin(state: OnTimeframeState, candle: Candle, start: number, timeframe: Timeframe): void {
  // the first bar of all is whole only where its first candle is there
  state.whole = Number.isNaN(state.start) && candle.time > start ? 0 : 1
  state.start = start
  state.end = barEnd(start, timeframe)
  state.open = candle.open
  state.high = candle.high
  state.low = candle.low
  state.close = candle.close
  state.volume = candle.volume ?? NaN
}

function barOf({ start, open, high, low, close, volume }: OnTimeframeState, symbol: string): Candle {
  const bar = { symbol, time: start, open, high, low, close }
  return Number.isNaN(volume) ? bar : { ...bar, volume }
}
