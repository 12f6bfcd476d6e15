import type { Contribution, Explainable, Learner, Snapshot, Vector } from '../contracts.ts'
import { checkObservation, checkVector, integer } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { sortByMagnitude } from '../learners/contributions.ts'
import { childOf, createForest, type Forest, leafOf } from '../learners/forest/forest.ts'
import { createShap, type Shap, shapFromDecisions } from '../learners/forest/shap.ts'
import { columnsInto } from './columns.ts'
import { checkParts, type ImportedOptions, type ImportedParts } from './imported-parts.ts'
import { lineAt, noLinearLeaves } from './linear-leaves.ts'
import { IDENTITY, linkInPlace, type Unit, unitOf } from './link.ts'

type State = Omit<ImportedParts, 'options'> & { seen: number }

/**
 * A tree model that was trained elsewhere: it predicts and explains as its origin does, and learns nothing.
 *
 * Made by {@link readLightGBM}, {@link readXGBoost} and {@link readCatBoost}. Vectors have the origin's features in
 * its order; NaN is missing, categories are the codes that it was trained on. As a `Learner` it can stand wherever a
 * model of ours does, in a pipeline or under a calibration: `learn` checks and counts, and leaves the trees alone.
 *
 * A margin is the sum of the leaves that a vector falls into, in the origin's precision and order; the prediction is
 * the origin's function of it, in doubles (XGBoost's own is a float). O(trees × depth), and allocates nothing.
 *
 * @example
 * ```ts
 * const model = readLightGBM(await readFile('model.txt', 'utf8'))
 * model.predict(Float64Array.of(0.2, Number.NaN, 3))
 * ```
 */
export class ImportedModel implements Learner, Explainable {
  static readonly type: string = 'imported-model'
  static readonly version: number = 1

  readonly options: ImportedOptions
  #state: State
  // scratch paper, and what explanations need, made with the first one
  readonly #columns: Float64Array
  readonly #margins: Float64Array
  #shap: Shap | undefined
  #decisions: Uint8Array | undefined

  /** For readers of model files; throws `CORRUPT_MODEL` unless the parts fit together. */
  constructor(parts: ImportedParts) {
    checkParts(parts, 'CORRUPT_MODEL')
    const { options, forest, columns, leaf, linear } = parts
    this.options = options
    this.#state = { forest, columns, leaf, linear, seen: 0 }
    this.#columns = new Float64Array(forest.features)
    this.#margins = new Float64Array(forest.base.length)
  }

  /** `"binary"` where `predict` gives a probability. */
  get task(): 'binary' | 'regression' {
    const { name } = this.options.link
    return this.outputs === 1 && (name === 'sigmoid' || name === 'step') ? 'binary' : 'regression'
  }
  /** Observations given to `learn`, which did not change the trees. */
  get seen(): number {
    return this.#state.seen
  }
  /** The library that trained it. */
  get source(): ImportedOptions['source'] {
    return this.options.source
  }
  /** What it was trained for, in that library's words. */
  get objective(): string {
    return this.options.objective
  }
  /** Length of the vectors that it reads. */
  get features(): number {
    return this.options.features
  }
  /** The features' names; empty where the file has none. */
  get names(): readonly string[] {
    return this.options.names
  }
  /** Numbers that it predicts: 1, or one for each class or target. */
  get outputs(): number {
    return this.#state.forest.base.length
  }
  /** Trees, as the origin counts them. */
  get trees(): number {
    return this.#state.forest.roots.length / this.options.stride
  }
  /**
   * The trees. They ask for `forest.features` columns, of which the first `features` are the features themselves, read
   * as the origin reads them; there are more only where it reads one feature in two ways.
   */
  get forest(): Forest {
    return this.#state.forest
  }

  /** Writes the margins ("raw scores") into `out` and returns it. Infinities in `x` are read as the origin reads them. */
  marginInto(x: Vector, out: Vector): Vector {
    this.#read(x)
    this.#fits(out.length, this.outputs)
    const { forest, linear } = this.#state
    const { base, roots, output, value } = forest
    const columns = this.#columns
    const lines = linear.start.length > 0
    const single = this.options.precision === 'float32'
    for (let k = 0; k < base.length; k++) out[k] = base[k]!
    for (let t = 0; t < roots.length; t++) {
      const leaf = leafOf(forest, roots[t]!, columns, 0)
      const k = output[t]!
      const sum = out[k]! + (lines ? lineAt(linear, leaf, columns, value[leaf]!) : value[leaf]!)
      out[k] = single ? Math.fround(sum) : sum
    }
    return out
  }

  /** Writes the predictions into `out` and returns it: probabilities, or values, one for each output. */
  predictInto(x: Vector, out: Vector): Vector {
    this.marginInto(x, out)
    linkInPlace(this.options.link, out, this.outputs)
    return out
  }

