import type { Serializable, Snapshot } from '../../contracts.ts'
import { text } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import type { Reason } from '../../market.ts'
import { because } from '../reasons.ts'
import { type Clearance, clearanceFor, type Question } from './clearance.ts'
import { consecutiveLosses } from './consecutive-losses.ts'
import { drawdownRule } from './drawdown.ts'
import { type KillSwitchEvent, readEvent, TEXT_LENGTH, toEvent, type WrittenEvent } from './event.ts'
import { type ExpectedFalseAlarms, expectedFalseAlarms, type NormalTimes } from './false-alarms.ts'
import { slowPrediction } from './latency.ts'
import { isProbing, type Lock, locked, lockUntil, noLock, type Phase, phaseOf } from './lock.ts'
import { lossShare } from './loss-rate.ts'
import {
  checkOptions,
  isWatched,
  type KillSwitchOptions,
  type KillSwitchSettings,
  type RuleName,
  rulesOf,
} from './options.ts'
import { fitted, packSealed, readSaved } from './saved.ts'
import { faultOf, isScope, kindOf, type Scope, type Subject, scopesOf, type TradeSubject } from './scope.ts'
import { freshState, openScope, REMEMBERED, restarted, type State, type Watched } from './state.ts'

/** A lock that stands. */
export type KillSwitchLock = Reason & {
  readonly scope: Scope
  readonly state: Phase
  /** When it ends by itself, epoch milliseconds; Infinity for never. */
  readonly until: number
}

/**
 * Halts trading when something is clearly wrong: all of it, the model's word, one direction, or one symbol.
 *
 * It watches closed trades (losses in a row, their share, the fall of what they earned), equity, the time that predictions
 * take, and the age of data. What trips in a scope stops that scope only. A lock is a latch, which nothing but `reset` with
 * a reason opens, unless `lockFor` gives its rule a time. Then, once that is over, the scope is half open: `probes` trades
 * at the smallest size may be sent. If all win, the lock is lifted; the first that loses locks again, twice as long.
 * A fall of all equity, a halt by hand and a number that cannot be always latch.
 *
 *     open -- a rule trips --> halted -- its time is over --> half-open -- n probes win --> open
 *                                ^-- a probe loses, for twice as long --'
 *
 * Every halt, close and reset is handed to `persist` before it takes effect, and so before any decision that follows from
 * it. Times come in with the observations; one that goes back changes nothing. It fails closed: an observation that is
 * not a number halts everything, and so do a saved state that cannot be read ({@link KillSwitch.restoreOrHalt}) and a
 * halt that could not be written.
 *
 * Short runs of losses are common: 3 in a row come every 15 trades at 52 % wins; `expectedFalseAlarms` says what any set
 * of rules will do. The mode `"confidence"` waits for evidence instead: a rule halts wrongly, ever, with probability
 * `falseAlarm` at most. It needs more trades to halt (against a floor of 50 %: 88 in the median at 35 % wins, 210 at
 * 40 %), and since it counts from the last reset, a long good past delays it further.
 *
 * O(1) time an observation and a question; memory for `maxSymbols` symbols at most.
 *
 * @see S. R. Howard et al. (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences"
 *
 * @example
 * ```ts
 * const killSwitch = new KillSwitch({ losses: 5, symbol: { losses: 3, lockFor: { losses: 3_600_000 } } })
 * killSwitch.observeOutcome(-0.01, { symbol: 'BTC', side: 'long', time, entryTime })
 * killSwitch.observeEquity(9_870)
 * killSwitch.stateFor({ symbol: 'BTC', side: 'long', time }).state // 'open', 'half-open' or 'halted'
 * killSwitch.expectedFalseAlarms({ winRate: 0.52 }) // [{ scope: 'all', rule: 'losses', per1000: 13.5, ... }, ...]
 * ```
 */
export class KillSwitch implements Serializable {
  static readonly type: string = 'kill-switch'
  static readonly version: number = 2

  readonly options: KillSwitchOptions
  #state: State

  constructor(settings: KillSwitchSettings = {}) {
    this.options = checkOptions(settings)
    this.#state = freshState(this.options)
  }

  // ---------------------------------------------------------------- queries

  /** Whether all trading is locked, or on probation after a lock. */
  get halted(): boolean {
    return this.cause !== null
  }

  /** What locked all trading, or null while nothing has. */
  get cause(): Reason | null {
    const { code, text } = this.#all.lock
    return code === '' ? null : { code, text }
  }

