import type { Snapshot, Transformer, Vector } from '../../contracts.ts'
import { bytesOf } from '../../core/bytes-of.ts'
import { fraction, integer } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
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

/** Options of {@link Winsorizer}. */
export type WinsorizerOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Values below this quantile are raised to it, 0 to 1. @defaultValue 0.01 */
  readonly lower: number
  /** Values above this quantile are lowered to it, 0 to 1. @defaultValue 0.99 */
  readonly upper: number
  /** Newest values of each feature that count. @defaultValue 1000 */
  readonly window: number
}

type Options = Partial<WinsorizerOptions> & Pick<WinsorizerOptions, 'features'>

/** Below 20 values a quantile of 1 % says nothing, and nothing is cut. */
const LEAST = 20

/**
 * Cuts wild values down to what is usual: each feature is kept between two quantiles of its newest values.
 *
 *     out = x, but at least the lower and at most the upper quantile
 *
 * It learns the values as they come, uncut, so the bounds follow a market that grows wilder. Nothing is cut before 20
 * values; a missing value stays missing and teaches nothing. Put it before models that add features up. O(features) to
 * transform, O(features log window) and short moves of memory to learn; 16 bytes a value that is kept.
 *
 * @see W. J. Dixon (1960), "Simplified estimation from censored normal samples", Annals of Mathematical Statistics 31
 *
 * @example
 * ```ts
 * const winsorizer = new Winsorizer({ features: 3, lower: 0.02, upper: 0.98 })
 * const tame = winsorizer.transform(x, new Float64Array(3))
 * winsorizer.learn(x)
 * ```
 */
export class Winsorizer implements Transformer {
  static readonly type: string = 'winsorizer'
  static readonly version: number = 1

  readonly options: WinsorizerOptions
  #columns: WindowColumns

  constructor({ features, lower = 0.01, upper = 0.99, window = 1000 }: Options) {
    this.options = {
      features: checkFeatures(features),
      lower: fraction('lower', lower),
      upper: fraction('upper', upper),
      window: integer('window', window, LEAST),
    }
    if (lower >= upper) {
      throw new TradeLearnError('INVALID_OPTION', `"upper" must be above "lower", ${lower}, got ${upper}.`)
    }
    this.#columns = createColumns(features, window)
  }

  /** Memory that the windows take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#columns)
  }

  transform(x: Vector, out: Vector): Vector {
    const { features, lower, upper } = this.options
    checkInOut(x, out, features)
    for (let i = 0; i < features; i++) {
      const column = this.#columns[i]!
      const value = x[i]!
      out[i] =
        column.size < LEAST || value !== value
          ? value
          : clamp(value, quantileIn(column, lower), quantileIn(column, upper))
    }
    return out
  }

  learn(x: Vector): void {
    learnColumns(this.#columns, x)
  }

  toJSON(): Snapshot {
    return snapshot(Winsorizer, this.options, saveColumns(this.#columns))
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): Winsorizer {
    const { options, state } = checkSnapshot(Winsorizer, json)
    const read = unpackState(options, { features: 0, lower: 0, upper: 0, window: 0 }, 'options')
    const columns = loadColumns(state, read.features, read.window)
    const winsorizer = new Winsorizer(read)
    winsorizer.#columns = columns
    return winsorizer
  }
}
