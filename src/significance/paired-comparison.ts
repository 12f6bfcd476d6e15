import { oneOf } from '../core/check.ts'
import { checkSeries } from './check-series.ts'
import {
  checkDifferenceOptions,
  type DifferenceOptions,
  type DifferenceReport,
  reportDifference,
} from './difference-report.ts'
import { MeanConfidenceSequence } from './mean-confidence-sequence.ts'

/** Options of {@link pairedComparison}. */
export type PairedComparisonOptions = DifferenceOptions & {
  /** Which scores are good: `'lower'` for losses, `'higher'` for returns. @defaultValue 'lower' */
  readonly better: 'lower' | 'higher'
}

/**
 * Whether the first of two models is better than the second, judged on the same signals in order of time.
 *
 * What moves both cancels in the differences, so this sees far smaller ones than two averages side by side. The
 * difference is positive where the first is better. Valid however often one looks as data come in: see
 * {@link MeanConfidenceSequence}. Feed it losses of predictions made before the labels were known, never of rows that
 * either model was trained on.
 *
 * @throws `INVALID_INPUT` for lists of different length and the first value that is not finite
 *
 * @example
 * ```ts
 * const { verdict, text } = pairedComparison(candidateLosses, championLosses, { clusters: days })
 * verdict // 'shown' | 'not shown' | 'worse' | 'too little data'
 * ```
 */
export function pairedComparison(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  { better = 'lower', ...options }: Partial<PairedComparisonOptions> = {},
): DifferenceReport {
  const n = first.length
  checkSeries('first', first)
  checkSeries('second', second, n)
  const sign = oneOf('better', better, ['lower', 'higher']) === 'higher' ? 1 : -1
  const settings = checkDifferenceOptions(options, n)
  let units = 0
  for (let row = 0; row < n; row++) if (settings.endsAfter(row)) units++

  const { coverage, tunedAt, minSamples } = settings
  const sequence = new MeanConfidenceSequence({ coverage, tunedAt, minSamples })
  // sums over the mean size of a cluster: their mean is that of all rows
  const perUnit = n / units
  let sum = 0
  let mean = 0
  let m2 = 0
  for (let row = 0; row < n; row++) {
    sum += sign * (first[row]! - second[row]!)
    if (!settings.endsAfter(row)) continue
    const value = sum / perUnit
    sequence.update(value)
    sum = 0
    const delta = value - mean
    mean += delta / sequence.n
    m2 += delta * (value - mean)
  }
  const { low, high } = sequence.interval
  const deviation = Math.sqrt(m2 / (units - 1))
  const measured = {
    difference: sequence.value,
    low,
    high,
    p: sequence.p,
    deviation,
    have: units,
    needs: minSamples,
    units,
  }
  return reportDifference(measured, settings, WORDS)
}

const WORDS = {
  shown: 'The first is better:',
  worse: 'The second is better:',
  'not shown': 'No difference shown:',
  'too little data': 'Too little data to tell:',
} as const
