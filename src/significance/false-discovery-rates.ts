import { oneOf } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { DEPENDENCES, type Dependence, toFalseDiscoveryRates } from '../core/false-discovery.ts'

/**
 * The false discovery rate at which each of many tests would be reported: report those at 0.1 or less, and of what is
 * reported one in ten is chance, on average.
 *
 *     rate_(k) = least of p_(j) m c / j over j >= k        p_(1) <= p_(2) <= ... <= p_(m)
 *
 * c = 1 (Benjamini and Hochberg) where the tests are independent or rise and fall together; `'any'` takes c = 1 + 1/2 +
 * ... + 1/m (Benjamini and Yekutieli), which holds whatever ties them. NaN is a test that was not made: it stays, and
 * does not count. O(m log m).
 *
 * @throws `INVALID_INPUT` naming the first p-value outside 0 to 1
 * @see Y. Benjamini, Y. Hochberg (1995), "Controlling the false discovery rate", Journal of the Royal Statistical
 *   Society B 57; Y. Benjamini, D. Yekutieli (2001), Annals of Statistics 29
 *
 * @example
 * ```ts
 * falseDiscoveryRates([0.001, 0.02, 0.8]) // Float64Array [0.003, 0.03, 0.8]
 * ```
 */
export function falseDiscoveryRates(p: ArrayLike<number>, dependence: Dependence = 'positive'): Float64Array {
  oneOf('dependence', dependence, DEPENDENCES)
  const rates = Float64Array.from(p)
  for (const [row, value] of rates.entries()) {
    if (value >= 0 && value <= 1) continue
    if (Number.isNaN(value) && typeof p[row] === 'number') continue
    throw new TradeLearnError('INVALID_INPUT', `"p[${row}]" must be from 0 to 1, or NaN, got ${show(p[row])}.`)
  }
  toFalseDiscoveryRates(rates, dependence)
  return rates
}
