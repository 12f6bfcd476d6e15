import type { ErrorCode, TradeLearnError } from '../../core/errors.ts'

/** Refusals after which a learner is as it was, so that there is nothing to store. */
const UNCHANGED: readonly ErrorCode[] = [
  'INVALID_CANDLE',
  'INVALID_TIME',
  'OUT_OF_ORDER',
  'DUPLICATE_CANDLE',
  'UNKNOWN_SYMBOL',
  'INVALID_SIGNAL',
  'INVALID_ACCOUNT',
  'TOO_MANY_OPEN',
  'UNKNOWN_DECISION',
  'INVALID_OUTCOME',
  'OUTCOME_CONFLICT',
  'ALREADY_LEARNED',
  'INVALID_INPUT',
  'INVALID_OPTION',
]

/** Whether a learner that threw this is as it was before. */
export function isUnchanged(error: unknown): boolean {
  return UNCHANGED.includes((error as TradeLearnError | null)?.code as ErrorCode)
}
