import { normalCdf } from '../core/math.ts'

/**
 * Kelly's share of equity to hold in a trade that gains `gain` with probability p and loses `loss` otherwise, both
 * positive fractions of its entry value after costs:
 *
 *     f = p / loss - (1 - p) / gain
 *
 * It makes the expected logarithm of wealth largest where p is known exactly; below 0 nothing should be held. Close
 * brackets make it large (0.55 at 2 % either way: five times equity), so that a cap usually decides.
 *
 * @see J. L. Kelly (1956), "A new interpretation of information rate", Bell System Technical Journal 35
 *
 * @example
 * ```ts
 * kellyShare(0.55, 0.02, 0.02) // 5
 * ```
 */
export function kellyShare(p: number, gain: number, loss: number): number {
  // no gain is possible: nothing, however likely it is
  return gain > 0 ? p / loss - (1 - p) / gain : -Infinity
}

/**
 * Bet size from a probability: how sure it is that p lies above `even`, as a number from -1 to 1.
 *
 *     z = (p - even) / sqrt(p (1 - p))        m = 2 Φ(z) - 1
 *
 * Unlike confidence bands it is 0 where there is no edge and has no steps: 0.08 at 0.55, 0.16 at 0.6, 0.82 at 0.9.
 *
 * @see M. López de Prado (2018), "Advances in Financial Machine Learning", chapter 10.3
 *
 * @example
 * ```ts
 * betSize(0.6) // 0.1617
 * ```
 */
export function betSize(p: number, even = 0.5): number {
  const edge = p - even
  // at both ends of the scale z is infinite, or 0 where nothing is left between
  if (!(p > 0 && p < 1)) return Math.sign(edge)
  return 2 * normalCdf(edge / Math.sqrt(p * (1 - p))) - 1
}

/**
 * The lower end of Wilson's interval for a share p seen among n, for a normal quantile z:
 *
 *     (p + t/2 - sqrt(t (p (1 - p) + t/4))) / (1 + t)  =  p² / (p + t/2 + sqrt(t (p (1 - p) + t/4)))        t = z² / n
 *
 * The second form subtracts nothing, so that small shares keep all their digits.
 *
 * Unlike p minus z standard errors it stays within 0 to 1 and is not certain of a share of 1. With none seen it is 0.
 *
 * @see E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22
 */
export function wilsonLow(p: number, n: number, z: number): number {
  if (!(n > 0 && p > 0)) return 0
  const t = (z * z) / n
  return (p * p) / (p + t / 2 + Math.sqrt(t * (p * (1 - p) + t / 4)))
}
