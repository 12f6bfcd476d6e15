import type { JsonObject, JsonValue } from '../../contracts.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { createForest, endOfTree, type Forest } from './forest.ts'
import { checkContent, type ModelContent, type ModelLink } from './model-file.ts'

/** What the document calls itself, and the newest layout that this release reads, which is the one it writes. */
const FORMAT = 'tradelearn-model'
const VERSION = 1

/**
 * Writes a model as a document for people and other programs: trees as lists of numbers, each double exact. JSON has no
 * infinities and no -0, so those are text; where there is no threshold stands `null`. `docs/model-file.md` has the layout.
 *
 * @throws `INVALID_INPUT` where the model could not be read back
 *
 * @example
 * ```ts
 * await writeFile('model.json', JSON.stringify(modelToJSON({ forest: model.forest, link: 'sigmoid' })))
 * ```
 */
export function modelToJSON(model: ModelContent): JsonObject {
  checkContent(model, 'INVALID_INPUT')
  const { forest, link, names, meta } = model
  const starts = [...new Set(forest.set.filter((start, i) => start >= 0 && forest.feature[i]! >= 0))].sort(
    (a, b) => a - b,
  )
  const places = new Map(starts.map((start, i) => [start, i]))
  return {
    format: FORMAT,
    version: VERSION,
    features: forest.features,
    link,
    ...(names === undefined ? {} : { names: [...names] }),
    ...(meta === undefined ? {} : { meta }),
    base: Array.from(forest.base, exact),
    ...(starts.length === 0 ? {} : { sets: starts.map((start) => wordsAt(forest.sets, start)) }),
    trees: Array.from(forest.roots, (root, t) => writeTree(forest, t, root, places)),
  }
}

const wordsAt = (sets: Uint32Array, start: number): number[] =>
  Array.from(sets.subarray(start + 1, start + 1 + sets[start]!))

function writeTree(forest: Forest, tree: number, root: number, places: ReadonlyMap<number, number>): JsonObject {
  const { feature, threshold, set, left, right, missingLeft, value, gain, cover } = forest
  const end = endOfTree(forest, tree)
  const nodes = Array.from({ length: end - root }, (_, i) => root + i)
  const asks = (i: number): boolean => feature[i]! >= 0
  const categorical = (i: number): boolean => asks(i) && set[i]! >= 0
  return {
    output: forest.output[tree]!,
    feature: nodes.map((i) => feature[i]!),
    threshold: nodes.map((i) => (asks(i) && !categorical(i) ? exact(threshold[i]!) : null)),
    ...(nodes.some(categorical) ? { set: nodes.map((i) => (categorical(i) ? places.get(set[i]!)! : -1)) } : {}),
    left: nodes.map((i) => (asks(i) ? left[i]! - root : 0)),
    right: nodes.map((i) => (asks(i) ? right[i]! - root : 0)),
    missingLeft: nodes.map((i) => (asks(i) ? missingLeft[i]! : 0)),
    value: nodes.map((i) => exact(value[i]!)),
    gain: nodes.map((i) => exact(gain[i]!)),
    cover: nodes.map((i) => exact(cover[i]!)),
  }
}

/** A number as JSON keeps it. */
const exact = (value: number): number | string =>
  Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value)

/**
 * Reads what {@link modelToJSON} wrote, after `JSON.parse`.
 *
 * @throws `CORRUPT_MODEL`, or `UNSUPPORTED_VERSION` for documents of newer releases
 */
export function modelFromJSON(json: JsonValue): ModelContent {
  const document = record(json, 'the document', DOCUMENT_KEYS)
  if (document['format'] !== FORMAT) corrupt('"format"', `"${FORMAT}"`, document['format'])
  const version = whole(document['version'], 'version', 1, Number.MAX_SAFE_INTEGER)
  if (version > VERSION) {
    throw new TradeLearnError(
      'UNSUPPORTED_VERSION',
      `The model has version ${version}; this release reads up to ${VERSION}. Update tradelearn.`,
    )
  }
  const { names, meta } = document
  const model = {
    forest: readForest(document),
    link: document['link'] as ModelLink,
    ...(names === undefined ? {} : { names: [...list(names, 'names')] as string[] }),
    ...(meta === undefined ? {} : { meta: meta as JsonObject }),
  }
  checkContent(model, 'CORRUPT_MODEL')
  return model
}

const DOCUMENT_KEYS = ['format', 'version', 'features', 'link', 'names', 'meta', 'base', 'sets', 'trees'] as const
const TREE_KEYS = [
  'output',
  'feature',
  'threshold',
  'set',
  'left',
  'right',
  'missingLeft',
  'value',
  'gain',
  'cover',
] as const

