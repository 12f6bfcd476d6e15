/** A rising line in pieces: flat below the first knot and above the last, straight in between. */
export type IsotonicFit = {
  /** Ascending scores. */
  readonly x: Float64Array
  /** What is said at each, never falling. */
  readonly y: Float64Array
}

/** Blocks of neighbouring scores that have one value: where each begins and ends, its sum of labels and its weight. */
type Blocks = { from: Float64Array; to: Float64Array; sum: Float64Array; weight: Float64Array; count: number }

/** Where values are smoothed: so many labels of either kind are added to each block. */
export type IsotonicOptions = {
  /** 0 for the fit itself; with 1, Laplace's rule, a block is never certain. @defaultValue 0 */
  readonly prior?: number
}

/**
 * The never falling function that is closest to the first `n` labels in squares, and in log loss too: the pool adjacent
 * violators algorithm. Equal scores get one value, their labels' mean.
 *
 * With a prior each block's value becomes (ones + prior) / (labels + 2 prior), and blocks that then fall are pooled once
 * more. O(n log n).
 *
 * @see R. E. Barlow, D. J. Bartholomew, J. M. Bremner, H. D. Brunk (1972), "Statistical inference under order restrictions"
 * @see B. Zadrozny, C. Elkan (2002), "Transforming classifier scores into accurate multiclass probability estimates", KDD
 */
export function fitIsotonic(
  scores: Float64Array,
  labels: Float64Array,
  n: number,
  { prior = 0 }: IsotonicOptions = {},
): IsotonicFit {
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => scores[a]! - scores[b]! || a - b)
  const blocks: Blocks = {
    from: new Float64Array(n),
    to: new Float64Array(n),
    sum: new Float64Array(n),
    weight: new Float64Array(n),
    count: 0,
  }
  for (let i = 0; i < n; ) {
    const score = scores[order[i]!]!
    let sum = 0
    let weight = 0
    for (; i < n && scores[order[i]!] === score; i++) {
      sum += labels[order[i]!]!
      weight++
    }
    push(blocks, score, score, sum, weight)
  }
  if (prior > 0) smooth(blocks, prior)
  return knotsOf(blocks)
}

/** What an isotonic fit says of a score. O(log knots). */
export function isotonicAt({ x, y }: IsotonicFit, score: number): number {
  const last = x.length - 1
  if (score <= x[0]!) return y[0]!
  if (score >= x[last]!) return y[last]!
  // the last knot at or below the score
  let low = 0
  let high = last
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (x[middle]! <= score) low = middle
    else high = middle
  }
  const share = (score - x[low]!) / (x[high]! - x[low]!)
  return y[low]! + share * (y[high]! - y[low]!)
}

/** Adds a block at the end and pools it with those before it while they lie above. */
function push(blocks: Blocks, start: number, end: number, ones: number, labels: number): void {
  const { from, to, sum, weight } = blocks
  let k = blocks.count
  from[k] = start
  to[k] = end
  sum[k] = ones
  weight[k] = labels
  // means are compared crosswise: no rounding, as sums are whole numbers
  while (k > 0 && sum[k - 1]! * weight[k]! >= sum[k]! * weight[k - 1]!) {
    to[k - 1] = to[k]!
    sum[k - 1]! += sum[k]!
    weight[k - 1]! += weight[k]!
    k--
  }
  blocks.count = k + 1
}

/** Moves every block's value towards a half, and pools those that fall then. */
function smooth(blocks: Blocks, prior: number): void {
  const { from, to, sum, weight, count } = blocks
  blocks.count = 0
  for (let k = 0; k < count; k++) {
    const value = (sum[k]! + prior) / (weight[k]! + 2 * prior)
    push(blocks, from[k]!, to[k]!, value * weight[k]!, weight[k]!)
  }
}

/** The ends of every block, one knot where they are the same. */
function knotsOf({ from, to, sum, weight, count }: Blocks): IsotonicFit {
  const x: number[] = []
  const y: number[] = []
  for (let k = 0; k < count; k++) {
    const value = sum[k]! / weight[k]!
    for (const score of from[k] === to[k] ? [from[k]!] : [from[k]!, to[k]!]) {
      x.push(score)
      y.push(value)
    }
  }
  return { x: Float64Array.from(x), y: Float64Array.from(y) }
}
