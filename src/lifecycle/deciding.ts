import type { Clock } from '../contracts.ts'
import type { Clearance } from '../decision/index.ts'
import type { Account, Challenge, Decision, Prediction, Signal } from '../market.ts'
import { clearanceOf, subjectOf } from './clearance.ts'
import { copyMeta } from './closed-trade.ts'
import type { Companions } from './companions.ts'
import { type DecisionBook, freezeDecision } from './decision-book.ts'
import { contextOf } from './decision-context.ts'
import { entryPriceOf } from './entry-price.ts'
import type { ExplorationOptions } from './exploration.ts'
import { forecast } from './forecast.ts'
import type { LearnerState } from './learner-state.ts'
import type { Parts, TradePolicy } from './parts.ts'
import { withPending } from './pending.ts'
import type { Transition } from './rollout/rollout-event.ts'
import type { Scoreboard } from './scoreboard.ts'
import { runAll } from './teaching.ts'
import { type Answer, answer, tellDecided } from './trial.ts'

/** Everything that a decision is made with. */
export type Desk<S extends Signal> = {
  readonly mode: 'shadow' | 'live' | 'rollout'
  readonly parts: Parts<S>
  readonly policy: TradePolicy
  readonly clock: Clock
  readonly book: DecisionBook
  readonly companions: Companions
  readonly exploration: ExplorationOptions
  readonly state: Readonly<LearnerState>
  /** How many trades have been learned from. */
  readonly board: Pick<Scoreboard, 'labels'>
  /** Takes in what has changed with the rollout. */
  readonly moved: (changes: readonly Transition[]) => void
}

/** What the models say about a signal now, and nothing else. Pure. */
export function predictOn<S extends Signal>(desk: Desk<S>, signal: S, account: Account): Prediction {
  const { parts, policy, book, state } = desk
  const trades = desk.board.labels
  const known = withPending(account, book.open(), state.time)
  const x = parts.features.vector(signal, undefined, known)
  const price = entryPriceOf(parts.features, signal)
  const clearance = clearanceOf(parts.killSwitch, signal)
  // the bracket alone is asked for
  const context = contextOf(parts.features, signal, price, { account: known, trades, clearance })
  return forecast(parts, x, policy.baseline(context), trades)
}

/** The fields of a plan that every policy makes. */
const PLAN_FIELDS = 7

/**
 * A decision from its parts. Its fields are named one by one: spreading them costs ten times as much, and 4 kB of garbage.
 */
function decisionOf(
  { plan, mode, trial, exploration }: Answer,
  {
    id,
    symbol,
    side,
    time,
    prediction,
    model,
  }: Pick<Decision, 'id' | 'symbol' | 'side' | 'time' | 'prediction' | 'model'>,
  challenger: Challenge | null,
): Decision {
  const { action, size, quantity, price, stop, target, reasons } = plan
  type Made = { -readonly [name in keyof Decision]: Decision[name] }
  // biome-ignore format: one order for both
  const decision: Made =
    challenger === null
      ? { action, size, quantity, price, stop, target, reasons, id, symbol, side, time, prediction, model, mode }
      : { action, size, quantity, price, stop, target, reasons, id, symbol, side, time, prediction, model, challenger, mode }
  if (trial !== undefined) decision.trial = trial
  if (exploration !== undefined) decision.exploration = exploration
  // a policy of the user's own may add to its plans
  return Object.keys(plan).length > PLAN_FIELDS ? { ...plan, ...decision } : decision
}

const DAY = 86_400_000
const dayOf = (time: number): number => Math.floor(time / DAY)

/** Counts a signal that was explored, by its day. */
export function countExplored(state: LearnerState, time: number): void {
  state.explored = exploredToday(state, time) + 1
  state.exploredOn = dayOf(time)
}

function exploredToday({ explored, exploredOn }: Readonly<LearnerState>, time: number): number {
  return dayOf(time) === exploredOn ? explored : 0
}

