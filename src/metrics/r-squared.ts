import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { createMoments, type Moments } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkValue, checkWeight, LARGEST_VALUE } from './check-score.ts'
import { checkMoments, corrupt } from './check-sums.ts'
import { addLoss, checkLosses, createLosses, type Losses } from './losses.ts'

type State = { readonly values: Moments; readonly errors: Losses }

/**
 * The share of the variance of y that predictions explain ("coefficient of determination").
 *
 *     R² = 1 - sum of (y - prediction)² / sum of (y - mean of y)²
 *
 * 1 is clairvoyance, 0 no better than the mean of all, which nobody knew beforehand, and below 0 worse. Honest values for
 * returns are a few thousandths. O(1) time and memory. NaN while y has not changed.
 *
 * @example
 * ```ts
 * const explained = new RSquared()
 * explained.update(1, 1)
 * explained.update(3, 2)
 * explained.value // 0.5
 * ```
 */
export class RSquared implements Metric, Sized {
  static readonly type: string = 'r-squared'
  static readonly version: number = 1

  readonly better = 'higher'
  #state: State = fresh()

  get value(): number {
    const { values, errors } = this.#state
    // next to a constant y any error is immense, and still a number
    return values.m2 > 0 ? Math.max(1 - errors.loss / values.m2, -Number.MAX_VALUE) : NaN
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const value = checkValue('y', y)
    const error = value - checkValue('prediction', prediction)
    const counted = checkWeight(weight)
    addSpread(this.#state.values, value, counted)
    addLoss(this.#state.errors, error * error, counted)
  }

  toJSON(): Snapshot {
    return snapshot(RSquared, {}, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): RSquared {
    const metric = new RSquared()
    const { values, errors } = unpackState(checkSnapshot(RSquared, json).state, fresh())
    checkMoments(values, -LARGEST_VALUE, LARGEST_VALUE)
    if (!(values.m2 >= 0)) corrupt('values.m2', 'at least 0', values.m2)
    checkLosses(errors, 4 * LARGEST_VALUE * LARGEST_VALUE)
    if (errors.total !== values.n) corrupt('errors.total', String(values.n), errors.total)
    metric.#state = { values, errors }
    return metric
  }
}

/**
 * Takes in one number. Unlike `addMoment` it adds up squares only, which keeps the digits of a spread whose weights differ by
 * orders of size.
 *
 * @see D. H. D. West (1979), "Updating mean and variance estimates: an improved method", Communications of the ACM 22
 */
function addSpread(moments: Moments, value: number, weight: number): void {
  const n = moments.n + weight
  const delta = value - moments.mean
  moments.m2 += ((moments.n * weight) / n) * delta * delta
  moments.mean += (weight * delta) / n
  moments.n = n
}

const fresh = (): State => ({ values: createMoments(), errors: createLosses() })
