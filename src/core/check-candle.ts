import type { Candle } from '../market.ts'
import { text, time } from './check.ts'
import { show, TradeLearnError } from './errors.ts'

/**
 * Throws unless `candle` is a sane closed bar: known units, positive finite prices, low <= open, close <= high, volume
 * absent or at least 0, and later than `previous`, the open time of the symbol's last candle (`undefined` if none).
 */
export function checkCandle(candle: Candle, previous?: number): void {
  if (typeof candle !== 'object' || candle === null) {
    throw new TradeLearnError('INVALID_CANDLE', `A candle must be an object, got ${show(candle)}.`)
  }
  const { symbol, open, high, low, close, volume } = candle
  text('candle.symbol', symbol, 'INVALID_CANDLE')
  time('candle.time', candle.time)
  checkPrice('open', open)
  checkPrice('high', high)
  checkPrice('low', low)
  checkPrice('close', close)
  if (low > high || open > high || close > high || open < low || close < low) {
    throw new TradeLearnError(
      'INVALID_CANDLE',
      `A candle must have low <= open, close <= high, got open ${open}, high ${high}, low ${low}, close ${close} ` +
        '(some exchanges list columns as low, high, open, close).',
    )
  }
  if (volume !== undefined && !(typeof volume === 'number' && volume >= 0 && volume < Infinity)) {
    throw new TradeLearnError('INVALID_CANDLE', `"candle.volume" must be at least 0 or left out, got ${show(volume)}.`)
  }
  if (previous !== undefined && candle.time <= previous) {
    const [code, what] = candle.time === previous ? DUPLICATE : OUT_OF_ORDER
    throw new TradeLearnError(code, `${what} for ${symbol}: wanted a time after ${previous}, got ${candle.time}.`)
  }
}

const DUPLICATE = ['DUPLICATE_CANDLE', 'A second candle with the same time'] as const
const OUT_OF_ORDER = ['OUT_OF_ORDER', 'A candle from the past'] as const

function checkPrice(name: string, value: number): void {
  if (typeof value === 'number' && value > 0 && value < Infinity) return
  throw new TradeLearnError('INVALID_CANDLE', `"candle.${name}" must be a positive number, got ${show(value)}.`)
}
