/** How the tests of one family may depend on each other. */
export type Dependence = 'positive' | 'any'

export const DEPENDENCES: readonly Dependence[] = ['positive', 'any']

/**
 * Turns the p-values of a family of tests into the false discovery rates at which each would be reported, in place.
 *
 *     rate_(k) = least of p_(j) m c / j over j >= k        p_(1) <= p_(2) <= ... <= p_(m)
 *
 * With c = 1 (Benjamini and Hochberg) the rate holds for tests that are independent or positively dependent on each
 * other, such as features that rise and fall together; with c = 1 + 1/2 + ... + 1/m (Benjamini and Yekutieli) for any
 * dependence. NaN is a test that was not made; it stays, and does not count.
 *
 * @see Y. Benjamini, Y. Hochberg (1995), "Controlling the false discovery rate", Journal of the Royal Statistical
 *   Society B 57
 * @see Y. Benjamini, D. Yekutieli (2001), "The control of the false discovery rate in multiple testing under
 *   dependency", Annals of Statistics 29
 */
export function toFalseDiscoveryRates(p: Float64Array, dependence: Dependence): void {
  const order = Array.from(p.keys()).filter((i) => !Number.isNaN(p[i]))
  order.sort((a, b) => p[b]! - p[a]! || b - a)
  const m = order.length
  const factor = m * dependenceFactor(m, dependence)
  let least = 1
  order.forEach((i, above) => {
    least = Math.min(least, (p[i]! * factor) / (m - above))
    p[i] = least
  })
}

/**
 * The p-value of all tests together, for the question whether anything has changed at all: the least of p_(k) m / k.
 * Exact for independent tests, and at most a little too large for positively dependent ones. NaN is a test that was not
 * made; Infinity where there was none.
 *
 * @see R. J. Simes (1986), "An improved Bonferroni procedure for multiple tests of significance", Biometrika 73
 */
export function jointP(p: Float64Array): number {
  const made = p.filter((value) => !Number.isNaN(value)).sort()
  return made.reduce((least, value, k) => Math.min(least, (value * made.length) / (k + 1)), Infinity)
}

/** The c above. */
function dependenceFactor(m: number, dependence: Dependence): number {
  let sum = 1
  if (dependence === 'any') for (let k = 2; k <= m; k++) sum += 1 / k
  return sum
}
