import type { BatchLearner, Codec, Forgetful, Refittable, Snapshot, Vector } from '../contracts.ts'
import { checkObservation, checkVector, finite, fraction, integer, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { crc32, crcTables } from '../learners/forest/model-file-crc.ts'
import { checkLengths } from '../learners/gradient-boosting/check-row.ts'
import {
  createWindow,
  emptyWindow,
  newest,
  pushRow,
  type Table,
  type Window,
} from '../learners/gradient-boosting/window.ts'
import { checkModel } from './check-model.ts'
import { engineFor, type Handle, type XgboostEngine } from './engine.ts'
import { loadXgboost } from './load.ts'
import { resolveOptions, type XgboostInput, type XgboostOptions } from './options.ts'
import { copiesOf, floatTable, paramsOf, readValue, scaleOf } from './training.ts'

type State = {
  seen: number
  /** Observations since the last refit began. */
  fresh: number
  /** Refits so far; names the stream of chance of the next one. */
  refits: number
  /** Rows that the model was trained on; 0 while it is no more than what suits its labels. */
  trainedOn: number
  /** Whether the trees know a past that has since been forgotten. */
  forgotten: boolean
  /** Where predictions start, and the unit of the trees' answers. */
  center: number
  spread: number
  window: Window
  /** The trained model as the package saves it; empty where there are no trees. */
  model: Uint8Array
}

/** Reads and makes `XgboostLearner`s, with the package loaded. */
export type XgboostCodec = Codec<XgboostLearner> & {
  /** A new learner. */
  create(options: XgboostInput): XgboostLearner
}

/**
 * XGBoost itself, as the npm package `ml-xgboost` has it, behind the contracts of our own boosting.
 *
 * For comparisons, and for those who trust nothing else. It is version 0.7 of 2018 compiled to WebAssembly: older,
 * slower and less able than `GradientBoosting`, which needs no package. The package knows no weights, so where weights
 * differ each row stands in its table about 4 times its share of them, and the least ones may be left out. It computes
 * in float32.
 *
 * Models live in memory that no garbage collector sees: call `dispose` when you are done; what is forgotten is freed
 * some time after its owner. It needs the package `ml-xgboost`, which is loaded by `create` and by `load`.
 *
 * `learn` O(features); `predict` some 5 µs; a refit O(rows × features × trees) in steps of one tree, but in a single
 * step where rows or features are drawn, for the draws come from one stream that other trainings could get between.
 *
 * @see T. Chen, C. Guestrin (2016), "XGBoost: a scalable tree boosting system", KDD
 *
 * @example
 * ```ts
 * const model = await XgboostLearner.create({ features: 12, maxDepth: 4 })
 * model.learn(x, won ? 1 : 0)
 * if (model.refitDue) for (const done of model.refit()) await pause()
 * const text = JSON.stringify(model)
 * model.dispose()
 *
 * const xgboost = await XgboostLearner.load()
 * const again = restore(parseSnapshot(text), [xgboost])
 * ```
 */
export class XgboostLearner implements BatchLearner, Refittable, Forgetful {
  static readonly type: string = 'xgboost'
  static readonly version: number = 1

  readonly options: XgboostOptions
  readonly #engine: XgboostEngine
  readonly #row: Handle
  #state: State
  #model: Handle | undefined
  #disposed = false

  private constructor(engine: XgboostEngine, options: XgboostInput) {
    this.options = resolveOptions(options)
    this.#engine = engine
    this.#state = this.#fresh()
    this.#row = engine.createRow(this.options.features)
  }

  /**
   * Loads the package and makes a learner. `from` is for where the package cannot be found by its name, as in bundles:
   * `() => import('ml-xgboost/dist/wasm/xgboost.js')`.
   *
   * @throws `MISSING_PACKAGE`
   */
  static async create(options: XgboostInput, from?: () => Promise<unknown>): Promise<XgboostLearner> {
    return (await XgboostLearner.load(from)).create(options)
  }

  /** Loads the package and gives what makes learners, and reads them: `restore(snapshot, [await XgboostLearner.load()])`. */
  static async load(from?: () => Promise<unknown>): Promise<XgboostCodec> {
    const engine = engineFor(await loadXgboost(from))
    return {
      type: XgboostLearner.type,
      version: XgboostLearner.version,
      create: (options) => new XgboostLearner(engine, options),
      fromJSON: (json) => {
        const { options, state } = checkSnapshot(XgboostLearner, json)
        const learner = new XgboostLearner(engine, unpackState(options, resolveOptions({ features: 1 }), 'options'))
        try {
          learner.#restore(state)
        } catch (error) {
          learner.dispose()
          throw error
        }
        return learner
      },
    }
  }

  get task(): 'binary' | 'regression' {
    return this.options.task
  }

  get seen(): number {
    return this.#state.seen
  }

  get refitDue(): boolean {
    const { forgotten, window, trainedOn, fresh } = this.#state
    const { minSamples, refitEvery } = this.options
    return forgotten || (window.size >= minSamples && (trainedOn === 0 || fresh >= refitEvery))
  }

  predict(x: Vector): number {
    this.#alive()
    checkVector(x, this.options.features)
    const { center, spread } = this.#state
    if (this.#model === undefined) return center
    const answer = this.#engine.predict(this.#model, this.#row, x, readValue)
    return this.options.task === 'binary' ? answer : center + spread * answer
  }

  /** Trains anew on all rows, at once, and remembers the newest of them for later refits. */
  fit(rows: readonly Vector[], y: ArrayLike<number>, weights?: ArrayLike<number>): void {
    this.#alive()
    const { features, window, task } = this.options
    checkLengths(rows, y, weights)
    for (let i = 0; i < rows.length; i++) checkObservation(task, rows[i]!, features, y[i]!, weights?.[i] ?? 1)
    const all = emptyWindow(features, rows.length)
    for (let i = 0; i < rows.length; i++) pushRow(all, rows.length, rows[i]!, y[i]!, weights?.[i] ?? 1)
    const table = { x: all.x, y: all.y, weights: all.weights }
    const state = { ...this.#fresh(), seen: rows.length, window: createWindow(features, newest(all, window)) }
    for (const _ of this.#train(table, 'refit 0', (trained) => this.#adopt(state, table, trained)));
  }

  learn(x: Vector, y: number, weight: number = 1): void {
    this.#alive()
    const { options } = this
    checkObservation(options.task, x, options.features, y, weight)
    const s = this.#state
    pushRow(s.window, options.window, x, y, weight)
    s.seen++
    s.fresh++
    // once a refit is due anyway, the prediction need not follow every label
    if (s.trainedOn === 0 && (s.window.size <= options.minSamples || s.fresh % options.refitEvery === 0)) {
      this.#rescale()
    }
  }

  /**
   * Trains on the window as it is at the first step. What comes of it is dropped if `fit`, `forget`, `dispose` or another
   * refit has overtaken it.
   */
  *refit(): Generator<number, void, void> {
    this.#alive()
    const s = this.#state
    const { window, refits, seen } = s
    const table = newest(window, window.size)
    yield* this.#train(table, `refit ${refits}`, (trained) => {
      const overtaken = this.#disposed || this.#state !== s || s.window !== window || s.refits !== refits
      if (overtaken) trained.handle?.free()
      else this.#adopt({ ...s, fresh: s.seen - seen }, table, trained)
    })
  }

  /** Keeps the newest `keep` observations; the trees stay until the refit that is now due. */
  forget(keep: number): void {
    this.#alive()
    integer('keep', keep, 0, 'INVALID_INPUT')
    const s = this.#state
    s.window = createWindow(this.options.features, newest(s.window, keep))
    s.forgotten = true
    if (s.trainedOn === 0) this.#rescale()
  }

  /** Frees the model's memory. Whatever else is then asked of the learner, but for its snapshot, is refused as `DISPOSED`. */
  dispose(): void {
    this.#disposed = true
    this.#model?.free()
    this.#model = undefined
    this.#row.free()
  }

  toJSON(): Snapshot {
    const { window, ...rest } = this.#state
    return snapshot(XgboostLearner, this.options, {
      ...rest,
      window: newest(window, window.size),
      checksum: checksumOf(rest.model),
    })
  }

  #restore(json: Snapshot['state']): void {
    const { window: blank, ...empty } = this.#fresh()
    const template = { ...empty, window: newest(blank, 0), checksum: 0 }
    const { window, checksum, ...rest } = unpackState(json, template)
    const code = 'CORRUPT_SNAPSHOT'
    for (const key of ['seen', 'fresh', 'refits', 'trainedOn'] as const) integer(`state.${key}`, rest[key], 0, code)
    const center = this.options.task === 'binary' ? fraction : finite
    center('state.center', rest.center, code)
    positive('state.spread', rest.spread, code)
    checkTable(window, this.options)
    if (checksumOf(rest.model) !== checksum)
      throw new TradeLearnError(code, 'The model must be as it was saved, got another.')
    if (rest.model.length > 0) {
      checkModel(rest.model, this.options, code)
      this.#model = this.#engine.load(rest.model)
    }
    this.#state = { ...rest, window: createWindow(this.options.features, window) }
  }

  #fresh(): State {
    const { features, task } = this.options
    const window = createWindow(features)
    const { center, spread } = scaleOf(newest(window, 0), task)
    const counts = { seen: 0, fresh: 0, refits: 0, trainedOn: 0 }
    return { ...counts, forgotten: false, center, spread, window, model: new Uint8Array(0) }
  }

  #alive(): void {
    if (this.#disposed) throw new TradeLearnError('DISPOSED', 'The learner was disposed of; make another one.')
  }

  /** Sets what an untrained model predicts to what suits its labels. */
  #rescale(): void {
    const s = this.#state
    const { center, spread } = scaleOf(newest(s.window, s.window.size), this.options.task)
    s.center = center
    s.spread = spread
  }

  /** Trains, and hands the outcome over at the last step; frees what is not handed over. */
  *#train(table: Table, label: string, adopt: (trained: Trained) => void): Generator<number, void, void> {
    const { options } = this
    const { features, task, trees, minSamples, rowFraction, columnFraction } = options
    // the package fails where there is no value at all
    if (table.y.length < minSamples || table.x.every(Number.isNaN)) {
      yield 1
      adopt({ model: new Uint8Array(0), handle: undefined })
      return
    }
    const engine = this.#engine
    const scale = scaleOf(table, task)
    const { copies, weight } = copiesOf(table.weights)
    const floats = floatTable(table, copies, features, scale, task === 'binary')
    const training = engine.prepare(floats, paramsOf(options, scale, weight, label))
    try {
      const step = rowFraction < 1 || columnFraction < 1 ? trees : 1
      for (let done = 0; done < trees; done += step) {
        yield done / trees
        engine.grow(training, step)
      }
      yield 1
      // read back, it takes only the memory of its trees, and predicts as it will when it is restored
      const model = engine.save(training)
      checkModel(model, options, 'INVALID_INPUT')
      adopt({ model, handle: engine.load(model) })
    } finally {
      training.free()
    }
  }

  #adopt(state: State, table: Table, { model, handle }: Trained): void {
    const { task, minSamples } = this.options
    const { center, spread } = scaleOf(table, task)
    const rows = table.y.length
    const trainedOn = rows < minSamples ? 0 : rows
    this.#state = { ...state, refits: state.refits + 1, trainedOn, forgotten: false, center, spread, model }
    this.#model?.free()
    this.#model = handle
  }
}

type Trained = { readonly model: Uint8Array; readonly handle: Handle | undefined }

const checksumOf = (bytes: Uint8Array): number => crc32(bytes, 0, bytes.length, crcTables())

/** Throws `CORRUPT_SNAPSHOT` unless a table that was read back could have been written. */
function checkTable({ x, y, weights }: Table, { features, window, task }: XgboostOptions): void {
  const rows = y.length
  if (rows > window || x.length !== rows * features || weights.length !== rows) {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `The window must hold at most ${window} rows of ${features} features with a label and a weight each, ` +
        `got ${x.length} values, ${rows} labels and ${weights.length} weights.`,
    )
  }
  for (const value of x) finite('window.x', value === value ? value : 0, 'CORRUPT_SNAPSHOT')
  for (const value of weights) positive('window.weights', value, 'CORRUPT_SNAPSHOT')
  for (const value of y) {
    finite('window.y', value, 'CORRUPT_SNAPSHOT')
    if (task === 'binary' && value !== 0 && value !== 1) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', `"window.y" must be 0 or 1, got ${value}.`)
    }
  }
}
