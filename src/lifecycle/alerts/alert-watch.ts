import type { JsonObject, Serializable, Snapshot } from '../../contracts.ts'
import { nonNegative, openFraction, positive } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../../core/snapshot.ts'
import { percent } from '../../decision/reasons.ts'
import type { SettledRow } from '../background-trainer/settled-row.ts'
import type { TrainerEvent } from '../background-trainer/trainer-options.ts'
import type { Accompanied, Companion, DecidedSignal, EndedSignal } from '../companion.ts'
import type { FeatureSummary } from '../feature-health.ts'
import type { Transition } from '../rollout/rollout-event.ts'
import type { Alert } from './alert.ts'
import type { AlertDelivery } from './alert-delivery.ts'
import { Alerts, type AlertsOptions } from './alerts.ts'
import { countDecision, countOutcome, createDayCount, dayOf } from './day-count.ts'
import { type FoundModel, healthOf } from './health-of.ts'
import { addTo, createModelRecord, scoreRecord } from './model-record.ts'
import { addNews, dealIn, freshWatch, noArms, openIn, packWatch, readWatch, type WatchState } from './watch-state.ts'

/** Options of {@link AlertWatch}. */
export type AlertWatchOptions = AlertsOptions & {
  /** Who is told: an `AlertDelivery` with your callbacks and your logger. */
  readonly delivery: Pick<AlertDelivery, 'deliver'>
  /**
   * Milliseconds of candle time from one look to the next while nothing happens. Outcomes, halts, a store that fails and what a
   * trainer says are looked at at once. @defaultValue 60_000
   */
  readonly every?: number
  /** Fall below the peak of equity that is told of. @defaultValue the kill switch's, which halts there */
  readonly drawdownLimit?: number
  /** Milliseconds that a decision may take. @defaultValue the kill switch's */
  readonly latencyLimit?: number
}

/** Reasons of a decision that a lock stood behind. */
const HALTED: ReadonlySet<string> = new Set(['KILL_SWITCH', 'MODEL_HALTED'])

/**
 * Goes along with a learner, and tells what a person should know about it.
 *
 * It reads the learner's status and counts what that does not say: how often the models were right and what they took won,
 * since they took over; how far their probabilities come true; how many decisions took too long; what each arm of a rollout
 * was given; the numbers of the day. {@link Alerts} make of it what is told, once, and `delivery` takes it to callbacks and
 * logger, neither of which can harm the bot.
 *
 * Time is that of candles: a day ends with the first candle that opens in the next one, UTC. It is part of the learner's
 * snapshot, so nothing is told twice after a restart, and while a journal is lived through again nothing is told at all; but
 * what was found with the very last candle before a crash, and is in no snapshot yet, is told then, for nobody can know whether
 * it was told before.
 * What a learner cannot know it is told by hand: {@link hear}, {@link found}, {@link watchStore}. Such things are of the process
 * that found them: a restart tells what it finds with its first candle, and that the rest is over.
 *
 * A candle costs a comparison, a look one `status()` and a pass over the rules, whatever the age of the bot.
 *
 * @example
 * ```ts
 * const watch = new AlertWatch({ delivery: new AlertDelivery({ logger: pino(), callbacks: [({ text }) => chat.send(text)] }) })
 * const trainer = new BackgroundTrainer({ schema, adopt, onEvent: (event) => watch.hear(event) })
 * const learner = await TradeLearner.open({ features, store, companions: [trainer, watch] })
 * watch.watchStore(learner)
 * ```
 */
export class AlertWatch implements Serializable, Companion {
  static readonly type: string = 'alert-watch'
  static readonly version: number = 1

  readonly #delivery: AlertWatchOptions['delivery']
  readonly #rules: AlertsOptions
  readonly #every: number
  readonly #drawdownLimit: number | undefined
  readonly #latencyLimit: number | undefined
  #alerts: Alerts
  #state: WatchState = freshWatch()
  /** What this process was told, and no file is asked about. */
  #learner: Accompanied | undefined
  #features: FeatureSummary | undefined
  #store: { readonly failure: Error | null } | undefined
  #found: FoundModel | null = null
  #trainingDisabled: string | null = null
  /** Whether something has happened since the last look. */
  #stirred = false
  #asleep = false
  /** What was found while the past was lived again, with its newest candle. */
  #untold: readonly Alert[] = []

