import { checkAmounts, checkNumbers } from '../checks.ts'

/** Exponentially weighted moments of every feature together with the label, over the rows where it is known. */
export type Correlations = {
  readonly total: Float64Array
  readonly meanX: Float64Array
  readonly meanY: Float64Array
  readonly varianceX: Float64Array
  readonly varianceY: Float64Array
  readonly covariance: Float64Array
}

/** Values and weights count as no larger, so that products of them stay finite. */
const LARGEST = 1e75

/** No rows yet. */
export function createCorrelations(features: number): Correlations {
  const zeros = (): Float64Array => new Float64Array(features)
  return {
    total: zeros(),
    meanX: zeros(),
    meanY: zeros(),
    varianceX: zeros(),
    varianceY: zeros(),
    covariance: zeros(),
  }
}

/** Takes in one row: O(1) a feature. */
export function learnCorrelations(c: Correlations, x: Float64Array, y: number, weight: number, decay: number): void {
  const { total, meanX, meanY, varianceX, varianceY, covariance } = c
  const label = Math.max(Math.min(y, LARGEST), -LARGEST)
  for (let j = 0; j < x.length; j++) {
    const value = Math.max(Math.min(x[j]!, LARGEST), -LARGEST)
    if (!(value === value)) continue
    const n = Math.min(total[j]! * decay + weight, LARGEST)
    const share = Math.min(weight / n, 1)
    const dx = value - meanX[j]!
    const dy = label - meanY[j]!
    total[j] = n
    meanX[j]! += share * dx
    meanY[j]! += share * dy
    varianceX[j] = (1 - share) * (varianceX[j]! + share * dx * dx)
    varianceY[j] = (1 - share) * (varianceY[j]! + share * dy * dy)
    covariance[j] = (1 - share) * (covariance[j]! + share * dx * dy)
  }
}

/** The absolute correlation of a feature and the label, 0 where either never moved. */
export function correlationOf({ varianceX, varianceY, covariance }: Correlations, j: number): number {
  const scale = Math.sqrt(varianceX[j]!) * Math.sqrt(varianceY[j]!)
  return scale > 0 ? Math.min(Math.abs(covariance[j]!) / scale, 1) : 0
}

/** Leaves a share of the weight of all rows so far. */
export function fadeCorrelations({ total }: Correlations, share: number): void {
  for (let j = 0; j < total.length; j++) total[j]! *= share
}

/** Throws unless moments from a snapshot are some that rows can lead to. */
export function checkCorrelations(path: string, c: Correlations): void {
  const n = c.total.length
  checkAmounts(`${path}.total`, c.total, n, LARGEST)
  // a little more than values can be, for the last bits
  for (const key of ['meanX', 'meanY'] as const) checkNumbers(`${path}.${key}`, c[key], n, 2 * LARGEST)
  for (const key of ['varianceX', 'varianceY'] as const) {
    checkAmounts(`${path}.${key}`, c[key], n, 2 * LARGEST * LARGEST)
  }
  checkNumbers(`${path}.covariance`, c.covariance, n, 2 * LARGEST * LARGEST)
}
