import { quantileSorted } from 'simple-statistics'
import { clamp, normalCdf, normalQuantile } from '../core/math.ts'
import { studentQuantile } from '../core/quantiles.ts'
import type { Interval } from '../market.ts'

/** How an interval is made of resampled values: see {@link stationaryBootstrap}. */
export type BootstrapKind = 'percentile' | 'bca' | 'basic'

export const BOOTSTRAP_KINDS: readonly BootstrapKind[] = ['percentile', 'bca', 'basic']

/** What an interval is made from. */
export type Resampled = {
  /** The statistic of the sample itself. */
  readonly value: number
  /** The statistic of each resample. */
  readonly draws: Float64Array
  /** Blocks that a sample holds, above 1. */
  readonly blocks: number
  /** Acceleration: a sixth of the skewness of what single blocks contribute; 0 where it is not asked for. */
  readonly acceleration: number
}

/**
 * The interval of resampled values; NaN where more than a tenth of them are.
 *
 * Resampling k blocks understates the spread as a normal interval with an estimated deviation does, so all kinds go
 * further out, to the normal probability of sqrt(k / (k - 1)) times Student's t with k - 1 degrees of freedom.
 *
 * @see T. C. Hesterberg (2015), "What teachers should know about the bootstrap", The American Statistician 69
 */
export function bootstrapInterval(kind: BootstrapKind, coverage: number, resampled: Resampled): Interval {
  const { value, draws, blocks } = resampled
  const sorted = draws.filter((draw) => !Number.isNaN(draw)).sort()
  if (Number.isNaN(value) || sorted.length === 0 || sorted.length < 0.9 * draws.length) {
    return { low: NaN, high: NaN, coverage }
  }
  const z = Math.sqrt(blocks / (blocks - 1)) * studentQuantile((1 - coverage) / 2, blocks - 1)
  // the library reads any array-like, its types ask for an array
  const at = (p: number): number => quantileSorted(sorted as unknown as number[], p)
  if (kind === 'percentile') return { low: at(normalCdf(-z)), high: at(normalCdf(z)), coverage }
  if (kind === 'basic') return { low: 2 * value - at(normalCdf(z)), high: 2 * value - at(normalCdf(-z)), coverage }
  const share = corrected(sorted, resampled)
  return { low: at(share(-z)), high: at(share(z)), coverage }
}

/** The share of draws below the end of an interval at `z`, corrected for bias and acceleration. */
function corrected(sorted: Float64Array, { value, acceleration }: Resampled): (z: number) => number {
  let below = 0
  for (const draw of sorted) below += draw < value ? 1 : draw === value ? 0.5 : 0
  const most = sorted.length / (sorted.length + 1)
  const bias = normalQuantile(clamp(below / sorted.length, 1 - most, most))
  return (z) => {
    const shifted = bias + z
    const stretch = 1 - acceleration * shifted
    // an acceleration that turns the scale over says that there are too few blocks to use it
    return normalCdf(bias + shifted / (stretch > 0.1 ? stretch : 1))
  }
}
