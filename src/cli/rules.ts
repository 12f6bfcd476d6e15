import { type MacdState, macd, type RsiState, rsi } from '../features/index.ts'
import type { Strategy } from '../lifecycle/index.ts'
import type { Candle } from '../market.ts'

/** The built-in rules by name, each a fresh one at every call. */
export const RULES: { readonly [name: string]: () => Strategy } = { 'rsi-macd': rsiMacdRule }

/** Candles before the first signal: by then the starting points of RSI and MACD no longer show. */
const WARM_UP = 250

/**
 * A plain textbook rule, here to have signals to judge and not because it pays.
 *
 * Long when the RSI rises through 35, or the MACD line crosses above its signal; short when the RSI falls through 65, or
 * the MACD line crosses below. Decided at the close of the candle, at its closing price; the signal's time is that of
 * the candle, its opening, as a rule sees nothing of when a candle closes. Candles of a context with shorter bars would
 * have opened after that, which `FeatureEngineer` refuses: give the context bars of the same length or longer.
 */
export function rsiMacdRule(): Strategy {
  const strength = rsi(14)
  const trend = macd(12, 26, 9)
  type Memory = { candles: number; readonly rsi: RsiState; readonly macd: MacdState; lastRsi: number; lastGap: number }
  const bySymbol = new Map<string, Memory>()
  const out = new Float64Array(strength.outputs.length + trend.outputs.length)

  return (candle: Candle) => {
    const { symbol, time, close } = candle
    let memory = bySymbol.get(symbol)
    if (!memory) {
      memory = { candles: 0, rsi: strength.init(), macd: trend.init(), lastRsi: Number.NaN, lastGap: Number.NaN }
      bySymbol.set(symbol, memory)
    }
    strength.update(memory.rsi, candle)
    trend.update(memory.macd, candle)
    strength.read(memory.rsi, out, 0)
    trend.read(memory.macd, out, strength.outputs.length)
    const level = out[0]!
    const gap = out[strength.outputs.length + trend.outputs.indexOf('histogram')]!
    const { lastRsi, lastGap } = memory
    memory.lastRsi = level
    memory.lastGap = gap
    if (++memory.candles < WARM_UP) return undefined
    const long = (lastRsi < 35 && level >= 35) || (lastGap < 0 && gap >= 0)
    const short = (lastRsi > 65 && level <= 65) || (lastGap > 0 && gap <= 0)
    if (long === short) return undefined
    return { symbol, side: long ? 'long' : 'short', time, price: close }
  }
}
