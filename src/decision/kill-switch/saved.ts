import type { JsonObject, Snapshot } from '../../contracts.ts'
import { canonicalJson } from '../../core/canonical-json.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { fnv1a } from '../../core/hash.ts'
import { packRecord, unpackState } from '../../core/state.ts'
import { REASONS } from '../reasons.ts'
import { createWinRateEvidence, type WinRateEvidence } from '../win-rate-evidence.ts'
import { readEvent, type WrittenEvent } from './event.ts'
import { lockUntil, noLock } from './lock.ts'
import { lossShare } from './loss-rate.ts'
import { checkOptions, type KillSwitchOptions, rulesOf } from './options.ts'
import { isScope, kindOf } from './scope.ts'
import { freshScope, freshState, REMEMBERED, type State, type Watched } from './state.ts'

const count = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
const EVENT: WrittenEvent = { kind: 'halt', code: '', text: '', trades: 0, scope: 'all', time: 0, until: 0 }

/** A state as a snapshot holds it, with a seal over it and the options: damage shows, even where it makes sense. */
export function packSealed(options: JsonObject, { scopes, ...state }: State): JsonObject {
  const packed = packRecord({ ...state, scopes: Object.values(scopes) })
  return { ...packed, seal: sealOf(options, packed) }
}

/** The state in a snapshot, and the options that it came about under. @throws `CORRUPT_SNAPSHOT` */
export function readSaved({ version, options, state }: Snapshot): { options: KillSwitchOptions; state: State } {
  if (version === 1) return readFirst(options, state)
  const { seal, ...packed } = state
  if (seal !== sealOf(options, packed)) refuse('with its seal unbroken', seal)
  const settings = checkOptions(unpackState(options, { ...checkOptions({}) } as never, 'options'))
  const template = freshState(settings)
  const scope = {
    ...freshScope('all', settings),
    lossRate: { ...lossShare.start(settings), results: new Uint8Array(0) },
  }
  const { scopes, ...rest } = unpackState(packed, { ...template, scopes: [scope], history: [EVENT] } as never) as Omit<
    State,
    'scopes'
  > & { scopes: Watched[] }
  for (const watched of scopes) checkScope(watched, settings)
  const saved: State = { ...rest, scopes: Object.fromEntries(scopes.map((watched) => [watched.scope, watched])) }
  if (Object.keys(saved.scopes).length !== scopes.length) refuse('with each scope once', scopes.length)
  return { options: settings, state: checkState(saved) }
}

/** The scope under today's rules: what was counted by other ones starts anew, its lock stands. */
export function fitted(watched: Watched, saved: KillSwitchOptions, today: KillSwitchOptions): Watched {
  const [then, now] = [saved, today].map((options) => rulesOf(options, kindOf(watched.scope))) as [
    KillSwitchOptions,
    KillSwitchOptions,
  ]
  const { streak, evidence } = watched.losses
  const same = then.lossRate === now.lossRate && then.mode === now.mode && then.window === now.window
  return {
    ...watched,
    losses: { streak, evidence: then.winRate === now.winRate ? evidence : createWinRateEvidence() },
    lossRate: same ? watched.lossRate : lossShare.start(now),
  }
}

function sealOf(options: JsonObject, packed: JsonObject): string {
  return fnv1a(canonicalJson({ options, state: packed }))
}

/** Layout 1 knew one scope, all trading, and latches only. */
function readFirst(options: JsonObject, state: JsonObject): { options: KillSwitchOptions; state: State } {
  const { losses, drawdown, latency, mode, winRate, falseAlarm } = checkOptions({})
  const settings = checkOptions(
    unpackState(options, { losses, drawdown, latency, mode, winRate, falseAlarm } as never, 'options'),
  )
  const first = {
    ...{ code: '', text: '', streak: 0, trades: 0, equity: NaN, peak: NaN },
    evidence: createWinRateEvidence(),
    history: [{ kind: 'halt' as const, code: '', text: '', trades: 0 }],
  }
  const { code, text, streak, trades, equity, peak, evidence, history } = unpackState(state, first)
  const all: Watched = {
    ...freshScope('all', settings),
    lock: code === '' ? noLock() : lockUntil({ code, text }, Infinity, Infinity),
    losses: { streak, evidence },
    drawdown: { value: equity, peak },
  }
  checkScope(all, settings)
  if (!(streak <= trades && evidence.n <= trades)) refuse('with at most as many losses as trades', streak)
  const past = history.map((event) => readEvent(event))
  return { options: settings, state: checkState({ ...freshState(settings), trades, scopes: { all }, history: past }) }
}

/** Throws unless the parts agree: a file that says "running" right after a halt has been damaged. */
function checkState(state: State): State {
  const { time, trades, observed, scopes, history } = state
  if (Number.isNaN(time) || time === Infinity) refuse('with a time', time)
  if (!count(trades) || !count(observed)) refuse('with whole counts', trades)
  if (scopes['all'] === undefined) refuse('with a scope "all"', undefined)
  if (history.length > REMEMBERED) refuse(`with ${REMEMBERED} events at most`, history.length)
  const last = new Map(history.map((event) => [readEvent(event).scope, event.kind]))
  for (const [scope, kind] of last) {
    const halted = (scopes[scope]?.lock.code ?? '') !== ''
    if (halted !== (kind === 'halt')) refuse(`that agrees with the last event of ${show(scope)}`, kind)
  }
  const silent = Object.values(scopes).find(({ scope, lock }) => lock.code !== '' && !last.has(scope))
  // a halt is forgotten only when so many have come after it
  if (silent && history.length < REMEMBERED) refuse('with the event of its halt', silent.scope)
  return state
}

function checkScope(
  { scope, lock, losses, lossRate, drawdown, newest, seen }: Watched,
  options: KillSwitchOptions,
): void {
  if (!isScope(scope)) refuse('of known scopes', scope)
  const { code, until, duration, sent, wins } = lock
  if (code !== '' && !Object.hasOwn(REASONS, code)) refuse('with a known cause', code)
  if (code !== '' && !(until > -Infinity && duration > 0)) refuse('whose locks have an end', until)
  if (!(count(sent) && count(wins) && wins <= sent)) refuse('whose probes are counted', sent)
  const rules = rulesOf(options, kindOf(scope))
  if (!count(losses.streak)) refuse('with a whole streak', losses.streak)
  for (const evidence of [losses.evidence, lossRate.evidence]) {
    if (!isSane(evidence)) refuse('whose evidence can be', evidence.n)
  }
  const { results, head, size } = lossRate
  const length = lossShare.start(rules).results.length
  const sum = results.reduce((total, result) => total + result, 0)
  const fits = results.length === length && results.every((result) => result <= 1) && sum === lossRate.losses
  if (!(fits && count(head) && head < Math.max(1, length) && count(size) && size <= length)) {
    refuse(`with a window of ${length} results`, results.length)
  }
  const { value, peak } = drawdown
  if (!(Number.isNaN(value) || value <= peak) || peak === Infinity) refuse('whose equity is at most its peak', value)
  if (Math.abs(newest) === Infinity) refuse('whose newest candle has a time', newest)
  if (!count(seen)) refuse('with whole counts', seen)
}

function isSane({ n, wins, logE }: WinRateEvidence): boolean {
  return count(n) && count(wins) && wins <= n && Number.isFinite(logE)
}

function refuse(wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `A "kill-switch" snapshot must be one ${wanted}, got ${show(got)}.`)
}
