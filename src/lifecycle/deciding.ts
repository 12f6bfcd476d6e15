import type { Clock } from '../contracts.ts'
import type { Account, Decision, Signal } from '../market.ts'
import { clearanceOf, subjectOf } from './clearance.ts'
import { copyMeta } from './closed-trade.ts'
import type { Companions } from './companions.ts'
import { type DecisionBook, freezeDecision } from './decision-book.ts'
import { contextOf } from './decision-context.ts'
import { entryPriceOf } from './entry-price.ts'
import type { ExplorationOptions } from './exploration.ts'
import { forecast } from './forecast.ts'
import type { Parts, TradePolicy } from './parts.ts'
import { withPending } from './pending.ts'
import { runAll } from './teaching.ts'
import { answer, tellDecided } from './trial.ts'

/** Everything that a decision is made with. */
export type Desk<S extends Signal> = {
  readonly mode: 'shadow' | 'live' | 'rollout'
  readonly parts: Parts<S>
  readonly policy: TradePolicy
  readonly clock: Clock
  readonly book: DecisionBook
  readonly companions: Companions
  readonly exploration: ExplorationOptions
  /** Open time of the newest candle. */
  readonly bar: number
  /** Closed trades learned from. */
  readonly trades: number
  /** When the newest label that was learned came about; -Infinity before the first. */
  readonly learnedAt: number
  /** Signals explored on the day of this one. */
  readonly exploredToday: number
  /** Which models decide. */
  readonly version: string
}

/**
 * One decision, from the signal to its entry in the book: features, forecast, kill switch, policy, who decides, and only then
 * is anybody told. Until the labeler follows it nothing has changed, but that the kill switch has seen a worthless account.
 */
export function decideOn<S extends Signal>(desk: Desk<S>, signal: S, account: Account): Decision {
  const { parts, policy, clock, book, bar, trades } = desk
  const { features, labeler, killSwitch, interval, novelty, monitor, rollout, ledger } = parts
  const start = clock.now()
  const known = withPending(account, book.open(), bar)
  const x = features.vector(signal, undefined, known)
  const price = entryPriceOf(features, signal)
  const before = clearanceOf(killSwitch, signal)
  const about = { account: known, trades, x, learnedAt: desk.learnedAt, ledger }
  const bracket = policy.baseline(contextOf(features, signal, price, { ...about, clearance: before }))
  const prediction = forecast(parts, x, bracket, trades)
  const score = novelty?.scoreOf(x)
  const latency = clock.now() - start

  const { symbol, side, time } = signal
  // the last thing that can refuse; candles follow every signal by the baseline's bracket, so that labels compare
  const id = book.nextId
  labeler.open({ id, symbol, side, time, price, stop: bracket.stop, target: bracket.target })

  killSwitch.observeEquity(account.equity, { time })
  killSwitch.observeLatency(latency, { symbol, side, time })
  const clearance = clearanceOf(killSwitch, signal)
  ledger?.record({ kind: 'account', account, time })
  const context = contextOf(features, signal, price, { ...about, clearance, novelty: score })
  let decision: Decision
  let baseline = bracket
  try {
    // the ledger has seen the account only now
    if (clearance.state !== before.state || ledger !== null) baseline = policy.baseline(context)
    const model = policy.decide(prediction, context)
    const { equity } = account
    const { plan, ...how } = answer({ ...desk, rollout, id, model, baseline, clearance, equity })
    decision = freezeDecision({ ...plan, id, symbol, side, time, prediction, model, ...how })
    // never before it was scored
    runAll([() => novelty?.learn(x), () => monitor?.update(x), () => tellDecided(rollout, decision, latency)])
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
  const { companions, version } = desk
  if (dropped !== undefined) {
    labeler.cancel(dropped)
    companions.tell((companion) => companion.dropped?.(dropped))
  }
  const decided = { decision, x, baseline, atr: context.atr, version, meta, latency }
  companions.tell((companion) => companion.opened?.(id, time, decided))
  return decision
}
