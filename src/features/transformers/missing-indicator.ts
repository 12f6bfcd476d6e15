import type { Resizing, Snapshot, Transformer, Vector } from '../../contracts.ts'
import { checkVector } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkColumns } from './check-columns.ts'
import { checkFeatures } from './check-features.ts'
import { checkInOut } from './window-columns.ts'

/** Options of {@link MissingIndicator}. */
export type MissingIndicatorOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Positions of the features that get an indicator. @defaultValue all */
  readonly columns: readonly number[]
}

type Options = Partial<MissingIndicatorOptions> & Pick<MissingIndicatorOptions, 'features'>

/**
 * Says which features are missing, as features of their own: 1 where the value is missing, else 0, after all others.
 *
 * That a number is missing can tell as much as the number: no volume at night, no forecast on a holiday. Values pass as
 * they are. It learns nothing; O(features).
 *
 * @example
 * ```ts
 * const indicator = new MissingIndicator({ features: 2, columns: [1] })
 * indicator.transform(Float64Array.of(5, NaN), new Float64Array(3)) // 5, NaN, 1
 * ```
 */
export class MissingIndicator implements Transformer, Resizing {
  static readonly type: string = 'missing-indicator'
  static readonly version: number = 1

  readonly options: MissingIndicatorOptions

  constructor({ features, columns }: Options) {
    checkFeatures(features)
    const all = columns ?? Array.from({ length: features }, (_, i) => i)
    this.options = { features, columns: checkColumns(all, features) }
  }

  get outputs(): number {
    return this.options.features + this.options.columns.length
  }

  /** Memory beyond the options, in bytes. */
  get sizeInBytes(): number {
    return 0
  }

  transform(x: Vector, out: Vector): Vector {
    const { features, columns } = this.options
    checkInOut(x, out, features, features + columns.length)
    for (let i = 0; i < features; i++) out[i] = x[i]!
    for (let i = 0; i < columns.length; i++) {
      const value = x[columns[i]!]!
      out[features + i] = value === value ? 0 : 1
    }
    return out
  }

  learn(x: Vector): void {
    checkVector(x, this.options.features)
  }

  toJSON(): Snapshot {
    return snapshot(MissingIndicator, this.options, {})
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): MissingIndicator {
    const { options } = checkSnapshot(MissingIndicator, json)
    return new MissingIndicator(unpackState(options, { features: 0, columns: [0] }, 'options'))
  }
}
