import type { Learner } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'

/** Length of the vectors that a learner takes, where its options say so. */
function widthOf(learner: Learner): number | undefined {
  const { options } = learner as { readonly options?: { readonly features?: unknown } }
  return typeof options?.features === 'number' ? options.features : undefined
}

/** Throws where learners that were read back for the same vectors are known to take others. */
export function checkOneWidth(learners: readonly Learner[], owner: string): void {
  const widths = new Set(learners.map(widthOf).filter((width) => width !== undefined))
  if (widths.size <= 1) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `"${owner}" must hold learners for vectors of one length, got ${[...widths].join(' and ')}.`,
  )
}
