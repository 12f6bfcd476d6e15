import { show, TradeLearnError } from '../core/errors.ts'
import { checkScore } from './check-score.ts'

/** Sums of weights of the four things that can happen, as plain data. */
export type Confusion = {
  /** Called 1, was 1. */
  hits: number
  /** Called 1, was 0. */
  falseAlarms: number
  /** Called 0, was 1. */
  misses: number
  /** Called 0, was 0. */
  passes: number
}

/** Nothing counted yet. */
export function createConfusion(): Confusion {
  return { hits: 0, falseAlarms: 0, misses: 0, passes: 0 }
}

/** Checks and counts one prediction; one of at least `threshold` calls a 1. */
export function countScore(
  confusion: Confusion,
  threshold: number,
  y: number,
  prediction: number,
  weight: number,
): void {
  checkScore(y, prediction, weight)
  if (prediction >= threshold) {
    if (y === 1) confusion.hits += weight
    else confusion.falseAlarms += weight
  } else if (y === 1) confusion.misses += weight
  else confusion.passes += weight
}

/** The share of the 1s that were called 1 (sensitivity, recall); NaN without any. */
export function hitRate({ hits, misses }: Confusion): number {
  return hits / (hits + misses)
}

/** The share of the 0s that were called 0 (specificity); NaN without any. */
export function passRate({ passes, falseAlarms }: Confusion): number {
  return passes / (passes + falseAlarms)
}

/** Throws unless sums of weights that were read back are numbers of at least 0. */
export function checkSums<T extends { readonly [name: string]: number }>(sums: T): T {
  for (const [name, sum] of Object.entries(sums)) {
    if (!(sum >= 0)) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${name}" must be a sum of weights, got ${show(sum)}.`)
    }
  }
  return sums
}
