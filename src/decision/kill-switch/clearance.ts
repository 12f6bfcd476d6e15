import type { Reason, Side } from '../../market.ts'
import { because } from '../reasons.ts'
import { isProbing, type Phase, phaseOf } from './lock.ts'
import { isWatched, type KillSwitchOptions } from './options.ts'
import { faultOf, kindOf, type Scope, scopesOf } from './scope.ts'
import { staleness } from './stale-data.ts'
import { isFull, type State, symbolsOf } from './state.ts'

/** What is asked about: a signal. */
export type Question = { readonly symbol: string; readonly side: Side; readonly time: number }

/** How much of a signal may be traded. */
export type Clearance = {
  /** `"half-open"`: as a probe, at the smallest size. `"halted"`: nothing new is opened; closing is never blocked. */
  readonly state: Phase
  /** Why it is not all, or whose plan stands; null where nothing stands in the way. */
  readonly cause: Reason | null
  /** The scope that the cause belongs to. */
  readonly scope: Scope | null
  /** When that ends by itself, epoch milliseconds; Infinity for never. */
  readonly until: number
  /** Whose plan to follow: the baseline's while the model is halted and `onModelHalt` says so. */
  readonly plan: 'model' | 'baseline'
}

/** Nothing stands in the way. */
const OPEN: Clearance = Object.freeze({ state: 'open', cause: null, scope: null, until: -Infinity, plan: 'model' })

/** Nothing new is opened, and no time ends that. */
const HALTED: Clearance = Object.freeze({ ...OPEN, state: 'halted', until: Infinity })

/** How much of a signal a switch in this state allows. Pure; a question that makes no sense is answered by a halt. */
export function clearanceFor(state: State, options: KillSwitchOptions, question: Question): Clearance {
  const fault = faultOf(question) || missingFrom(question)
  if (fault !== '') return { ...HALTED, cause: because('INVALID_OBSERVATION', fault), scope: 'all' }
  const { symbol, side, time } = question
  const now = Math.max(state.time, time)
  let trading = OPEN
  for (const scope of scopesOf({ symbol, side })) trading = worse(trading, ofScope(state, options, scope, now))
  trading = worse(trading, freshness(state, options, symbol, now))
  const model = ofScope(state, options, 'model', now)
  if (model.state !== 'halted' || options.onModelHalt === 'skip') return worse(trading, model)
  return { ...(trading.state === 'open' ? { ...model, state: 'open' } : trading), plan: 'baseline' }
}

function ofScope(state: State, options: KillSwitchOptions, scope: Scope, now: number): Clearance {
  const watched = state.scopes[scope]
  if (watched === undefined) return ofUnwatched(state, options, scope)
  const { lock } = watched
  const { code, text, until, sent } = lock
  const phase = phaseOf(lock, now, options.probes)
  if (phase === 'open') return OPEN
  if (phase === 'half-open' || !isProbing(lock, now))
    return { ...HALTED, state: phase, cause: { code, text }, scope, until }
  return { ...HALTED, cause: because('PROBES_OUT', `${sent} probe trades are out after: ${text}`), scope }
}

/** What nothing is known of is open, unless it is a symbol and locks leave no room to watch it. */
function ofUnwatched(state: State, options: KillSwitchOptions, scope: Scope): Clearance {
  if (kindOf(scope) !== 'symbol' || !isWatched(options, 'symbol')) return OPEN
  const symbols = symbolsOf(state)
  if (!isFull(symbols, options)) return OPEN
  const cause = because('NO_ROOM', `${symbols.length} symbols are halted, and no more than that can be watched.`)
  return { ...HALTED, cause, scope }
}

function freshness({ scopes }: State, { staleAfter }: KillSwitchOptions, symbol: string, now: number): Clearance {
  const scope: Scope = `symbol:${symbol}`
  const cause = staleness(symbol, scopes[scope]?.newest ?? NaN, now, staleAfter)
  return cause === null ? OPEN : { ...HALTED, cause, scope }
}

/** What a question lacks; empty where that is nothing. */
function missingFrom(question: Question): string {
  const missing = (['symbol', 'side', 'time'] as const).find((name) => question[name] === undefined)
  return missing === undefined ? '' : `A question must have a ${missing}.`
}

/**
 * The one that holds longer, the first of two that are equal. It is never the one that allows more: what is open holds
 * since ever, what is half open until a time that is over, what is halted until one to come.
 */
function worse(a: Clearance, b: Clearance): Clearance {
  return b.until > a.until ? b : a
}
