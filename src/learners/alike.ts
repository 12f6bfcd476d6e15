import type { ADWIN } from '../drift/adwin.ts'

/** Whether a detector that was read back watches as its owner's options say, and takes no more memory than that. */
export function isAlike({ options: saved }: ADWIN, { options: wanted }: ADWIN): boolean {
  const { confidence, direction, maxBuckets } = wanted
  return saved.confidence === confidence && saved.direction === direction && saved.maxBuckets === maxBuckets
}
