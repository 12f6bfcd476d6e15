import type { Snapshot, Transformer, Vector } from '../../contracts.ts'
import { bytesOf } from '../../core/bytes-of.ts'
import { checkHalfLife, checkVector, integer, nonNegative } from '../../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../../core/decayed-moments.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkFeatures } from './check-features.ts'
import { checkInOut } from './window-columns.ts'

/** Options of {@link VarianceFilter}. */
export type VarianceFilterOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Variance, in the feature's unit squared, up to which it counts as a constant. @defaultValue 0 */
  readonly threshold: number
  /** Observations after which a value counts half. @defaultValue Infinity, all count the same */
  readonly halfLife: number
  /** Values of a feature before it can be judged; until then it passes. @defaultValue 30 */
  readonly minSamples: number
}

type Options = Partial<VarianceFilterOptions> & Pick<VarianceFilterOptions, 'features'>
type State = { readonly moments: readonly DecayedMoments[] }

/**
 * Takes features that never change out of a model's sight.
 *
 * A feature whose (population) variance is at most `threshold` is written as missing, and comes back as soon as it moves;
 * vectors keep their length, so positions and names stay what they were. O(features).
 *
 * @see `VarianceThreshold` of River and of scikit-learn, which leave the feature out altogether
 *
 * @example
 * ```ts
 * const filter = new VarianceFilter({ features: 2 })
 * for (let i = 0; i < 30; i++) filter.learn(Float64Array.of(i, 7))
 * filter.transform(Float64Array.of(3, 7), new Float64Array(2)) // 3, NaN
 * ```
 */
export class VarianceFilter implements Transformer {
  static readonly type: string = 'variance-filter'
  static readonly version: number = 1

  readonly options: VarianceFilterOptions
  readonly #decay: number
  #state: State

  constructor({ features, threshold = 0, halfLife = Infinity, minSamples = 30 }: Options) {
    this.options = {
      features: checkFeatures(features),
      threshold: nonNegative('threshold', threshold),
      halfLife: checkHalfLife('halfLife', halfLife),
      minSamples: integer('minSamples', minSamples),
    }
    this.#decay = decayOf(halfLife)
    // weights that halve add up to no more than this
    if (1 / (1 - this.#decay) <= minSamples) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"halfLife" must be long enough for a weight of ${minSamples} ("minSamples") to come together, got ${halfLife}.`,
      )
    }
    this.#state = { moments: Array.from({ length: features }, createDecayedMoments) }
  }

  /** Memory that the statistics take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** Whether a feature passes as of now. */
  keeps(feature: number): boolean {
    const { n, variance } = this.#state.moments[integer('feature', feature, 0, 'INVALID_INPUT')] ?? NONE
    return passes(n, variance, this.options)
  }

  transform(x: Vector, out: Vector): Vector {
    const { features } = this.options
    const { moments } = this.#state
    checkInOut(x, out, features)
    for (let i = 0; i < features; i++) {
      const { n, variance } = moments[i]!
      out[i] = passes(n, variance, this.options) ? x[i]! : NaN
    }
    return out
  }

  learn(x: Vector): void {
    const { features } = this.options
    const { moments } = this.#state
    checkVector(x, features)
    for (let i = 0; i < features; i++) if (x[i] === x[i]) addDecayed(moments[i]!, x[i]!, this.#decay)
  }

  toJSON(): Snapshot {
    return snapshot(VarianceFilter, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): VarianceFilter {
    const { options, state } = checkSnapshot(VarianceFilter, json)
    const template = { features: 0, threshold: 0, halfLife: 0, minSamples: 0 }
    const read = unpackState(options, template, 'options')
    const { moments } = unpackState(state, { moments: [createDecayedMoments()] })
    if (moments.length !== read.features) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `"state.moments" must have ${read.features} items, got ${moments.length}.`,
      )
    }
    const filter = new VarianceFilter(read)
    filter.#state = { moments }
    return filter
  }
}

/** A feature that there is not: never seen. */
const NONE: Pick<DecayedMoments, 'n' | 'variance'> = { n: 0, variance: 0 }

/** A variance beyond all numbers passes. */
function passes(n: number, variance: number, { threshold, minSamples }: VarianceFilterOptions): boolean {
  return n < minSamples || !(variance <= threshold)
}