  constructor({ delivery, every = 60_000, drawdownLimit, latencyLimit, ...rules }: AlertWatchOptions) {
    if (typeof delivery?.deliver !== 'function') {
      throw new TradeLearnError('INVALID_OPTION', `"delivery" must be an AlertDelivery, got ${show(delivery)}.`)
    }
    this.#delivery = delivery
    this.#every = nonNegative('every', every)
    this.#drawdownLimit = drawdownLimit === undefined ? undefined : openFraction('drawdownLimit', drawdownLimit)
    this.#latencyLimit = latencyLimit === undefined ? undefined : positive('latencyLimit', latencyLimit)
    this.#rules = rules
    this.#alerts = new Alerts(rules)
  }

  /** What stands, oldest first. */
  get standing(): Alerts['standing'] {
    return this.#alerts.standing
  }

  // --------------------------------------------------------- what is told by hand

  /** What a trainer does: its `onEvent`. */
  hear(event: TrainerEvent): void {
    const s = this.#state
    if (event.type === 'started') this.#trainingDisabled = null
    else if (event.type === 'disabled') this.#trainingDisabled = event.text
    else if (event.type !== 'result' || event.result.outcome === 'aborted') return
    else if (event.result.outcome === 'candidate') {
      const { rows, comparison } = event.result.report
      const { candidate, other, against, rows: judged } = comparison
      const losses = `log loss ${candidate.toFixed(4)}, that of the ${against} ${other.toFixed(4)}, on ${judged} of them`
      addNews(s, 'RETRAIN_DONE', `New models were trained on ${rows} trades: ${losses}.`)
    } else addNews(s, 'RETRAIN_REJECTED', `Retraining ${event.result.outcome}: ${event.result.text}`)
    this.#look()
  }

  /** What a start found in the place of a champion: the answer of `RegisteredModels.champion`. Tell it before the learner is opened. */
  found(model: FoundModel): void {
    this.#found = model
  }

  /** Whose failure is a failure of the store: a `DurableLearner`, or an `EventStore`. */
  watchStore(store: { readonly failure: Error | null }): void {
    this.#store = store
  }

  // ------------------------------------------------------- what a learner tells

  joined(learner: Accompanied): void {
    this.#learner = learner
  }

  opened(id: string, _time: number, { decision, version, latency }: DecidedSignal): void {
    const s = this.#state
    // a challenger that decides a signal has replaced nobody
    const byChallenger = decision.challenger !== undefined && decision.trial?.arm === 'candidate'
    if (!byChallenger && version !== s.record.version) {
      // a signal on which the models change places was the old ones' own
      const now = this.#learner?.status().version ?? version
      if (now === version) this.#replaced(version)
    }
    if (byChallenger || version === s.record.version) openIn(s, id)
    countDecision(s.day, decision)
    if (s.latencyLimit < Infinity) addTo(s.record.latency, latency <= s.latencyLimit)
    if (decision.trial !== undefined) dealIn(s, decision.trial, decision.challenger?.version ?? '')
    this.#stirred = true
    if (!s.locked && decision.reasons.some(({ code }) => HALTED.has(code))) this.#look()
  }

  observe({ id, y }: SettledRow, { decision, label, told }: EndedSignal): void {
    const s = this.#state
    s.learnedAt = s.time
    countOutcome(s.day, label, told)
    // what the models before these said is not their doing
    if (s.open.delete(id)) scoreRecord(s.record, decision, y)
    this.#stirred = true
    // what candles settle is followed by the candle's own tick
    if (told) this.#look()
  }

  dropped(id: string): void {
    this.#state.open.delete(id)
  }

