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
  const counted = checkScore(y, prediction, weight)
  if (prediction >= threshold) {
    if (y === 1) confusion.hits += counted
    else confusion.falseAlarms += counted
  } else if (y === 1) confusion.misses += counted
  else confusion.passes += counted
}

/** The share of the 1s that were called 1 (sensitivity, recall); NaN without any. */
export function hitRate({ hits, misses }: Confusion): number {
  return hits / (hits + misses)
}

/** The share of the 0s that were called 0 (specificity); NaN without any. */
export function passRate({ passes, falseAlarms }: Confusion): number {
  return passes / (passes + falseAlarms)
}
