import type { Snapshot } from '../../contracts.ts'
import { canonicalJson } from '../../core/canonical-json.ts'
import { logit, sigmoid } from '../../core/math.ts'
import { checkSnapshot, nested, snapshot } from '../../core/snapshot.ts'
import { type State as Packable, packState, unpackState } from '../../core/state.ts'
import { onlyClosing } from '../../decision/apply-limits.ts'
import { bracketFor, isKnown } from '../../decision/bracket.ts'
import {
  type AdaptiveParameters,
  BracketProbe,
  type DecisionContext,
  type DecisionPolicy,
  type DecisionPolicyOptions,
  type ParameterChange,
} from '../../decision/index.ts'
import { because, percent } from '../../decision/reasons.ts'
import { shrink } from '../../decision/shrink.ts'
import type { Candle, Plan, Prediction, Reason, Side, SignalMeta } from '../../market.ts'
import type { SettledRow } from '../background-trainer/settled-row.ts'
import type { Companion, DecidedSignal } from '../companion.ts'
import type { FeatureSummary } from '../feature-health.ts'
import type { TradePolicy } from '../parts.ts'
import { type AdaptivePolicyOptions, type AdaptivePolicyParts, checkAdaptivePolicy } from './adaptive-policy-options.ts'
import { afterVotes, lowered } from './after-votes.ts'
import { type FollowedSignal, follow, readFollowed } from './followed-signals.ts'
import { type InUse, inUse } from './values-in-use.ts'

/** Where the learnt numbers stand, as plain data. */
export type AdaptiveReport = {
  /** Each number in use, and what the configuration says. */
  readonly values: readonly { readonly name: string; readonly value: number; readonly approved: number }[]
  /** Changes that wait for a person. */
  readonly pending: readonly ParameterChange[]
  /** The last 200 things that happened, oldest first, each with its evidence. */
  readonly history: readonly ParameterChange[]
  /** Signals learned from. */
  readonly seen: number
  /** Signals whose outcome is awaited. */
  readonly awaited: number
}

/** First reasons of plans that the model has judged, and of those among them that are to trade. */
const WANTED: readonly string[] = ['TAKE_BAND', 'REDUCE_BAND']
const JUDGED: readonly string[] = [...WANTED, 'SKIP_BAND', 'EV_VETO', 'NO_EDGE']
/** What rounding may take off a distance that is a known number of ATR. */
const SLACK = 1e-9

/**
 * A `DecisionPolicy` whose entry threshold, size, stop, target and sources' weights follow the outcomes of its own signals,
 * within the operator's bounds; changes of more than 20 % wait for a person.
 *
 * Give it to a `TradeLearner` twice: as the policy it decides, as a companion it is told how signals ended. While all values
 * are the approved ones, the size multiplier being 1, and no source has voted against a signal, it decides to the bit as a `DecisionPolicy`. A value that
 * differs from the configuration's is named in each decision's reasons, code `ADAPTED`.
 *
 *     plan = DecisionPolicy at the threshold in use, between the approved stop and target
 *     p'   = sigmoid(logit p + lean)              where the sources' votes lean against it, never for it
 *     size = size multiplier min(1, approved stop / stop in use)
 *
 * So nothing that is learnt makes a plan larger than the operator's numbers at a multiplier of 1 would have, but for a lower threshold, and
 * nothing makes it larger than the baseline or lose more than that at its stop; limits hold, as they held before. What the
 * operator's rules alone decide (too few trades, an abstention, a halt, a probe) is left as it is, and so is the baseline:
 * its bracket labels every signal. A signal keeps the stop and target it brings.
 *
 * It learns from each signal whose outcome is known once candles have told what every other distance would have returned,
 * `maxBars` later at most. Signals on which the model was not asked tell of distances and sources only.
 *
 * What a person says (`parameters.approve`, `reject`, `revert`) applies at once and is in the next snapshot. It is in no
 * journal: let a `DurableLearner` `save()` after it. An approved value has to be put into the configuration besides, for
 * after a restart a file cannot say who approved it, and it waits again.
 *
 * 2 to 5 us a decision; each candle costs the brackets of what is followed, one a distance. Memory bounded by `maxOpen`.
 *
 * @example
 * ```ts
 * const adaptive = new AdaptivePolicy({ baseSize: 0.05, parameters: new AdaptiveParameters({ sources: ['rsi', 'macd'] }) })
 * const learner = new TradeLearner({ features, mode: 'live', policy: adaptive, companions: [adaptive] })
 * for (const { id, name, to } of adaptive.report.pending) ask(name, to) // adaptive.parameters.approve(id, 'me', 'looks right')
 * ```
 */
