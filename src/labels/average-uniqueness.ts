import { finite } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'

/**
 * How much each label has to itself: 1 where no other was open meanwhile, 1/2 where always one other was.
 *
 * Trades that are open together share the same prices, so ten of them are not ten observations. Their average uniqueness
 * as weights makes them count as what they are. With c(t) the number of labels open at time t, a label's uniqueness is
 * the mean of 1 / c(t) over the time from its start to its end; one that ends as it starts takes 1 / c at that moment.
 *
 * O(n log n). Times are numbers of any unit, and `ends[i]` is not before `starts[i]`.
 *
 * @throws `INVALID_INPUT` for lists of different length, times that are not finite, ends before starts
 * @see M. López de Prado (2018), "Advances in Financial Machine Learning", chapter 4
 *
 * @example
 * ```ts
 * const weights = averageUniqueness(dataset.times, dataset.labelEnds)
 * model.fit(rows, labels, weights)
 * ```
 */
export function averageUniqueness(starts: ArrayLike<number>, ends: ArrayLike<number>): Float64Array {
  const n = starts.length
  if (ends.length !== n) {
    throw new TradeLearnError('INVALID_INPUT', `"ends" must have ${n} entries like "starts", got ${ends.length}.`)
  }
  for (let i = 0; i < n; i++) {
    const start = finite(`starts[${i}]`, starts[i]!, 'INVALID_INPUT')
    if (finite(`ends[${i}]`, ends[i]!, 'INVALID_INPUT') < start) {
      throw new TradeLearnError('INVALID_INPUT', `"ends[${i}]" must not be before ${start}, got ${ends[i]}.`)
    }
  }
  const opened = Float64Array.from(starts).sort()
  const closed = Float64Array.from(ends).sort()
  const moments = Float64Array.from(new Set([...opened, ...closed])).sort()
  // at each moment: labels open at it, ends included, and the integral of 1 / c(t) up to it
  const open = new Float64Array(moments.length)
  const area = new Float64Array(moments.length)
  let [begun, over, between] = [0, 0, 0]
  for (let m = 0; m < moments.length; m++) {
    const now = moments[m]!
    if (m > 0) area[m] = area[m - 1]! + (between > 0 ? (now - moments[m - 1]!) / between : 0)
    while (begun < n && opened[begun]! <= now) begun++
    open[m] = begun - over
    while (over < n && closed[over]! <= now) over++
    between = begun - over
  }
  const at = new Map(Array.from(moments, (moment, m) => [moment, m] as const))
  return Float64Array.from({ length: n }, (_, i) => {
    const [from, to] = [at.get(starts[i]!)!, at.get(ends[i]!)!]
    return from === to ? 1 / open[from]! : (area[to]! - area[from]!) / (ends[i]! - starts[i]!)
  })
}
