import { type ErrorCode, show, TradeLearnError } from './errors.ts'

/** A decimal number and nothing else: no thousands' separators, no hexadecimal, no text around it. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** What a field of a message may hold where a number is meant. */
type Numeric = { valueOf(): unknown; toString(): string }

/**
 * The number in a field: a number, a decimal string as exchanges send them, a bigint, or an object that turns into one
 * of these, such as those of big.js. `undefined` where there is none: missing, `null`, `NaN`, empty text.
 *
 * @throws the given code for anything else
 */
export function readNumber(name: string, value: unknown, code: ErrorCode = 'INVALID_CANDLE'): number | undefined {
  if (typeof value === 'number') return Number.isNaN(value) ? undefined : value
  if (value === undefined || value === null) return undefined
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string') {
    const text = value.trim()
    if (text === '') return undefined
    if (DECIMAL.test(text)) return Number(text)
  } else if (typeof value === 'object' && !Array.isArray(value)) {
    const plain = plainOf(value as Numeric)
    if (plain !== undefined) return readNumber(name, plain, code)
  }
  throw new TradeLearnError(code, `"${name}" must be a number or a decimal string, got ${show(value)}.`)
}

/** What an object of a number library stands for, if it says so. */
function plainOf(value: Numeric): unknown {
  try {
    const plain = value.valueOf()
    if (typeof plain === 'number' || typeof plain === 'string' || typeof plain === 'bigint') return plain
    const text = String(value.toString())
    return DECIMAL.test(text.trim()) ? text : undefined
  } catch {
    return undefined
  }
}
