import { integer } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import type { Tally } from './health.ts'

/** What is known of a share so far: the tally at the last look, what each bet has come to, and whether it alarms. */
export type ShareWatch = { n: number; hits: number; readonly capitals: Float64Array; low: boolean }

/** How much lower, in log-odds, the bets hold the share to be: from 0.475 to 0.04 instead of 0.5. */
const SHIFTS = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2] as const

/** Nothing known yet. */
export function createShareWatch(): ShareWatch {
  return { n: 0, hits: 0, capitals: new Float64Array(SHIFTS.length), low: false }
}

/**
 * Takes in a tally that has grown, and says whether the share of hits has fallen below `rate`.
 *
 * Gamblers bet on a lower share q against `rate`, and with each look another one starts:
 *
 *     M = (M + 1) (q / rate)^hits ((1 - q) / (1 - rate))^misses        the mean over six q is held against `limit`
 *
 * While the share is at least `rate` it takes `limit` trades or more, on average, until M reaches `limit`: false alarms are
 * at most 1,000 / `limit` in 1,000 trades, for ever, however often one looks. A good past does not delay it. Once alarmed it
 * stays so until M has fallen to a tenth, and then starts anew. A tally that has shrunk is another model's.
 *
 * @see J. Shin, A. Ramdas, A. Rinaldo (2024), "E-detectors: a nonparametric framework for sequential change detection",
 *   New England Journal of Statistics in Data Science, arXiv 2203.03532
 */
export function watchShare(watch: ShareWatch, { n, hits }: Tally, rate: number, limit: number): boolean {
  integer('n', n, 0, 'INVALID_INPUT')
  integer('hits', hits, 0, 'INVALID_INPUT')
  if (hits > n) throw new TradeLearnError('INVALID_INPUT', `"hits" must be at most "n", ${n}, got ${hits}.`)
  // what a file says may be no numbers at all
  const grown = n >= watch.n && hits >= watch.hits && n - hits >= watch.n - watch.hits
  if (!grown || !watch.capitals.every((capital) => capital >= 0)) Object.assign(watch, createShareWatch())
  const good = hits - watch.hits
  const bad = n - watch.n - good
  watch.n = n
  watch.hits = hits
  if (good + bad === 0) return watch.low

  const { capitals } = watch
  const p = clamp(rate, 1e-6, 1 - 1e-6)
  let sum = 0
  for (let i = 0; i < capitals.length; i++) {
    const odds = (p / (1 - p)) * Math.exp(-SHIFTS[i]!)
    const q = odds / (1 + odds)
    const growth = Math.exp(good * Math.log(q / p) + bad * Math.log((1 - q) / (1 - p)))
    // beyond what alarms by itself it would only take longer to recover
    capitals[i] = Math.min((capitals[i]! + 1) * growth, limit * capitals.length)
    sum += capitals[i]!
  }
  const mean = sum / capitals.length
  if (mean >= limit) watch.low = true
  else if (watch.low && mean < limit / 10) {
    watch.low = false
    capitals.fill(0)
  }
  return watch.low
}
