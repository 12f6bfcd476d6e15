import type { Rng } from '../../contracts.ts'
import { drawInteger, shuffle } from '../../core/draw.ts'

/** Options of {@link bucketPValues}. */
export type BucketPermutationOptions = {
  readonly rng: Rng
  /** Mean number of neighbouring rows that stay together. */
  readonly segment: number
  /** Most permutations. */
  readonly permutations: number
  /** Called after each permutation, to stop by throwing. */
  readonly onStep?: (done: number) => void
}

/** As many permutations at least as large as what was found settle that a bucket is nothing special. */
const ENOUGH = 50
/** Sums of the same numbers differ by rounding: this share of a statistic makes no difference. */
const ROUNDING = 1e-9

/**
 * How often buckets would differ from the rest as much as they do if they had nothing to do with the values: two-sided
 * p-values by dealing out the values anew.
 *
 * Values of neighbouring rows depend on each other where labels overlap, so they are cut into segments of random length
 * that stay together, and whole segments change places; lengths are random because with equal ones hours would meet
 * themselves again. What is compared is Welch's t, the difference of means over its own error, so that a bucket whose
 * values merely scatter more is not taken for one with another mean. No normal distribution is assumed: with few trades and
 * lopsided returns, rare large wins or losses, it would be far off just where p-values are small.
 *
 * Counting stops early where 50 permutations were as large; there p = 50 / permutations, else p = (as large + 1) /
 * (permutations + 1). All buckets see the same permutations. O(permutations x rows) at most, mostly far less.
 *
 * @see E. Chung, J. P. Romano (2013), "Exact and asymptotically robust permutation tests", Annals of Statistics 41
 * @see J. Besag, P. Clifford (1991), "Sequential Monte Carlo p-values", Biometrika 78
 *
 * @param values of moderate size, about their mean
 * @param members rows of each bucket, at least 2 and at most all but 2
 */
export function bucketPValues(
  values: Float64Array,
  members: readonly Uint32Array[],
  { rng, segment, permutations, onStep }: BucketPermutationOptions,
): Float64Array {
  const found = members.map((rows) => Math.abs(welch(values, rows, totalsOf(values))) * (1 - ROUNDING))
  const larger = new Uint32Array(members.length)
  const p = new Float64Array(members.length).fill(NaN)
  const totals = totalsOf(values)
  const dealt = new Float64Array(values.length)
  let open = members.map((_, bucket) => bucket)
  for (let done = 1; done <= permutations && open.length > 0; done++) {
    dealSegments(rng, segment, values, dealt)
    for (const bucket of open) {
      if (Math.abs(welch(dealt, members[bucket]!, totals)) >= found[bucket]!) larger[bucket]!++
      if (larger[bucket] === ENOUGH) p[bucket] = ENOUGH / done
    }
    open = open.filter((bucket) => larger[bucket]! < ENOUGH)
    onStep?.(done)
  }
  for (const bucket of open) p[bucket] = (larger[bucket]! + 1) / (permutations + 1)
  return p
}

/** Sum and sum of squares. */
type Totals = { readonly sum: number; readonly squares: number }

function totalsOf(values: Float64Array): Totals {
  let [sum, squares] = [0, 0]
  for (const value of values) {
    sum += value
    squares += value * value
  }
  return { sum, squares }
}

/** Welch's t of some rows against all others; 0 where there is no difference. O(rows of the bucket). */
export function welch(values: Float64Array, rows: Uint32Array, totals: Totals = totalsOf(values)): number {
  const n = rows.length
  const others = values.length - n
  let sum = 0
  let squares = 0
  for (let i = 0; i < n; i++) {
    const value = values[rows[i]!]!
    sum += value
    squares += value * value
  }
  const otherSum = totals.sum - sum
  const difference = sum / n - otherSum / others
  const spread = Math.max(0, squares - (sum * sum) / n) / (n - 1) / n
  const otherSpread = Math.max(0, totals.squares - squares - (otherSum * otherSum) / others) / (others - 1) / others
  return difference === 0 ? 0 : difference / Math.sqrt(spread + otherSpread)
}

/** Cuts a circle of values into segments and deals them out in random order. */
export function dealSegments(rng: Rng, segment: number, values: Float64Array, dealt: Float64Array): void {
  const n = values.length
  const least = Math.ceil(segment / 2)
  const span = Math.max(1, 2 * segment - 2 * least + 1)
  const turn = drawInteger(rng, n)
  const cuts: number[] = []
  for (let at = 0; at < n; at += least + drawInteger(rng, span)) cuts.push(at)
  const order = shuffle(
    rng,
    cuts.map((_, i) => i),
  )
  let to = 0
  for (const i of order) {
    const end = cuts[i + 1] ?? n
    for (let at = cuts[i]!; at < end; at++) {
      const from = at + turn
      dealt[to++] = values[from < n ? from : from - n]!
    }
  }
}
