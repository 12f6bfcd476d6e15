import type { Offloadable, Refittable, RefitWork, Serializable, Snapshot } from '../contracts.ts'
import { integer, text } from '../core/check.ts'
import { checkSnapshot, nested, parseSnapshot, snapshot } from '../core/snapshot.ts'
import { packState } from '../core/state.ts'
import { labelFromOutcome } from '../labels/index.ts'
import { isOffloadable } from '../learners/index.ts'
import type { Account, Candle, Decision, Label, Outcome, Prediction, Signal } from '../market.ts'
import { type Assembled, assemble, type Bounds, savedBounds } from './assemble.ts'
import type { Past } from './bootstrap.ts'
import { tellCancelled, tellOutcome } from './clearance.ts'
import { tellEnded } from './companions.ts'
import { type Contest, challenge, checkContest, fall, follow, untried } from './contest.ts'
import { countExplored, type Desk, decideOn, predictOn } from './deciding.ts'
import { copyOutcome, DecisionBook, freezeDecision, type OpenDecision } from './decision-book.ts'
import { DurableLearner } from './durable/durable-learner.ts'
import type { DurableOptions, RestoreOptions } from './durable/durable-options.ts'
import { type Explanation, explainDecision } from './explanation.ts'
import { freshState, type LearnerState, readState } from './learner-state.ts'
import type { Models, Parts } from './parts.ts'
import type { OperatorEvent, Transition } from './rollout/rollout-event.ts'
import { packPart, packParts, unpackParts } from './saved-parts.ts'
import { Scoreboard } from './scoreboard.ts'
import { statusOf } from './status.ts'
import { type TaughtPast, teachPast } from './teach-past.ts'
import { dueModels, runAll, teach, watch } from './teaching.ts'
import type { Status, TradeLearnerOptions } from './trade-learner-options.ts'
import { addressee, tellSettled, tellWatch } from './trial.ts'

/**
 * The learning companion of a trading bot: says for each signal whether to take it, and learns from how it went.
 *
 * Signal -> features -> three models (does it pay, how much, will the stop be hit) -> policy -> limits -> kill switch
 * -> decision. Every decision keeps its features until its label is known: from the bot's report where it traded, from
 * the candles that followed where it did not. So the model also learns what it was wrong to skip. When a label comes
 * in, the stored prediction is scored against it first; then the models learn it and the drift detectors see the error.
 *
 * Two parts watch the features themselves, where they are given. `novelty` says how unlike the past a signal is, for the
 * policy to abstain; it learns each decided signal after it has scored it, abstained ones too, so that what stays becomes
 * usual. `monitor` takes in the same vectors, and `status().features` says what is missing, stuck or has drifted.
 *
 * All verbs are synchronous and touch neither disk nor network. `decide` costs the features and three predictions,
 * `learn` three model updates; both are far below a millisecond. Refits wait until you run {@link refit}.
 *
 * @see M. López de Prado (2018), "Advances in Financial Machine Learning", chapter 3, for meta-labelling
 *
 * @example
 * ```ts
 * const learner = new TradeLearner({ features: new FeatureEngineer(defaultFeatures()) })
 * learner.onCandle(candle)
 * const decision = learner.decide(signal, account)
 * if (decision.action !== 'skip') await broker.placeBracket(decision)
 * learner.learn(decision.id, { exitPrice: 101.2, exitTime: 1_700_000_000_000, exitReason: 'target' })
 * ```
 */
export class TradeLearner<S extends Signal = Signal> implements Serializable, Refittable, Offloadable {
  static readonly type: string = 'trade-learner'
  static readonly version: number = 6

  readonly mode: 'shadow' | 'live' | 'rollout'
  readonly #desk: Pick<Desk<S>, 'mode' | 'policy' | 'clock' | 'exploration' | 'companions'> &
    Pick<Assembled<S>, 'trials'>
  readonly #limits: Bounds
  #parts: Parts<S>
  #board = new Scoreboard()
  #book: DecisionBook
  #state: LearnerState
  /** Everything that a decision is made with. */
  #seat: Desk<S>

  constructor(options: TradeLearnerOptions<S>) {
    const { limits, parts, ...desk } = assemble(options)
    this.mode = desk.mode
    this.#desk = desk
    this.#limits = limits
    this.#parts = parts
    this.#book = new DecisionBook(limits)
    this.#state = freshState(this.mode === 'live' ? 'models' : 'baseline')
    this.#seat = this.#sit()
    desk.companions.tell((one) => one.joined?.(this))
  }

  // ---------------------------------------------------------------- queries

