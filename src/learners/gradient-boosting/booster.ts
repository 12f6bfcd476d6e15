import type { JsonObject, Measurable, RefitWork, Vector } from '../../contracts.ts'
import { integer } from '../../core/check.ts'
import { type State as Packable, unpackState } from '../../core/state.ts'
import { checkForest, createForest, type Forest } from '../forest/forest.ts'
import { createScorer, type Scorer, scoreInto, scoreMany } from '../forest/scorer.ts'
import { createShap, type Shap } from '../forest/shap.ts'
import { baseOf } from './boost.ts'
import { checkLengths, checkRow, checkWindow } from './check-row.ts'
import { runJob, TRAINING, type TrainingJob } from './job.ts'
import { type CustomLoss, type Loss, lossFor } from './loss.ts'
import { trainingMemory } from './memory.ts'
import type { GradientBoostingOptions } from './options.ts'
import { createUndo, notePush, type Undo, undoPush } from './undo.ts'
import { createWindow, emptyWindow, newest, pushRow, type Table, type Window } from './window.ts'

type State = {
  seen: number
  /** Observations since the last refit began. */
  fresh: number
  /** Refits so far; names the stream of chance of the next one. */
  refits: number
  /** Rows that the trees were trained on; 0 while the model is no more than what suits its labels. */
  trainedOn: number
  /** Whether the trees know a past that has since been forgotten. */
  forgotten: boolean
  window: Window
  forest: Forest
}

/** A training that has not been done yet, and what to do with what comes of it. */
type Beginning = { readonly job: TrainingJob; adopt(forest: Forest): void }

/** Values that are checked and copied in one step, each row counted as 10 more: less than a millisecond. */
const VALUES_A_STEP = 20_000

/** Up to so many observations the base follows each one: what sorts them takes some 0.1 ms. */
const CLOSELY_FOLLOWED = 128

/** The life of boosted trees on a stream, whatever the number of their outputs: remember, refit, forget, save. */
export class Booster {
  readonly options: GradientBoostingOptions
  readonly custom: CustomLoss | undefined
  readonly loss: Loss
  #state: State
  #scorer: Scorer
  #shap: Shap | undefined
  readonly #undo: Undo

  constructor(options: GradientBoostingOptions, custom?: CustomLoss) {
    this.options = options
    this.custom = custom
    this.loss = lossFor(options, custom)
    this.#undo = createUndo(options.features)
    this.#state = this.#fresh()
    this.#scorer = createScorer(this.#state.forest)
  }

  get seen(): number {
    return this.#state.seen
  }

  get forest(): Forest {
    return this.#state.forest
  }

  get refitDue(): boolean {
    const { forgotten, window, trainedOn, fresh } = this.#state
    const { minSamples, refitEvery } = this.options
    return forgotten || (window.size >= minSamples && (trainedOn === 0 || fresh >= refitEvery))
  }

