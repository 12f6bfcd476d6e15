import type { DriftDetector, DriftLevel, Sized, Snapshot } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot } from '../core/snapshot.ts'
import { checkValue } from './check-value.ts'
import { FeatureDrift, type FeatureDriftOptions } from './feature-drift.ts'

/** Options of {@link DistributionDrift}: those of {@link FeatureDrift} that make sense for one stream. */
export type DistributionDriftOptions = Omit<FeatureDriftOptions, 'features' | 'dependence' | 'falseDiscoveryRate'>

/**
 * Watches one stream of numbers, such as a model's predictions, for a change of its distribution: a
 * {@link FeatureDrift} of a single feature, as a detector.
 *
 * `'warning'` is a p-value of at most 0.05, `'drift'` one that comes up by chance once in `falseAlarmEvery` values on
 * average: measured times are 0.9 to 1.25 times as long, for each of the tests and continuous values (`npm run
 * bench:drift`). After a drift it begins anew. O(1) a value but for the test every `testEvery` values.
 *
 * Predictions that drift while no error is known yet are the earliest sign that a model is used outside its experience.
 *
 * @example
 * ```ts
 * const detector = new DistributionDrift({ test: 'psi', reference: 1000, window: 250 })
 * for (const p of [0.52, 0.48, 0.55]) if (detector.update(p) === 'drift') review()
 * ```
 */
export class DistributionDrift implements DriftDetector, Sized {
  static readonly type: string = 'distribution-drift'
  /** Those of {@link FeatureDrift}. */
  static readonly version: number = 2

  readonly options: DistributionDriftOptions
  readonly #x: Float64Array = new Float64Array(1)
  #drift: FeatureDrift

  constructor(options: Partial<DistributionDriftOptions> = {}) {
    this.#drift = new FeatureDrift({ ...options, features: 1 })
    this.options = this.#drift.options
  }

  get level(): DriftLevel {
    return this.#drift.level
  }

  /** Chance, while nothing changes, of what the last test saw; NaN before the first. */
  get p(): number {
    return this.#drift.report[0]!.p
  }

  /** The distance that the last test saw; NaN before the first. */
  get distance(): number {
    return this.#drift.report[0]!.distance
  }

  get sizeInBytes(): number {
    return this.#drift.sizeInBytes
  }

  update(value: number): DriftLevel {
    checkValue(value)
    this.#x[0] = value
    return this.#drift.update(this.#x)
  }

  toJSON(): Snapshot {
    const { type, version } = DistributionDrift
    const { options, state } = this.#drift.toJSON()
    return { type, version, options, state }
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): DistributionDrift {
    const { version, options, state } = checkSnapshot(DistributionDrift, json)
    const drift = FeatureDrift.fromJSON({ type: FeatureDrift.type, version, options, state })
    const { features, ...own } = drift.options
    if (features !== 1) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `A "${DistributionDrift.type}" snapshot must hold one stream, got ${features}.`,
      )
    }
    const detector = new DistributionDrift(own)
    detector.#drift = drift
    return detector
  }
}