export class AdaptivePolicy implements TradePolicy, Companion {
  static readonly type: string = 'adaptive-policy'
  static readonly version: number = 1

  /** What is learnt; `approve`, `reject` and `revert` changes here. */
  readonly parameters: AdaptiveParameters
  readonly #approved: DecisionPolicy
  readonly #own: AdaptivePolicyParts
  /** Room for the votes on one signal. */
  readonly #votes: Float64Array
  #inUse: InUse
  #probe: BracketProbe
  #followed: Map<string, FollowedSignal> = new Map()
  #asleep = false
  /** What other options than the saved ones have changed, until it may be told. */
  #untold: readonly ParameterChange[] = []

  constructor(options: AdaptivePolicyOptions = {}) {
    this.#own = checkAdaptivePolicy(options)
    const { approved, parameters } = this.#own
    this.parameters = parameters
    this.#approved = approved
    this.#votes = new Float64Array(parameters.options.sources.length)
    this.#inUse = inUse(parameters.values, approved, parameters.options)
    this.#probe = this.#newProbe()
  }

  // ---------------------------------------------------------------- queries

  /** The operator's, with the approved values. */
  get options(): DecisionPolicyOptions {
    return this.#approved.options
  }

  /** Names the operator's limits. */
  get limitsFingerprint(): string {
    return this.#approved.limitsFingerprint
  }

