import type { Codec, Serializable, Snapshot } from '../../contracts.ts'
import { text } from '../../core/check.ts'
import { addDecayed, decayOf } from '../../core/decayed-moments.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { type State as Packable, unpackState } from '../../core/state.ts'
import { carryOver } from './carry-over.ts'
import { type ClosedSignal, checkClosedSignal, checkVotes } from './closed-signal.ts'
import { addToCluster, leanOf } from './differences.ts'
import { APPLIED, type Evidence, type ParameterChange } from './history.ts'
import { apply, closeCluster, currentValue, evidenceFor, forget, move, remember } from './moves.ts'
import { type AdaptiveParametersOptions, createLayout, type Layout, STOP, savedLayout, TARGET } from './options.ts'
import { addVotes } from './source-record.ts'
import { type AdaptiveState, checkState, freshState, type SavedState, savedTemplate } from './state.ts'
import { type AdaptiveValues, valuesAt } from './values.ts'

/** Outcomes after which the usual time to an outcome has half forgotten. */
const DURATION_DECAY: number = decayOf(100)
/** Usual times to an outcome that a cluster lasts: of what signals share that are open together, five sixths lie within. */
const CLUSTER_LENGTH = 2
/**
 * The numbers of a bot that may follow the evidence: entry threshold, size multiplier, stop and target distance, and the
 * weights of its sources, learnt from closed signals within the operator's bounds.
 *
 * Each value competes with the others of its grid on the same signals: how much better would this one have done? A
 * value moves only when the evidence for another one passes a threshold that chance alone passes once in
 * `falseChangeEvery` decisions at most, for all parameters together (see `addDifference`). Within 20 % of the approved
 * value it then moves by itself; farther away it waits in `pending` for a person. Each change is kept with its evidence
 * and can be reverted.
 *
 *     threshold    takes what lies above it         worth its returns, skipped signals' from candles
 *     size         m in [0, 1]                      worth m r - edge m² r² / 2, on signals that the model wanted
 *     distances    stop, target in ATR              worth what the trade would have returned with them
 *     weights      mean of the sources' records     worth their Brier score; records are Beta posteriors, two clusters old
 *
 * Signals that are open together count as one piece of evidence, for their outcomes are one story.
 *
 * What to expect, by default and in the median: where signals from 0.6 to 0.69 lose 0.5 ATR the threshold rises after 875
 * signals, 225 of them in that band; where they lose half of that, after 3,400 (`bench/lifecycle/adaptive.ts`). O(values) time
 * a closed signal, some 8 us; no allocation but at changes; memory bounded by the grids and the last 200 changes.
 *
 * @see J. Shin, A. Ramdas, A. Rinaldo (2023), "E-detectors", arXiv 2203.03532
 *
 * @example
 * ```ts
 * const parameters = new AdaptiveParameters({ sources: ['breakout', 'news'] })
 * const { entryThreshold, sizeMultiplier } = parameters.values // before a decision
 * parameters.learn({ time, closedAt, probability: 0.63, wanted: true, netReturn: -0.011, atr: 0.005 }) // after it
 * for (const { name, to } of parameters.pending) ask(name, to) // parameters.approve(name, 'me', 'I have looked at it')
 * ```
 */
export class AdaptiveParameters implements Serializable {
  static readonly type: string = 'adaptive-parameters'
  static readonly version: number = 1

  readonly options: AdaptiveParametersOptions
  readonly #layout: Layout
  #state: AdaptiveState
  #values: AdaptiveValues

  constructor(options: Partial<AdaptiveParametersOptions> = {}) {
    this.#layout = createLayout(options)
    this.options = this.#layout.options
    this.#state = freshState(this.#layout)
    this.#values = valuesAt(this.#layout, this.#state.index)
  }

  // ---------------------------------------------------------------- queries

  /** The values in use; the same frozen object until one of them changes. Allocates nothing. */
  get values(): AdaptiveValues {
    return this.#values
  }

  /** Names of the parameters, in order. */
  get names(): readonly string[] {
    return this.#layout.names
  }

  /** Changes that wait for a person, oldest first; at most one a parameter. */
  get pending(): readonly ParameterChange[] {
    return this.#state.pending.slice()
  }

  /** The last 200 things that happened, oldest first. */
  get history(): readonly ParameterChange[] {
    return this.#state.history.slice()
  }

