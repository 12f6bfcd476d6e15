import { hypergeometricLevel, hypergeometricP } from '../core/distributions.ts'
import { SeededRng } from '../core/rng.ts'
import { type Columns, countPresent, referenceOf, sortedWindowOf } from './feature-columns.ts'
import { distanceTail, kolmogorovSmirnov } from './kolmogorov-smirnov.ts'
import { type Distance, populationStability } from './psi.ts'
import { countForOne } from './slowness.ts'
import { permutedWasserstein } from './wasserstein.ts'

/** How two samples are compared. */
export type FeatureTest = 'ks' | 'psi' | 'wasserstein'

export const TESTS: readonly FeatureTest[] = ['ks', 'psi', 'wasserstein']

/**
 * How much of what slowness adds to the variance of the share above the middle it adds to the square of a distance: KS
 * distances may be largest elsewhere, Wasserstein distances follow the mean. Measured at correlations of 0.5.
 */
const SHARE = { ks: 0.8, wasserstein: 1.25 } as const

/** Fewer numbers than these are no distribution. */
const LEAST = 10

/** What a comparison needs to know. */
export type ComparisonOptions = {
  readonly test: FeatureTest
  readonly bins: number
  readonly permutations: number
  readonly seed: string
}

export type Comparison = Distance & { readonly missingBefore: number; readonly missingNow: number }

/**
 * Holds the window of one feature against its reference; `tests` were made before, which chooses the permutations.
 *
 * Where values follow those before them with a `correlation`, chance makes distances larger, as if there were fewer of
 * them: p-values are those of distances as much smaller.
 */
export function compareFeature(
  columns: Columns,
  feature: number,
  correlation: number,
  options: ComparisonOptions,
  tests: number,
): Comparison {
  const before = referenceOf(columns, feature)
  const now = sortedWindowOf(columns, feature)
  const n = columns.present[feature]!
  const m = countPresent(now)
  const missing = before.length - n + now.length - m
  const label = `${tests}/${feature}`
  const { distance, p } =
    n < LEAST || m < LEAST ? { distance: NaN, p: NaN } : compare(before, n, now, m, correlation, options, label)
  const missingBefore = 1 - n / before.length
  const missingNow = 1 - m / now.length
  if (missing === 0) return { distance, p, missingBefore, missingNow }

  const all = before.length + now.length
  const shares = hypergeometricP(now.length - m, now.length, missing, all)
  // the smaller of two independent answers, of which shares of few values have few; one that was not given counts for nothing
  const least = Number.isNaN(p) ? shares : Math.min(p, shares)
  const level = hypergeometricLevel(least, now.length, missing, all)
  const both = Number.isNaN(p) ? level : least + level - least * level
  return { distance, p: both, missingBefore, missingNow }
}

function compare(
  before: Float64Array,
  n: number,
  now: Float64Array,
  m: number,
  correlation: number,
  { test, bins, permutations, seed }: ComparisonOptions,
  label: string,
): Distance {
  if (test === 'psi') return populationStability(before, n, now, m, bins, correlation)
  const inflation = 1 + SHARE[test] * (countForOne(correlation) - 1)
  if (test === 'wasserstein') {
    const rng = new SeededRng(seed).fork(label)
    return permutedWasserstein(before, n, now, m, { permutations, rng, inflation })
  }
  const distance = kolmogorovSmirnov(before, n, now, m)
  return { distance, p: distanceTail(distance / Math.sqrt(inflation), n, m) }
}
