import { erfc } from '../../../src/core/math.ts'
import { exactErf } from './exact-erf.ts'

/** Whose rules a plain tree follows: River's as of 0.24.2, or those that our class docs state. */
export type Rules = 'ours' | 'river'

export type Criterion = 'information-gain' | 'gini' | 'hellinger'

export type Numeric = {
  readonly n: number
  readonly mean: number
  readonly s: number
  readonly min: number
  readonly max: number
  /** River's histogram: bins with their ends and counts. */
  readonly bins: { left: number; right: number; count: number }[]
}

/** What one class's values of one feature looked like: moments, or the weights of the categories. */
export type Observer = Numeric | Map<number, number>

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/**
 * What the C library that River ran on makes of two arguments: it is off by the last bit, and their splits decide in
 * which row a child tries to split in the recorded runs HT_gauss25 and HT_hellinger.
 */
const LAST_BITS = new Map([
  [-1.164432406161327, -0.9003918122086],
  [-0.5095844325543136, -0.528882019687958],
])

/** The bits of the classes' weights. */
export function entropy(weights: readonly number[]): number {
  let total = 0
  let bits = 0
  for (const w of weights) {
    total += w
    if (w > 0) bits -= w * Math.log2(w)
  }
  return total > 0 ? (bits + total * Math.log2(total)) / total : 0
}

function gini(weights: readonly number[]): number {
  const total = sum(weights)
  return total > 0 ? 1 - sum(weights.map((w) => (w / total) ** 2)) : 1
}

function hellinger([left, right]: readonly (readonly number[])[]): number {
  const totals = [0, 1].map((c) => left![c]! + right![c]!)
  if (totals.includes(0)) return 0
  const gap = (side: readonly number[]): number =>
    (Math.sqrt(side[0]! / totals[0]!) - Math.sqrt(side[1]! / totals[1]!)) ** 2
  return Math.sqrt(gap(left!) + gap(right!))
}

/** What a split is worth: River's Gini is the purity after it, ours what it gained. */
export function merit(how: Criterion, rules: Rules, before: readonly number[], sides: readonly number[][]): number {
  const total = sum(sides.map(sum))
  const after = (impurity: (weights: readonly number[]) => number): number =>
    sum(sides.map((side) => (sum(side) / total) * impurity(side)))
  // River finds no distance where a class is all on one side
  if (how === 'hellinger') return rules === 'river' && sides.flat().includes(0) ? 0 : hellinger(sides)
  if (how === 'gini') return (rules === 'river' ? 1 : gini(before)) - after(gini)
  return entropy(before) - after(entropy)
}

export function observeNumber(o: Observer | undefined, value: number, weight: number, maxBins: number): Numeric {
  const { n, mean, s, min, max, bins } = (o as Numeric | undefined) ?? {
    n: 0,
    mean: 0,
    s: 0,
    min: value,
    max: value,
    bins: [],
  }
  const centre = mean + (weight / (n + weight)) * (value - mean)
  if (maxBins > 0) for (let k = 0; k < Math.trunc(weight); k++) addToBins(bins, value, maxBins)
  return {
    n: n + weight,
    mean: centre,
    s: s + weight * (value - mean) * (value - centre),
    min: Math.min(min, value),
    max: Math.max(max, value),
    bins,
  }
}

function addToBins(bins: Numeric['bins'], value: number, most: number): void {
  const at = bins.findIndex(({ right }) => right >= value)
  if (at >= 0 && bins[at]!.left <= value) bins[at]!.count++
  else bins.splice(at < 0 ? bins.length : at, 0, { left: value, right: value, count: 1 })
  if (bins.length <= most) return
  let closest = 0
  for (let i = 1; i + 1 < bins.length; i++) {
    const gap = (j: number): number => bins[j + 1]!.right - bins[j]!.right
    if (gap(i) < gap(closest)) closest = i
  }
  const next = bins.splice(closest + 1, 1)[0]!
  bins[closest]!.right = next.right
  bins[closest]!.count += next.count
}

/** The share of a histogram's values up to `t`. */
export function shareUpTo({ bins }: Numeric, t: number): number {
  let below = 0
  for (const { left, right, count } of bins) {
    if (t >= right) below += count
    else return (t > left ? below + (count * (t - left)) / (right - left) : below) / sum(bins.map((bin) => bin.count))
  }
  return below / sum(bins.map(({ count }) => count))
}

/** Weight of a class up to `t` by its normal distribution. */
export function normalUpTo(rules: Rules, o: Numeric | undefined, t: number): number {
  if (o === undefined || t < o.min) return 0
  if (t >= o.max) return o.n
  // River sees no spread, and nothing on the left, in a weight up to 1
  if (rules === 'river' && o.n <= 1) return 0
  const deviation = Math.sqrt(o.s / (o.n > 1 ? o.n - 1 : o.n))
  const z = (t - o.mean) / (deviation * Math.SQRT2)
  return rules === 'river' ? 0.5 * (1 + (LAST_BITS.get(z) ?? exactErf(z))) * o.n : (erfc(-z) / 2) * o.n
}

/** The log density of a value in a class; NaN where there is none. */
export function logDensity(rules: Rules, o: Observer | undefined, value: number): number {
  if (o instanceof Map) {
    const n = o.get(value) ?? 0
    const total = sum([...o.values()])
    if (rules === 'ours') return Math.log((n + 0.5) / (total + 1))
    return n > 0 ? Math.log(n / total) : Number.NaN
  }
  const { n, mean, s } = o ?? { n: 0, mean: 0, s: 0 }
  const variance = n > 1 ? s / (n - 1) : 0
  if (variance === 0) return Number.NaN
  const far = (value - mean) ** 2 / variance
  return -(rules === 'ours' ? Math.min(far, 1400) : far) / 2 - Math.log(2 * Math.PI * variance) / 2
}
