import { logit } from '../core/math.ts'

/** A bent line through log-odds: logit p = a ln q - b ln(1 - q) + c. With a = b = 1 and c = 0 nothing is changed. */
export type BetaMap = { readonly a: number; readonly b: number; readonly c: number }

/** As for Platt's line: a step that promises less than this many nats over all pairs is the last. */
const NEGLIGIBLE = 1e-8
/** Keeps the curvature invertible where scores are equal. */
const RIDGE = 1e-12
/** Newton's method takes some seven steps; a hundred mean that there is no optimum to be reached. */
const MOST_STEPS = 100

/**
 * Fits beta calibration to the first `n` pairs of log-odds and labels: three numbers, of which two bend the two ends
 * of the scale apart, so that it can say that a learner is too sure of its winners and not of its losers.
 *
 * Newton's method with backtracking on the log loss. As the map must rise, a or b below 0 is set to 0 and the others are
 * fitted again. Platt's line is the case a = b. O(n) a pass.
 *
 * @see M. Kull, T. Silva Filho, P. Flach (2017), "Beta calibration: a well-founded and easily implemented improvement on
 *   logistic calibration for binary classifiers", AISTATS
 */
export function fitBeta(scores: Float64Array, labels: Float64Array, n: number): BetaMap {
  // ln q and -ln(1 - q) of log-odds, without cancellation
  const ends = { low: new Float64Array(n), high: new Float64Array(n) }
  let ones = 0
  for (let i = 0; i < n; i++) {
    ends.low[i] = -softplus(-scores[i]!)
    ends.high[i] = softplus(scores[i]!)
    ones += labels[i]!
  }
  const start = logit((ones + 1) / (n + 2))
  const both = solve(ends, labels, n, [true, true], start)
  if (both.a >= 0 && both.b >= 0) return both
  const one = solve(ends, labels, n, both.a < 0 ? [false, true] : [true, false], start)
  // flat where neither end may rise
  return one.a >= 0 && one.b >= 0 ? one : { a: 0, b: 0, c: start }
}

/** The log-odds that a map makes of log-odds. */
export function betaAt({ a, b, c }: BetaMap, score: number): number {
  return -a * softplus(-score) + b * softplus(score) + c
}

/** ln(1 + e^x), without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}

type Ends = { readonly low: Float64Array; readonly high: Float64Array }

/** The best map whose parts that are not `free` are 0. */
function solve(ends: Ends, labels: Float64Array, n: number, free: readonly [boolean, boolean], start: number): BetaMap {
  let at: readonly number[] = [0, 0, start]
  let sums = measure(ends, labels, n, at, free)
  for (let step = 0; step < MOST_STEPS; step++) {
    const move = solve3(sums.curvature, sums.gradient)
    const descent = move.reduce((sum, part, k) => sum + part * sums.gradient[k]!, 0)
    if (!(descent < 0)) break
    const moved = (size: number): readonly number[] => at.map((value, k) => value + size * move[k]!)
    if (descent > -2 * NEGLIGIBLE) {
      at = moved(1)
      break
    }
    // halved until the loss falls enough
    let size = 1
    for (; size >= 1e-10; size /= 2) {
      const there = measure(ends, labels, n, moved(size), free)
      if (there.loss >= sums.loss + 1e-4 * size * descent) continue
      at = moved(size)
      sums = there
      break
    }
    if (size < 1e-10) break
  }
  return { a: at[0]!, b: at[1]!, c: at[2]! }
}

/** One pass: log loss, its gradient and its curvature, row by row. Parts that are not free stand still. */
function measure(
  { low, high }: Ends,
  labels: Float64Array,
  n: number,
  [a, b, c]: readonly number[],
  free: readonly [boolean, boolean],
): { loss: number; gradient: readonly number[]; curvature: readonly number[] } {
  const g = [0, 0, 0]
  const h = [RIDGE, 0, 0, RIDGE, 0, RIDGE]
  let loss = 0
  for (let i = 0; i < n; i++) {
    const u = free[0] ? low[i]! : 0
    const v = free[1] ? high[i]! : 0
    const z = a! * u + b! * v + c!
    const e = Math.exp(-Math.abs(z))
    const p = (z >= 0 ? 1 : e) / (1 + e)
    loss += Math.max(z, 0) - labels[i]! * z + Math.log1p(e)
    const error = p - labels[i]!
    const w = p * (1 - p)
    g[0]! += error * u
    g[1]! += error * v
    g[2]! += error
    h[0]! += w * u * u
    h[1]! += w * u * v
    h[2]! += w * u
    h[3]! += w * v * v
    h[4]! += w * v
    h[5]! += w
  }
  return { loss, gradient: g, curvature: h }
}

/** The Newton step -H⁻¹ g of a symmetric matrix given by its upper triangle, by Cholesky's decomposition. */
function solve3(h: readonly number[], g: readonly number[]): readonly number[] {
  const l11 = Math.sqrt(h[0]!)
  const l21 = h[1]! / l11
  const l31 = h[2]! / l11
  const l22 = Math.sqrt(Math.max(h[3]! - l21 * l21, RIDGE))
  const l32 = (h[4]! - l21 * l31) / l22
  const l33 = Math.sqrt(Math.max(h[5]! - l31 * l31 - l32 * l32, RIDGE))
  const y1 = -g[0]! / l11
  const y2 = (-g[1]! - l21 * y1) / l22
  const y3 = (-g[2]! - l31 * y1 - l32 * y2) / l33
  const z3 = y3 / l33
  const z2 = (y2 - l32 * z3) / l22
  const z1 = (y1 - l21 * z2 - l31 * z3) / l11
  return [z1, z2, z3]
}
