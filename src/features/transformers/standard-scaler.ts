import type { Snapshot, Transformer, Vector } from '../../contracts.ts'
import { bytesOf } from '../../core/bytes-of.ts'
import { checkHalfLife, checkVector, finite, nonNegative } from '../../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../../core/decayed-moments.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkFeatures } from './check-features.ts'
import { checkInOut } from './window-columns.ts'

/** Options of {@link StandardScaler}. */
export type StandardScalerOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Observations after which a value counts half. @defaultValue Infinity, all count the same */
  readonly halfLife: number
}

type Options = Partial<StandardScalerOptions> & Pick<StandardScalerOptions, 'features'>
type State = { readonly moments: readonly DecayedMoments[] }

/** Values teach as if they were no larger, so that their squares are finite. */
const LARGEST = 1e150
const LARGEST_VARIANCE = 4e300

/**
 * Brings every feature to mean 0 and deviation 1 as it streams by.
 *
 * Each feature keeps its own running mean and (population) variance, over all it has seen or with a half-life:
 *
 *     z = (x - mean) / sigma        z = 0 where sigma is 0
 *
 * A missing value stays missing and teaches nothing. Nothing is clipped: what lies ten deviations out stays there, and one
 * value of 1e9 among ordinary ones stretches the deviation until it has faded. Where such values come, put a `Winsorizer`
 * before it or take a `RobustScaler`. O(features) time and memory. Put it before models that add features up (linear ones,
 * nets, distances); trees do not need it.
 *
 * @see B. P. Welford (1962), "Note on a method for calculating corrected sums of squares and products", Technometrics 4
 *
 * @example
 * ```ts
 * const scaler = new StandardScaler({ features: 3, halfLife: 500 })
 * scaler.learn(x)
 * const z = scaler.transform(x, new Float64Array(3))
 * ```
 */
export class StandardScaler implements Transformer {
  static readonly type: string = 'standard-scaler'
  static readonly version: number = 1

  readonly options: StandardScalerOptions
  readonly #decay: number
  #state: State

  constructor({ features, halfLife = Infinity }: Options) {
    this.options = {
      features: checkFeatures(features),
      halfLife: checkHalfLife('halfLife', halfLife),
    }
    this.#decay = decayOf(halfLife)
    this.#state = { moments: Array.from({ length: features }, createDecayedMoments) }
  }

  /** Memory that the statistics take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  transform(x: Vector, out: Vector): Vector {
    const { features } = this.options
    const { moments } = this.#state
    checkInOut(x, out, features)
    for (let i = 0; i < features; i++) {
      const value = x[i]!
      const { mean, variance } = moments[i]!
      // a quotient may overflow
      if (variance > 0) out[i] = clamp((value - mean) / Math.sqrt(variance), -Number.MAX_VALUE, Number.MAX_VALUE)
      else out[i] = value === value ? 0 : NaN
    }
    return out
  }

  learn(x: Vector): void {
    const { features } = this.options
    const { moments } = this.#state
    checkVector(x, features)
    for (let i = 0; i < features; i++) {
      const value = x[i]!
      if (value === value) addDecayed(moments[i]!, clamp(value, -LARGEST, LARGEST), this.#decay)
    }
  }

  toJSON(): Snapshot {
    return snapshot(StandardScaler, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): StandardScaler {
    const { options, state } = checkSnapshot(StandardScaler, json)
    const scaler = new StandardScaler(unpackState(options, { features: 0, halfLife: 0 }, 'options'))
    const { moments } = unpackState(state, scaler.#state)
    const { features } = scaler.options
    if (moments.length !== features) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `"state.moments" must have ${features} items, got ${moments.length}.`,
      )
    }
    scaler.#state = { moments: moments.map(readMoments) }
    return scaler
  }
}

/** Passes the moments of a feature from a snapshot; what had overflowed in earlier releases comes back as large as can be. */
function readMoments({ n, mean, variance }: DecayedMoments): DecayedMoments {
  const code = 'CORRUPT_SNAPSHOT'
  return {
    n: nonNegative('n', n, code),
    mean: clamp(finite('mean', mean, code), -LARGEST, LARGEST),
    variance:
      variance === Infinity ? LARGEST_VARIANCE : Math.min(nonNegative('variance', variance, code), LARGEST_VARIANCE),
  }
}
