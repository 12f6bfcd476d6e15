import type { Candidate, Node, Search } from './split.ts'

/**
 * Walks one numeric feature's bins for its best question, where leaf values are free to be -G / (H + λ), so far as it
 * gains more than about `floor`.
 *
 * With a = HL + λ, S = H + 2λ and r = G / S the gain is, for any λ,
 *
 *     S · (GL - a r)² / (a (S - a)) + G² / S - G² / (H + λ)
 *
 * of which only the first term changes from bin to bin. So u / e with u = (GL - a r)² and e = a (S - a) decides, and
 * comparing u with best · e needs no division until a better one is found. Sums begin at λ, which makes them a. Scores
 * are compared in single precision, see `isBetter`, so that mirror images are equal and the lower threshold stays.
 */
export function scanFree(
  own: Candidate,
  histogram: Float64Array,
  base: number,
  bins: number,
  feature: number,
  { total, rows }: Node,
  { options, units }: Search,
  floor: number,
): void {
  const missing = histogram[base]!
  const gradient = Math.floor(total)
  const hessian = total - gradient
  const { lambda } = units
  const sum = hessian + 2 * lambda
  const slope = gradient / sum
  // gains are in histogram units, which all nodes of a tree share
  const unsplit = (gradient * gradient) / (hessian + lambda) - (gradient * gradient) / sum
  const minGain = (options.minGain * units.perGradient * units.perGradient) / units.perHessian
  const noise = (ROUNDING * gradient * gradient) / (hessian + lambda)
  const least = leastHessian(options.minHessianLeaf * units.perHessian, options.minSamplesLeaf, hessian, rows)
  // what cannot win in single precision need not be found
  FOUND[SCORE] = (Math.max(BELOW * floor, minGain, noise) + unsplit) / sum
  FOUND[SIDE] = 0
  const scan = missing === 0 ? scanPresent : scanBothSides
  // without missing values the last bin leaves nothing for the right
  const last = base + (missing === 0 ? bins - 1 : bins)
  const at = scan(histogram, base + 1, last, missing, lambda, sum, slope, lambda + least, lambda + hessian - least)
  if (at < 0) return
  const left = FOUND[LEFT]!
  const a = left - Math.floor(left)
  const d = Math.floor(left) - a * slope
  own.gain = ((d * d) / (a * (sum - a))) * sum - unsplit
  own.feature = feature
  own.bin = at - base
  own.missingLeft = FOUND[SIDE] === 1
  own.left = left - lambda
  own.set = []
  own.extraL2 = 0
}

/** The hessian that a side must have, in histogram units: its own minimum, and its share for the rows it must have. */
export function leastHessian(minHessian: number, minRows: number, hessian: number, rows: number): number {
  // half a row less, as the share is an estimate that is rounded to whole rows
  return Math.max(minHessian, ((minRows - 0.5) * hessian) / rows)
}

/** Gains below this share of the node's own score come from rounding. */
const ROUNDING = 1e-12
/** A little less than single precision can tell from 1. */
const BELOW = 1 - 1e-6

/** What a scan found beside the bin: its score, the sum on its left, and whether missing values are among it. */
const FOUND: Float64Array = /* @__PURE__ */ new Float64Array(3)
const SCORE = 0
const LEFT = 1
const SIDE = 2

/**
 * The last bin of the left side of the highest score above `FOUND[SCORE]`, or -1.
 *
 * Adding and taking away 1.5 · 2^52, where doubles are 1 apart, rounds to the nearest whole number, which is the gradient,
 * as hessians stay below a half. It is much quicker than `Math.floor`, whose instruction waits for the one of the bin before.
 */
function scanPresent(
  histogram: Float64Array,
  first: number,
  last: number,
  _missing: number,
  lambda: number,
  sum: number,
  slope: number,
  least: number,
  most: number,
): number {
  let score = FOUND[SCORE]!
  let left = 0
  let at = -1
  let c = lambda
  for (let b = first; b <= last; b++) {
    c += histogram[b]!
    const g = c + 6_755_399_441_055_744 - 6_755_399_441_055_744
    const a = c - g
    const d = g - a * slope
    const e = a * (sum - a)
    if (d * d > score * e) {
      const exact = Math.fround((d * d) / e)
      if (exact > score && a >= least && a <= most) {
        score = exact
        at = b
        left = c
      }
    }
  }
  FOUND[LEFT] = left
  return at
}

/** The same with missing values tried on the right and then on the left. */
function scanBothSides(
  histogram: Float64Array,
  first: number,
  last: number,
  missing: number,
  lambda: number,
  sum: number,
  slope: number,
  least: number,
  most: number,
): number {
  let score = FOUND[SCORE]!
  let left = 0
  let at = -1
  let side = 0
  let c = lambda
  for (let b = first; b <= last; b++) {
    c += histogram[b]!
    const g = c + 6_755_399_441_055_744 - 6_755_399_441_055_744
    const a = c - g
    const d = g - a * slope
    const e = a * (sum - a)
    if (d * d > score * e) {
      const exact = Math.fround((d * d) / e)
      if (exact > score && a >= least && a <= most) {
        score = exact
        at = b
        left = c
        side = 0
      }
    }
    const m = c + missing
    const gm = m + 6_755_399_441_055_744 - 6_755_399_441_055_744
    const am = m - gm
    const dm = gm - am * slope
    const em = am * (sum - am)
    if (dm * dm > score * em) {
      const exact = Math.fround((dm * dm) / em)
      // missing values alone on the left are the same question as on the right of all others
      if (exact > score && am >= least && am <= most && a > lambda) {
        score = exact
        at = b
        left = m
        side = 1
      }
    }
  }
  FOUND[LEFT] = left
  FOUND[SIDE] = side
  return at
}
