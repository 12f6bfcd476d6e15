import type { Learner, Resizing, Snapshot, Transformer, Vector } from '../contracts.ts'
import { checkObservation, integer } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../core/snapshot.ts'
import { isExplainable, isForgetful, isRefittable, lend, refitInTurn } from './abilities.ts'
import { lengthOf } from './length-of.ts'
import { packMember, type Restore, restoreMember } from './members.ts'
import { sizeOf } from './size.ts'

/** The parts of a {@link Pipeline}. */
export type PipelineOptions = {
  /** What prepares the features; the learner takes vectors of the length that it writes. */
  readonly transformer: Transformer
  /** What learns from the prepared features. */
  readonly learner: Learner
}

/**
 * A transformer and a learner in one: prepares the features, then predicts or learns.
 *
 * `predict` transforms with the statistics as they are, and so does `learn`: it teaches the learner the row as it would
 * have been predicted, and only then shows it to the transformer. (River does it the other way round, so that its
 * models learn from rows scaled by themselves; a target encoder would learn from its own label.) Costs what the two
 * parts cost.
 *
 * It can `refit` and `explain` exactly when its learner can, and `forget` when either part can; contributions are those
 * of the prepared features.
 *
 * @example
 * ```ts
 * const learner = new Pipeline({
 *   transformer: new StandardScaler({ features: 2 }),
 *   learner: new BayesianLogisticRegression({ features: 2 }),
 * })
 * learner.learn(Float64Array.of(61_000, 0.4), 1)
 * ```
 */
export class Pipeline implements Learner {
  static readonly type: string = 'pipeline'
  static readonly version: number = 1

  readonly transformer: Transformer
  readonly learner: Learner
  /** Length of vectors that both parts are known to take. */
  #width = -1
  #scratch: Vector = new Float64Array(0)

  constructor({ transformer, learner }: PipelineOptions) {
    this.transformer = transformer
    this.learner = learner
    if (isRefittable(learner))
      lend(
        this,
        refitInTurn(() => [learner]),
      )
    if (isExplainable(learner)) {
      lend(this, {
        explains: learner.explains,
        baseValue: (x) => learner.baseValue(this.#prepare(x)),
        explain: (x) => learner.explain(this.#prepare(x)),
      })
    }
    const forgetful = [transformer, learner].filter(isForgetful)
    if (forgetful.length > 0) {
      lend(this, {
        forget: (keep) => {
          integer('keep', keep, 0, 'INVALID_INPUT')
          for (const part of forgetful) part.forget(keep)
        },
      })
    }
  }

  get task(): 'binary' | 'regression' {
    return this.learner.task
  }

  get seen(): number {
    return this.learner.seen
  }

  /** Memory that both parts take, in bytes. */
  get sizeInBytes(): number {
    return sizeOf(this.transformer) + sizeOf(this.learner)
  }

  predict(x: Vector): number {
    return this.learner.predict(this.#prepare(x))
  }

  learn(x: Vector, y: number, weight = 1): void {
    // all must be known to be good before either part learns
    checkObservation(this.learner.task, x, lengthOf(x), y, weight)
    if (x.length !== this.#width) this.#checkWidth(x)
    this.learner.learn(this.#prepare(x), y, weight)
    this.transformer.learn(x, y, weight)
  }

  toJSON(): Snapshot {
    return snapshot(Pipeline, {}, { transformer: packMember(this.transformer), learner: packMember(this.learner) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): Pipeline {
    const { state } = checkSnapshot(Pipeline, json)
    const transformer = restore(nested(state, 'transformer', 'pipeline'))
    if (!('transform' in transformer)) {
      const { type } = transformer.toJSON()
      throw new TradeLearnError('CORRUPT_SNAPSHOT', `"pipeline" must hold a transformer, got ${show(type)}.`)
    }
    const learner = restoreMember(state, 'learner', 'pipeline', restore)
    return new Pipeline({ transformer: transformer as Transformer, learner })
  }

  /** Lets both parts refuse a length before either has learned; `predict` leaves no traces. */
  #checkWidth(x: Vector): void {
    this.predict(x)
    this.#width = x.length
  }

  #prepare(x: Vector): Vector {
    const outputs = 'outputs' in this.transformer ? (this.transformer as Transformer & Resizing).outputs : lengthOf(x)
    if (this.#scratch.length !== outputs) this.#scratch = new Float64Array(outputs)
    const scratch = this.#scratch
    this.transformer.transform(x, scratch)
    // what overflowed is as large as can be: an infinity would be refused after the transformer had learned
    for (let i = 0; i < scratch.length; i++) {
      const value = scratch[i]!
      if (value === Infinity || value === -Infinity) scratch[i] = value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE
    }
    return scratch
  }
}
