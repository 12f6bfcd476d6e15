import type { Snapshot, Transformer, Vector } from '../../contracts.ts'
import { bytesOf } from '../../core/bytes-of.ts'
import { integer } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { quantileIn } from '../../core/sorted-window.ts'
import { unpackState } from '../../core/state.ts'
import { checkFeatures } from './check-features.ts'
import {
  checkInOut,
  createColumns,
  learnColumns,
  loadColumns,
  saveColumns,
  type WindowColumns,
} from './window-columns.ts'

/** Options of {@link RobustScaler}. */
export type RobustScalerOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Newest values of each feature that count. @defaultValue 1000 */
  readonly window: number
}

type Options = Partial<RobustScalerOptions> & Pick<RobustScalerOptions, 'features'>

/**
 * Brings every feature to median 0 and middle half 1, so that a few wild values do not set the scale for the rest.
 *
 * Median and quartiles are exact, over the newest `window` values of the feature:
 *
 *     z = (x - median) / (upper quartile - lower quartile)        z = x - median where the quartiles are equal
 *
 * A missing value stays missing and teaches nothing; before the first value z is 0. Outliers are scaled like all else
 * and stay far out; `Winsorizer` cuts them. O(features) to transform, O(features log window) and short moves of memory
 * to learn; 16 bytes a value that is kept.
 *
 * @see `RobustScaler` of scikit-learn, which knows all rows at once
 *
 * @example
 * ```ts
 * const scaler = new RobustScaler({ features: 3, window: 500 })
 * const z = scaler.transform(x, new Float64Array(3))
 * scaler.learn(x)
 * ```
 */
export class RobustScaler implements Transformer {
  static readonly type: string = 'robust-scaler'
  static readonly version: number = 1

  readonly options: RobustScalerOptions
  #columns: WindowColumns

  constructor({ features, window = 1000 }: Options) {
    this.options = { features: checkFeatures(features), window: integer('window', window, 2) }
    this.#columns = createColumns(features, window)
  }

  /** Memory that the windows take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#columns)
  }

  transform(x: Vector, out: Vector): Vector {
    const { features } = this.options
    checkInOut(x, out, features)
    for (let i = 0; i < features; i++) {
      const column = this.#columns[i]!
      const value = x[i]!
      if (value !== value) out[i] = NaN
      else if (column.size === 0) out[i] = 0
      else {
        const spread = quantileIn(column, 0.75) - quantileIn(column, 0.25)
        const away = value - quantileIn(column, 0.5)
        out[i] = spread > 0 ? away / spread : away
      }
    }
    return out
  }

  learn(x: Vector): void {
    learnColumns(this.#columns, x)
  }

  toJSON(): Snapshot {
    return snapshot(RobustScaler, this.options, saveColumns(this.#columns))
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): RobustScaler {
    const { options, state } = checkSnapshot(RobustScaler, json)
    const { features, window } = unpackState(options, { features: 0, window: 0 }, 'options')
    const columns = loadColumns(state, features, window)
    const scaler = new RobustScaler({ features, window })
    scaler.#columns = columns
    return scaler
  }
}
