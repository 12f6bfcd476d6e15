import type { JsonObject, JsonValue } from '../../contracts.ts'
import { finite, integer, time } from '../../core/check.ts'
import { type ErrorCode, show, TradeLearnError } from '../../core/errors.ts'
import { isContentHash, type ModelBody } from './content-hash.ts'

/** How many trades of each kind. */
export type Counts = { readonly [name: string]: number }

/** Why a model was not taken. */
export type Rejection = { readonly code: string; readonly text: string }

/** What is told of a model when it is registered. */
export type ModelDraft = {
  /** Its content; `null` where none is kept, as of one that was rejected. */
  readonly model: ModelBody | null
  /** What it is called: a to z, digits, dots, dashes and underscores. With its number it makes the version's id. */
  readonly name: string
  /** Fingerprint of the features that it takes. */
  readonly schema: string
  /** Times of the first and the last trade that it learned from; `null` where it learned from none. */
  readonly dataRange: { readonly from: number; readonly to: number } | null
  /** Trades that it learned from. */
  readonly trades: number
  /** The same by regime and by symbol, where somebody counted. @defaultValue null */
  readonly tradesByRegime?: Counts | null
  readonly tradesBySymbol?: Counts | null
  /** @defaultValue none */
  readonly hyperParameters?: JsonObject
  /** How it did where it was judged; NaN for what is not known, and infinities too. @defaultValue none */
  readonly metrics?: { readonly [name: string]: number }
  /** The version that it was to replace, or was made from. @defaultValue null */
  readonly parent?: number | null
  /** What made it: a recipe's name. @defaultValue 'unknown' */
  readonly trainer?: string
  /** @defaultValue none */
  readonly tags?: { readonly [name: string]: string }
  /** @defaultValue null */
  readonly rejected?: Rejection | null
}

/** A draft with nothing left out. */
export type CardContent = Required<ModelDraft>

/** A version of a model: what it is, which never changes. */
export type ModelCard = Omit<CardContent, 'tags'> & {
  readonly version: number
  /** `<name>-<version>`. */
  readonly id: string
  readonly createdAt: number
  readonly by: string
}

/** Characters of a name, of a text and of a reason; entries of a map; characters of the hyper-parameters as JSON. */
const SHORT = 100
const LONG = 500
const ENTRIES = 1000
const TAGS = 50
const JSON_LENGTH = 16_384
/** Levels of the hyper-parameters. */
const DEEPEST = 16

/** A checked, frozen copy of a draft. Its parts are read one by one, as it may come from a file. */
export function checkDraft(draft: ModelDraft, code: ErrorCode = 'INVALID_INPUT'): CardContent {
  if (typeof draft !== 'object' || draft === null) refuse('draft', 'an object', draft, code)
  const { model, name, dataRange, parent = null, rejected = null } = draft
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9._-]{0,39}$/.test(name)) {
    refuse('name', '1 to 40 characters of a-z, 0-9, ".", "_" and "-", the first of them a letter or digit', name, code)
  }
  return Object.freeze({
    model: model === null ? null : checkBody(model, code),
    name,
    schema: words('schema', draft.schema, SHORT, code),
    dataRange: dataRange === null ? null : checkRange(dataRange, code),
    trades: integer('trades', draft.trades, 0, code),
    tradesByRegime: counts('tradesByRegime', draft.tradesByRegime, code),
    tradesBySymbol: counts('tradesBySymbol', draft.tradesBySymbol, code),
    hyperParameters: plain('hyperParameters', draft.hyperParameters ?? {}, code),
    metrics: map('metrics', draft.metrics ?? {}, ENTRIES, code, (path, value) =>
      typeof value === 'number' ? value : refuse(path, 'a number', value, code),
    ),
    parent: parent === null ? null : integer('parent', parent, 1, code),
    trainer: words('trainer', draft.trainer ?? 'unknown', SHORT, code),
    tags: map('tags', draft.tags ?? {}, TAGS, code, (path, value) => words(path, value, LONG, code)),
    rejected: rejected === null ? null : checkRejection(rejected, code),
  })
}

/** A text of 1 to so many characters. */
export function words(name: string, value: string, longest: number, code: ErrorCode): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= longest) return value
  refuse(name, `a text of 1 to ${longest} characters`, value, code)
}

