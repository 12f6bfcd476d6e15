import type { Vector } from '../contracts.ts'
import type { Clearance, DecisionContext, RiskLedger } from '../decision/index.ts'
import type { Account, Reason, Signal } from '../market.ts'
import type { Guard, Parts } from './parts.ts'

/** What else a policy may want to know, where somebody knows it. */
export type Known = {
  /** The signal's features: how many of them are missing is told. */
  readonly x?: Vector
  /** When the newest label that the models have learned came about; left out before the first. */
  readonly learnedAt?: number
  /** What the account does not show. */
  readonly ledger?: RiskLedger
}

/** What a policy gets to know about a signal besides the prediction; `novelty` where a scorer has been asked. */
export function contextOf<S extends Signal>(
  { features, killSwitch }: Parts<S>,
  signal: S,
  price: number,
  account: Account,
  trades: number,
  novelty?: number,
  { x, learnedAt, ledger }: Known = {},
): DecisionContext {
  const { symbol, side, stop, target, time } = signal
  return {
    signal: {
      symbol,
      side,
      price,
      ...(stop === undefined ? {} : { stop }),
      ...(target === undefined ? {} : { target }),
    },
    atr: features.atr(symbol),
    account,
    trades,
    ...(novelty === undefined ? {} : { novelty }),
    ...(learnedAt === undefined ? {} : { modelAge: time - learnedAt }),
    ...(x === undefined ? {} : { missing: missingIn(x) }),
    ...(ledger === undefined ? {} : { ledger }),
    time,
    ...allowedBy(killSwitch, signal),
  }
}

/** What the guard allows: all, a probe, or nothing new. */
function allowedBy(guard: Guard, { symbol, side, time }: Signal): Pick<DecisionContext, 'halted' | 'probe'> {
  const unnamed: Reason = { code: 'UNKNOWN', text: 'The kill switch gave no cause.' }
  if (guard.stateFor === undefined) return { halted: guard.halted ? (guard.cause ?? unnamed) : null }
  const { state, cause }: Clearance = guard.stateFor({ symbol, side, time })
  if (state === 'half-open') return { halted: null, probe: cause ?? unnamed }
  return { halted: state === 'open' ? null : (cause ?? unnamed) }
}

/** Share of a vector that is missing. */
function missingIn(x: Vector): number {
  let missing = 0
  for (let i = 0; i < x.length; i++) if (x[i] !== x[i]) missing++
  return x.length > 0 ? missing / x.length : 0
}
