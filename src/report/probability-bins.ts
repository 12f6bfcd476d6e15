import { CalibrationError } from '../metrics/index.ts'
import type { CalibrationBin, ConfidenceBin } from './report-data.ts'

/** One signal as both kinds of bins see it. */
export type BinnedSignal = {
  readonly probability: number
  readonly y: 0 | 1
  readonly action: 'take' | 'reduce' | 'skip'
}

/** Up to ten groups of equal size by predicted probability, with what happened in each. */
export function reliability(signals: readonly BinnedSignal[]): CalibrationBin[] {
  const calibration = new CalibrationError({ window: Math.max(1, signals.length) })
  for (const { y, probability } of signals) calibration.update(y, probability)
  return [...calibration.bins]
}

/** Ten equal ranges of probability, and what was done in each. */
export function confidenceBins(signals: readonly BinnedSignal[]): ConfidenceBin[] {
  return Array.from({ length: 10 }, (_, i) => {
    const inside = signals.filter(({ probability }) => Math.min(9, Math.floor(probability * 10)) === i)
    const count = (wanted: BinnedSignal['action']): number => inside.filter(({ action }) => action === wanted).length
    const wins = inside.reduce((sum, { y }) => sum + y, 0)
    return {
      low: i / 10,
      high: (i + 1) / 10,
      take: count('take'),
      reduce: count('reduce'),
      skip: count('skip'),
      winRate: inside.length > 0 ? wins / inside.length : null,
    }
  })
}