/** Who did something, and why. Reasons that go on and on are cut: they come from messages. */
export const checkBy = (by: string, code: ErrorCode): string => words('by', by, SHORT, code)
export const checkReason = (reason: string, code: ErrorCode): string =>
  words('reason', typeof reason === 'string' ? reason.slice(0, LONG) : reason, LONG, code)

/** The name of a tag, and its text; `null` takes it away. */
export function checkTag(tag: string, value: string | null, code: ErrorCode): void {
  checkKey('tag', tag, code)
  if (value !== null) words('value', value, LONG, code)
}

/** How many tags a version may have. */
export const MAX_TAGS: number = TAGS

function checkBody(body: ModelBody, code: ErrorCode): ModelBody {
  if (typeof body !== 'object') refuse('model', 'an object, or null', body, code)
  const { hash, bytes } = body
  if (!isContentHash(hash)) refuse('model.hash', '64 hexadecimal digits', hash, code)
  return Object.freeze({ hash, bytes: integer('model.bytes', bytes, 1, code) })
}

function checkRange(range: { readonly from: number; readonly to: number }, code: ErrorCode): CardContent['dataRange'] {
  const from = time('dataRange.from', range?.from, code)
  const to = time('dataRange.to', range?.to, code)
  if (to < from) refuse('dataRange.to', `at least "dataRange.from", ${from}`, to, code)
  return Object.freeze({ from, to })
}

function checkRejection(rejected: Rejection, code: ErrorCode): Rejection {
  return Object.freeze({
    code: words('rejected.code', rejected?.code, SHORT, code),
    text: words(
      'rejected.text',
      typeof rejected.text === 'string' ? rejected.text.slice(0, LONG) : rejected.text,
      LONG,
      code,
    ),
  })
}

function counts(name: string, value: Counts | null | undefined, code: ErrorCode): Counts | null {
  if (value === null || value === undefined) return null
  return map(name, value, ENTRIES, code, (path, count) => integer(path, count, 0, code))
}

/** A copy of a map with its entries checked. `fromEntries` gives own properties alone, whatever they are called. */
function map<T>(
  name: string,
  value: { readonly [key: string]: T },
  most: number,
  code: ErrorCode,
  check: (path: string, value: T) => T,
): { readonly [key: string]: T } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(name, 'an object', value, code)
  const entries = Object.entries(value)
  if (entries.length > most) refuse(name, `one of at most ${most} entries`, entries.length, code)
  return Object.freeze(
    Object.fromEntries(entries.map(([key, item]) => [checkKey(name, key, code), check(`${name}.${key}`, item)])),
  )
}

/** A snapshot gives "$" a meaning of its own. */
function checkKey(name: string, key: string, code: ErrorCode): string {
  if (typeof key === 'string' && key.length > 0 && key.length <= SHORT && key !== '$') return key
  refuse(name, `named by 1 to ${SHORT} characters, and not "$"`, key, code)
}

function plain(name: string, value: JsonObject, code: ErrorCode): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(name, 'an object', value, code)
  const copy = copyPlain(name, value, 0, code) as JsonObject
  const { length } = JSON.stringify(copy)
  if (length > JSON_LENGTH) refuse(name, `at most ${JSON_LENGTH} characters of JSON`, length, code)
  return copy
}

function copyPlain(name: string, value: JsonValue, depth: number, code: ErrorCode): JsonValue {
  if (depth > DEEPEST) refuse(name, `nested at most ${DEEPEST} deep`, value, code)
  if (typeof value === 'number') return finite(name, value, code)
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value !== 'object') refuse(name, 'plain JSON', value, code)
  if (Array.isArray(value)) return Object.freeze(value.map((item) => copyPlain(name, item, depth + 1, code)))
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.freeze(
    Object.fromEntries(
      entries.map(([key, item]) => [checkKey(name, key, code), copyPlain(name, item, depth + 1, code)]),
    ),
  )
}

function refuse(name: string, wanted: string, got: unknown, code: ErrorCode): never {
  throw new TradeLearnError(code, `"${name}" must be ${wanted}, got ${show(got)}.`)
}
