import { TradeLearnError } from '../../core/errors.ts'
import { barStart } from '../../core/timeframe.ts'
import type { Indicator } from '../indicator.ts'

/** State of {@link sessionVwap}. */
export type SessionVwapState = {
  /** When the session of the last candle began; NaN before the first. */
  session: number
  close: number
  mean: number
  volume: number
}

const DAY_MINUTES = 1440
const DAY_MS = DAY_MINUTES * 60_000

/**
 * How far the close stands above the volume-weighted average price of its session, as a fraction.
 *
 *     close / VWAP - 1        VWAP = sum(typical volume) / sum(volume) since the session began
 *
 * A session is a day that begins `startMinute` minutes after midnight UTC; the VWAP is that of the candles so far. Traders
 * and algorithms that must buy "at VWAP" are measured by this line. NaN where a candle of the session has no volume, or
 * none traded; the next session is clean again. On daily bars it is the close against its own bar. O(1).
 */
export function sessionVwap(startMinute = 0): Indicator<SessionVwapState, 'value'> {
  if (!Number.isSafeInteger(startMinute) || startMinute < 0 || startMinute >= DAY_MINUTES) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"startMinute" must be a whole number from 0 to ${DAY_MINUTES - 1}, got ${startMinute}.`,
    )
  }
  const offset = startMinute * 60_000
  return {
    kind: `sessionVwap(${startMinute})`,
    outputs: ['value'],
    init: () => ({ session: NaN, close: NaN, mean: 0, volume: 0 }),
    update(state, { time, high, low, close, volume = NaN }) {
      const since = time - offset - state.session
      // most candles are of the session before; NaN before the first
      if (!(since >= 0 && since < DAY_MS)) {
        state.session = barStart(time - offset, '1d')
        state.mean = 0
        state.volume = 0
      }
      state.close = close
      state.volume += volume
      const typical = close + (high - close + (low - close)) / 3
      if (volume !== 0) state.mean += (typical - state.mean) * (volume / state.volume)
    },
    read({ close, mean, volume }, out, at) {
      out[at] = volume > 0 ? (close - mean) / mean : NaN
    },
  }
}
