import { positive } from '../core/check.ts'
import { type ErrorCode, TradeLearnError } from '../core/errors.ts'
import type { Bracket, Candle, ExitReason } from '../market.ts'
import { checkEntry } from './watch-list.ts'

/** How a candle ended a position, and the extremes that it can have reached before: `best` for certain, `worst` at most. */
export type Exit = {
  readonly reason: ExitReason
  readonly price: number
  readonly ambiguous: boolean
  readonly best: number
  readonly worst: number
}

/**
 * How `candle` ends a position, or `undefined` where it stays open.
 *
 * A candle tells its open, its close and its extremes, not their order, so what comes first is decided by the open, and
 * else against the position. Pure.
 */
export function exitOf({ side, stop, target }: Bracket, candle: Candle, last: 'last' | 'more'): Exit | undefined {
  const { open, high, low, close } = candle
  const sign = side === 'long' ? 1 : -1
  const best = side === 'long' ? high : low
  const worst = side === 'long' ? low : high

  // the open comes first: a gap beyond the stop fills there, one beyond the target is credited with the target only
  if (sign * (open - stop) <= 0) return { reason: 'stop', price: open, ambiguous: false, best: open, worst: open }
  if (sign * (open - target) >= 0)
    return { reason: 'target', price: target, ambiguous: false, best: target, worst: target }
  // both barriers inside: the stop. What else the candle held may have come later, and is credited only as a loss
  const held = sign * (best - target) >= 0
  if (sign * (worst - stop) <= 0) return { reason: 'stop', price: stop, ambiguous: held, best: open, worst: stop }
  if (held) return { reason: 'target', price: target, ambiguous: false, best: target, worst }
  return last === 'last' ? { reason: 'time', price: close, ambiguous: false, best, worst } : undefined
}

/**
 * How the candle in which a position was entered ends it, or `undefined` where it stays open.
 *
 * Its open came before the entry, and nothing tells which of its other prices did: so it can stop, but gives no gain.
 * Pure.
 */
export function exitAtEntry({ side, price, stop }: Bracket, { high, low }: Candle): Exit | undefined {
  const touched = side === 'long' ? low <= stop : high >= stop
  return touched ? { reason: 'stop', price: stop, ambiguous: true, best: price, worst: stop } : undefined
}

/** Throws unless a bracket has a price between its stop and its target, on the sides that its direction wants. */
export function checkBracket(bracket: Bracket, code: ErrorCode): void {
  checkEntry(bracket, code)
  const { side, price, stop, target } = bracket
  positive('bracket.stop', stop, code)
  positive('bracket.target', target, code)
  if (side === 'long' ? stop < price && price < target : target < price && price < stop) return
  throw new TradeLearnError(
    code,
    `A ${side} bracket must have ${side === 'long' ? 'stop < price < target' : 'target < price < stop'}, ` +
      `got stop ${stop}, price ${price}, target ${target}.`,
  )
}
