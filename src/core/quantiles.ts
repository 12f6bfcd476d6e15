import { logGamma } from './distributions.ts'

/** A number small enough to stand for 0 in a continued fraction, whose inverse is still finite. */
const TINY = 1e-300
/** Terms after which the fraction has long settled: it takes some sqrt(max(a, b)) of them. */
const TERMS = 10_000

/**
 * The regularised incomplete beta function I_x(a, b), by Lentz's evaluation of its continued fraction.
 *
 * @see NIST Digital Library of Mathematical Functions, 8.17.22
 */
export function incompleteBeta(
  x: number,
  a: number,
  b: number,
  logBeta: number = logGamma(a) + logGamma(b) - logGamma(a + b),
): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // the fraction converges quickly on the left of the mean only
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a, logBeta)
  const scale = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta) / a
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || TINY)
  let fraction = d
  for (let m = 1; m < TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / (1 + even * d || TINY)
    c = 1 + even / c || TINY
    fraction *= c * d
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + odd * d || TINY)
    c = 1 + odd / c || TINY
    fraction *= c * d
    // 1e-15, a few units in the last place
    if (Math.abs(c * d - 1) < 1e-15) break
  }
  return scale * fraction
}

/** The t that Student's t exceeds with chance `tail`. */
export function studentQuantile(tail: number, freedom: number): number {
  if (tail > 0.5) return -studentQuantile(1 - tail, freedom)
  const z = roughNormalQuantile(tail)
  const t = z + (z * z * z + z) / (4 * freedom)
  // in x = freedom / (freedom + t²), both tails together hold I_x(freedom / 2, 1/2)
  const x = betaQuantile(2 * tail, freedom / 2, 0.5, freedom / (freedom + t * t))
  return Math.sqrt((freedom * (1 - x)) / x)
}

/**
 * The f that a ratio of variances of `top` and `bottom` degrees of freedom exceeds with chance `tail`, below a half.
 */
export function ratioQuantile(tail: number, top: number, bottom: number): number {
  // in x = bottom / (bottom + top f), the tail is I_x(bottom / 2, top / 2)
  const a = bottom / 2
  const b = top / 2
  let start = a / (a + b)
  if (top > 2 && bottom > 2) {
    // a logistic approximation, Abramowitz and Stegun 26.5.22
    const z = roughNormalQuantile(tail)
    const al = (z * z - 3) / 6
    const h = 2 / (1 / (bottom - 1) + 1 / (top - 1))
    const w = (z * Math.sqrt(al + h)) / h - (1 / (top - 1) - 1 / (bottom - 1)) * (al + 5 / 6 - 2 / (3 * h))
    const rough = a / (a + b * Math.exp(2 * w))
    if (rough > 0 && rough < 1) start = rough
  }
  const x = betaQuantile(tail, a, b, start)
  return (bottom * (1 - x)) / (top * x)
}

/**
 * The z that a standard normal number exceeds with chance `tail`, below a half, to 0.0005: Abramowitz and Stegun
 * 26.2.23.
 */
function roughNormalQuantile(tail: number): number {
  const t = Math.sqrt(-2 * Math.log(tail))
  const top = 2.515517 + t * (0.802853 + t * 0.010328)
  return t - top / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
}

/**
 * The x at which I_x(a, b) is `share`: Newton's method on ln I, which is concave, so that after one step it comes from
 * the left and never overshoots; bisection where a step leaves the bracket.
 */
function betaQuantile(share: number, a: number, b: number, start: number): number {
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b)
  let low = 0
  let high = 1
  let x = start
  for (let i = 0; i < 100; i++) {
    const chance = incompleteBeta(x, a, b, logBeta)
    if (chance < share) low = x
    else high = x
    const slope = Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logBeta)
    const step = x - (chance * Math.log(chance / share)) / slope
    const next = step > low && step < high ? step : (low + high) / 2
    // 1e-13, some hundred units in the last place, which Newton reaches from half as many digits
    if (Math.abs(next - x) <= 1e-13 * x) return next
    x = next
  }
  return x
}
