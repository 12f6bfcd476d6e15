import type { Clearance, Subject } from '../decision/index.ts'
import type { Decision, Label, Signal } from '../market.ts'
import type { Guard, Parts } from './parts.ts'

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

/** What safety is made of. */
type Safety = Pick<Parts, 'killSwitch' | 'ledger'>

/** Tells of a trade that closed. */
export function tellOutcome({ killSwitch, ledger }: Safety, decision: Decision, { netReturn, exitTime }: Label): void {
  const { id, time, size } = decision
  killSwitch.observeOutcome(netReturn, { ...subjectOf(decision), time: exitTime, entryTime: time, size })
  release(ledger, id)
}

/** Tells of a trade that came to nothing. */
export function tellCancelled({ killSwitch, ledger }: Safety, decision: Decision): void {
  killSwitch.observeCancel?.({ ...subjectOf(decision), entryTime: decision.time })
  release(ledger, decision.id)
}

/** Nothing is reserved for a decision any more. What a bot says of the time moves no clock. */
function release(ledger: Parts['ledger'], id: string): void {
  if (ledger !== null && ledger.time > Number.NEGATIVE_INFINITY)
    ledger.record({ kind: 'settled', id, time: ledger.time })
}
