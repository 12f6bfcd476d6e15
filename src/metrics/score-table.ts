import type { Metric } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'

/** Outcomes beside what was predicted for them. */
export type ScoredTable = {
  readonly y: ArrayLike<number>
  readonly predictions: ArrayLike<number>
  /** All 1 where left out. */
  readonly weights?: ArrayLike<number>
}

/**
 * Scores a whole table at once: every row goes through the metric, in order, so that a table and a stream cannot differ.
 *
 * AUC, average precision and calibration look at their newest `window` rows: give them one of the table's length. What the
 * metric has scored before counts too.
 *
 * @returns the metric's value
 * @throws `INVALID_INPUT` naming the first row that cannot be; the rows before it have been scored
 *
 * @example
 * ```ts
 * scoreTable(new AUC({ window: y.length }), { y, predictions })
 * ```
 */
export function scoreTable(metric: Metric, { y, predictions, weights }: ScoredTable): number {
  for (const [name, column] of Object.entries({ predictions, ...(weights && { weights }) })) {
    if (column.length === y.length) continue
    throw new TradeLearnError('INVALID_INPUT', `"${name}" must have ${y.length} values like "y", got ${column.length}.`)
  }
  for (let i = 0; i < y.length; i++) {
    try {
      metric.update(y[i]!, predictions[i]!, weights ? weights[i]! : 1)
    } catch (error) {
      if (typeof (error as { code?: unknown }).code !== 'string') throw error
      throw new TradeLearnError('INVALID_INPUT', `Row ${i}: ${(error as Error).message}`)
    }
  }
  return metric.value
}