  /** Writes the margins of one vector. No allocation. */
  marginsInto(x: Vector, out: Float64Array): void {
    scoreInto(this.#scorer, x, 0, out)
  }

  /** Writes the predictions for rows that stand one after another; only of models with one output. */
  predictMany(x: Float64Array, rows: number, out: Float64Array): void {
    scoreMany(this.#scorer, x, rows, out)
    const one = new Float64Array(1)
    for (let i = 0; i < rows; i++) {
      one[0] = out[i]!
      this.loss.predict(one)
      out[i] = one[0]!
    }
  }

  get scorer(): Scorer {
    return this.#scorer
  }

  /** What exact explanations need, made when the first is asked for. */
  get shap(): Shap {
    if (this.#shap?.forest !== this.#state.forest) this.#shap = createShap(this.#state.forest)
    return this.#shap
  }

  learn(x: Vector, y: number, weight: number): void {
    const { options } = this
    checkRow(options, x, y, weight)
    const s = this.#state
    const { window, seen, fresh, forest } = s
    const scorer = this.#scorer
    notePush(this.#undo, window, options.window)
    pushRow(window, options.window, x, y, weight)
    s.seen++
    s.fresh++
    try {
      if (s.trainedOn === 0 && this.#isBaseDue()) this.#setForest(this.#untrained(window))
      if (options.refit === 'inline' && this.refitDue) finish(this.refit())
    } catch (error) {
      // a loss of the user's own, or a refit that was due, has failed: nothing has been learned
      undoPush(this.#undo, window)
      s.seen = seen
      s.fresh = fresh
      s.forest = forest
      this.#scorer = scorer
      throw error
    }
  }

  /**
   * Whether the base of an untrained model should follow the observation that has just come: each of the first ones, then
   * every 8th up to 256, every 16th up to 512 and so on, which costs a constant number of sorts for each doubling.
   */
  #isBaseDue(): boolean {
    const { minSamples, refitEvery } = this.options
    const { window, fresh } = this.#state
    const { size } = window
    // once a refit is due anyway, or the window holds no more, it need not follow closely
    if (size > minSamples || this.#undo.full) return fresh % refitEvery === 0
    return size < CLOSELY_FOLLOWED || size % (1 << (27 - Math.clz32(size))) === 0
  }

  fit(rows: readonly Vector[], y: ArrayLike<number>, weights?: ArrayLike<number>): void {
    const { job, adopt } = finish(this.#beginFit(rows, y, weights))
    adopt(finish(runJob(job, this.custom)))
  }

  /** Checks and copies a table in short steps; the last one returns its training, for another thread. */
  beginFit(
    rows: readonly Vector[],
    y: ArrayLike<number>,
    weights?: ArrayLike<number>,
  ): Generator<number, RefitWork, void> & Measurable {
    const begin = this.#beginFit(rows, y, weights)
    const steps = this.#workLater(begin)
    return Object.assign(steps, { memory: (threads: number) => this.#memory(rows.length, threads) })
  }

  *#workLater(begin: Generator<number, Beginning, void>): Generator<number, RefitWork, void> {
    return this.#workOf(yield* begin)
  }

  *#beginFit(
    rows: readonly Vector[],
    y: ArrayLike<number>,
    weights?: ArrayLike<number>,
  ): Generator<number, Beginning, void> {
    const { options } = this
    const { features, window: most } = options
    checkLengths(rows, y, weights)
    const n = rows.length
    const before = this.#state
    const { window, refits, seen } = before
    const all = emptyWindow(features, n)
    const remembered = emptyWindow(features, Math.min(n, most))
    const step = Math.ceil(VALUES_A_STEP / (features + 10))
    for (let i = 0; i < n; i++) {
      const x = rows[i]!
      const weight = weights?.[i] ?? 1
      checkRow(options, x, y[i]!, weight)
      pushRow(all, n, x, y[i]!, weight)
      if (i >= n - most) pushRow(remembered, most, x, y[i]!, weight)
      if (i % step === step - 1) yield (i + 1) / n
    }
    const job = { options, table: { x: all.x, y: all.y, weights: all.weights }, label: 'refit 0' }
    const adopt = (trained: Forest): void => {
      const s = this.#state
      if (s !== before || s.window !== window || s.refits !== refits) return
      // what has been learned since is remembered too
      const since = s.seen - seen
      pushTable(remembered, most, newest(window, since))
      const forest = since > 0 && n < options.minSamples ? this.#untrained(remembered) : trained
      this.#state = { ...this.#fresh(), seen: n + since, fresh: since, window: remembered }
      this.#adopt(forest, n)
    }
    return { job, adopt }
  }

  *refit(): Generator<number, void, void> {
    const { job, adopt } = this.#begin()
    adopt(yield* runJob(job, this.custom))
  }

  /** The next refit, for another thread. */
  beginRefit(): RefitWork {
    return this.#workOf(this.#begin())
  }

  #workOf({ job, adopt }: Beginning): RefitWork {
    const { custom } = this
    const { features } = this.options
    // by the time that someone asks the table may have been handed over
    const rows = job.table.y.length
    return {
      // functions of the user's own cannot be sent
      kind: custom ? 'local' : TRAINING,
      job,
      memory: (threads) => this.#memory(rows, threads),
      run: () => runJob(job, custom),
      adopt: (result) => {
        const forest = result as Forest
        checkForest(forest, features, this.#state.forest.base.length, 'WORKER_FAILED')
        adopt(forest)
      },
    }
  }

  /** The bytes of a training; one with functions of the user's own has this thread alone. */
  #memory(rows: number, threads: number): number {
    return trainingMemory(this.options, rows, this.custom ? 1 : threads).total
  }

  #begin(): Beginning {
    const { options } = this
    const s = this.#state
    const { window, refits, seen, trainedOn } = s
    const anew = options.strategy === 'refit' || trainedOn === 0 || s.forgotten || s.forest.roots.length === 0
    const table = newest(window, anew ? window.size : Math.min(window.size, options.recent))
    const job = { options, table, label: `refit ${refits}`, ...(anew ? {} : { start: s.forest }) }
    // by then the table may have been handed over to another thread
    const rows = anew ? table.y.length : Math.max(trainedOn, table.y.length)
    const adopt = (forest: Forest): void => {
      if (this.#state !== s || s.window !== window || s.refits !== refits) return
      s.fresh = s.seen - seen
      this.#adopt(forest, rows)
    }
    return { job, adopt }
  }

  forget(keep: number): void {
    integer('keep', keep, 0, 'INVALID_INPUT')
    const s = this.#state
    const window = createWindow(this.options.features, newest(s.window, keep))
    if (s.trainedOn === 0) this.#setForest(this.#untrained(window))
    s.window = window
    s.forgotten = true
  }

  /** Everything that has been learned, as it goes into a snapshot. */
  pack(): { readonly [key: string]: Packable } {
    const { window, ...rest } = this.#state
    return { ...rest, window: newest(window, window.size) }
  }

  /** Takes over what {@link pack} wrote. */
  unpack(json: JsonObject): void {
    const { options } = this
    const blank = this.#fresh()
    const { window, ...rest } = unpackState(json, { ...blank, window: newest(blank.window, 0) })
    const code = 'CORRUPT_SNAPSHOT'
    for (const key of ['seen', 'fresh', 'refits', 'trainedOn'] as const) integer(`state.${key}`, rest[key], 0, code)
    checkWindow(window, options)
    checkForest(rest.forest, options.features, blank.forest.base.length, code)
    this.#state = { ...rest, window: createWindow(options.features, window) }
    this.#scorer = createScorer(rest.forest)
  }

  #fresh(): State {
    const window = createWindow(this.options.features)
    const forest = this.#untrained(window)
    return { seen: 0, fresh: 0, refits: 0, trainedOn: 0, forgotten: false, window, forest }
  }

  /** No trees, and the base that suits the labels: O(window), for some losses with a sort. */
  #untrained(window: Window): Forest {
    const { options, loss } = this
    // no loss asks for the vectors
    const labels = newest({ ...window, features: 0 }, window.size)
    return createForest(options.features, baseOf(labels, options, loss), 0, 0)
  }

  #setForest(forest: Forest): void {
    this.#state.forest = forest
    this.#scorer = createScorer(forest)
  }

  #adopt(forest: Forest, rows: number): void {
    const s = this.#state
    s.refits++
    s.trainedOn = rows < this.options.minSamples ? 0 : rows
    s.forgotten = false
    this.#setForest(forest)
  }
}

/** Adds a table's rows to a window that holds at most so many. */
function pushTable(window: Window, most: number, { x, y, weights }: Table): void {
  const { features } = window
  for (let i = 0; i < y.length; i++) {
    pushRow(window, most, x.subarray(i * features, (i + 1) * features), y[i]!, weights[i]!)
  }
}

/** Runs steps to their end. */
function finish<T>(steps: Generator<number, T, void>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