/**
 * One decision, from the signal to its entry in the book: features, forecast, kill switch, policy, who decides, and only then
 * is anybody told. Until the labeler follows it nothing has changed, but that the kill switch has seen a worthless account.
 */
export function decideOn<S extends Signal>(desk: Desk<S>, signal: S, account: Account): Decision {
  const { parts, policy, clock, book, mode, exploration } = desk
  const trades = desk.board.labels
  const { time: bar, learnedAt, version: own, champion, challenger: rivalName } = desk.state
  const { features, labeler, killSwitch, interval, novelty, monitor, rollout, ledger, challenger } = parts
  const start = clock.now()
  const known = withPending(account, book.open(), bar)
  const x = features.vector(signal, undefined, known)
  const price = entryPriceOf(features, signal)
  const before = clearanceOf(killSwitch, signal)
  const score = novelty?.scoreOf(x)
  const about = (clearance: Clearance) =>
    contextOf(features, signal, price, { account: known, trades, x, learnedAt, ledger, novelty: score, clearance })
  let context = about(before)
  const bracket = policy.baseline(context)
  const prediction = forecast(parts, x, bracket, trades)
  const second = challenger && forecast({ ...parts, ...challenger }, x, bracket, trades)
  const latency = clock.now() - start

  const { symbol, side, time } = signal
  // the last thing that can refuse; candles follow every signal by the baseline's bracket, so that labels compare
  const id = book.nextId
  labeler.open({ id, symbol, side, time, price, stop: bracket.stop, target: bracket.target })

  killSwitch.observeEquity(account.equity, { time })
  killSwitch.observeLatency(latency, { symbol, side, time })
  const clearance = clearanceOf(killSwitch, signal)
  ledger?.record({ kind: 'account', account, time })
  let decision: Decision
  let baseline = bracket
  try {
    // the switch has seen the latency only now, and the ledger the account
    const changed = clearance.state !== before.state
    if (changed) context = about(clearance)
    if (changed || ledger !== null) baseline = policy.baseline(context)
    const model = policy.decide(prediction, context)
    const rival = second && {
      version: rivalName,
      prediction: second,
      plan: policy.decide(second, context),
    }
    const answered = answer({
      mode,
      rollout,
      id,
      model,
      challenger: rival?.plan ?? null,
      baseline,
      champion,
      clearance,
      exploration,
      onTrial: champion === 'baseline' || rival !== null || parts.previous !== null,
      exploredToday: exploredToday(desk.state, time),
      equity: account.equity,
    })
    decision = freezeDecision(decisionOf(answered, { id, symbol, side, time, prediction, model }, rival))
    // never before it was scored
    runAll([
      () => novelty?.learn(x),
      () => monitor?.update(x),
      () => desk.moved(tellDecided(rollout, decision, latency)),
    ])
  } catch (error) {
    // a policy or another part of the user's own may fail: nobody is to wait for a decision that was not made
    labeler.cancel(id)
    throw error
  }
  const scale = Math.abs(bracket.stop - price) / price
  const traded = decision.action !== 'skip'
  const meta = copyMeta(signal.meta)
  const dropped = book.add({ decision, x, meta, halfWidth: interval.halfWidth(scale), scale, bar, traded })
  if (traded) {
    killSwitch.observeEntry?.({ ...subjectOf(decision), time })
    ledger?.record({ kind: 'decision', id, order: { symbol, side }, plan: decision, account, time })
  }
  const { companions } = desk
  const version = decision.challenger && decision.trial?.arm === 'candidate' ? rivalName : own
  if (dropped !== undefined) {
    labeler.cancel(dropped)
    companions.tell((companion) => companion.dropped?.(dropped))
  }
  const decided = { decision, x, baseline, atr: context.atr, version, meta, latency }
  companions.tell((companion) => companion.opened?.(id, time, decided))
  return decision
}
