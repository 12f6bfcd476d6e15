import { show, TradeLearnError } from '../core/errors.ts'
import type { Evaluation } from './evaluate.ts'

/** How JSON is told of what it has no number for. */
const ENDLESS = { Infinity, '-Infinity': -Infinity } as const

/**
 * An evaluation as JSON text: what is not a number is `null`, what has no end is `"Infinity"`.
 *
 * @example
 * ```ts
 * await writeFile('evaluation.json', writeEvaluation(evaluation))
 * ```
 */
export function writeEvaluation(evaluation: Evaluation): string {
  return JSON.stringify(evaluation, (_, value: unknown) =>
    value === Infinity || value === -Infinity ? String(value) : value,
  )
}

/**
 * Reads what {@link writeEvaluation} wrote, to the bit. It is meant for one's own files: what it says is not checked.
 *
 * @throws `CORRUPT_SNAPSHOT` for text that is not JSON, no evaluation, or one of another version
 */
export function readEvaluation(text: string): Evaluation {
  let value: Partial<Evaluation> | null
  try {
    value = JSON.parse(text, (key, of: unknown) =>
      of === null
        ? NaN
        : typeof of === 'string' && Object.hasOwn(ENDLESS, of) && key !== 'text'
          ? ENDLESS[of as 'Infinity']
          : of,
    )
  } catch {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `An evaluation must be JSON, got ${show(text.slice(0, 40))}.`)
  }
  if (typeof value !== 'object' || value === null || !('validation' in value) || !('version' in value)) {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `An evaluation must have a "version" and a "validation", got ${show(value)}.`,
    )
  }
  if (value.version !== 1) {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `An evaluation must be of version 1, got ${show(value.version)}.`)
  }
  return value as Evaluation
}
