import type { Contribution, Explainable, JsonObject, Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { sigmoid } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { checkOut } from '../check-out.ts'
import { type ExplainedOutput, explainOutput } from './explain-output.ts'
import type { Forest } from './forest.ts'
import { expOf, toShares } from './links.ts'
import { checkContent, type ModelContent, type ModelLink } from './model-file.ts'
import { modelFromBytes, modelToBytes } from './model-file-bytes.ts'
import { modelFromJSON, modelToJSON } from './model-file-json.ts'
import { createScorer, type Scorer, scoreInto } from './scorer.ts'
import { createShap, type Shap } from './shap.ts'

/**
 * A trained model for prediction alone, which can leave the process as a file.
 *
 * The trees of a model of ours without what only training needs: no window, no options. It goes where the bot runs and
 * the training does not: into a browser, a worker, another machine. As a `Learner` it can stand wherever a model does,
 * in a pipeline or under a calibration: `learn` checks and counts, and leaves the trees alone.
 *
 * The prediction is the link of the margins, and a margin is its base plus the leaves that a vector falls into.
 * About a microsecond for 100 trees of 31 leaves, and allocates nothing.
 *
 * @example
 * ```ts
 * const bytes = model.toForestModel({ names: schema.names }).toBytes()
 * // elsewhere
 * const copy = ForestModel.fromBytes(bytes)
 * copy.predict(x) // to the bit what model.predict(x) gives
 * ```
 */
export class ForestModel implements Learner, Explainable, ModelContent {
  static readonly type: string = 'forest-model'
  static readonly version: number = 1

  readonly #content: ModelContent
  readonly #scorer: Scorer
  #state: { seen: number } = { seen: 0 }
  readonly #margins: Float64Array
  /** Made when the first explanation is asked for. */
  #shap: Shap | undefined

  /** Throws `INVALID_INPUT` unless the parts fit together. The forest is shared, not copied, and must not change. */
  constructor(content: ModelContent) {
    checkContent(content, 'INVALID_INPUT')
    this.#content = content
    this.#scorer = createScorer(content.forest)
    this.#margins = new Float64Array(content.forest.base.length)
  }

  /** `"binary"` where `predict` gives a probability. */
  get task(): 'binary' | 'regression' {
    return this.link === 'sigmoid' ? 'binary' : 'regression'
  }
  /** Observations given to `learn`, which did not change the trees. */
  get seen(): number {
    return this.#state.seen
  }
  /** The trees. */
  get forest(): Forest {
    return this.#content.forest
  }
  /** How margins become predictions. */
  get link(): ModelLink {
    return this.#content.link
  }
  /** Length of the vectors that it reads. */
  get features(): number {
    return this.#content.forest.features
  }
  /** Numbers that it predicts: 1, or one for each class or quantile. */
  get outputs(): number {
    return this.#content.forest.base.length
  }
  /** The features' names, where they are known. */
  get names(): readonly string[] | undefined {
    return this.#content.names
  }
  /** What was remembered with the model. */
  get meta(): JsonObject | undefined {
    return this.#content.meta
  }

  /** The prediction of a model with one output. */
  predict(x: Vector): number {
    checkVector(x, this.features)
    const out = this.#margins
    if (out.length !== 1) {
      throw new TradeLearnError(
        'INVALID_INPUT',
        `"predict" gives one number, but the model has ${out.length}: call "predictInto".`,
      )
    }
    scoreInto(this.#scorer, x, 0, out)
    return linkOne(this.#content.link, out[0]!)
  }

  /** Writes the predictions into `out` and returns it: a probability for each class, or a value for each output. */
  predictInto(x: Vector, out: Vector): Vector {
    this.marginInto(x, out)
    const { link } = this.#content
    if (link === 'softmax') toShares(out)
    else if (link === 'sorted') out.sort()
    else for (let k = 0; k < out.length; k++) out[k] = linkOne(link, out[k]!)
    return out
  }

  /** Writes the margins, what the trees add up to, into `out` and returns it. */
  marginInto(x: Vector, out: Vector): Vector {
    checkVector(x, this.features)
    checkOut(out, this.outputs)
    scoreInto(this.#scorer, x, 0, out)
    return out
  }

  /** `"log-odds"` where `predict` gives a probability; of several outputs, margins are explained. */
  get explains(): 'log-odds' | 'value' {
    return this.link === 'sigmoid' ? 'log-odds' : 'value'
  }

  /** What is said of one output before looking at any feature. */
  baseValue(x: Vector, output: number = 0): number {
    return this.#explained(x, output).base
  }

  /**
   * Each feature's part in the prediction: exact SHAP values, as `GradientBoosting.explain` has them. Of several outputs
   * they are parts of the margin of one. About 50 µs for 100 trees of 31 leaves; the first call prepares for some milliseconds.
   */
  explain(x: Vector, output: number = 0): readonly Contribution[] {
    return this.#explained(x, output).contributions
  }

  #explained(x: Vector, output: number): ExplainedOutput {
    checkVector(x, this.features)
    if (!(Number.isInteger(output) && output >= 0 && output < this.outputs)) {
      throw new TradeLearnError('INVALID_INPUT', `"output" must be from 0 to ${this.outputs - 1}, got ${show(output)}.`)
    }
    this.#shap ??= createShap(this.forest)
    return explainOutput(this.#shap, x, output, this.link === 'exp' ? expOf : (margin) => margin)
  }

  /** Counts an observation. The trees stay as they are. */
  learn(x: Vector, y: number, weight = 1): void {
    checkObservation(this.task, x, this.features, y, weight)
    this.#state.seen++
  }

  /** The model as a compact binary file. */
  toBytes(): Uint8Array {
    return modelToBytes(this)
  }

  /** Reads a binary file; it may keep views of `bytes`, which must not change afterwards. */
  static fromBytes(bytes: Uint8Array): ForestModel {
    return new ForestModel(modelFromBytes(bytes))
  }

  /** A snapshot, in which the model stands as its document; for that document by itself take `modelToJSON(model)`. */
  toJSON(): Snapshot {
    return { ...snapshot(ForestModel, {}, this.#state), state: { ...this.#state, model: modelToJSON(this) } }
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): ForestModel {
    const { state } = checkSnapshot(ForestModel, json)
    const seen = integer('state.seen', state['seen'] as number, 0, 'CORRUPT_SNAPSHOT')
    const model = new ForestModel(modelFromJSON(state['model'] ?? null))
    model.#state = { seen }
    return model
  }
}

/** The prediction for one margin, kept finite. */
function linkOne(link: ModelLink, margin: number): number {
  if (link === 'sigmoid') return sigmoid(margin)
  return link === 'exp' ? expOf(margin) : margin
}
