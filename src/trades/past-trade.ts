import { finite, oneOf, positive, text, time } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { ExitReason, Outcome, Side, Signal, SignalMeta } from '../market.ts'

/** A trade that a bot made and closed: its signal and its outcome in one. */
export type PastTrade = {
  /** The client order id of its entry, which is the decision's id where the library decided. */
  readonly id?: string
  readonly symbol: string
  readonly side: Side
  readonly entryTime: number
  /** Mean price that was paid. */
  readonly entryPrice: number
  readonly exitTime: number
  /** Mean price that was got. */
  readonly exitPrice: number
  readonly exitReason?: ExitReason
  /** All fees of the round trip, as a fraction of the entry value. */
  readonly fees?: number
  /** Stop price that the trade was entered with. */
  readonly stop?: number
  /** Target price that the trade was entered with. */
  readonly target?: number
  /** What the bot knew about the signal. */
  readonly meta?: SignalMeta
}

/** The signal that a past trade began with. */
export function signalOf({ symbol, side, entryTime, entryPrice, stop, target, meta }: PastTrade): Signal {
  return {
    symbol,
    side,
    time: entryTime,
    price: entryPrice,
    ...(stop !== undefined && { stop }),
    ...(target !== undefined && { target }),
    ...(meta !== undefined && { meta }),
  }
}

/** How a past trade ended, as `learn` wants to hear it. */
export function outcomeOf({ entryPrice, exitPrice, exitTime, exitReason, fees }: PastTrade): Outcome {
  return {
    entryPrice,
    exitPrice,
    exitTime,
    ...(exitReason !== undefined && { exitReason }),
    ...(fees !== undefined && { fees }),
  }
}

const REASONS: readonly ExitReason[] = ['target', 'stop', 'time', 'exit']

/** Throws unless a trade is whole and ended no earlier than it began; `where` goes before the message. */
export function checkPastTrade(trade: PastTrade, where = ''): PastTrade {
  const code = 'INVALID_INPUT'
  try {
    if (typeof trade !== 'object' || trade === null) {
      throw new TradeLearnError(code, `A trade must be an object, got ${show(trade)}.`)
    }
    text('symbol', trade.symbol, code)
    oneOf('side', trade.side, ['long', 'short'], code)
    time('entryTime', trade.entryTime, code)
    time('exitTime', trade.exitTime, code)
    positive('entryPrice', trade.entryPrice, code)
    positive('exitPrice', trade.exitPrice, code)
    if (trade.exitTime < trade.entryTime) {
      throw new TradeLearnError(
        code,
        `"exitTime" must not lie before the entry at ${trade.entryTime}, got ${trade.exitTime}.`,
      )
    }
    if (trade.exitReason !== undefined) oneOf('exitReason', trade.exitReason, REASONS, code)
    if (trade.fees !== undefined && Math.abs(finite('fees', trade.fees, code)) >= 1) {
      throw new TradeLearnError(code, `"fees" must be a fraction of the entry value, got ${show(trade.fees)}.`)
    }
    if (trade.stop !== undefined) positive('stop', trade.stop, code)
    if (trade.target !== undefined) positive('target', trade.target, code)
    return trade
  } catch (error) {
    throw where === '' ? error : new TradeLearnError(code, `${where}: ${(error as Error).message}`)
  }
}
