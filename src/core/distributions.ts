/** Where the next term no longer changes a double. */
const EPSILON = Number.EPSILON / 2
/** A number small enough to stand for 0 in a continued fraction, whose inverse is still finite. */
const TINY = 1e-300
/** Terms after which a series or fraction has long settled; they take some sqrt(a) of them. */
const TERMS = 100_000

/** Lanczos's coefficients for g = 7 and 9 terms, as computed by Godfrey (2001): good to about 1e-15. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln Γ(a) for a > 0. */
export function logGamma(a: number): number {
  if (a < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * a)) - logGamma(1 - a)
  let sum = LANCZOS[0]!
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (a - 1 + i)
  const t = a + 6.5
  return Math.log(2 * Math.PI) / 2 + (a - 0.5) * Math.log(t) - t + Math.log(sum)
}

/** ln (n choose k). */
export function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
}

/**
 * P(X >= x) of a chi-squared X: the upper regularised incomplete gamma function Q(freedom / 2, x / 2).
 *
 * @see Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 6.5.29 (series) and 6.5.31 (fraction)
 */
export function chiSquaredTail(x: number, freedom: number): number {
  if (!(x > 0)) return 1
  const a = freedom / 2
  const z = x / 2
  const scale = Math.exp(a * Math.log(z) - z - logGamma(a))
  if (z < a + 1) {
    let term = 1 / a
    let sum = term
    for (let n = 1; n < TERMS && term > sum * EPSILON; n++) {
      term *= z / (a + n)
      sum += term
    }
    return 1 - scale * sum
  }
  // Lentz's evaluation of 1/(z + 1 - a - 1 (1 - a)/(z + 3 - a - ...))
  let b = z + 1 - a
  let c = 1 / TINY
  let d = 1 / b
  let fraction = d
  for (let n = 1; n < TERMS; n++) {
    const numerator = -n * (n - a)
    b += 2
    d = 1 / (numerator * d + b || TINY)
    c = b + numerator / c || TINY
    fraction *= c * d
    if (Math.abs(c * d - 1) < EPSILON * 4) break
  }
  return scale * fraction
}

/**
 * P(sqrt(n) D >= x) of the Kolmogorov–Smirnov distance D, in the limit of many values.
 *
 * @see A. Kolmogorov (1933), "Sulla determinazione empirica di una legge di distribuzione"; the second form is its
 *   theta-function transform, which converges where the first does not
 */
export function kolmogorovTail(x: number): number {
  // below it the first terms of the transform are 1 to the last bit
  if (!(x > 0.04)) return 1
  let sum = 0
  if (x > 1) {
    // 2 sum of (-1)^(k-1) e^(-2 k² x²)
    for (let k = 1; k < TERMS; k++) {
      const term = Math.exp(-2 * k * k * x * x)
      sum += k % 2 === 1 ? term : -term
      if (term <= sum * EPSILON) break
    }
    return 2 * sum
  }
  // 1 - sqrt(2 pi) / x sum of e^(-(2 k - 1)² pi² / (8 x²))
  for (let k = 1; k < 20; k++) sum += Math.exp((-(2 * k - 1) * (2 * k - 1) * Math.PI * Math.PI) / (8 * x * x))
  return 1 - (Math.sqrt(2 * Math.PI) / x) * sum
}

/**
 * How surprising it is that of `n` drawn without looking from `total` things, of which `marked` are marked, `got` are:
 * twice the smaller tail of the hypergeometric distribution.
 *
 * @see R. A. Fisher (1935), "The logic of inductive inference", Journal of the Royal Statistical Society 98
 */
export function hypergeometricP(got: number, n: number, marked: number, total: number): number {
  const { least, chances } = hypergeometric(n, marked, total)
  let low = 0
  let high = 0
  chances.forEach((chance, i) => {
    if (least + i <= got) low += chance
    if (least + i >= got) high += chance
  })
  return Math.min(1, 2 * Math.min(low, high))
}

/** Sums of the same chances differ by rounding: this share of one makes no difference. */
const ROUNDING = 1e-9

/** The chance that {@link hypergeometricP} is `p` or less: `p` at most, and less where few are marked. */
export function hypergeometricLevel(p: number, n: number, marked: number, total: number): number {
  if (p >= 1) return 1
  const { chances } = hypergeometric(n, marked, total)
  const limit = (p / 2) * (1 + ROUNDING)
  let low = 0
  let high = 0
  for (let i = 0; i < chances.length && low + chances[i]! <= limit; i++) low += chances[i]!
  for (let i = chances.length - 1; i >= 0 && high + chances[i]! <= limit; i--) high += chances[i]!
  return low + high
}

/** The chances of `least` marked things and more. */
function hypergeometric(n: number, marked: number, total: number): { least: number; chances: Float64Array } {
  const least = Math.max(0, n + marked - total)
  const all = logChoose(total, n)
  const chances = Float64Array.from({ length: Math.min(n, marked) - least + 1 }, (_, i) => {
    const k = least + i
    return Math.exp(logChoose(marked, k) + logChoose(total - marked, n - k) - all)
  })
  return { least, chances }
}
