/** Every way in which the library can refuse, for programs to tell apart. */
export type ErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_INPUT'
  | 'INVALID_CANDLE'
  | 'AMBIGUOUS_CANDLE'
  | 'OPEN_CANDLE'
  | 'CONFLICTING_CANDLES'
  | 'INVALID_TIME'
  | 'OUT_OF_ORDER'
  | 'DUPLICATE_CANDLE'
  | 'INVALID_SIGNAL'
  | 'UNKNOWN_SYMBOL'
  | 'UNKNOWN_DECISION'
  | 'ALREADY_LEARNED'
  | 'OUTCOME_CONFLICT'
  | 'INVALID_OUTCOME'
  | 'INVALID_ACCOUNT'
  | 'TOO_MANY_OPEN'
  | 'NOT_ENOUGH_DATA'
  | 'SCHEMA_MISMATCH'
  | 'LOOKAHEAD'
  | 'NOT_WARM'
  | 'UNKNOWN_SNAPSHOT'
  | 'UNSUPPORTED_VERSION'
  | 'CORRUPT_SNAPSHOT'
  | 'CORRUPT_MODEL'
  | 'UNKNOWN_MODEL'
  | 'MISSING_MODEL'
  | 'UNSUPPORTED_MODEL'
  | 'MISSING_PACKAGE'
  | 'DISPOSED'
  | 'WORKER_FAILED'
  | 'OUT_OF_MEMORY'
  | 'HOLDOUT_OPENED'
  | 'ABORTED'
  | 'STORE_FAILED'
  | 'NOT_OPEN'
  | 'STORE_LOCKED'
  | 'STORE_FULL'
  | 'STORE_UNSAFE'
  | 'CORRUPT_STORE'
  | 'RECORD_CONFLICT'

/**
 * The one error that the library throws: a `code` for programs and a message that says what was wanted and what came.
 *
 * Compare codes, not classes: the ESM and the CommonJS build each have their own copy of this class.
 *
 * @example
 * ```ts
 * try {
 *   learner.onCandle(candle)
 * } catch (error) {
 *   if ((error as TradeLearnError).code === 'DUPLICATE_CANDLE') return // seen before the reconnect
 *   throw error
 * }
 * ```
 */
export class TradeLearnError extends Error {
  override readonly name: string = 'TradeLearnError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string) {
    super(printable(message))
    this.code = code
  }
}

/** Longer messages are no use to anybody; names and paths in them may come from a file. */
const LONGEST_MESSAGE = 2000
/** Control characters but the end of a line, which terminals obey, and marks that turn the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be shown
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** A message that shows what is in it and does nothing, whatever file its words come from. */
function printable(message: string): string {
  return escapeControls(message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message)
}

/** Text in which no character steers a terminal; inside JSON it still stands for the same. */
export function escapeControls(text: string): string {
  return text.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** How a value looks in an error message: short, quoted where it is text, and safe for a terminal. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) {
    return Object.is(value, -0) ? '-0' : String(value)
  }
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return `an array of ${(value as { length?: number }).length}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
