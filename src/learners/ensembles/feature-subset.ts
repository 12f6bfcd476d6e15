import type { Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, checkVector, integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { isRefittable, lend, refitInTurn } from '../abilities.ts'
import { packMember, type Restore, restoreMember } from '../members.ts'
import { sizeOf } from '../size.ts'

/** The parts of a {@link FeatureSubset}. */
export type FeatureSubsetOptions = {
  /** Length of the vectors that come in. */
  readonly features: number
  /** Positions of those that the learner gets, rising. */
  readonly columns: ArrayLike<number>
  /** Takes vectors as long as `columns`. */
  readonly learner: Learner
}

/**
 * A learner that sees some of the features.
 *
 * Costs what the learner costs, plus a copy of its features. It can `refit` when the learner can.
 *
 * @example
 * ```ts
 * const learner = new FeatureSubset({
 *   features: 5,
 *   columns: [0, 3],
 *   learner: new HoeffdingTreeClassifier({ features: 2 }),
 * })
 * learner.learn(Float64Array.of(0.3, 9, 9, -1, 9), 1)
 * ```
 */
export class FeatureSubset implements Learner {
  static readonly type: string = 'feature-subset'
  static readonly version: number = 1

  readonly learner: Learner
  readonly options: { readonly features: number }
  readonly #columns: Int32Array
  /** What the learner is given; nothing learnt. */
  readonly #part: Vector

  constructor({ features, columns, learner }: FeatureSubsetOptions) {
    this.options = { features: integer('features', features) }
    this.#columns = checkColumns(columns, features)
    this.#part = new Float64Array(columns.length)
    this.learner = learner
    // lets the learner refuse the length before it has learned
    learner.predict(this.#part)
    if (isRefittable(learner))
      lend(
        this,
        refitInTurn(() => [learner]),
      )
  }

  get task(): Learner['task'] {
    return this.learner.task
  }

  get seen(): number {
    return this.learner.seen
  }

  /** Positions of the features that the learner gets, copied. */
  get columns(): Int32Array {
    return this.#columns.slice()
  }

  get sizeInBytes(): number {
    return sizeOf(this.learner) + this.#columns.byteLength
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return this.learner.predict(this.#partOf(x))
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation(this.learner.task, x, this.options.features, y, weight)
    this.learner.learn(this.#partOf(x), y, weight)
  }

  toJSON(): Snapshot {
    return snapshot(FeatureSubset, this.options, { columns: this.#columns, learner: packMember(this.learner) })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): FeatureSubset {
    const { options, state } = checkSnapshot(FeatureSubset, json)
    const { learner: _, ...own } = state
    return new FeatureSubset({
      ...unpackState(options, { features: 0 }, 'options'),
      ...unpackState(own, { columns: new Int32Array(0) }),
      learner: restoreMember(state, 'learner', 'feature-subset', restore),
    })
  }

  #partOf(x: Vector): Vector {
    const columns = this.#columns
    const part = this.#part
    for (let i = 0; i < columns.length; i++) part[i] = x[columns[i]!]!
    return part
  }
}

function checkColumns(columns: ArrayLike<number>, features: number): Int32Array {
  const checked = Int32Array.from(columns)
  let before = -1
  for (const column of checked) {
    if (column <= before || column >= features) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"columns" must rise from 0 to at most ${features - 1}, got ${show(column)} after ${show(before)}.`,
      )
    }
    before = column
  }
  if (checked.length > 0) return checked
  throw new TradeLearnError('INVALID_OPTION', '"columns" must name at least one feature, got none.')
}