  /** Where the learnt numbers stand. */
  get report(): AdaptiveReport {
    const { parameters } = this
    const { entryThreshold, sizeMultiplier, stopAtr, targetAtr, weights } = parameters.values
    const inOrder = [entryThreshold, sizeMultiplier, stopAtr, targetAtr, ...weights]
    const { options, names, pending, history, seen } = parameters
    const ranges = [options.entryThreshold, options.sizeMultiplier, options.stopAtr, options.targetAtr]
    const values = names.map((name, i) => {
      const { approved } = ranges[i] ?? options.weight
      return { name, value: inOrder[i]!, approved }
    })
    return { values, pending, history, seen, awaited: this.#followed.size }
  }

  /** The plan without a model, by the configuration alone: nothing learnt changes it. */
  baseline(context: DecisionContext): Plan {
    return this.#approved.baseline(context)
  }

  decide(prediction: Prediction, context: DecisionContext): Plan {
    const { policy, reasons, distances, values } = this.#current()
    const own = policy.decide(prediction, context)
    if (!JUDGED.includes(codeOf(own))) return own
    const { signal, account, atr, ledger, time } = context
    const lean = this.#lean(context.meta, signal.side)
    const plan = lean < 0 && own.size > 0 ? this.#afterVotes(own, lean, prediction, context) : own
    const why = [...reasons.threshold, ...(lean === 0 ? [] : reasons.weights)]
    if (!(plan.size > 0)) return withReasons(plan, why)

    const bracket = distances === 'learnt' ? bracketInUse(plan, signal, atr, this.options, values) : plan
    why.push(...reasons.size)
    if (bracket.stop !== plan.stop) why.push(...reasons.stop)
    if (bracket.target !== plan.target) why.push(...reasons.target)
    if (why.length === 0 && values.sizeMultiplier === 1) return plan
    const smaller = shrink(plan, bracket, values.sizeMultiplier, account.equity)
    if (this.options.closing === 'free' && smaller.size < plan.size) {
      const closing = onlyClosing(plan, signal, account, ledger, time)
      if (closing.size > smaller.size) return withReasons(closing, why)
    }
    return withReasons(smaller, why)
  }

  // --------------------------------------------------------------- commands

  /** Starts to follow a decision, on candles, with every distance. */
  opened(id: string, time: number, { decision, baseline, atr, meta }: DecidedSignal): void {
    // without a volatility there is no unit in which its gain could be counted
    if (!isKnown(atr)) return
    const { symbol, side, price, model } = decision
    const { stopAtr, targetAtr } = this.options
    const { values } = this.#current()
    const [stop, target] = [Math.abs(price - baseline.stop) / atr, Math.abs(price - baseline.target) / atr]
    const ownStop = Math.abs(stop - stopAtr) <= SLACK * stopAtr
    const ownTarget = Math.abs(target - targetAtr) <= SLACK * targetAtr
    const lean = this.#lean(meta, side)
    if (this.#followed.size >= this.#own.maxOpen) this.dropped(this.#followed.keys().next().value!)
    if (ownStop || ownTarget) {
      const tried = { stopAtr: ownStop ? values.stopAtr : stop, targetAtr: ownTarget ? values.targetAtr : target }
      this.#probe.open({ id, symbol, side, time, price, atr, ...tried })
    }
    const verdict = codeOf(model)
    const probability = JUDGED.includes(verdict) ? this.#compared(decision, baseline, atr, ownTarget, lean) : 0
    const wanted = WANTED.includes(verdict)
    const votes = this.#votes.slice()
    this.#followed.set(id, follow({ id, time, probability, wanted, atr: atr / price, votes, ownStop, ownTarget }))
  }

  /** Takes in how it ended. */
  observe({ id, netReturn, labelEnd }: SettledRow): void {
    const signal = this.#followed.get(id)
    if (signal === undefined) return
    signal.netReturn = netReturn
    signal.knownAt = Math.max(signal.knownAt, labelEnd)
    if (!this.#probe.isOpen(id)) this.#learn(signal)
  }

  /** Takes in a closed candle. */
  tick(time: number, _: FeatureSummary | undefined, candle: Candle): void {
    for (const { id, stopReturns, targetReturns } of this.#probe.advance(candle)) {
      const signal = this.#followed.get(id)!
      if (signal.ownStop) signal.stopReturns = stopReturns
      if (signal.ownTarget) signal.targetReturns = targetReturns
      signal.knownAt = Math.max(signal.knownAt, time)
      if (!Number.isNaN(signal.netReturn)) this.#learn(signal)
    }
  }

  /** Forgets a decision that will have no outcome. */
  dropped(id: string): void {
    this.#followed.delete(id)
    this.#probe.cancel(id)
  }

  /** The past is lived through again: nobody is told of changes. */
  sleep(): void {
    this.#asleep = true
  }

  wake(): void {
    this.#asleep = false
    this.#tell(this.#untold)
    this.#untold = []
  }

  // --------------------------------------------------------------- mechanics

  #newProbe(): BracketProbe {
    const { maxBars, maxOpen } = this.#own
    return new BracketProbe({ ...this.parameters.distances, maxBars, maxOpen, costs: this.options.costs })
  }

  /** What follows from the values in use, worked out anew only where one of them has changed. */
  #current(): InUse {
    const { values, options } = this.parameters
    if (values !== this.#inUse.values) this.#inUse = inUse(values, this.#approved, options)
    return this.#inUse
  }

  /** By how much the votes on a signal move the log-odds of a win; the votes are in `#votes` then. */
  #lean(meta: SignalMeta = {}, side: Side): number {
    const { sources } = this.parameters.options
    if (sources.length === 0) return 0
    // only the sign of a vote counts
    for (let i = 0; i < sources.length; i++) this.#votes[i] = Math.sign(this.#own.vote(sources[i]!, meta, side)) || 0
    return this.parameters.lean(this.#votes)
  }

  /** The plan for what is left of a prediction after votes against it; the plan as it is where that is no smaller. */
  #afterVotes(own: Plan, lean: number, prediction: Prediction, context: DecisionContext): Plan {
    const heard = afterVotes(prediction, lean, own, this.options.costs)
    const plan = this.#current().policy.decide(heard, context)
    if (!(plan.size < own.size)) return own
    const { probability } = heard
    const text = `Its sources lower the win probability from ${percent(prediction.probability)} to ${percent(probability)}.`
    const { stop, target } = own
    return { ...plan, stop, target, reasons: [...plan.reasons, because('SOURCES', text)] }
  }

  /** The probability that was compared with the threshold, as it would be for bands around one half. */
  #compared(
    { symbol, side, price, prediction }: DecidedSignal['decision'],
    baseline: Plan,
    atr: number,
    ownTarget: boolean,
    lean: number,
  ): number {
    const { bandsAround, costs } = this.options
    const p = lean < 0 ? lowered(prediction.probability, lean) : prediction.probability
    if (bandsAround === 'half') return p
    const entry = { symbol, side, price, stop: baseline.stop, ...(ownTarget ? {} : { target: baseline.target }) }
    const { target } = bracketFor(entry, atr, this.options, prediction)
    const [toStop, toTarget] = [Math.abs(price - baseline.stop) / price, Math.abs(price - target) / price]
    return sigmoid(logit(p) - logit((toStop + costs) / (toStop + toTarget)))
  }

