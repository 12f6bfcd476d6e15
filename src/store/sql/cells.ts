import type { JsonObject, JsonValue } from '../../contracts.ts'
import { time } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { Dialect, SqlValue } from './database.ts'

/** Characters of a text in a column; only a model's artefact may be longer. */
const LONGEST_TEXT = 10_000
/** Objects nested deeper than this are no record of ours. */
const DEEPEST = 32

/** What PostgreSQL's `text` and `jsonb` cannot hold: the character 0 and halves of surrogate pairs. */
const UNFIT = /[\0\p{Surrogate}]/gu
const storable = (text: string): string => text.replace(UNFIT, '\uFFFD')

/** A text for a column. */
export function textCell(name: string, value: string, longest: number = LONGEST_TEXT): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= longest) return storable(value)
  throw new TradeLearnError(
    'INVALID_INPUT',
    `"${name}" must be a text of 1 to ${longest} characters, got ${show(value)}.`,
  )
}

/** A text that may be left out. */
export function optionalText(name: string, value: string | undefined, longest?: number): string | null {
  return value === undefined ? null : textCell(name, value, longest)
}

/** A number; NaN and infinities, which would spoil every average, become null. */
export function numberCell(name: string, value: number | undefined): number | null {
  if (value === undefined) return null
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  throw new TradeLearnError('INVALID_INPUT', `"${name}" must be a number, got ${show(value)}.`)
}

/** A count. */
export function countCell(name: string, value: number | undefined): number | null {
  if (value === undefined) return null
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new TradeLearnError('INVALID_INPUT', `"${name}" must be a whole number of at least 0, got ${show(value)}.`)
}

/** One of some words. */
export function wordCell(name: string, value: string, words: readonly string[]): string {
  if (words.includes(value)) return value
  throw new TradeLearnError('INVALID_INPUT', `"${name}" must be one of ${words.join(', ')}, got ${show(value)}.`)
}

/** An instant in epoch milliseconds. */
export function timeCell(d: Dialect, name: string, value: number): SqlValue {
  return d.time(time(name, value, 'INVALID_INPUT'))
}

/** An object as JSON text that both databases take: numbers that JSON does not have are null. */
export function jsonCell(name: string, value: JsonObject | readonly JsonValue[] | undefined): string {
  return JSON.stringify(clean(name, value ?? {}, 0))
}

function clean(name: string, value: JsonValue, depth: number): JsonValue {
  if (depth > DEEPEST) throw new TradeLearnError('INVALID_INPUT', `"${name}" must be nested at most ${DEEPEST} deep.`)
  if (typeof value === 'string') return storable(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (value === null || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map((item) => clean(name, item, depth + 1))
  if (typeof value !== 'object') {
    throw new TradeLearnError('INVALID_INPUT', `"${name}" must hold JSON alone, got ${show(value)}.`)
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.map(([key, item]) => [storable(key), clean(name, item, depth + 1)]))
}
