import type { Clearance, Subject } from '../decision/index.ts'
import { onlyClosing, resize } from '../decision/apply-limits.ts'
import { because, percent } from '../decision/reasons.ts'
import type { Account, Decision, Label, Plan, Signal } from '../market.ts'
import type { Guard } from './parts.ts'

/** How much of a signal the kill switch allows; one that knows no scopes allows all or nothing. */
export function clearanceOf(guard: Guard, { symbol, side, time }: Signal): Clearance {
  if (guard.stateFor) return guard.stateFor({ symbol, side, time })
  const state = guard.halted ? 'halted' : 'open'
  return {
    state,
    cause: guard.cause,
    scope: guard.halted ? 'all' : null,
    until: guard.halted ? Infinity : -Infinity,
    plan: 'model',
  }
}

/** What a decision is about, for whoever counts by symbol, side or plan. */
export function subjectOf({ symbol, side, mode }: Decision): Subject {
  return { symbol, side, plan: mode === 'live' ? 'model' : 'baseline' }
}

/** Tells the kill switch of a trade that closed. */
export function tellOutcome(guard: Guard, decision: Decision, { netReturn, exitTime }: Label): void {
  const { time, size } = decision
  guard.observeOutcome(netReturn, { ...subjectOf(decision), time: exitTime, entryTime: time, size })
}

/** Equity that a trade may be worth by which a lock is tried. */
const PROBE_SIZE = 0.005

/** The plan as a probe: at the smallest size, or as large as closes a position, which nothing stands against. */
export function asProbe(plan: Plan, signal: Signal, account: Account, { cause }: Clearance): Plan {
  if (plan.action === 'skip') return plan
  const size = Math.max(Math.min(plan.size, PROBE_SIZE), onlyClosing(plan, signal, account).size)
  if (!(size < plan.size)) return plan
  const text = `At ${percent(size)} of equity, to try whether a lock may be lifted: ${cause?.text ?? 'unknown cause'}`
  return resize({ ...plan, action: 'reduce' }, size, account.equity, [because('PROBE', text)])
}
