import type { Snapshot, Transformer, Vector } from '../../contracts.ts'
import { bytesOf } from '../../core/bytes-of.ts'
import { checkHalfLife, checkVector, integer } from '../../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../../core/decayed-moments.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'

/** Options of {@link StandardScaler}. */
export type StandardScalerOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Observations after which a value counts half. @defaultValue Infinity, all count the same */
  readonly halfLife: number
}

type Options = Partial<StandardScalerOptions> & Pick<StandardScalerOptions, 'features'>
type State = { readonly moments: readonly DecayedMoments[] }

/**
 * Brings every feature to mean 0 and deviation 1 as it streams by.
 *
 * Each feature keeps its own running mean and (population) variance, over all it has seen or with a half-life:
 *
 *     z = (x - mean) / sigma        z = 0 where sigma is 0
 *
 * A missing value stays missing and teaches nothing. Nothing is clipped: what lies ten deviations out stays there.
 * O(features) time and memory. Put it before models that add features up (linear ones, nets, distances); trees do
 * not need it.
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
      features: integer('features', features),
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
    checkVector(x, features)
    if (out.length !== features) {
      throw new TradeLearnError('INVALID_INPUT', `"out" must have ${features} features, got ${out.length}.`)
    }
    for (let i = 0; i < features; i++) {
      const value = x[i]!
      const { mean, variance } = moments[i]!
      out[i] = variance > 0 ? (value - mean) / Math.sqrt(variance) : value === value ? 0 : NaN
    }
    return out
  }

  learn(x: Vector): void {
    const { features } = this.options
    const { moments } = this.#state
    checkVector(x, features)
    for (let i = 0; i < features; i++) {
      const value = x[i]!
      if (value === value) addDecayed(moments[i]!, value, this.#decay)
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
    scaler.#state = { moments }
    return scaler
  }
}
