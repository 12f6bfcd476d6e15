import type { JsonObject, Rng, Serializable, Snapshot } from '../contracts.ts'
import { finite, integer, oneOf, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { SeededRng } from '../core/rng.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import type { State as Plain } from '../core/state.ts'
import { coordinateOf, type Dimension, dimensionsOf, dropInactive } from './dimension.ts'
import { History } from './history.ts'
import { NoPruner } from './no-pruner.ts'
import { type Objective, type OptimizeOptions, optimize } from './optimize.ts'
import type { InferParams, Space } from './parameter.ts'
import { checkGiven, paramsAt, placeGiven, type Values } from './params.ts'
import type { Pruner } from './pruner.ts'
import { drawPoint } from './random-sampler.ts'
import type { Sampler } from './sampler.ts'
import { checkSame, readParts, readState } from './study-snapshot.ts'
import { TPE } from './tpe.ts'
import type { Direction, Trial, TrialOutcome, TrialRecord, Verdict } from './trial.ts'

/** Options of {@link Study}. */
export type StudyOptions<S extends Space> = {
  /** What to search. */
  readonly space: S
  /** Whether small or large values are wanted. @defaultValue 'minimize' */
  readonly direction: Direction
  /**
   * Trials that may be at work at once, whether they are or not: trial k is chosen from the results of trials up to
   * k - `batch`. At 1 each trial learns from all before it, and there is nothing for a second worker to do.
   * @defaultValue 4
   */
  readonly batch: number
  /** Seed of every choice. @defaultValue 0 */
  readonly seed: string | number
  /** Chooses what to try. @defaultValue new TPE() */
  readonly sampler: Sampler
  /** Ends trials that will not pay. @defaultValue new NoPruner() */
  readonly pruner: Pruner
}

/** Trials by what has become of them. */
export type TrialCounts = {
  readonly asked: number
  readonly pending: number
  readonly complete: number
  readonly pruned: number
  readonly failed: number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Kept = Mutable<Omit<TrialRecord<Values>, 'reports'>> & { readonly reports: { step: number; value: number }[] }

/** Everything that a study has been told. */
export type StudyState = {
  readonly trials: Kept[]
  /** What to try before anything else. */
  readonly queue: Values[]
}

/** Characters kept of a reason, so that a snapshot stays small. */
const REASON_LENGTH = 500

/**
 * Searches for the parameters at which a function is smallest, or largest, in as few trials as it can, and keeps a record
 * of every one of them.
 *
 * Ask for a trial, run it, tell what came of it; or let {@link Study.optimize} do so. Trial k is chosen from the results
 * of trials 0 to k - `batch`, with those after them counted as at work, even where they have been told. So suggestions,
 * and what is pruned, depend neither on the number of workers nor on who is quickest: equal options and an objective that
 * gives equal values make equal studies, to the bit. A value that is no finite number fails the trial, not the study.
 *
 * A study that is saved while trials are at work asks for those again after it has been read, with the same parameters;
 * it then goes on as if it had never stopped. The number of trials in all states is what a Sharpe ratio has to be
 * deflated by.
 *
 * Cost: a suggestion by the sampler, and O(trials) memory.
 *
 * @see T. Akiba et al. (2019), "Optuna: a next-generation hyperparameter optimization framework", KDD, for ask and tell
 *
 * @example
 * ```ts
 * const space = { rate: float({ low: 0.01, high: 0.3, log: true }), leaves: int({ low: 4, high: 128, log: true }) }
 * const study = new Study({ space, seed: 7 })
 * await study.optimize(({ rate, leaves }) => Math.abs(Math.log(rate / 0.1)) + Math.abs(leaves - 31), { trials: 40 })
 * study.best?.params // { rate: 0.128..., leaves: 30 }
 * ```
 */
export class Study<S extends Space = Space> implements Serializable {
  static readonly type: string = 'study'
  static readonly version: number = 1

  readonly options: Omit<StudyOptions<S>, 'sampler' | 'pruner' | 'seed'> & { readonly seed: string }
  readonly sampler: Sampler
  readonly pruner: Pruner
  readonly #dimensions: readonly Dimension[]
  readonly #rng: Rng
  #state: StudyState = { trials: [], queue: [] }
  /** Trials of the state that were asked before it was read, and have to be asked again. */
  #again: number[] = []
  /** Trials from the first one on that have been told without a gap. */
  #told = 0
  #history: History
  /** Trials whose results the history has. */
  #settled = 0

  constructor(options: Partial<StudyOptions<S>> & Pick<StudyOptions<S>, 'space'>) {
    const { space, direction = 'minimize', batch = 4, seed = 0 } = options
    this.#dimensions = dimensionsOf(space)
    const parameters = Object.entries(space).map(([name, parameter]) => [name, Object.freeze({ ...parameter })])
    this.options = Object.freeze({
      space: Object.freeze(Object.fromEntries(parameters)) as S,
      direction: oneOf('direction', direction, ['minimize', 'maximize']),
      batch: integer('batch', batch),
      seed: text('seed', String(seed)),
    })
    this.sampler = options.sampler ?? new TPE()
    this.pruner = options.pruner ?? new NoPruner()
    this.#rng = new SeededRng(this.options.seed)
    this.#history = new History(this.#dimensions)
  }

  /** Every trial ever asked, in that order. */
  get trials(): readonly TrialRecord<InferParams<S>>[] {
    return this.#state.trials.slice() as unknown as readonly TrialRecord<InferParams<S>>[]
  }

  /** The trials that the next one may learn from. */
  get visible(): readonly TrialRecord<InferParams<S>>[] {
    const { trials } = this.#state
    return trials.slice(0, this.#horizon(trials.length)) as unknown as readonly TrialRecord<InferParams<S>>[]
  }

  /** The complete trial with the best value, the first one of equals; `undefined` before the first. */
  get best(): TrialRecord<InferParams<S>> | undefined {
    let best: Kept | undefined
    for (const trial of this.#state.trials) {
      if (trial.state === 'complete' && (!best || this.#loss(trial.value) < this.#loss(best.value))) best = trial
    }
    return best as unknown as TrialRecord<InferParams<S>> | undefined
  }

  /** How many trials there are, by state. */
  get counts(): TrialCounts {
    const counts = { asked: 0, pending: 0, complete: 0, pruned: 0, failed: 0 }
    for (const { state } of this.#state.trials) {
      counts.asked++
      counts[state]++
    }
    return counts
  }

  /** Whether there is a trial to be had now, without waiting for another to be told. */
  get canAsk(): boolean {
    return this.#again.length > 0 || this.#told >= this.#horizon(this.#state.trials.length)
  }

  /**
   * The next trial: first those that were at work when the study was saved, then what was enqueued, then what the sampler
   * suggests.
   *
   * @throws `OUT_OF_ORDER` unless {@link Study.canAsk}
   */
  ask(): Trial<InferParams<S>> {
    const { trials, queue } = this.#state
    const again = this.#again.shift()
    if (again !== undefined) {
      trials[again]!.reports.length = 0
      return this.#trial(again)
    }
    const id = trials.length
    if (!this.canAsk) {
      throw new TradeLearnError(
        'OUT_OF_ORDER',
        `Trial ${id} is chosen from the results of trials 0 to ${this.#horizon(id) - 1}, and trial ${this.#told} must be told first.`,
      )
    }
    const point = new Float64Array(this.#dimensions.length)
    const given = queue.shift()
    const rng = this.#rng.fork(`trial ${id}`)
    if (given) {
      drawPoint(this.#dimensions, rng, point)
      placeGiven(this.#dimensions, given, point)
    } else {
      this.#settle(id)
      this.sampler.suggest(this.#history, rng, point)
    }
    dropInactive(this.#dimensions, point, 0)
    const params = paramsAt(this.options.space, this.#dimensions, point, given)
    trials.push({ id, params, state: 'pending', value: NaN, reports: [], reason: '' })
    return this.#trial(id)
  }

  /**
   * Takes in a value of one step of a trial at work, such as its loss on a fold, and says whether to go on with it. Steps
   * are whole numbers, each greater than the one before.
   */
  report(id: number, step: number, value: number): Verdict {
    const trial = this.#pending(id)
    integer('step', step, 0, 'INVALID_INPUT')
    finite('value', value, 'INVALID_INPUT')
    const last = trial.reports.at(-1)
    if (last && step <= last.step) {
      throw new TradeLearnError('OUT_OF_ORDER', `"step" must be above ${last.step}, the one before, got ${step}.`)
    }
    trial.reports.push({ step, value })
    const { reports } = trial
    const rivals = this.#state.trials
      .slice(0, this.#horizon(id))
      .filter(({ state }) => state === 'complete' || state === 'pruned')
    return this.pruner.judge({ reports, rivals, direction: this.options.direction })
  }

  /** Takes in how a trial ended. A value that is no finite number is a failure. */
  tell(id: number, outcome: TrialOutcome): void {
    const trial = this.#pending(id)
    if (outcome === 'pruned') trial.state = 'pruned'
    else if (typeof outcome === 'object' && outcome !== null) {
      trial.reason = text('failed', outcome.failed, 'INVALID_INPUT').slice(0, REASON_LENGTH)
      trial.state = 'failed'
    } else if (Number.isFinite(outcome)) {
      trial.value = outcome
      trial.state = 'complete'
    } else {
      trial.reason = `The value must be a finite number, got ${show(outcome)}.`
      trial.state = 'failed'
    }
    this.#again = this.#again.filter((other) => other !== id)
    this.#advance()
  }

  /**
   * Puts parameters in line to be tried before any that are suggested: defaults, or the best of an earlier search. What
   * is left out is drawn at random, what does not exist under its choices is dropped.
   */
  enqueue(params: Partial<InferParams<S>>): void {
    this.#state.queue.push(checkGiven(this.#dimensions, params))
  }

  /**
   * Runs trials one after another until the study has so many, the time is up, the signal says so or `stopWhen` does.
   * An objective that throws fails its trial.
   *
   * @throws `ABORTED` if the signal says so; the study then has what was finished
   */
  optimize(objective: Objective<InferParams<S>>, options: OptimizeOptions): Promise<void> {
    return optimize(this, objective, options)
  }

  toJSON(): Snapshot {
    const { sampler, pruner } = this
    const parts = { sampler: sampler.toJSON(), pruner: pruner.toJSON() } as unknown as { [part: string]: Plain }
    // a space is plain data, whatever its type is called
    const options = this.options as unknown as { readonly [key: string]: Plain }
    return snapshot(Study, options, { ...parts, ...(this.#state as unknown as { [key: string]: Plain }) })
  }

  /** Reads back what {@link toJSON} wrote, with the sampler and the pruner that `restore` knows. */
  static fromJSON(json: Snapshot, restore: (nested: Snapshot) => Serializable): Study {
    const study = new Study(readParts(checkSnapshot(Study, json), restore))
    study.#load(json.state)
    return study
  }

  /**
   * The study that was saved, for the same options as it was made with: typed, and without naming codecs.
   *
   * @throws `SCHEMA_MISMATCH` if the options are others than the saved ones
   */
  static resume<S extends Space>(
    json: Snapshot,
    options: Partial<StudyOptions<S>> & Pick<StudyOptions<S>, 'space'>,
  ): Study<S> {
    const { state } = checkSnapshot(Study, json)
    const study = new Study(options)
    checkSame(json, study.toJSON())
    study.#load(state)
    return study
  }

  #load(state: JsonObject): void {
    this.#state = readState(state, this.#dimensions, this.options.batch)
    this.#again = this.#state.trials.filter((trial) => trial.state === 'pending').map(({ id }) => id)
    this.#advance()
  }

  #trial(id: number): Trial<InferParams<S>> {
    const params = { ...this.#state.trials[id]!.params } as unknown as InferParams<S>
    return { id, params, report: (step, value) => this.report(id, step, value) }
  }

  #pending(id: number): Kept {
    const trial = this.#state.trials[id]
    if (trial?.state === 'pending') return trial
    const got = trial ? `trial ${id}, which is ${trial.state}` : show(id)
    throw new TradeLearnError('INVALID_INPUT', `"id" must be that of a trial at work, got ${got}.`)
  }

  /** Trials that trial `id` may learn from. */
  #horizon(id: number): number {
    return Math.max(0, id - this.options.batch + 1)
  }

  #advance(): void {
    const { trials } = this.#state
    while (this.#told < trials.length && trials[this.#told]!.state !== 'pending') this.#told++
  }

  /** Brings the history to where trial `id` may look, in the order of trials. */
  #settle(id: number): void {
    const { trials } = this.#state
    const history = this.#history
    const point = new Float64Array(this.#dimensions.length)
    while (history.size < id) {
      const { params } = trials[history.size]!
      for (const [d, dimension] of this.#dimensions.entries()) {
        point[d] = Object.hasOwn(params, dimension.name) ? coordinateOf(dimension, params[dimension.name]!) : NaN
      }
      history.add(point)
    }
    for (; this.#settled < this.#horizon(id); this.#settled++) {
      const { state, value, reports } = trials[this.#settled]!
      const last = reports.at(-1)
      if (state === 'complete') history.settle(this.#settled, { state, loss: this.#loss(value), step: -1 })
      else if (state === 'pruned' || state === 'failed') {
        history.settle(this.#settled, { state, loss: this.#loss(last?.value ?? 0), step: last?.step ?? -1 })
      }
    }
  }

  #loss(value: number): number {
    return this.options.direction === 'minimize' ? value : -value
  }
}
