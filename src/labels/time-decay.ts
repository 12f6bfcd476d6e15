import { finite } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'

/**
 * Weights that fade with age, where age is counted in what was learnt since and not in days.
 *
 * A straight line over the summed uniqueness of the labels: the newest has weight 1, the oldest `oldest`. A hundred trades
 * that were open together age the others no more than one would. Multiply the result with {@link averageUniqueness}.
 *
 *     oldest = 1        no decay
 *     0 < oldest < 1    fades towards that weight
 *     oldest = 0        fades towards nothing
 *     oldest < 0        the oldest share of -oldest counts nothing at all
 *
 * Weights of 0 are rows to leave out: learners want positive ones. O(n).
 *
 * @param uniqueness - of each label, oldest label first, 0 to 1
 * @param oldest - above -1, at most 1
 * @throws `INVALID_INPUT` for a uniqueness outside 0 to 1, `INVALID_OPTION` for `oldest`
 * @see M. López de Prado (2018), "Advances in Financial Machine Learning", section 4.7
 *
 * @example
 * ```ts
 * timeDecay([1, 1, 1, 1], 0.2) // 0.4, 0.6, 0.8, 1
 * ```
 */
export function timeDecay(uniqueness: ArrayLike<number>, oldest = 0.5): Float64Array {
  finite('oldest', oldest)
  if (oldest <= -1 || oldest > 1) {
    throw new TradeLearnError('INVALID_OPTION', `"oldest" must be above -1 and at most 1, got ${show(oldest)}.`)
  }
  const n = uniqueness.length
  const learnt = new Float64Array(n)
  let total = 0
  for (let i = 0; i < n; i++) {
    const own = uniqueness[i]!
    if (!(own >= 0 && own <= 1)) {
      throw new TradeLearnError('INVALID_INPUT', `"uniqueness[${i}]" must be 0 to 1, got ${show(own)}.`)
    }
    total += own
    learnt[i] = total
  }
  if (total === 0) return learnt.fill(1)
  const slope = oldest >= 0 ? 1 - oldest : 1 / (oldest + 1)
  for (let i = 0; i < n; i++) learnt[i] = Math.max(0, 1 - slope * (1 - learnt[i]! / total))
  return learnt
}