  /** Things that have happened so far, those that the history has let go of included. */
  get changes(): number {
    return this.#state.nextId - 1
  }

  /**
   * By how much the sources' votes on a signal move the log-odds of a win: from what is usual to the weighted mean of what
   * each source's record says after such a vote. 0 where nobody voted. Pure, O(sources).
   *
   * @param votes one a source: above 0 for the trade, below 0 against it, 0 or NaN nothing
   * @throws `INVALID_INPUT`
   */
  lean(votes: ArrayLike<number>): number {
    checkVotes(votes, this.#layout)
    return leanOf(votes, this.#layout, this.#state.index, this.#state.record)
  }

  /** Signals learned from. */
  get seen(): number {
    return this.#state.seen
  }

  /** Clusters of signals open together that have been completed: the pieces of evidence. */
  get clusters(): number {
    return this.#state.clusters
  }

  /** The distances that compete, in ATR: what `stopReturns` and `targetReturns` are about. */
  get distances(): { readonly stopAtr: readonly number[]; readonly targetAtr: readonly number[] } {
    const { grids } = this.#layout
    return { stopAtr: grids[STOP]!.values, targetAtr: grids[TARGET]!.values }
  }

  /** The evidence for each other value of a parameter's grid by now. @throws `INVALID_INPUT` for an unknown name */
  evidence(name: string): readonly { readonly value: number; readonly evidence: Evidence }[] {
    const parameter = this.#parameter(name)
    const { values } = this.#layout.grids[parameter]!
    return values
      .map((value, k) => ({ value, evidence: evidenceFor(this.#layout, this.#state, parameter, k) }))
      .filter((_, k) => k !== this.#state.index[parameter])
  }

  // --------------------------------------------------------------- commands

  /**
   * Takes in a signal whose outcome has become known, in the order in which they do.
   *
   * @throws `INVALID_INPUT` or `INVALID_TIME`, changing nothing
   */
  learn(signal: ClosedSignal): void {
    checkClosedSignal(signal, this.#layout)
    const s = this.#state
    if (signal.time >= s.clusterEnd) {
      if (s.seen > 0) this.#closeCluster()
      // before the first outcome its own time is all that is known
      const usual = s.duration.n > 0 ? s.duration.mean : signal.closedAt - signal.time
      s.clusterEnd = signal.time + CLUSTER_LENGTH * usual
    }
    addToCluster(s.cluster, signal, this.#layout, s.index, s.record)
    if (signal.votes) addVotes(s.record, signal.votes, signal.netReturn > 0)
    addDecayed(s.duration, signal.closedAt - signal.time, DURATION_DECAY)
    s.seen++
    s.time = Math.max(s.time, signal.closedAt)
  }

  /**
   * A person's yes to a pending change, by its parameter's name or by its id. It applies from the next decision, and
   * the 20 % are counted from it until the process ends: put it into the configuration to make it last.
   *
   * @throws `INVALID_INPUT` where nothing such is pending, or without a name or a reason
   */
  approve(change: string | number, by: string, reason: string): void {
    const s = this.#state
    const proposal = takeProposal(s, change, by, reason)
    const parameter = this.#parameter(proposal.name)
    const from = currentValue(this.#layout, s, parameter)
    apply(this.#layout, s, parameter, this.#layout.grids[parameter]!.values.indexOf(proposal.to))
    s.approved[parameter] = s.index[parameter]!
    remember(s, { ...proposal, kind: 'approved', from, by, reason })
    this.#values = valuesAt(this.#layout, s.index)
  }

  /** A person's no: the evidence for the parameter has to come anew. @throws as {@link approve} */
  reject(change: string | number, by: string, reason: string): void {
    const proposal = takeProposal(this.#state, change, by, reason)
    forget(this.#layout, this.#state, this.#parameter(proposal.name))
    remember(this.#state, { ...proposal, kind: 'rejected', by, reason })
  }

  /**
   * Brings back what a change replaced: the one of that id, or the newest of that parameter. Where that lies more than
   * 20 % from the approved value it waits for approval like any other. The evidence begins anew.
   *
   * @throws `INVALID_INPUT` where there is no such change, or without a reason
   */
  revert(change: string | number, reason: string): void {
    text('reason', reason, 'INVALID_INPUT')
    const s = this.#state
    const reverted = s.history.findLast(
      ({ id, name, kind }) => APPLIED.includes(kind) && (typeof change === 'number' ? id === change : name === change),
    )
    if (reverted === undefined) {
      throw new TradeLearnError('INVALID_INPUT', `"change" must be an applied change, got ${show(change)}.`)
    }
    const parameter = this.#parameter(reverted.name)
    const to = this.#layout.grids[parameter]!.values.indexOf(reverted.from)
    if (to < 0) {
      throw new TradeLearnError('INVALID_INPUT', `"change" must have replaced a value of today's grid, got ${change}.`)
    }
    forget(this.#layout, s, parameter)
    if (to === s.index[parameter]) return
    move(this.#layout, s, parameter, to, 'reverted', null, reason)
    this.#values = valuesAt(this.#layout, s.index)
  }

  // --------------------------------------------------------------- mechanics

  #closeCluster(): void {
    const { nextId } = this.#state
    closeCluster(this.#layout, this.#state)
    if (this.#state.nextId > nextId) this.#values = valuesAt(this.#layout, this.#state.index)
  }

  #parameter(name: string): number {
    const parameter = this.#layout.names.indexOf(name)
    if (parameter >= 0) return parameter
    throw new TradeLearnError('INVALID_INPUT', `"name" must be a parameter's, got ${show(name)}.`)
  }

  // ---------------------------------------------------------------- snapshot

  toJSON(): Snapshot {
    const { approved: _, ...state } = this.#state
    const options = this.options as unknown as { readonly [key: string]: Packable }
    return snapshot(AdaptiveParameters, options, state as unknown as { readonly [key: string]: Packable })
  }

  /**
   * What was saved, under the operator's present options.
   *
   * Approved values, bounds and the 20 % come from `options`, never from the file. A value in it that lies farther than
   * that from the approved one does not apply: it waits for approval again, for a file cannot say who approved it. A
   * parameter whose approved value is another than when it was saved begins there; one whose evidence rests on something
   * else keeps its value, and its evidence begins anew. The history says so. The others go on.
   *
   * @throws `CORRUPT_SNAPSHOT`, `UNKNOWN_SNAPSHOT` or `UNSUPPORTED_VERSION`
   */
  static restore(json: Snapshot, options: Partial<AdaptiveParametersOptions> = {}): AdaptiveParameters {
    const whole = checkSnapshot(AdaptiveParameters, json)
    const parameters = new AdaptiveParameters(options)
    const old = savedLayout(whole.options)
    const saved = checkState(unpackState(whole.state, savedTemplate(old)) as unknown as SavedState, old)
    parameters.#state = carryOver(saved, old, parameters.#layout)
    parameters.#values = valuesAt(parameters.#layout, parameters.#state.index)
    return parameters
  }

  /**
   * Goes on where `saved` stopped, as {@link restore} does; returns what other options than the saved ones have changed.
   *
   * @throws as {@link restore}, changing nothing
   */
  resume(saved: Snapshot): readonly ParameterChange[] {
    const restored = AdaptiveParameters.restore(saved, this.options)
    this.#state = restored.#state
    this.#values = restored.#values
    const next = saved.state['nextId'] as number
    return this.history.filter(({ id }) => id >= next)
  }

  /** A codec for `restore([...])` that is bound to the operator's options. */
  static codec(options: Partial<AdaptiveParametersOptions> = {}): Codec<AdaptiveParameters> {
    const { type, version } = AdaptiveParameters
    return { type, version, fromJSON: (json) => AdaptiveParameters.restore(json, options) }
  }
}

/** The pending change of that name or id, taken off the list. */
function takeProposal(s: AdaptiveState, change: string | number, by: string, reason: string): ParameterChange {
  text('by', by, 'INVALID_INPUT')
  text('reason', reason, 'INVALID_INPUT')
  const at = s.pending.findIndex(({ id, name }) => id === change || name === change)
  if (at >= 0) return s.pending.splice(at, 1)[0]!
  const waiting = s.pending.map(({ id, name }) => `${name} (${id})`).join(', ') || 'nothing'
  throw new TradeLearnError('INVALID_INPUT', `"change" must be pending, which ${waiting} is, got ${show(change)}.`)
}
