import { integer } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { createRing, pushRing, type Ring, ringAt } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingExtreme, extremeIn, type MovingExtreme, pushExtreme } from './moving-extreme.ts'

type Range = { readonly highs: MovingExtreme; readonly lows: MovingExtreme }

/** State of {@link ichimoku}: three ranges, and the cloud's lines as they were computed, oldest `base` candles ago. */
export type IchimokuState = {
  close: number
  readonly fast: Range
  readonly base: Range
  readonly slow: Range
  readonly leadA: Ring
  readonly leadB: Ring
}

/**
 * Ichimoku: where the close stands beside the conversion line, the base line and the cloud.
 *
 *     line(n) = (highest high + lowest low) / 2 of n candles
 *     conversion = close / line(`fast`) - 1      base = close / line(`base`) - 1      cross = line(fast) / line(base) - 1
 *     cloud: spans A = (line(fast) + line(base)) / 2 and B = line(`slow`), both of `base` - 1 candles ago
 *     cloud = close / nearer edge - 1 outside, 0 inside        thickness = (A - B) / close
 *
 * On a chart the cloud is drawn `base` - 1 candles ahead, so the one that stands below today's candle was computed then;
 * nothing here looks ahead. The lagging span is the close drawn into the past, and as such no feature. First values of the
 * cloud at candle `slow` + `base` - 1. O(1).
 *
 * @see G. Hosoda (1969), "Ichimoku Kinko Hyo"
 */
export function ichimoku(
  fast = 9,
  base = 26,
  slow = 52,
): Indicator<IchimokuState, 'conversion' | 'base' | 'cross' | 'cloud' | 'thickness'> {
  for (const [name, bars] of Object.entries({ fast, base, slow })) integer(name, bars)
  if (!(fast < base && base < slow)) {
    throw new TradeLearnError('INVALID_OPTION', `"fast" < "base" < "slow" must hold, got ${fast}, ${base}, ${slow}.`)
  }
  return {
    kind: `ichimoku(${fast},${base},${slow})`,
    outputs: ['conversion', 'base', 'cross', 'cloud', 'thickness'],
    init: () => ({
      close: NaN,
      fast: createRange(fast),
      base: createRange(base),
      slow: createRange(slow),
      leadA: createRing(base),
      leadB: createRing(base),
    }),
    update(state, { high, low, close }) {
      state.close = close
      widen(state.fast, high, low)
      widen(state.base, high, low)
      widen(state.slow, high, low)
      pushRing(state.leadA, (lineOf(state.fast) + lineOf(state.base)) / 2)
      pushRing(state.leadB, lineOf(state.slow))
    },
    read(state, out, at) {
      const { close } = state
      const conversion = lineOf(state.fast)
      const middle = lineOf(state.base)
      const a = ringAt(state.leadA, base - 1)
      const b = ringAt(state.leadB, base - 1)
      // either is missing for longer than the other
      const [top, bottom] = a > b ? [a, b] : a <= b ? [b, a] : [NaN, NaN]
      out[at] = (close - conversion) / conversion
      out[at + 1] = (close - middle) / middle
      out[at + 2] = (conversion - middle) / middle
      out[at + 3] = close > top ? (close - top) / top : close < bottom ? (close - bottom) / bottom : 0 * top
      out[at + 4] = (a - b) / close
    },
  }
}

const createRange = (bars: number): Range => ({ highs: createMovingExtreme(bars), lows: createMovingExtreme(bars) })

function widen({ highs, lows }: Range, high: number, low: number): void {
  pushExtreme(highs, high)
  pushExtreme(lows, -low)
}

/** The middle of a range; NaN before it is full. */
function lineOf({ highs, lows }: Range): number {
  const low = -extremeIn(lows)
  return low + (extremeIn(highs) - low) / 2
}