  #learn({ id, knownAt, stopReturns, targetReturns, ...signal }: FollowedSignal): void {
    this.#followed.delete(id)
    const { parameters } = this
    const before = parameters.changes
    parameters.learn({
      ...signal,
      closedAt: knownAt,
      ...(stopReturns.length > 0 ? { stopReturns } : {}),
      ...(targetReturns.length > 0 ? { targetReturns } : {}),
    })
    const made = parameters.changes - before
    if (made > 0 && !this.#asleep) this.#tell(parameters.history.slice(-made))
  }

  #tell(changes: readonly ParameterChange[]): void {
    for (const change of changes) {
      try {
        this.#own.onChange(change)
      } catch {
        // whoever listens must not keep the others that settle with it from being learned
      }
    }
  }

  // ---------------------------------------------------------------- snapshot

  toJSON(): Snapshot {
    const { sources } = this.parameters.options
    const state = {
      parameters: this.parameters.toJSON() as unknown as Packable,
      probe: this.#probe.toJSON() as unknown as Packable,
    }
    const followed = [...this.#followed.values()].map((signal) => ({ ...signal }))
    return snapshot(AdaptivePolicy, { sources }, { ...state, followed: followed as unknown as Packable })
  }

  /**
   * Goes on where `saved` stopped, by the operator's own bounds and approved values. Where distances, sources, candles or
   * costs are others than then, what was open is not learned from.
   *
   * @throws `CORRUPT_SNAPSHOT`, `UNKNOWN_SNAPSHOT` or `UNSUPPORTED_VERSION`, changing nothing
   */
  resume(saved: Snapshot): void {
    const { options, state } = checkSnapshot(AdaptivePolicy, saved)
    const { sources } = unpackState(options, { sources: [''] }, 'options')
    unpackState(state, { parameters: {}, probe: {}, followed: [] })
    const probe = BracketProbe.fromJSON(nested(state, 'probe', AdaptivePolicy.type))
    const followed = readFollowed(state['followed'], sources.length, probe)
    const fresh = this.#newProbe()
    const parameters = nested(state, 'parameters', AdaptivePolicy.type)
    const changes = this.parameters.resume(parameters)
    // what a trade is worth is told between the approved stop and target
    const bracketOf = ({ stopAtr, targetAtr }: { readonly stopAtr?: unknown; readonly targetAtr?: unknown }): string =>
      textOf({ stopAtr, targetAtr })
    const isSame =
      bracketOf(parameters.options) === bracketOf(this.parameters.options) &&
      textOf(probe.options) === textOf(fresh.options) &&
      textOf(sources) === textOf(this.parameters.options.sources)
    this.#probe = isSame ? probe : fresh
    this.#followed = isSame ? followed : new Map()
    if (this.#asleep) this.#untold = changes
    else this.#tell(changes)
  }
}

const codeOf = ({ reasons }: Plan): string => reasons[0]?.code ?? ''
const textOf = (options: object): string => canonicalJson(packState(options as Packable))

const withReasons = (plan: Plan, reasons: readonly Reason[]): Plan =>
  reasons.length > 0 ? { ...plan, reasons: [...plan.reasons, ...reasons] } : plan

/**
 * Stop and target at the distances in use, wherever the signal brings none; the model's stretch of the target stays the same
 * share of it.
 */
function bracketInUse(
  { price, target }: Plan,
  signal: DecisionContext['signal'],
  atr: number,
  options: DecisionPolicyOptions,
  { stopAtr, targetAtr }: InUse['values'],
): { readonly stop: number; readonly target: number } {
  if (targetAtr === options.targetAtr) {
    const { stop } = bracketFor(signal, atr, { ...options, stopAtr }, null)
    return { stop, target }
  }
  const plain = bracketFor(signal, atr, options, null).target
  const stretch = Math.abs(target - price) / Math.abs(plain - price)
  return bracketFor(signal, atr, { ...options, stopAtr, targetAtr: targetAtr * stretch }, null)
}
