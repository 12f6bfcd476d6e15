import { TradeLearnError } from '../core/errors.ts'
import type { Direction } from './direction.ts'
import { HIGHEST_RATE, LOWEST_RATE } from './false-alarms.ts'
import { CLIP } from './self-starting.ts'

/** What a random walk of normal steps overshoots a barrier by on average, on both ends together: 2 * 0.583. */
const OVERSHOOT = 1.166

/**
 * A random walk that drifts down: the exponent at which its steps' moments are 1, its mean step, and how far it
 * overshoots barriers on both ends together.
 */
type Walk = { readonly exponent: number; readonly down: number; readonly overshoot: number }

/** The walk of standard normal steps less a tolerance. */
const ofNormals = (tolerance: number): Walk => ({ exponent: 2 * tolerance, down: tolerance, overshoot: OVERSHOOT })

/**
 * The walk of errors of a rate in deviations from it, less a tolerance: steps up and down of one length each.
 *
 * At the end where steps are small, the walk overshoots by half of one; at the other by a number of small steps that is
 * anything up to the large one, as often. Undefined where steps up are none.
 */
function ofErrors(rate: number, tolerance: number): Walk | undefined {
  const deviation = Math.sqrt(rate * (1 - rate))
  const up = Math.min((1 - rate) / deviation, CLIP) - tolerance
  const down = Math.min(rate / deviation, CLIP) + tolerance
  if (up <= 0) return undefined
  const moment = (exponent: number): number =>
    rate * Math.expm1(exponent * up) + (1 - rate) * Math.expm1(-exponent * down)
  const overshoot = (Math.max(up, down) + 2 * Math.min(up, down)) / 3
  return { exponent: leastAbove(0, moment), down: (1 - rate) * down - rate * up, overshoot }
}

/** Mean number of steps before the sums of a walk, which begin anew at 0, pass `threshold`. */
function runLength(threshold: number, { exponent, down, overshoot }: Walk): number {
  const b = threshold + overshoot
  const slope = exponent * b
  // the limit of no tolerance, where the closed form cancels
  if (slope < 1e-6) return b * b
  return (Math.expm1(slope) - slope) / (exponent * down)
}

/** Where a function that grows from there on becomes at least `wanted`: by doubling, then by halves down to 1e-12. */
function leastAbove(wanted: number, grows: (at: number) => number): number {
  let low = 0
  let high = 1
  while (grows(high) < wanted) high *= 2
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2
    if (grows(middle) < wanted) low = middle
    else high = middle
  }
  return high
}

/** Error rates that thresholds are worked out for: so many that straight lines between them will do. */
const RATES = 33

/** The mean time of one direction: watching both doubles the alarms. */
const oneOf = (every: number, direction: Direction): number => (direction === 'both' ? 2 * every : every)

/**
 * Above it, scores that go no further than 4 leave too little to add up: mean times are 0.7 to 1.3 times the stated ones
 * with 2, anything from 0.7 to never with 2.5 and more.
 */
const MOST_TOLERANCE = 2

/** Passes a tolerance that Siegmund's formula is good for. */
export function checkTolerance(tolerance: number): number {
  if (tolerance <= MOST_TOLERANCE) return tolerance
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"tolerance" must be at most ${MOST_TOLERANCE} deviations beside "falseAlarmEvery", got ${tolerance}.`,
  )
}

/**
 * The threshold at which a CUSUM of standard normal values alarms once in `every` of them, by Siegmund's approximation:
 *
 *     mean run = (e^(t b) - t b - 1) / (t k)        b = threshold + 1.166,  t = 2 k,  k = tolerance
 *
 * Off the hot path.
 *
 * @see D. Siegmund (1985), "Sequential analysis", section 2.6
 */
export function cusumThreshold(every: number, tolerance: number, direction: Direction): number {
  const walk = ofNormals(tolerance)
  return leastAbove(oneOf(every, direction), (threshold) => runLength(threshold, walk))
}

/**
 * The same for rises of errors, to be read by `atRate`. There t is the exponent at which the moment of one step,
 * E[e^(t (z - k))], is 1, z being an error in deviations from its rate: rare errors come as long steps, which pass a
 * barrier more often than normal ones. Falls are the rises of a rate's rest to 1.
 *
 * Where the tolerance leaves no rise, the threshold is that of normal values.
 */
export function cusumThresholdsOfErrors(every: number, tolerance: number, direction: Direction): Float64Array {
  return Float64Array.from({ length: RATES }, (_, i) => {
    const rate = LOWEST_RATE + ((HIGHEST_RATE - LOWEST_RATE) * i) / (RATES - 1)
    const walk = ofErrors(rate, tolerance) ?? ofNormals(tolerance)
    return leastAbove(oneOf(every, direction), (threshold) => runLength(threshold, walk))
  })
}