  /** The locks that stand, of any scope, at the latest time told. */
  get locks(): readonly KillSwitchLock[] {
    const { scopes, time } = this.#state
    return Object.values(scopes)
      .filter(({ lock }) => lock.code !== '')
      .map(({ scope, lock }) => {
        const { code, text, until } = lock
        return { scope, code, text, until, state: phaseOf(lock, time, this.options.probes) }
      })
  }

  /** How far equity lies below its peak, NaN before any is seen, and how far it may. */
  get drawdown(): { readonly value: number; readonly limit: number } {
    const { value, peak } = this.#all.drawdown
    return { value: value <= 0 ? 1 : 1 - value / peak, limit: this.options.drawdown }
  }

  /** Milliseconds that a prediction may take before all trading halts. */
  get latencyLimit(): number {
    return this.options.latency
  }

  /** The last 20 halts, closes and resets, oldest first. */
  get history(): readonly KillSwitchEvent[] {
    return this.#state.history.map(toEvent)
  }

  /**
   * How much of a signal may be traded, and by whose plan. Pure. A question that makes no sense is answered by a halt.
   *
   * `"half-open"` means the smallest size; tell `observeEntry` if it is taken.
   */
  stateFor(question: Question): Clearance {
    return clearanceFor(this.#state, this.options, question)
  }

  /** What each rule that is on will do by chance alone, in normal times. Made for reading when it is configured. */
  expectedFalseAlarms(normal: NormalTimes): readonly ExpectedFalseAlarms[] {
    return expectedFalseAlarms(this.options, normal)
  }

  // --------------------------------------------------------------- commands

  /** Takes in the net return of a closed trade, a fraction of its entry price; one that is not positive is a loss. */
  observeOutcome(netReturn: number, trade: TradeSubject = {}): void {
    if (!this.#accepts(trade, Number.isFinite(netReturn) ? '' : `A net return of ${show(netReturn)}.`)) return
    const { entryTime = NaN, size = 1 } = trade
    this.#state.trades++
    for (const watched of this.#watched(trade)) {
      const { scope } = watched
      const rules = rulesOf(this.options, kindOf(scope))
      this.#prove(watched, netReturn > 0, entryTime)
      const { losses, lossRate, drawdown } = watched
      this.#judge(scope, 'losses', consecutiveLosses.watch(losses, netReturn, rules))
      this.#judge(scope, 'lossRate', lossShare.watch(lossRate, netReturn, rules))
      if (scope === 'all') continue
      if (Number.isNaN(drawdown.value)) drawdownRule.watch(drawdown, 1, rules)
      this.#judge(scope, 'drawdown', drawdownRule.watch(drawdown, drawdown.value * (1 + netReturn * size), rules))
    }
  }

  /** Takes in the account's equity, whenever the caller knows it; a fall that is over by the next time goes unseen. */
  observeEquity(equity: number, about: Pick<Subject, 'time'> = {}): void {
    if (!this.#accepts(about, Number.isFinite(equity) ? '' : `An equity of ${show(equity)}.`)) return
    this.#judge('all', 'drawdown', drawdownRule.watch(this.#all.drawdown, equity, this.options))
  }

  /** Takes in the milliseconds that a prediction took. */
  observeLatency(ms: number, signal: Subject = {}): void {
    if (!this.#accepts(signal, ms >= 0 && ms < Infinity ? '' : `A latency of ${show(ms)} ms.`)) return
    // whoever's plan is followed in the end, it was the model that predicted
    for (const { scope } of this.#watched({ ...signal, plan: 'model' })) {
      this.#judge(scope, 'latency', slowPrediction.watch(null, ms, rulesOf(this.options, kindOf(scope))))
    }
  }

  /** Takes in the open time of a symbol's newest candle, for the rule `staleAfter`. */
  observeData({ symbol, time }: { readonly symbol: string; readonly time: number }): void {
    // a candle's time is not taken for the time now: it must not end a lock
    if (!this.#accepts({ symbol }, time === undefined ? 'A candle without a time.' : faultOf({ time }))) return
    const watched = this.#watched({ symbol }).at(-1)!
    if (watched.scope !== 'all') watched.newest = time
  }

  /** Says that a trade was sent: where its scope is half open, it is one of the probes. */
  observeEntry(trade: Subject): void {
    if (!this.#accepts(trade)) return
    for (const { lock } of this.#watched(trade)) if (isProbing(lock, this.#state.time)) lock.sent++
  }

  /** Says that a trade that was sent came to nothing: if it was a probe, another may take its place. */
  observeCancel(trade: TradeSubject): void {
    if (!this.#accepts(trade)) return
    const { entryTime = NaN } = trade
    for (const { lock } of this.#watched(trade)) {
      const isOut = isProbing(lock, this.#state.time) && lock.sent > lock.wins
      if (isOut && entryTime >= lock.until) lock.sent--
    }
  }

  /** Halts by hand. An emergency stop must not fail on its text or scope: without a known one, everything halts. */
  halt(reason?: string, scope: Scope = 'all'): void {
    const said = typeof reason === 'string' && reason.trim() !== '' ? reason : 'no reason given'
    this.#trip(isScope(scope) ? scope : 'all', because('OPERATOR', said), Infinity)
  }

  /**
   * Lifts the lock of a scope; for the operator alone. Its counting starts anew and the present equity becomes the peak.
   *
   * @throws `INVALID_INPUT` without a reason or for a scope that cannot be, `STORE_FAILED` where it could not be written
   */
  reset(reason: string, scope: Scope = 'all'): void {
    const said = text('reason', typeof reason === 'string' ? reason.trim() : reason, 'INVALID_INPUT')
    if (!isScope(scope)) throw new TradeLearnError('INVALID_INPUT', `"scope" must be a scope, got ${show(scope)}.`)
    const failure = this.#loosen('reset', because('RESET', said), scope)
    if (failure !== null) throw new TradeLearnError('STORE_FAILED', `A reset must be written first: ${failure}`)
    const watched = this.#state.scopes[scope]
    if (watched) this.#state.scopes[scope] = restarted(watched, rulesOf(this.options, kindOf(scope)))
  }

  // --------------------------------------------------------------- snapshot

  toJSON(): Snapshot {
    const { persist: _, ...options } = this.options
    const whole = snapshot(KillSwitch, options, {})
    return { ...whole, state: packSealed(whole.options, this.#state) }
  }

  /** Reads back what {@link toJSON} wrote, under the options it was written with; layout 1 too. */
  static fromJSON(json: Snapshot): KillSwitch {
    const { options, state } = readSaved(checkSnapshot(KillSwitch, json))
    const killSwitch = new KillSwitch(options)
    killSwitch.#state = state
    return killSwitch
  }

  /**
   * The saved switch under the operator's present options, or a halted one where it cannot be read.
   *
   * Missing counts as unreadable: a new bot makes its first switch with `new`. The options in the snapshot are not
   * used, so a changed file cannot loosen a rule; what was counted under another `winRate` or `window` starts anew.
   * `written` are the events that `persist` was handed since the snapshot or before it, up to the last, in order.
   */
  static restoreOrHalt(
    json: unknown,
    settings: KillSwitchSettings = {},
    written: readonly KillSwitchEvent[] = [],
  ): KillSwitch {
    const killSwitch = new KillSwitch(settings)
    const { options } = killSwitch
    try {
      const saved = readSaved(checkSnapshot(KillSwitch, json as Snapshot))
      const scopes = Object.values(saved.state.scopes).map((watched) => fitted(watched, saved.options, options))
      killSwitch.#state = { ...saved.state, scopes: Object.fromEntries(scopes.map((one) => [one.scope, one])) }
      for (const event of written) killSwitch.#replay(readEvent(event))
    } catch (error) {
      killSwitch.#trip('all', because('UNREADABLE', messageOf(error)), Infinity)
    }
    return killSwitch
  }

  // -------------------------------------------------------------- mechanics

  get #all(): Watched {
    return this.#state.scopes['all']!
  }

  /** Whether an observation makes sense; one that does not halts everything. Time moves on, never back. */
  #accepts(subject: TradeSubject, wrong = ''): boolean {
    const fault = wrong || faultOf(subject)
    if (fault !== '') {
      this.#trip('all', because('INVALID_OBSERVATION', fault), Infinity)
      return false
    }
    const s = this.#state
    s.time = Math.max(s.time, subject.time ?? -Infinity)
    s.observed++
    return true
  }

  /** The watched scopes that something belongs to. */
  #watched(subject: Subject): Watched[] {
    const found: Watched[] = []
    const { scopes } = this.#state
    for (const scope of scopesOf(subject)) {
      const watched =
        scopes[scope] ??
        (isWatched(this.options, kindOf(scope)) ? openScope(this.#state, this.options, scope) : undefined)
      if (watched === undefined) continue
      watched.seen = this.#state.observed
      found.push(watched)
    }
    return found
  }

  /**
   * Takes in how a probe ended, where the trade was one: entered after the lock's end. A loss whose entry is not known
   * counts against the scope while probes are out; a win that is not known for a probe's does not count for it.
   */
  #prove({ scope, lock }: Watched, won: boolean, entryTime: number): void {
    const isOut = lock.sent > lock.wins
    const isProbe = entryTime >= lock.until || (isOut && Number.isNaN(entryTime))
    if (!won && isProbe) {
      const said = lock.code === 'PROBE_LOST' ? lock.text : `A probe trade lost after: ${lock.text}`
      this.#trip(scope, because('PROBE_LOST', said), lock.duration)
    }
    if (won && isOut && entryTime >= lock.until && ++lock.wins >= this.options.probes) this.#close(scope, lock)
  }

  #close(scope: Scope, { text }: Lock): void {
    const said = because('PROVEN', `${this.options.probes} probe trades won after: ${text}`)
    if (this.#loosen('close', said, scope) === null) this.#state.scopes[scope]!.lock = noLock()
  }

  /** Halts where a rule has a reason, and lets the rule start anew: the same losses do not count twice. */
  #judge(scope: Scope, rule: RuleName, reason: Reason | null): void {
    if (reason === null) return
    const rules = rulesOf(this.options, kindOf(scope))
    this.#trip(scope, reason, rules.lockFor[rule])
    const watched = this.#state.scopes[scope]!
    if (rule === 'losses') watched.losses = consecutiveLosses.start(rules)
    if (rule === 'lossRate') watched.lossRate = lossShare.start(rules)
    // all equity latches, and its peak stays the peak until the operator says otherwise
    if (rule === 'drawdown' && scope !== 'all') watched.drawdown = drawdownRule.start(rules)
  }

  /** Locks a scope, unless its present lock holds as long. What the operator must get to know is written in any case. */
  #trip(wanted: Scope, { code, text }: Reason, duration: number): void {
    const reason = { code, text: text.slice(0, TEXT_LENGTH) }
    const watched = openScope(this.#state, this.options, wanted) ?? this.#all
    const { scope } = watched
    const lock = locked(watched.lock, reason, duration, this.#state.time, this.options.longestLock)
    if (lock === null && code !== 'OPERATOR' && code !== 'UNREADABLE') return
    const event = this.#event('halt', reason, scope, (lock ?? watched.lock).until)
    const failure = this.#hand(event)
    this.#remember(event)
    // not `watched`: the hook may have reset the scope, which puts another record into its place
    if (lock !== null) this.#state.scopes[scope]!.lock = lock
    if (failure !== null) this.#distrust(failure)
  }

  /** Writes down that a lock is about to be lifted; says why it must not be, where that fails. */
  #loosen(kind: 'close' | 'reset', reason: Reason, scope: Scope): string | null {
    const event = this.#event(kind, { ...reason, text: reason.text.slice(0, TEXT_LENGTH) }, scope, Infinity)
    const failure = this.#hand(event)
    if (failure === null) this.#remember(event)
    else this.#distrust(failure)
    return failure
  }

  #event(kind: WrittenEvent['kind'], { code, text }: Reason, scope: Scope, until: number): WrittenEvent {
    const { trades, time } = this.#state
    return { kind, code, text, trades, scope, time, until }
  }

  #remember(event: WrittenEvent): void {
    const { history } = this.#state
    history.push(event)
    if (history.length > REMEMBERED) history.shift()
  }

  /** Hands an event to the store; says what went wrong, or null. What goes wrong later is seen to later, never within. */
  #hand(event: WrittenEvent): string | null {
    try {
      const done = this.options.persist?.(toEvent(event))
      Promise.resolve(done).then(undefined, (error) => this.#distrust(messageOf(error)))
      return null
    } catch (error) {
      return messageOf(error)
    }
  }

  /** Latches everything because an event could not be written. This is not handed to the store that has just failed. */
  #distrust(failure: string): void {
    const reason = because(
      'NOT_WRITTEN',
      `A change of the kill switch could not be written: ${failure}`.slice(0, TEXT_LENGTH),
    )
    const lock = locked(this.#all.lock, reason, Infinity, this.#state.time, this.options.longestLock)
    this.#remember(this.#event('halt', reason, 'all', Infinity))
    if (lock !== null) this.#all.lock = lock
  }

  /** Does again what was written. */
  #replay(event: WrittenEvent): void {
    const { kind, code, text, scope, time, until, trades } = event
    const s = this.#state
    s.time = Math.max(s.time, time)
    s.trades = Math.max(s.trades, trades)
    const rules = rulesOf(this.options, kindOf(scope))
    const watched = openScope(s, this.options, scope)
    if (watched === undefined) throw new TradeLearnError('CORRUPT_SNAPSHOT', `There is no room to halt ${show(scope)}.`)
    if (kind === 'reset') s.scopes[scope] = restarted(watched, rules)
    else if (kind === 'close') watched.lock = noLock()
    else if (watched.lock.code === '' || until > watched.lock.until) {
      // a halt that the snapshot knows already, or that changed nothing, has kept its probes
      watched.lock = lockUntil({ code, text }, until, until - time)
    }
    this.#remember(event)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
