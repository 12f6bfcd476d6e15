import type { Snapshot, Transformer, Vector } from '../../contracts.ts'
import { bytesOf } from '../../core/bytes-of.ts'
import { integer, oneOf } from '../../core/check.ts'
import { normalQuantile } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { countBelow, countUpTo, type SortedWindow } from '../../core/sorted-window.ts'
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

/** Options of {@link QuantileScaler}. */
export type QuantileScalerOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Newest values of each feature that count. @defaultValue 1000 */
  readonly window: number
  /** The shape that every feature takes: ranks from 0 to 1, or what a normal number has at that rank. @defaultValue "uniform" */
  readonly shape: 'uniform' | 'normal'
}

type Options = Partial<QuantileScalerOptions> & Pick<QuantileScalerOptions, 'features'>

const SHAPES = ['uniform', 'normal'] as const

/**
 * Turns every feature into its rank among its newest values, so that its shape and scale no longer matter.
 *
 *     rank = (values below x + half of those equal to x + 1/2) / (values + 1)        between 0 and 1, exclusive
 *     "normal": the number that a standard normal one stays below with chance `rank`
 *
 * What lies beyond all that was seen gets the last rank, whatever its distance. Ranks are exact, over the newest
 * `window` values. A missing value stays missing and teaches nothing; before the first value the rank is 1/2. O(features
 * log window) a call, sixty times that for "normal"; learning makes short moves of memory; 16 bytes a value that is kept.
 *
 * @see `QuantileTransformer` of scikit-learn, which knows all rows at once
 *
 * @example
 * ```ts
 * const scaler = new QuantileScaler({ features: 3, shape: 'normal' })
 * const z = scaler.transform(x, new Float64Array(3))
 * scaler.learn(x)
 * ```
 */
export class QuantileScaler implements Transformer {
  static readonly type: string = 'quantile-scaler'
  static readonly version: number = 1

  readonly options: QuantileScalerOptions
  #columns: WindowColumns

  constructor({ features, window = 1000, shape = 'uniform' }: Options) {
    this.options = {
      features: checkFeatures(features),
      window: integer('window', window, 2),
      shape: oneOf('shape', shape, SHAPES),
    }
    this.#columns = createColumns(features, window)
  }

  /** Memory that the windows take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#columns)
  }

  transform(x: Vector, out: Vector): Vector {
    const { features, shape } = this.options
    checkInOut(x, out, features)
    for (let i = 0; i < features; i++) {
      const value = x[i]!
      const rank = value === value ? rankIn(this.#columns[i]!, value) : NaN
      out[i] = shape === 'normal' && rank === rank ? normalQuantile(rank) : rank
    }
    return out
  }

  learn(x: Vector): void {
    learnColumns(this.#columns, x)
  }

  toJSON(): Snapshot {
    return snapshot(QuantileScaler, this.options, saveColumns(this.#columns))
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): QuantileScaler {
    const { options, state } = checkSnapshot(QuantileScaler, json)
    const template: QuantileScalerOptions = { features: 0, window: 0, shape: 'uniform' }
    const { features, window, shape } = unpackState(options, template, 'options')
    const columns = loadColumns(state, features, window)
    const scaler = new QuantileScaler({ features, window, shape })
    scaler.#columns = columns
    return scaler
  }
}

function rankIn(column: SortedWindow, value: number): number {
  const below = countBelow(column, value)
  const equal = countUpTo(column, value) - below
  return (below + equal / 2 + 0.5) / (column.size + 1)
}
