/** The number in [`low`, `high`] nearest to `value`; NaN stays NaN. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}

/** The logistic function, 1 / (1 + e^-x), without overflow. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x))
  const e = Math.exp(x)
  return e / (1 + e)
}

/** The inverse of {@link sigmoid}: the log-odds of a probability, which is first kept `margin` away from 0 and 1. */
export function logit(p: number, margin = 1e-12): number {
  const q = clamp(p, margin, 1 - margin)
  return Math.log(q / (1 - q))
}

/** Log loss of a probability for a label of 0 or 1, in nats; the probability is kept 1e-15 away from 0 and 1. */
export function logLossOf(y: number, probability: number): number {
  const p = clamp(probability, 1e-15, 1 - 1e-15)
  return y === 1 ? -Math.log(p) : -Math.log1p(-p)
}

/**
 * The complementary error function to about 1e-15: a Taylor series near 0 and Lentz's continued fraction
 * beyond.
 *
 * @see Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 7.1.5 and 7.1.14
 */
export function erfc(x: number): number {
  const z = Math.abs(x)
  if (z < 2) return 1 - erfSeries(x)
  if (z > 27) return x > 0 ? 0 : 2
  // continued fraction 1/(z + (1/2)/(z + 1/(z + (3/2)/(z + ...)))), evaluated from the back
  let fraction = z
  for (let k = 120; k >= 1; k--) fraction = z + k / 2 / fraction
  const tail = Math.exp(-z * z) / (fraction * Math.sqrt(Math.PI))
  return x > 0 ? tail : 2 - tail
}

/** erf(x) = 2/sqrt(pi) e^(-x²) sum of 2^n x^(2n+1) / (2n+1)!!: all terms of one sign, so nothing cancels. */
function erfSeries(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    const next = sum + term
    if (next === sum) break
    sum = next
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** P(Z <= z) of a standard normal Z, to about 1e-15. */
export function normalCdf(z: number): number {
  return erfc(-z / Math.SQRT2) / 2
}

/**
 * The z that a standard normal Z stays below with chance `p`, 0 < p < 1: the inverse of {@link normalCdf}, by bisection
 * down to the last bits.
 */
export function normalQuantile(p: number): number {
  // the side of the smaller tail, where p keeps its digits
  if (p > 0.5) return -normalQuantile(1 - p)
  // beyond 38 deviations a double knows no tail
  let low = -38
  let high = 0
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
