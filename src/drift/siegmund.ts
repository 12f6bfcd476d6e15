import type { Direction } from './direction.ts'

/** What a random walk of normal steps overshoots a barrier by on average, on both ends together: 2 * 0.583. */
const OVERSHOOT = 1.166

/** Mean number of steps before a one-sided CUSUM of standard normal steps less `tolerance` passes `threshold`. */
function runLength(threshold: number, tolerance: number): number {
  const b = threshold + OVERSHOOT
  const slope = 2 * tolerance * b
  // the limit of no tolerance, where the closed form cancels
  if (slope < 1e-6) return b * b
  return (Math.expm1(slope) - slope) / (2 * tolerance * tolerance)
}

/**
 * The threshold at which a CUSUM of standard normal values alarms once in `every` of them, by Siegmund's approximation:
 *
 *     mean run = (e^(2 k b) - 2 k b - 1) / (2 k²)        b = threshold + 1.166,  k = tolerance
 *
 * Watching both directions doubles the alarms. Found by bisection; off the hot path.
 *
 * @see D. Siegmund (1985), "Sequential analysis", section 2.6
 */
export function cusumThreshold(every: number, tolerance: number, direction: Direction): number {
  const wanted = direction === 'both' ? 2 * every : every
  let low = 0
  let high = 1
  while (runLength(high, tolerance) < wanted) high *= 2
  // halves the interval down to the last bits of a double
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (runLength(middle, tolerance) < wanted) low = middle
    else high = middle
  }
  return high
}