  /** What the models say about a signal now. Pure. @throws `UNKNOWN_SYMBOL`, `INVALID_SIGNAL`, `INVALID_ACCOUNT` */
  predict(signal: S, account: Account = { equity: 1, positions: [] }): Prediction {
    return predictOn(this.#seat, signal, account)
  }

  /**
   * Why the model, the champion where there is a challenger, said what it said: each feature's part in the probability of an
   * open or remembered decision.
   *
   * The parts are computed with today's model; `probability.atDecision` and `probability.now` tell whether it still agrees.
   *
   * @throws `UNKNOWN_DECISION`, or `ALREADY_LEARNED` for one that is no longer remembered
   */
  explain(decisionId: string): Explanation {
    const { decision, x } = this.#book.find(decisionId)
    return explainDecision(decision, x, this.#parts.success, this.#parts.features.schema.names)
  }

  /** How it is doing. */
  status(): Status {
    const { faults } = this.#desk.companions
    const rest = { ...this.#state, open: this.#book.openCount, faults }
    return statusOf(this.mode, this.#parts, this.#board, this.#desk.policy, rest)
  }

  /** Trades whose outcome has not been told yet, oldest first: what to ask the broker about after a restart. */
  openDecisions(): readonly Decision[] {
    return [...this.#book.open()].filter(({ traded, told }) => traded && told === null).map(({ decision }) => decision)
  }

  /** What deals signals out between the baseline and the models, with its history; null where there is none. */
  get rollout(): Parts['rollout'] {
    return this.#parts.rollout
  }

  /** The open time of the symbol's newest candle; undefined where there was none. */
  newestCandle(symbol: string): number | undefined {
    const { features } = this.#parts
    return features.knows(symbol) ? features.lastTime(symbol) : undefined
  }

  get refitDue(): boolean {
    return dueModels(this.#parts).length > 0
  }

  // --------------------------------------------------------------- commands

  /**
   * Takes in a closed candle: features move one step, and open decisions that it settles are learned from.
   *
   * @throws `INVALID_CANDLE`, `INVALID_TIME`, `OUT_OF_ORDER` or `DUPLICATE_CANDLE`, changing nothing
   */
  onCandle(candle: Candle): void {
    const { features, labeler, killSwitch, monitor } = this.#parts
    features.update(candle)
    this.#state.time = Math.max(this.#state.time, candle.time)
    killSwitch.observeData?.(candle)
    const labels = labeler.advance(candle)
    const overdue = this.#book.follow(candle.symbol, labels, this.#limits.reportWithin)
    runAll([
      ...this.#book.released(this.#state.time).map((entry) => () => this.#settleTold(entry, entry.told!)),
      ...overdue.map((entry) => () => this.#settle(entry, entry.label!, null)),
      () => this.#desk.companions.tell((one) => one.tick?.(candle.time, monitor?.summary, candle)),
    ])
  }

  /**
   * Decides on a signal, synchronously, and starts to follow it.
   *
   * Limits count the account's positions and, until the next bar, what was decided since the last one; give positions the
   * `id` of their decision, or such a trade that is already filled counts twice.
   *
   * @throws `UNKNOWN_SYMBOL`, `INVALID_SIGNAL`, `INVALID_ACCOUNT` or `TOO_MANY_OPEN`, changing nothing (but that the kill
   *   switch remembers an account that is worth nothing)
   */
  decide(signal: S, account: Account): Decision {
    // an account that is worth nothing is refused below, but the switch must have seen it
    if (typeof account?.equity === 'number' && account.equity <= 0) this.#parts.killSwitch.observeEquity(account.equity)
    this.#book.checkRoom()
    const decision = decideOn(this.#seat, signal, account)
    if (decision.exploration?.explored) countExplored(this.#state, decision.time)
    return decision
  }

  /**
   * Learns from how a trade closed. Telling the same outcome twice is fine and changes nothing.
   *
   * @throws `UNKNOWN_DECISION`, `INVALID_OUTCOME`, `OUTCOME_CONFLICT` where another outcome was told before, or
   *   `ALREADY_LEARNED` where candles had to give the label; nothing is changed then
   */
  learn(decisionId: string, outcome: Outcome): void {
    const entry = this.#book.awaiting(decisionId, outcome)
    if (entry === null) return
    // what cannot be is refused before it waits
    this.#labelOf(entry, outcome)
    if (this.#book.mustWait(outcome, this.#state.time)) entry.told = copyOutcome(outcome)
    else this.#settleTold(entry, copyOutcome(outcome))
  }

  /**
   * Says that a decision was never traded: its order was not filled, or the bot thought better of it. The signal is
   * still followed on candles and learned from, as a skipped one is.
   *
   * @throws `UNKNOWN_DECISION`, `ALREADY_LEARNED` for one that is closed, or `OUTCOME_CONFLICT` for one that waits to be
   */
  cancel(decisionId: string): void {
    const entry = this.#book.untold(decisionId)
    const { decision, traded } = entry
    entry.traded = false
    // a skipped signal was never sent
    if (traded) tellCancelled(this.#parts, decision)
    if (entry.label) this.#settle(entry, entry.label, null)
  }

  /**
   * Lives through a bot's past with a fresh learner, so that it need not start from nothing: each trade is predicted at its
   * entry with what was known, then scored and learned from at its exit. No kill switch and no detector sees the past.
   * @throws `INVALID_INPUT` for a learner that has learned, `NOT_ENOUGH_DATA` where no trade can be used
   */
  bootstrap(past: Past): TaughtPast {
    const taught = teachPast(this.#parts, this.#desk.policy, this.#board, past)
    this.#state.time = taught.newest
    return taught
  }

  /**
   * Puts other models on trial, by a new rollout of their own: in shadow at first, then for a growing share of signals, then as
   * champion. Those that are champion decide the others meanwhile, watched on, and the baseline where none has been promoted. Whoever
   * was on trial makes room. Scores, detectors and interval stay those of the champion; all models learn. `version` names them.
   *
   * @throws as {@link replace}, and `INVALID_INPUT` where no rollout is configured, as in shadow mode
   */
  challenge(models: Models, version: string): void {
    const { trials } = this.#desk
    this.#take(challenge({ parts: this.#parts, state: this.#state }, models, version, trials))
  }

  /**
   * Puts other models in the place of those that decide, untried, in one assignment: from the next signal on. Interval, scores,
   * detectors and rollout go on, for they judge whoever decides; a probability bound begins anew, with what is open. `version` is
   * what the models are called in `status()`.
   *
   * @throws `INVALID_OPTION` for models of another task, or that do not say a finite number of a vector of these features
   */
  replace(models: Models, version: string): void {
    text('version', version, 'INVALID_INPUT')
    this.#take({ parts: { ...this.#parts, ...untried(this.#parts, models) }, state: { ...this.#state, version } })
  }

  /** Takes in the account's equity between signals, so that a fall in between does not go unseen. */
  observeEquity(equity: number): void {
    this.#parts.killSwitch.observeEquity(equity)
  }

  /** Leaves out `count` ids: a crash may have lost decisions that had been given them. */
  skipIds(count: number): void {
    this.#book.skip(integer('count', count, 1, 'INVALID_INPUT'))
  }

  /** Puts a decision that was made before in the place of the one with its id that was made again. */
  amend(decision: Decision): void {
    this.#book.amend(freezeDecision(decision))
  }

  /**
   * An operator's word to a rollout: allow its next step, pause it, let it go on, end it; or that time has passed.
   *
   * @throws what the rollout throws, and `INVALID_INPUT` for one that is not there, changing nothing
   */
  tellRollout(event: OperatorEvent): readonly Transition[] {
    const { told, change } = addressee(this.#parts, event?.rollout)
    const changes = told?.tell(event) ?? []
    this.#moved(changes, change)
    return changes
  }

  /** Stops all trading until {@link resume}: every decision is a skip. */
  halt(reason?: string): void {
    this.#parts.killSwitch.halt(reason)
    this.#desk.companions.tell((one) => one.halted?.())
  }

  /** The operator's word that trading may go on; never called by the library. */
  resume(reason: string): void {
    this.#parts.killSwitch.reset(reason)
    this.#desk.companions.tell((one) => one.halted?.())
  }

  /**
   * Trains the first model that is due, one short step per `next()`, and changes it at the last step: a run that is
   * dropped has changed nothing. While another is due `refitDue` stays true. Learning may go on meanwhile.
   */
  *refit(): Generator<number, void, void> {
    yield* dueModels(this.#parts)[0]?.refit() ?? []
  }

  /** The refit that {@link refit} would run, for another thread; `undefined` where none is due or it cannot leave this one. */
  beginRefit(): RefitWork | undefined {
    const next = dueModels(this.#parts)[0]
    return next && isOffloadable(next) ? next.beginRefit() : undefined
  }

  // --------------------------------------------------------------- mechanics

  /**
   * Closes a decision: safety and book-keeping first, then everything learns, then the detectors say whether the world
   * has changed. A part of the user's own that throws keeps none of the others from its turn.
   */
  #settle(entry: OpenDecision, label: Label, outcome: Outcome | null): void {
    const { decision, traded } = entry
    const { probability } = decision.prediction
    const error = this.#board.errorOf(label.y, probability)
    const real = traded || outcome !== null
    runAll([
      () => void (real && tellOutcome(this.#parts, decision, label)),
      () => this.#board.update(label.y, probability, label.netReturn, decision.model.action),
      () => this.#book.close(entry, label, outcome),
      // what was predicted is answered for by who predicted it, so before they change places
      () => teach(this.#parts, entry, label, this.#state),
      () => this.#moved(tellWatch(this.#parts, decision, label, real), fall),
      () => this.#moved(tellSettled(this.#parts.rollout, decision, label, real)),
      () => void (this.#state.learnedAt = Math.max(this.#state.learnedAt, label.exitTime)),
      ...this.#parts.detectors.map((detector) => () => {
        const mark = { time: label.exitTime, trades: this.#board.labels }
        watch(this.#parts, detector, error, mark, this.#limits.keepAfterDrift, this.#state.marks)
      }),
      () => tellEnded(this.#desk.companions, entry, label, outcome),
    ])
  }

  /** Lets models change places as their rollout says, or the watch over the champion. */
  #moved = (changes: readonly Transition[], to = follow): void => {
    for (const change of changes) {
      const { challenger, version } = this.#state
      const name = to === fall ? version : challenger || version
      this.#take(to({ parts: this.#parts, state: this.#state }, change))
      this.#desk.companions.tell((companion) => companion.moved?.(change, name))
    }
  }

  #take({ parts, state }: Contest<S>): void {
    this.#parts = parts
    this.#state = state
    this.#seat = this.#sit()
  }

  /** Made once, not once a decision. */
  #sit(): Desk<S> {
    const [book, board, parts, state] = [this.#book, this.#board, this.#parts, this.#state]
    return { ...this.#desk, book, board, parts, state, moved: this.#moved }
  }

  #labelOf({ decision, label }: OpenDecision, outcome: Outcome): Label {
    const { labeler } = this.#parts
    const excursions = labeler.excursions(decision.id) ?? label ?? undefined
    return labelFromOutcome(decision, outcome, labeler.options.costs, excursions)
  }

  #settleTold(entry: OpenDecision, outcome: Outcome): void {
    const label = this.#labelOf(entry, outcome)
    this.#parts.labeler.cancel(entry.decision.id)
    this.#settle(entry, label, outcome)
  }

  // ---------------------------------------------------------------- snapshot

  /**
   * A learner that loses nothing: everything it is told is kept in `options.store`, and what the store holds already is lived
   * through again first.
   *
   * @throws what the store throws, and as {@link restore}
   */
  static open<S extends Signal>(options: DurableOptions<S>): Promise<DurableLearner<S>> {
    return DurableLearner.open<S>(options, {
      create: (own) => new TradeLearner<S>(own),
      restore: (saved, own) => TradeLearner.restore<S>(saved, own),
    })
  }

  toJSON(): Snapshot {
    return {
      ...snapshot(TradeLearner, { ...this.#limits, schema: this.#parts.features.schema.fingerprint }, {}),
      state: {
        self: packState(this.#state),
        board: packPart(this.#board),
        book: this.#book.pack(),
        parts: packParts(this.#parts),
        companions: this.#desk.companions.pack(),
      },
    }
  }

  /**
   * A learner that goes on, bit for bit, where `saved` stopped.
   *
   * `options` are those of the constructor: the mode, the policy and its limits come from there and never from a file;
   * models, detectors, features, novelty, monitor, open decisions and a latched kill switch come from the snapshot, and so
   * do name, memory and patience unless `options` say otherwise. Name the codecs of parts of your own in `codecs`.
   *
   * @throws `CORRUPT_SNAPSHOT`, `UNSUPPORTED_VERSION`, `UNKNOWN_SNAPSHOT` or `SCHEMA_MISMATCH`
   */
  static restore<S extends Signal>(saved: Snapshot | string, options: RestoreOptions<S>): TradeLearner<S> {
    const whole = checkSnapshot(TradeLearner, typeof saved === 'string' ? parseSnapshot(saved) : saved)
    const limits = savedBounds(whole)
    const learner = new TradeLearner<S>({ ...limits, ...options })
    const state = readState(whole, learner.#state.champion)
    const codecs = [options.features.codec(), ...(options.codecs ?? [])]
    const parts = unpackParts(whole, codecs, learner.#parts, learner.#desk.trials, state.trial)
    learner.#board = Scoreboard.fromJSON(nested(whole.state, 'board', 'trade-learner'))
    learner.#take(checkContest({ parts, state }, learner.mode))
    learner.#book.unpack(whole.state['book'], options.features.schema.size, whole.version)
    // before version 5 nobody went along
    if (whole.version >= 5) learner.#desk.companions.unpack(whole.state['companions']!)
    return learner
  }
}
