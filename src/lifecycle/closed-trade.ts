import type { ClosedTrade } from '../features/closed-trade.ts'
import type { Label, Signal, SignalMeta } from '../market.ts'

/** What became of a signal, as its features see it. */
export function closedTrade(
  { symbol, side, time, meta = {} }: Pick<Signal, 'symbol' | 'side' | 'time' | 'meta'>,
  { y, netReturn, exitTime }: Label,
): ClosedTrade {
  // the candle that ended a trade may have opened before its signal was made
  return { symbol, side, time, exitTime: Math.max(exitTime, time), won: y, netReturn, meta }
}

/** Longer texts tell no trades apart, and need not be kept until the trade closes. */
const LONGEST_TEXT = 200

/** What a signal says about itself, as plain data that can wait for its trade to close; texts of length go. */
export function copyMeta(meta: SignalMeta | undefined): SignalMeta {
  const kept: { [name: string]: SignalMeta[string] } = {}
  for (const name of Object.keys(meta ?? {})) {
    const value = meta![name]
    const short = typeof value === 'string' && value.length <= LONGEST_TEXT
    if (short || typeof value === 'number' || typeof value === 'boolean' || value === null) kept[name] = value
  }
  return kept
}
