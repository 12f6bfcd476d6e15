/**
 * A covariance matrix P = U D Uᵀ as plain data: `diagonal` holds D, `factor` the part of U above its unit diagonal,
 * column after column.
 *
 * Kept in factors it can be neither asymmetric nor indefinite, however long it is updated: the plain matrix loses
 * both to rounding, and forgetting then blows the loss up.
 *
 * @see G. J. Bierman (1977), "Factorization methods for discrete sequential estimation", chapter V
 */
export type UDCovariance = { readonly diagonal: Float64Array; readonly factor: Float64Array }

/** Independent coordinates with the given variances. */
export function createUD(variances: Float64Array): UDCovariance {
  const n = variances.length
  return { diagonal: variances.slice(), factor: new Float64Array((n * (n - 1)) / 2) }
}

/** Writes Uᵀx into `projected` and returns the variance xᵀPx. O(n²). */
export function projectUD({ diagonal, factor }: UDCovariance, x: Float64Array, projected: Float64Array): number {
  const n = diagonal.length
  let variance = 0
  for (let j = 0, at = 0; j < n; j++) {
    let sum = x[j]!
    for (let i = 0; i < j; i++, at++) sum += factor[at]! * x[i]!
    projected[j] = sum
    variance += diagonal[j]! * sum * sum
  }
  return variance
}

/** Nothing is ever known better than to this variance: 0 could not be forgotten again. */
const LEAST_VARIANCE = 1e-100

/**
 * Learns that x·w was observed with the given precision (1 / variance of its error): P <- P - c Px xᵀP / (1 + c xᵀPx).
 *
 * Takes Uᵀx from {@link projectUD} and writes Px, with P as it was, into `spread`. O(n²).
 */
export function updateUD(
  { diagonal, factor }: UDCovariance,
  projected: Float64Array,
  precision: number,
  spread: Float64Array,
): void {
  const n = diagonal.length
  let before = 1
  for (let j = 0, at = 0; j < n; j++) {
    const f = projected[j]!
    const v = diagonal[j]! * f
    const after = before + precision * v * f
    const slope = (-precision * f) / before
    diagonal[j] = Math.max((diagonal[j]! * before) / after, LEAST_VARIANCE)
    for (let i = 0; i < j; i++, at++) {
      const u = factor[at]!
      factor[at] = u + slope * spread[i]!
      spread[i]! += u * v
    }
    spread[j] = v
    before = after
  }
}

/**
 * Learns the same of the i-th coordinate alone: what {@link projectUD} and {@link updateUD} do for a vector of a 1 among zeros,
 * to the bit, at a third of the steps. Writes column i of P, as it was, into `spread`.
 */
export function updateCoordinateUD(
  { diagonal, factor }: UDCovariance,
  i: number,
  precision: number,
  spread: Float64Array,
): void {
  const n = diagonal.length
  spread.fill(0, 0, i)
  let before = 1
  // the columns before i know nothing of it
  for (let j = i, first = (i * (i - 1)) / 2; j < n; first += j++) {
    const f = j === i ? 1 : factor[first + i]!
    const v = diagonal[j]! * f
    const after = before + precision * v * f
    const slope = (-precision * f) / before
    diagonal[j] = Math.max((diagonal[j]! * before) / after, LEAST_VARIANCE)
    for (let k = 0; k < j; k++) {
      const u = factor[first + k]!
      factor[first + k] = u + slope * spread[k]!
      spread[k]! += u * v
    }
    spread[j] = v
    before = after
  }
}
