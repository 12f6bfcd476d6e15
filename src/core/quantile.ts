import { openFraction } from './check.ts'

/**
 * A running quantile in five numbers, as plain data.
 *
 * `heights` are the estimated values at five markers (minimum, halfway, the quantile, halfway, maximum), `positions`
 * are the markers' ranks.
 */
export type StreamingQuantile = {
  readonly q: number
  n: number
  readonly heights: Float64Array
  readonly positions: Float64Array
}

/** A quantile of no numbers yet; `q` between 0 and 1, e.g. 0.5 for the median. */
export function createQuantile(q: number): StreamingQuantile {
  return {
    q: openFraction('q', q),
    n: 0,
    heights: new Float64Array(5),
    positions: Float64Array.of(1, 2, 3, 4, 5),
  }
}

/**
 * Takes in one number by the P² algorithm: the markers move one rank at a time along a parabola through their
 * neighbours. O(1) time and memory; the error is typically well under one per cent of the spread on smooth
 * distributions, and unbounded on hostile orders (sorted streams).
 *
 * @see R. Jain, I. Chlamtac (1985), "The P² algorithm for dynamic calculation of quantiles and histograms without
 *   storing observations", CACM 28
 */
export function addToQuantile(state: StreamingQuantile, value: number): void {
  const { heights, positions, q } = state
  state.n++
  if (state.n <= 5) {
    // the first five numbers, kept in order
    let i = state.n - 1
    while (i > 0 && heights[i - 1]! > value) heights[i] = heights[--i]!
    heights[i] = value
    return
  }
  // find the cell of the value, stretching the ends
  let cell = 0
  if (value < heights[0]!) heights[0] = value
  else if (value >= heights[4]!) {
    heights[4] = value
    cell = 3
  } else while (cell < 3 && value >= heights[cell + 1]!) cell++
  for (let i = cell + 1; i < 5; i++) positions[i]!++

  // nudge the inner markers towards their desired ranks
  for (let i = 1; i < 4; i++) {
    const share = i === 1 ? q / 2 : i === 2 ? q : (1 + q) / 2
    const wish = 1 + (state.n - 1) * share - positions[i]!
    const right = positions[i + 1]! - positions[i]!
    const left = positions[i - 1]! - positions[i]!
    if (!((wish >= 1 && right > 1) || (wish <= -1 && left < -1))) continue
    const step = wish > 0 ? 1 : -1
    const up = (heights[i + 1]! - heights[i]!) / right
    const down = (heights[i - 1]! - heights[i]!) / left
    const parabola = heights[i]! + (step / (right - left)) * ((step - left) * up + (right - step) * down)
    if (parabola > heights[i - 1]! && parabola < heights[i + 1]!) heights[i] = parabola
    else heights[i]! += step * (step > 0 ? up : down)
    positions[i]! += step
  }
}

/** The estimate: exact (nearest rank) up to five numbers, NaN before the first. */
export function quantileOf({ q, n, heights }: StreamingQuantile): number {
  if (n === 0) return NaN
  return n > 5 ? heights[2]! : heights[Math.min(n - 1, Math.floor(q * n))]!
}
