import type { JsonObject, JsonValue } from '../../contracts.ts'
import { type ErrorCode, show, TradeLearnError } from '../../core/errors.ts'
import { checkForest, type Forest } from './forest.ts'

/**
 * How margins become predictions; `"softmax"` shares 1 out among the outputs, `"sorted"` puts them in ascending order, as
 * quantiles are, the others take each output by itself.
 */
export const MODEL_LINKS = ['identity', 'sigmoid', 'exp', 'softmax', 'sorted'] as const
/** The name of such a function. */
export type ModelLink = (typeof MODEL_LINKS)[number]

/** A trained model for prediction alone: what a model file holds, in either form. */
export type ModelContent = {
  readonly forest: Forest
  readonly link: ModelLink
  /** The features' names, in order. */
  readonly names?: readonly string[] | undefined
  /** Whatever you want to remember with the model: where it came from, how it scored. Plain JSON. */
  readonly meta?: JsonObject | undefined
}

/** Features beyond this are refused: whoever runs a model sets up memory for each of them, which no file should choose. */
const MOST_FEATURES = 1 << 20

/** Values nested deeper than this would overflow the stack of whoever walks them. */
const DEEPEST = 64

/** Throws `code` unless a model predicts finite numbers for every vector, and its file can be read back. */
export function checkContent({ forest, link, names, meta }: ModelContent, code: ErrorCode): void {
  const wanted = (what: string, got: unknown): never => {
    throw new TradeLearnError(code, `A model must have ${what}, got ${show(got)}.`)
  }
  const { features, base } = forest
  if (!(Number.isInteger(features) && features >= 1 && features <= MOST_FEATURES)) {
    wanted(`1 to ${MOST_FEATURES} features`, features)
  }
  if (base.length === 0) wanted('at least 1 output', 0)
  checkForest(forest, features, base.length, code)
  if (!MODEL_LINKS.includes(link)) wanted(`a link among ${MODEL_LINKS.join(', ')}`, link)
  if (link === 'softmax' && base.length < 2) wanted('at least 2 outputs for softmax', base.length)
  if (names !== undefined) {
    if (!Array.isArray(names) || names.length !== features) wanted(`${features} names of features`, names)
    for (const name of names) if (typeof name !== 'string') wanted('text as names', name)
  }
  if (meta !== undefined) {
    if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) wanted('an object as "meta"', meta)
    checkJson(meta, 'meta', code)
  }
}

/** Throws unless `value` is what JSON holds, to the bit. */
function checkJson(value: JsonValue, path: string, code: ErrorCode, depth = 0): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  const plain = typeof value === 'object' ? isPlain(value) : Number.isFinite(value) && !Object.is(value, -0)
  if (!plain || depth > DEEPEST) {
    const wanted = depth > DEEPEST ? `nested at most ${DEEPEST} deep` : 'plain JSON'
    throw new TradeLearnError(code, `"${path.slice(0, 80)}" must be ${wanted}, got ${show(value)}.`)
  }
  if (typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) checkJson(item, `${path}.${key}`, code, depth + 1)
  }
}

/** Whether an object is a list or a record, of whatever realm, and no class's. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
