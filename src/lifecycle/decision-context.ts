import type { Vector } from '../contracts.ts'
import type { Clearance, DecisionContext, RiskLedger } from '../decision/index.ts'
import type { Account, Reason, Signal } from '../market.ts'
import type { Features } from './parts.ts'

/** What a policy may want to know besides the signal. */
export type Known = {
  readonly account: Account
  /** Closed trades learned from. */
  readonly trades: number
  /** What the kill switch allows. */
  readonly clearance: Clearance
  /** The signal's features: how many of them are missing is told. */
  readonly x?: Vector
  /** How unlike the past it is, where somebody has been asked. */
  readonly novelty?: number | undefined
  /** When the newest label that the models have learned came about; -Infinity before the first. */
  readonly learnedAt?: number
  /** What the account does not show. */
  readonly ledger?: RiskLedger | null
}

const UNNAMED: Reason = { code: 'UNKNOWN', text: 'The kill switch gave no cause.' }

/** What a policy gets to know about a signal besides the prediction. */
export function contextOf<S extends Signal>(
  features: Features<S>,
  { symbol, side, stop, target, time, meta }: S,
  price: number,
  { account, trades, clearance: { state, cause }, x, novelty, learnedAt = -Infinity, ledger = null }: Known,
): DecisionContext {
  return {
    signal: {
      symbol,
      side,
      price,
      ...(stop === undefined ? {} : { stop }),
      ...(target === undefined ? {} : { target }),
    },
    ...(meta === undefined ? {} : { meta }),
    atr: features.atr(symbol),
    account,
    trades,
    ...(novelty === undefined ? {} : { novelty }),
    ...(learnedAt === -Infinity ? {} : { modelAge: time - learnedAt }),
    ...(x === undefined ? {} : { missing: missingIn(x) }),
    ...(ledger === null ? {} : { ledger }),
    time,
    // what is neither open nor half open is halted
    halted: state === 'open' || state === 'half-open' ? null : (cause ?? UNNAMED),
    probe: state === 'half-open' ? (cause ?? UNNAMED) : null,
  }
}

/** Share of a vector that is missing. */
function missingIn(x: Vector): number {
  let missing = 0
  for (let i = 0; i < x.length; i++) if (Number.isNaN(x[i])) missing++
  return x.length > 0 ? missing / x.length : 0
}
