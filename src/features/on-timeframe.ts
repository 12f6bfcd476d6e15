import type { Vector } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { State } from '../core/state.ts'
import { barEnd, barStart, type Timeframe, timeframeMs } from '../core/timeframe.ts'
import type { Candle } from '../market.ts'
import type { Indicator } from './indicator.ts'

/** State of {@link onTimeframe}: the bar that is being built, and what the indicator makes of those before it. */
export type OnTimeframeState<S extends State = State> = {
  /** Start, end, open, high, low, close and volume of the bar in building, and whether it is whole so far. */
  readonly bar: Float64Array
  readonly inner: S
}

// places in `bar`
const START = 0
const END = 1
const OPEN = 2
const HIGH = 3
const LOW = 4
const CLOSE = 5
/** NaN where a candle had none. */
const VOLUME = 6
/** 1 where the bar is whole so far, 0 where the series began in the middle of it or it has been handed on. */
const WHOLE = 7

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
  // the bar as the indicator gets it; holds nothing from one call to the next
  const whole = { symbol: '', time: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 as number | undefined }

  function close({ bar, inner }: OnTimeframeState<S>, symbol: string): void {
    whole.symbol = symbol
    whole.time = bar[START]!
    whole.open = bar[OPEN]!
    whole.high = bar[HIGH]!
    whole.low = bar[LOW]!
    whole.close = bar[CLOSE]!
    const volume = bar[VOLUME]!
    whole.volume = volume === volume ? volume : undefined
    indicator.update(inner, whole as Candle)
    bar[WHOLE] = 0
  }

  return {
    kind: `${indicator.kind} on ${timeframe} of ${base}`,
    outputs: indicator.outputs,
    init: () => ({ bar: new Float64Array(8).fill(NaN), inner: indicator.init() }),
    update(state, candle) {
      const { bar } = state
      const { time, open, high, low, close: last, volume = NaN } = candle
      if (time < bar[END]!) {
        if (high > bar[HIGH]!) bar[HIGH] = high
        if (low < bar[LOW]!) bar[LOW] = low
        bar[VOLUME]! += volume
      } else {
        // the last bar's own end may never have come
        if (bar[WHOLE] === 1) close(state, candle.symbol)
        const start = barStart(time, timeframe)
        // the first bar of all is whole only where its first candle is there
        bar[WHOLE] = bar[START] === bar[START] || time === start ? 1 : 0
        bar[START] = start
        bar[END] = barEnd(start, timeframe)
        bar[OPEN] = open
        bar[HIGH] = high
        bar[LOW] = low
        bar[VOLUME] = volume
      }
      bar[CLOSE] = last
      if (bar[WHOLE] === 1 && time + step >= bar[END]!) close(state, candle.symbol)
    },
    read({ inner }, out: Vector, at) {
      indicator.read(inner, out, at)
    },
  }
}
