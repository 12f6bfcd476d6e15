/** A series cut into blocks, as the sums from which the Sharpe ratio of any set of blocks follows. */
export type Blocks = {
  /** Values in each block. */
  readonly sizes: Float64Array
  /** Sums of the values, and of their squares, as distances from the whole series' mean in units of the largest. */
  readonly sums: Float64Array
  readonly squares: Float64Array
  /** The mean of the whole series in that unit. */
  readonly centre: number
}

/** Share of the squares below which a spread is rounding. */
const ROUNDING = 1e-12

/** Cuts a series into `parts` blocks that differ by one value at most. */
export function cutIntoBlocks(series: ArrayLike<number>, parts: number): Blocks {
  const n = series.length
  let mean = 0
  for (let t = 0; t < n; t++) mean += (series[t]! - mean) / (t + 1)
  let scale = 0
  for (let t = 0; t < n; t++) scale = Math.max(scale, Math.abs(series[t]! - mean))
  // what is left of equal numbers is rounding
  if (!(scale > 1e-14 * Math.abs(mean))) scale = Infinity
  const sizes = new Float64Array(parts)
  const sums = new Float64Array(parts)
  const squares = new Float64Array(parts)
  for (let b = 0; b < parts; b++) {
    const to = blockStart(b + 1, n, parts)
    for (let t = blockStart(b, n, parts); t < to; t++) {
      const gap = (series[t]! - mean) / scale
      sizes[b]!++
      sums[b]! += gap
      squares[b]! += gap * gap
    }
  }
  return { sizes, sums, squares, centre: mean / scale }
}

/** The first of `n` values that lies in block `b`. */
export function blockStart(b: number, n: number, parts: number): number {
  return Math.floor((b * n) / parts)
}

/** The Sharpe ratio over the blocks named: mean over sample deviation; 0 where the values never move. */
export function sharpeOf({ sizes, sums, squares, centre }: Blocks, chosen: Uint8Array): number {
  let n = 0
  let sum = 0
  let square = 0
  for (let i = 0; i < chosen.length; i++) {
    const b = chosen[i]!
    n += sizes[b]!
    sum += sums[b]!
    square += squares[b]!
  }
  const spread = square - (sum * sum) / n
  return spread > ROUNDING * square ? (centre + sum / n) / Math.sqrt(spread / (n - 1)) : 0
}
