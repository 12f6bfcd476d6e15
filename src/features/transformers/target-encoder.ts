import type { Snapshot, Supervised, Transformer, Vector } from '../../contracts.ts'
import { bytesOf } from '../../core/bytes-of.ts'
import { checkVector, finite, integer, nonNegative, positive } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkColumns } from './check-columns.ts'
import { checkFeatures } from './check-features.ts'
import { checkInOut } from './window-columns.ts'

/** Options of {@link TargetEncoder}. */
export type TargetEncoderOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Positions of the features whose values are numbers of categories, as of `symbolCode`. */
  readonly columns: readonly number[]
  /** Labels of average kind that every category starts with, a. @defaultValue 10 */
  readonly smoothing: number
  /** Categories of a feature that are kept apart; those beyond count as never seen. @defaultValue 1000 */
  readonly maxCategories: number
}

type Options = Partial<TargetEncoderOptions> & Pick<TargetEncoderOptions, 'features' | 'columns'>
/** Weight and weighted sum of labels, of a category or of all. */
type Tally = { weight: number; sum: number }
type State = {
  readonly all: Tally
  /** Of each encoded feature, the tallies by category, in the order in which they came. */
  readonly tallies: readonly Map<number, Tally>[]
}

/** Labels and weights beyond this would overflow the sums of a long life and count as this. */
const LARGEST = 1e100

/**
 * Replaces numbers of categories by how trades of that category have turned out so far.
 *
 *     code -> (sum of its labels + a * mean of all labels) / (their number + a)
 *
 * Only rows that were learnt before count, which is the ordered statistic of CatBoost: a row never sees its own label,
 * and with `learn` after `transform` that holds by itself. A category that was never seen has the mean of all, a missing
 * value stays missing, and before the first label all is 0. O(encoded features); a number and a tally a category, up to
 * `maxCategories`.
 *
 * @see L. Prokhorenkova et al. (2018), "CatBoost: unbiased boosting with categorical features", NeurIPS
 *
 * @example
 * ```ts
 * const encoder = new TargetEncoder({ features: 2, columns: [0] })
 * const z = encoder.transform(x, new Float64Array(2))
 * encoder.learn(x, 1) // once the label is known
 * ```
 */
export class TargetEncoder implements Transformer, Supervised {
  static readonly type: string = 'target-encoder'
  static readonly version: number = 1

  readonly options: TargetEncoderOptions
  readonly needsLabel = true as const
  #state: State

  constructor({ features, columns, smoothing = 10, maxCategories = 1000 }: Options) {
    checkFeatures(features)
    this.options = {
      features,
      columns: checkColumns(columns, features),
      smoothing: positive('smoothing', smoothing),
      maxCategories: integer('maxCategories', maxCategories),
    }
    this.#state = { all: { weight: 0, sum: 0 }, tallies: columns.map(() => new Map()) }
  }

  /** Memory that the tallies take, in bytes. */
  get sizeInBytes(): number {
    return this.#state.tallies.reduce((sum, tally) => sum + tally.size * CATEGORY, bytesOf(this.#state.all))
  }

  transform(x: Vector, out: Vector): Vector {
    const { features, columns, smoothing } = this.options
    const { all, tallies } = this.#state
    checkInOut(x, out, features)
    const mean = all.weight > 0 ? all.sum / all.weight : 0
    if (out !== x) for (let i = 0; i < features; i++) out[i] = x[i]!
    for (let i = 0; i < columns.length; i++) {
      const code = x[columns[i]!]!
      const tally = tallies[i]!.get(code)
      const known = tally === undefined ? mean : (tally.sum + smoothing * mean) / (tally.weight + smoothing)
      out[columns[i]!] = code === code ? known : NaN
    }
    return out
  }

  /** @throws `INVALID_INPUT` where the label is left out or is no number */
  learn(x: Vector, y?: number, weight = 1): void {
    const { features, columns, maxCategories } = this.options
    const { all, tallies } = this.#state
    checkVector(x, features)
    const label = clamp(finite('y', y as number, 'INVALID_INPUT'), -LARGEST, LARGEST)
    const share = Math.min(positive('weight', weight, 'INVALID_INPUT'), LARGEST)
    add(all, label, share)
    for (let i = 0; i < columns.length; i++) {
      const code = x[columns[i]!]!
      if (code !== code) continue
      const known = tallies[i]!
      const tally = known.get(code)
      if (tally !== undefined) add(tally, label, share)
      else if (known.size < maxCategories) known.set(code, { weight: share, sum: share * label })
    }
  }

  toJSON(): Snapshot {
    const { all, tallies } = this.#state
    const columns = tallies.map((tally) => ({
      codes: Float64Array.from(tally.keys()),
      weights: Float64Array.from(tally.values(), ({ weight }) => weight),
      sums: Float64Array.from(tally.values(), ({ sum }) => sum),
    }))
    return snapshot(TargetEncoder, this.options, { all, columns })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): TargetEncoder {
    const { options, state } = checkSnapshot(TargetEncoder, json)
    const template = { features: 0, columns: [0], smoothing: 0, maxCategories: 0 }
    const encoder = new TargetEncoder(unpackState(options, template, 'options'))
    const none = new Float64Array(0)
    const saved = { all: { weight: 0, sum: 0 }, columns: [{ codes: none, weights: none, sums: none }] }
    const { all, columns } = unpackState(state, saved)
    if (columns.length !== encoder.options.columns.length) corrupt('A target encoder must have tallies for each column')
    checkTally(all.weight, all.sum, 0)
    const tallies = columns.map(({ codes, weights, sums }) => {
      const fits = codes.length === weights.length && codes.length === sums.length
      if (!fits || codes.length > encoder.options.maxCategories) corrupt('Categories must be as many as their tallies')
      const tally = new Map<number, Tally>()
      codes.forEach((code, i) => {
        if (!Number.isFinite(code) || tally.has(code)) corrupt('Categories must be different numbers')
        checkTally(weights[i]!, sums[i]!, Number.MIN_VALUE)
        tally.set(code, { weight: weights[i]!, sum: sums[i]! })
      })
      return tally
    })
    encoder.#state = { all, tallies }
    return encoder
  }
}

/** Bytes that a map takes for a number and a tally, roughly. */
const CATEGORY = 64

function add(tally: Tally, y: number, weight: number): void {
  tally.weight += weight
  tally.sum += weight * y
}

function checkTally(weight: number, sum: number, least: number): void {
  nonNegative('weight', weight, 'CORRUPT_SNAPSHOT')
  finite('sum', sum, 'CORRUPT_SNAPSHOT')
  if (weight < least) corrupt('A category must have a weight')
}

function corrupt(wanted: string): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `${wanted}.`)
}
