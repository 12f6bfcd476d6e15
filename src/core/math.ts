/** Below this a number that decays is nothing. */
const DUST = 1e-290

/**
 * A number that decays, or 0 once it has: rounding keeps 0.9 times the smallest double from ever being 0, and processors
 * take a hundred times as long for numbers below 1e-307.
 */
export function settled(value: number): number {
  return value < DUST && value > -DUST ? 0 : value
}

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

/**
 * P(Z <= z) of a standard normal Z to about 1e-16, in some 20 ns: ten times as quick as by the series of {@link erfc},
 * which matters because a tree's split attempt asks it hundreds of times.
 *
 * @see W. J. Cody (1969), "Rational Chebyshev approximations for the error function", Mathematics of Computation 23
 */
export function normalCdf(z: number): number {
  const x = z * Math.SQRT1_2
  const size = Math.abs(x)
  // the borders of Cody's three approximations
  if (size <= 0.46875) return 0.5 + 0.5 * erfNearZero(x)
  const tail = 0.5 * Math.exp(-x * x) * (size <= 4 ? middle(size) : far(size))
  return x < 0 ? tail : 1 - tail
}

// the three functions hold the coefficients of Cody's tables, the highest power first

function erfNearZero(x: number): number {
  const t = x * x
  const top =
    (((0.18577770618460315 * t + 3.1611237438705655) * t + 113.86415415105016) * t + 377.485237685302) * t +
    3209.3775891384694
  const bottom = (((t + 23.601290952344122) * t + 244.02463793444417) * t + 1282.6165260773723) * t + 2844.236833439171
  return (x * top) / bottom
}

function middle(x: number): number {
  let top = 2.1531153547440383e-8
  top = top * x + 0.5641884969886701
  top = top * x + 8.883149794388377
  top = top * x + 66.11919063714163
  top = top * x + 298.6351381974001
  top = top * x + 881.952221241769
  top = top * x + 1712.0476126340707
  top = top * x + 2051.0783778260716
  top = top * x + 1230.3393547979972
  let bottom = x + 15.744926110709835
  bottom = bottom * x + 117.6939508913125
  bottom = bottom * x + 537.1811018620099
  bottom = bottom * x + 1621.3895745666903
  bottom = bottom * x + 3290.7992357334597
  bottom = bottom * x + 4362.619090143247
  bottom = bottom * x + 3439.3676741437216
  bottom = bottom * x + 1230.3393548037495
  return top / bottom
}

function far(x: number): number {
  const t = 1 / (x * x)
  let top = 0.016315387137302097
  top = top * t + 0.30532663496123236
  top = top * t + 0.36034489994980445
  top = top * t + 0.12578172611122926
  top = top * t + 0.016083785148742275
  top = top * t + 0.0006587491615298378
  let bottom = t + 2.568520192289822
  bottom = bottom * t + 1.8729528499234673
  bottom = bottom * t + 0.5279051029514285
  bottom = bottom * t + 0.06051834131244132
  bottom = bottom * t + 0.0023352049762686918
  // 1 / sqrt(pi)
  return (0.5641895835477563 - (t * top) / bottom) / x
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
