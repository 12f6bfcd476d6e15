import type { JsonObject, RefitWork, Vector } from '../../contracts.ts'
import { integer } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { type State as Packable, unpackState } from '../../core/state.ts'
import { checkForest, createForest, type Forest } from '../forest/forest.ts'
import { createScorer, type Scorer, scoreInto, scoreMany } from '../forest/scorer.ts'
import { createShap, type Shap } from '../forest/shap.ts'
import { baseOf } from './boost.ts'
import { checkRow, checkWindow } from './check-row.ts'
import { runJob, TRAINING, type TrainingJob } from './job.ts'
import { type CustomLoss, type Loss, lossFor } from './loss.ts'
import type { GradientBoostingOptions } from './options.ts'
import { createWindow, emptyWindow, newest, pushRow, type Window } from './window.ts'

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

/** Rows that are checked and copied in one step: with 200 features about a millisecond. */
const ROWS_A_STEP = 1000

/** The life of boosted trees on a stream, whatever the number of their outputs: remember, refit, forget, save. */
export class Booster {
  readonly options: GradientBoostingOptions
  readonly custom: CustomLoss | undefined
  readonly loss: Loss
  #state: State
  #scorer: Scorer
  #shap: Shap | undefined

  constructor(options: GradientBoostingOptions, custom?: CustomLoss) {
    this.options = options
    this.custom = custom
    this.loss = lossFor(options, custom)
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
    pushRow(s.window, options.window, x, y, weight)
    s.seen++
    s.fresh++
    // once a refit is due anyway, the base need not follow every label
    if (s.trainedOn === 0 && (s.window.size <= options.minSamples || s.fresh % options.refitEvery === 0)) this.#rebase()
    if (options.refit === 'inline' && this.refitDue) finish(this.refit())
  }

  fit(rows: readonly Vector[], y: ArrayLike<number>, weights?: ArrayLike<number>): void {
    const { job, adopt } = finish(this.#beginFit(rows, y, weights))
    adopt(finish(runJob(job, this.custom)))
  }

  /** Checks and copies a table in short steps; the last one returns its training, for another thread. */
  *beginFit(
    rows: readonly Vector[],
    y: ArrayLike<number>,
    weights?: ArrayLike<number>,
  ): Generator<number, RefitWork, void> {
    return this.#workOf(yield* this.#beginFit(rows, y, weights))
  }

  *#beginFit(
    rows: readonly Vector[],
    y: ArrayLike<number>,
    weights?: ArrayLike<number>,
  ): Generator<number, Beginning, void> {
    const { options } = this
    const { features, window } = options
    const n = rows.length
    if (y.length !== n || (weights && weights.length !== n)) {
      throw new TradeLearnError(
        'INVALID_INPUT',
        `"y" and "weights" must have ${n} entries like "rows", got ${y.length} and ${weights?.length}.`,
      )
    }
    const all = emptyWindow(features, n)
    for (let i = 0; i < n; i++) {
      checkRow(options, rows[i]!, y[i]!, weights?.[i] ?? 1)
      pushRow(all, n, rows[i]!, y[i]!, weights?.[i] ?? 1)
      if (i % ROWS_A_STEP === ROWS_A_STEP - 1) yield (i + 1) / n
    }
    const remembered = createWindow(features, newest(all, window))
    const job = { options, table: { x: all.x, y: all.y, weights: all.weights }, label: 'refit 0' }
    const before = this.#state
    const adopt = (forest: Forest): void => {
      if (this.#state !== before) return
      this.#state = { ...this.#fresh(), seen: n, window: remembered }
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
    return {
      // functions of the user's own cannot be sent
      kind: custom ? 'local' : TRAINING,
      job,
      run: () => runJob(job, custom),
      adopt: (result) => {
        const forest = result as Forest
        checkForest(forest, features, this.#state.forest.base.length, 'WORKER_FAILED')
        adopt(forest)
      },
    }
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
    s.window = createWindow(this.options.features, newest(s.window, keep))
    s.forgotten = true
    if (s.trainedOn === 0) this.#rebase()
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
    const { options, loss } = this
    const window = createWindow(options.features)
    const base = baseOf(newest(window, 0), options, loss)
    const forest = createForest(options.features, base, 0, 0)
    return { seen: 0, fresh: 0, refits: 0, trainedOn: 0, forgotten: false, window, forest }
  }

  /** Sets the base of an untrained model to what suits its labels. */
  #rebase(): void {
    const s = this.#state
    const base = baseOf(newest(s.window, s.window.size), this.options, this.loss)
    s.forest = createForest(this.options.features, base, 0, 0)
    this.#scorer = createScorer(s.forest)
  }

  #adopt(forest: Forest, rows: number): void {
    const s = this.#state
    s.forest = forest
    s.refits++
    s.trainedOn = rows < this.options.minSamples ? 0 : rows
    s.forgotten = false
    this.#scorer = createScorer(forest)
  }
}

/** Runs steps to their end. */
function finish<T>(steps: Generator<number, T, void>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