function readForest(document: JsonObject): Forest {
  const features = whole(document['features'], 'features', 1, 0x7fffffff)
  const base = list(document['base'], 'base').map((value) => number(value, 'base'))
  const trees = list(document['trees'], 'trees').map((tree, t) => record(tree, `trees[${t}]`, TREE_KEYS))
  let nodes = 0
  for (const [t, tree] of trees.entries()) nodes += list(tree['feature'], `trees[${t}].feature`).length
  const { sets, starts } = readSets(document['sets'])
  const forest = { ...createForest(features, base, trees.length, nodes), sets }
  let root = 0
  for (const [t, tree] of trees.entries()) {
    forest.roots[t] = root
    forest.output[t] = whole(tree['output'], `trees[${t}].output`, 0, base.length - 1)
    root += readTree(forest, root, tree, `trees[${t}]`, starts)
  }
  return forest
}

/** The sets in one array, and where each begins. */
function readSets(json: JsonValue | undefined): { sets: Uint32Array; starts: number[] } {
  const lists = json === undefined ? [] : list(json, 'sets').map((words, i) => list(words, `sets[${i}]`))
  const starts: number[] = []
  let length = 0
  for (const words of lists) {
    starts.push(length)
    length += 1 + words.length
  }
  const sets = new Uint32Array(length)
  for (const [i, words] of lists.entries()) {
    sets[starts[i]!] = words.length
    sets.set(wholes(words, `sets[${i}]`, 0, 0xffffffff), starts[i]! + 1)
  }
  return { sets, starts }
}

/** Reads one tree to where its nodes belong and returns how many it has. */
function readTree(forest: Forest, root: number, tree: JsonObject, path: string, starts: readonly number[]): number {
  const n = (tree['feature'] as readonly JsonValue[]).length
  if (n === 0) corrupt(`${path}.feature`, 'at least one node', 'none')
  const column = (key: string): readonly JsonValue[] => {
    const values = list(tree[key], `${path}.${key}`)
    return values.length === n ? values : corrupt(`${path}.${key}`, `${n} numbers`, values)
  }
  const feature = wholes(column('feature'), `${path}.feature`, -1, forest.features - 1)
  const left = wholes(column('left'), `${path}.left`, 0, n - 1)
  const right = wholes(column('right'), `${path}.right`, 0, n - 1)
  const missingLeft = wholes(column('missingLeft'), `${path}.missingLeft`, 0, 1)
  const set = tree['set'] === undefined ? undefined : wholes(column('set'), `${path}.set`, -1, starts.length - 1)
  const threshold = column('threshold')
  const thresholdPath = `${path}.threshold`
  numbersInto(forest.value, root, column('value'), `${path}.value`)
  numbersInto(forest.gain, root, column('gain'), `${path}.gain`)
  numbersInto(forest.cover, root, column('cover'), `${path}.cover`)
  for (let i = 0; i < n; i++) {
    const node = root + i
    forest.feature[node] = feature[i]!
    if (feature[i] === -1) continue
    const place = set === undefined ? -1 : set[i]!
    if (place >= 0) forest.set[node] = starts[place]!
    else forest.threshold[node] = number(threshold[i], thresholdPath)
    forest.missingLeft[node] = missingLeft[i]!
    forest.left[node] = root + left[i]!
    forest.right[node] = root + right[i]!
  }
  return n
}

function wholes(values: readonly JsonValue[], path: string, least: number, most: number): readonly number[] {
  for (let i = 0; i < values.length; i++) whole(values[i], path, least, most)
  return values as readonly number[]
}

function numbersInto(out: Float64Array, at: number, values: readonly JsonValue[], path: string): void {
  for (let i = 0; i < values.length; i++) out[at + i] = number(values[i], path)
}

function record(json: JsonValue | undefined, path: string, keys: readonly string[]): JsonObject {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return corrupt(path, 'an object', json)
  for (const key of Object.keys(json)) if (!keys.includes(key)) corrupt(`${path}.${key}`, 'absent', key)
  return json as JsonObject
}

function list(json: JsonValue | undefined, path: string): readonly JsonValue[] {
  return Array.isArray(json) ? json : corrupt(path, 'a list', json)
}

function whole(json: JsonValue | undefined, path: string, least: number, most: number): number {
  return typeof json === 'number' && Number.isInteger(json) && json >= least && json <= most
    ? json
    : corrupt(path, `whole numbers from ${least} to ${most}`, json)
}

function number(json: JsonValue | undefined, path: string): number {
  if (typeof json === 'number') return json
  if (json === 'Infinity') return Number.POSITIVE_INFINITY
  if (json === '-Infinity') return Number.NEGATIVE_INFINITY
  return json === '-0' ? -0 : corrupt(path, 'numbers, "Infinity", "-Infinity" or "-0"', json)
}

function corrupt(path: string, wanted: string, got: unknown): never {
  throw new TradeLearnError(
    'CORRUPT_MODEL',
    `In a model document, "${path.slice(0, 80)}" must be ${wanted}, got ${show(got)}.`,
  )
}