  /** The prediction of a model with one output; finite for every vector without infinities. */
  predict(x: Vector): number {
    checkVector(x, this.options.features)
    if (this.outputs !== 1) {
      throw new TradeLearnError('INVALID_INPUT', `"predict" needs one output, got ${this.outputs}: use "predictInto".`)
    }
    const y = this.predictInto(x, this.#margins)[0]!
    if (Number.isFinite(y)) return y
    // lines alone can overflow
    return y === y ? Math.sign(y) * Number.MAX_VALUE : 0
  }

  /** Writes the number that the origin gives each tree's leaf: LightGBM's ordinal, XGBoost's node, CatBoost's index. */
  leavesInto(x: Vector, out: Int32Array): Int32Array {
    this.#read(x)
    this.#fits(out.length, this.trees)
    const { forest, leaf } = this.#state
    const { stride } = this.options
    for (let t = 0; t < out.length; t++) out[t] = leaf[leafOf(forest, forest.roots[t * stride]!, this.#columns, 0)]!
    return out
  }

  /**
   * Writes exact SHAP values in the unit of the margin into `out` and returns it: for each output the features' parts
   * and then the bias, which together make the margin. Models with linear leaves are refused, as by LightGBM.
   */
  shapInto(x: Vector, out: Vector): Vector {
    this.#read(x)
    this.#fits(out.length, this.outputs * (this.options.features + 1))
    const { forest, columns, linear } = this.#state
    if (linear.start.length > 0) {
      throw new TradeLearnError(
        'UNSUPPORTED_MODEL',
        'SHAP values need leaves with one value each, got linear leaves (LightGBM explains none of those either).',
      )
    }
    // every column of a feature is that feature, so questions are answered first
    this.#shap ??= createShap({
      ...forest,
      features: this.options.features,
      feature: forest.feature.map((c) => (c < 0 ? c : columns.feature[c]!)),
    })
    this.#decisions ??= new Uint8Array(forest.feature.length)
    const decisions = this.#decisions
    const { feature, left } = forest
    for (let i = 0; i < feature.length; i++) {
      const c = feature[i]!
      if (c >= 0) decisions[i] = childOf(forest, i, this.#columns[c]!) === left[i] ? 1 : 0
    }
    shapFromDecisions(this.#shap, decisions, out)
    return out
  }

  /** The unit of explanations; those of a model with several outputs are in the unit of its margins. */
  get explains(): 'log-odds' | 'probability' | 'value' {
    if (this.task === 'regression') return 'value'
    return this.options.link.name === 'sigmoid' ? 'log-odds' : 'probability'
  }

  /** The features' parts in one output, largest first: exact SHAP values. */
  explain(x: Vector, output = 0): readonly Contribution[] {
    const { parts, factor } = this.#explained(x, output)
    return sortByMagnitude(
      Array.from(parts, (part, feature) => ({ feature, amount: clamp(part * factor, -LARGEST, LARGEST) })),
    )
  }

  /** Where the parts start from; with them it adds up to the prediction, down to the rounding of XGBoost's floats. */
  baseValue(x: Vector, output = 0): number {
    return this.#explained(x, output).base
  }

  /** Counts an observation. The trees stay as they are. */
  learn(x: Vector, y: number, weight = 1): void {
    checkObservation(this.task, x, this.options.features, y, weight)
    this.#state.seen++
  }

  toJSON(): Snapshot {
    return snapshot(ImportedModel, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): ImportedModel {
    const { options, state } = checkSnapshot(ImportedModel, json)
    const { seen, ...parts } = unpackState(state, template())
    const whole = { ...parts, options: unpackState(options, OPTIONS, 'options') as ImportedOptions }
    checkParts(whole, 'CORRUPT_SNAPSHOT')
    const model = new ImportedModel(whole)
    model.#state.seen = integer('state.seen', seen, 0, 'CORRUPT_SNAPSHOT')
    return model
  }

  /** Checks a vector's type and length, and reads it into columns. */
  #read(x: Vector): void {
    const { features } = this.options
    if (!(x instanceof Float64Array)) {
      throw new TradeLearnError('INVALID_INPUT', `"x" must be a Float64Array, got ${show(x)}.`)
    }
    if (x.length !== features) {
      throw new TradeLearnError('INVALID_INPUT', `"x" must have ${features} features, got ${x.length}.`)
    }
    columnsInto(this.#state.columns, x, this.#columns)
  }

  /** Parts of one margin, and what they come to. */
  #explained(x: Vector, output: number): Unit & { readonly parts: Float64Array } {
    const { features, link } = this.options
    if (!(Number.isInteger(output) && output >= 0 && output < this.outputs)) {
      throw new TradeLearnError('INVALID_INPUT', `"output" must be below ${this.outputs}, got ${show(output)}.`)
    }
    const at = output * (features + 1)
    const all = this.shapInto(x, new Float64Array(this.outputs * (features + 1)))
    const parts = all.subarray(at, at + features)
    const margin = this.marginInto(x, this.#margins)[output]!
    const base = margin - parts.reduce((sum, part) => sum + part, 0)
    return { ...unitOf(this.outputs === 1 ? link : { ...IDENTITY, divisor: link.divisor }, base, margin), parts }
  }

  #fits(got: number, wanted: number): void {
    if (got === wanted) return
    throw new TradeLearnError('INVALID_INPUT', `"out" must have room for ${wanted} numbers and no more, got ${got}.`)
  }
}

const LARGEST = Number.MAX_VALUE

const OPTIONS = {
  source: '',
  objective: '',
  features: 0,
  names: [''],
  link: { ...IDENTITY },
  precision: '',
  stride: 0,
}

const template = (): State => ({
  forest: createForest(0, [], 0, 0),
  columns: { feature: new Int32Array(0), kind: new Uint8Array(0), value: new Float64Array(0) },
  leaf: new Int32Array(0),
  linear: noLinearLeaves(),
  seen: 0,
})