  tick(time: number, features: FeatureSummary | undefined): void {
    const s = this.#state
    s.time = Math.max(s.time, time)
    if (s.begun === Number.NEGATIVE_INFINITY) s.begun = s.time
    this.#features = features
    if (this.#stirred || s.time - s.looked >= this.#every || dayOf(s.time) > s.day.day) this.#look()
  }

  moved({ from, to, text }: Transition, version: string): void {
    const s = this.#state
    const name = nameOf(version)
    const now = this.#learner?.status().version
    // told below, and once
    if (now !== undefined && now !== s.record.version) this.#takeOver(now)
    this.#stirred = true
    if (to.status === 'promoted') addNews(s, 'MODEL_PROMOTED', `The models ${name} decide all signals now. ${text}`)
    else if (to.status === 'ended')
      addNews(s, 'MODEL_ROLLED_BACK', `The trial of the models ${name} has ended. ${text}`)
    // a pause is an alert of its own
    else if (to.step !== from.step) {
      const share = percent(this.#learner?.rollout?.share ?? NaN)
      addNews(s, 'ROLLOUT_STEP', `Step ${to.step}: the models ${name} decide ${share} of signals. ${text}`)
    }
  }

  halted(): void {
    this.#look()
  }

  sleep(): void {
    this.#asleep = true
  }

  wake(): void {
    this.#asleep = false
    // what this process alone knows has not been looked at yet
    this.#stirred = true
    const untold = this.#untold.filter(({ time }) => time === this.#state.time)
    this.#untold = []
    if (untold.length > 0) this.#delivery.deliver(untold)
  }

  // ------------------------------------------------------------------ mechanics

  /** Looks at everything, and has told what is to be told. Before the first candle there is no time to tell it at. */
  #look(): void {
    const learner = this.#learner
    const s = this.#state
    if (learner === undefined || s.time === Number.NEGATIVE_INFINITY) return
    // whoever is asked first may find that it has failed, and halt the learner: what that says is looked at with the rest
    const storeFailure = this.#store?.failure?.message ?? null
    const status = learner.status()
    const { rollout } = learner
    if (status.version !== s.record.version) this.#replaced(status.version)
    this.#follow(status.challenger)
    s.latencyLimit = this.#latencyLimit ?? status.killSwitch.latencyLimit
    s.locked = status.killSwitch.locks.length > 0
    s.looked = s.time
    this.#stirred = false
    const health = healthOf(s, {
      ...{ status, rollout, features: this.#features, found: this.#found, drawdownLimit: this.#drawdownLimit },
      ...{ trainingDisabled: this.#trainingDisabled, storeFailure },
      past: this.#asleep,
    })
    const alerts = this.#alerts.update(health, s.time)
    s.news = []
    if (dayOf(s.time) > s.day.day) s.day = createDayCount(dayOf(s.time))
    if (!this.#asleep) this.#delivery.deliver(alerts)
    else if (alerts.length > 0) this.#untold = [...this.#untold, ...alerts].filter(({ time }) => time === s.time)
  }

  /** Tells that others predict from now on: in charge, or still on trial against the baseline. */
  #replaced(version: string): void {
    const { version: before } = this.#state.record
    this.#takeOver(version)
    if (before === null) return
    const place = `in the place of ${before === '' ? 'those ' : ''}${nameOf(before)}`
    const learner = this.#learner
    const onTrial = learner !== undefined && learner.status().mode === 'rollout' && (learner.rollout?.share ?? 1) < 1
    if (onTrial) addNews(this.#state, 'ROLLOUT_STEP', `The models ${nameOf(version)} are on trial now, ${place}.`)
    else addNews(this.#state, 'MODEL_PROMOTED', `The models ${nameOf(version)} decide now, ${place}.`)
  }

  /** What is counted of models starts anew with others. */
  #takeOver(version: string): void {
    const s = this.#state
    const isFirst = s.record.version === null
    s.record = createModelRecord(version, isFirst ? Number.NEGATIVE_INFINITY : s.time)
    s.open.clear()
    s.arms = noArms()
    // whoever replaced them had others to put there; who did so in the past knew nothing of today's start
    if (!isFirst && !this.#asleep) this.#found = null
  }

  /** Tells of whoever is put on trial beside the models that decide; how that ends is told by `moved`. */
  #follow(challenger: string): void {
    const s = this.#state
    if (challenger === s.challenger) return
    s.challenger = challenger
    if (challenger !== '') addNews(s, 'ROLLOUT_STEP', `The models ${nameOf(challenger)} are on trial now.`)
  }

  // ------------------------------------------------------------------- snapshot

  toJSON(): Snapshot {
    const whole = snapshot(AlertWatch, {}, {})
    return { ...whole, state: { watch: packWatch(this.#state), alerts: { ...this.#alerts.toJSON() } } }
  }

  /** Goes on where `saved` stopped, under its own rules. @throws `CORRUPT_SNAPSHOT`, changing nothing */
  resume(saved: Snapshot): void {
    const { state } = checkSnapshot(AlertWatch, saved)
    const alerts = Alerts.restore(nested(state, 'alerts', AlertWatch.type), this.#rules)
    this.#state = readWatch(state['watch'] as JsonObject)
    this.#alerts = alerts
    this.#stirred = false
  }
}

/** What models are called; those of the constructor have no name. */
const nameOf = (version: string): string => (version === '' ? 'of the beginning' : `"${version}"`)
