import { integer, openFraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { normalQuantile } from '../core/math.ts'
import { wilsonEnds } from '../core/wilson.ts'
import type { Interval } from '../market.ts'

/**
 * The interval that should hold a true frequency after `hits` of `n` trials.
 *
 *     (h + z²/2 ± z sqrt(h (n - h) / n + z²/4)) / (n + z²)        h hits
 *
 * It stays within 0 and 1 and keeps its promise down to a few trials. For one look at a number of trials that was
 * fixed beforehand; who looks after every trade needs a `WinRateConfidenceSequence`. NaN for no trials.
 *
 * @throws `INVALID_INPUT` for counts that cannot be
 * @see E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22
 *
 * @example
 * ```ts
 * wilsonInterval(55, 100) // { low: 0.452, high: 0.644, coverage: 0.95 }
 * ```
 */
export function wilsonInterval(hits: number, n: number, coverage: number = 0.95): Interval {
  integer('n', n, 0, 'INVALID_INPUT')
  integer('hits', hits, 0, 'INVALID_INPUT')
  if (hits > n) throw new TradeLearnError('INVALID_INPUT', `"hits" must be at most "n", ${n}, got ${hits}.`)
  const z = -normalQuantile((1 - openFraction('coverage', coverage)) / 2)
  const [low, high] = wilsonEnds(hits / n, n, z)
  return { low, high, coverage }
}
