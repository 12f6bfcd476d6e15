import { consecutiveLosses, type LossMemory } from './consecutive-losses.ts'
import { type DrawdownMemory, drawdownRule } from './drawdown.ts'
import type { WrittenEvent } from './event.ts'
import { type Lock, noLock } from './lock.ts'
import { type LossRateMemory, lossShare } from './loss-rate.ts'
import { type KillSwitchOptions, rulesOf, type ScopeRules } from './options.ts'
import { kindOf, type Scope } from './scope.ts'

/** One scope: its lock, and what its rules remember. */
export type Watched = {
  readonly scope: Scope
  lock: Lock
  losses: LossMemory
  lossRate: LossRateMemory
  drawdown: DrawdownMemory
  /** Open time of a symbol's newest candle; NaN before the first. */
  newest: number
  /** Number of the observation that it was last part of. */
  seen: number
}

/** Everything about a switch that changes. */
export type State = {
  /** Latest time told, epoch milliseconds; it never goes back. -Infinity before the first. */
  time: number
  /** Closed trades ever observed. */
  trades: number
  /** Observations of any kind. */
  observed: number
  /** Scopes by name. A name has no key of `Object.prototype`, nor one that sorts as a number. */
  readonly scopes: { [scope: string]: Watched }
  /** The newest events, oldest first. */
  readonly history: WrittenEvent[]
}

/** Events kept: enough to see how the last weeks went, few enough for any snapshot. */
export const REMEMBERED = 20

/** A switch that has seen nothing. */
export function freshState(rules: ScopeRules): State {
  return {
    time: -Infinity,
    trades: 0,
    observed: 0,
    scopes: { all: freshScope('all', rules) },
    history: [],
  }
}

/** A scope that has seen nothing. */
export function freshScope(scope: Scope, rules: ScopeRules): Watched {
  return {
    scope,
    lock: noLock(),
    losses: consecutiveLosses.start(rules),
    lossRate: lossShare.start(rules),
    drawdown: drawdownRule.start(rules),
    newest: NaN,
    seen: 0,
  }
}

/** The scope after the operator's word: every rule starts anew, and the equity known by then is the peak. */
export function restarted({ scope, drawdown: { value }, newest, seen }: Watched, rules: ScopeRules): Watched {
  // what narrower scopes have earned is a made-up equity, which starts at 1 again
  const known = scope === 'all' ? value : NaN
  return { ...freshScope(scope, rules), drawdown: { value: known, peak: known }, newest, seen }
}

/** The record of a scope, made where there is none; undefined for a symbol that there is no room for. */
export function openScope(state: State, options: KillSwitchOptions, scope: Scope): Watched | undefined {
  const { scopes } = state
  const known = scopes[scope]
  if (known !== undefined) return known
  if (kindOf(scope) === 'symbol') {
    const symbols = symbolsOf(state)
    if (isFull(symbols, options)) return undefined
    if (symbols.length >= options.maxSymbols) delete scopes[unseenLongest(symbols).scope]
  }
  return (scopes[scope] = freshScope(scope, rulesOf(options, kindOf(scope))))
}

/** Whether another symbol could not be watched without forgetting a lock. */
export function isFull(symbols: readonly Watched[], { maxSymbols }: KillSwitchOptions): boolean {
  return symbols.length >= maxSymbols && symbols.every(({ lock }) => lock.code !== '')
}

/** The symbols that are watched. O(scopes). */
export function symbolsOf({ scopes }: State): readonly Watched[] {
  return Object.values(scopes).filter(({ scope }) => kindOf(scope) === 'symbol')
}

function unseenLongest(symbols: readonly Watched[]): Watched {
  return symbols
    .filter(({ lock }) => lock.code === '')
    .reduce((oldest, next) => (next.seen < oldest.seen ? next : oldest))
}
