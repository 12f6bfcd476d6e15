import { createForest, type Forest, MOST_SET_WORDS } from '../learners/forest/forest.ts'
import { type ColumnList, type Columns, createColumnList, finishColumns } from './columns.ts'
import { corrupt, unsupported } from './refuse.ts'

/** Vectors that are longer, and files with more outputs, are not for a bot; both cost memory that a file can claim cheaply. */
const MOST_FEATURES = 1 << 18
const MOST_OUTPUTS = 4096
const MOST_CONTRIBUTIONS = 1 << 22
/** Far beyond what is ever trained; explanations need memory for every feature on the way down. */
const DEEPEST_TREE = 500

/** One node of a file. */
export type Draft = {
  /** -1 in a leaf. */
  column: number
  /** The largest value that goes left. */
  threshold: number
  /** The set that goes left, 32 categories a word, or null at a numeric question. */
  words: ArrayLike<number> | null
  /** Children, as the file numbers its nodes. */
  left: number
  right: number
  missingLeft: boolean
  /** What a leaf adds. */
  value: number
  gain: number
  /** Training rows or their weight; of leaves only, branches get the sum. */
  cover: number
  /** What the origin calls the leaf. */
  leaf: number
}

/** A forest that grows while its file is read. */
export type ForestBuilder = {
  readonly features: number
  readonly columns: ColumnList
  readonly draft: Draft
  readonly roots: number[]
  readonly output: number[]
  readonly column: number[]
  readonly threshold: number[]
  readonly set: number[]
  readonly sets: number[]
  readonly left: number[]
  readonly right: number[]
  readonly missingLeft: number[]
  readonly value: number[]
  readonly gain: number[]
  readonly cover: number[]
  readonly leaf: number[]
}

/** A builder for vectors of `features` numbers and so many outputs. */
export function createBuilder(features: number, outputs: number): ForestBuilder {
  if (!(features <= MOST_FEATURES)) unsupported('models', `up to ${MOST_FEATURES} features`, features)
  if (!(outputs <= MOST_OUTPUTS)) unsupported('models', `up to ${MOST_OUTPUTS} outputs`, outputs)
  if (features * outputs > MOST_CONTRIBUTIONS) {
    unsupported('models', `up to ${MOST_CONTRIBUTIONS} features times outputs`, features * outputs)
  }
  return {
    features,
    columns: createColumnList(features),
    draft: {
      column: -1,
      threshold: 0,
      words: null,
      left: 0,
      right: 0,
      missingLeft: false,
      value: 0,
      gain: 0,
      cover: 0,
      leaf: 0,
    },
    roots: [],
    output: [],
    column: [],
    threshold: [],
    set: [],
    sets: [],
    left: [],
    right: [],
    missingLeft: [],
    value: [],
    gain: [],
    cover: [],
    leaf: [],
  }
}

/**
 * Adds the tree below `root` of a file whose nodes are numbered below `ids`, and returns how many of those are in it.
 *
 * `read` fills in the draft for a node. The walk has its own stack and comes to each number once at most, so it ends
 * whatever the file says; nodes are renumbered so that children come after their parents, left ones first.
 */
export function addTree(
  builder: ForestBuilder,
  output: number,
  root: number,
  ids: number,
  read: (id: number, draft: Draft) => void,
): number {
  const { draft, left, right } = builder
  const first = builder.column.length
  builder.roots.push(first)
  builder.output.push(output)
  const met = new Uint8Array(ids)
  // three numbers a node to come: its id, its parent here (right children as ~parent), its depth
  const stack = [root, Number.NaN, 0]
  while (stack.length > 0) {
    const depth = stack.pop()!
    const parent = stack.pop()!
    const id = stack.pop()!
    if (!(Number.isInteger(id) && id >= 0 && id < ids)) corrupt('child', `one of ${ids} nodes`, id)
    if (met[id] === 1) corrupt('tree', 'one where each node has one parent', `a second one of node ${id}`)
    if (depth > DEEPEST_TREE) unsupported('trees', `those up to ${DEEPEST_TREE} deep`, depth)
    met[id] = 1
    draft.column = -1
    draft.words = null
    read(id, draft)
    const node = pushNode(builder)
    if (parent >= 0) left[parent] = node
    else if (parent < 0) right[~parent] = node
    if (draft.column >= 0) stack.push(draft.right, ~node, depth + 1, draft.left, node, depth + 1)
  }
  return builder.column.length - first
}

function pushNode(builder: ForestBuilder): number {
  const { draft, sets } = builder
  const branch = draft.column >= 0
  if (!branch && !Number.isFinite(draft.value)) corrupt('leaf value', 'a finite number', draft.value)
  if (branch && draft.threshold !== draft.threshold) corrupt('threshold', 'a number', draft.threshold)
  if (!(draft.cover >= 0 && draft.cover < Infinity)) corrupt('cover or count', 'at least 0', draft.cover)
  builder.column.push(branch ? draft.column : -1)
  builder.threshold.push(branch && draft.words === null ? draft.threshold : 0)
  builder.set.push(branch && draft.words !== null ? sets.length : -1)
  if (branch && draft.words !== null) pushSet(sets, draft.words)
  builder.left.push(0)
  builder.right.push(0)
  builder.missingLeft.push(branch && draft.missingLeft ? 1 : 0)
  builder.value.push(branch ? 0 : draft.value)
  // forced splits may have lost; gains are for show
  builder.gain.push(branch && draft.gain > 0 && draft.gain < Infinity ? draft.gain : 0)
  builder.cover.push(draft.cover)
  builder.leaf.push(branch ? 0 : draft.leaf)
  return builder.column.length - 1
}

function pushSet(sets: number[], words: ArrayLike<number>): void {
  if (sets.length + words.length >= MOST_SET_WORDS) {
    unsupported('categorical questions', `${MOST_SET_WORDS} words of sets`, sets.length + words.length)
  }
  sets.push(words.length)
  for (let i = 0; i < words.length; i++) sets.push(words[i]!)
}

/** What a file became. */
export type BuiltForest = { readonly forest: Forest; readonly columns: Columns; readonly leaf: Int32Array }

/** The finished forest. Branches get the cover of their leaves and the mean over them. */
export function finishForest(builder: ForestBuilder, base: ArrayLike<number>): BuiltForest {
  const { roots, column } = builder
  const columns = finishColumns(builder.columns)
  const forest: Forest = {
    ...createForest(columns.feature.length, base, 0, 0),
    roots: Int32Array.from(roots),
    output: Int32Array.from(builder.output),
    feature: Int32Array.from(column),
    threshold: Float64Array.from(builder.threshold),
    set: Int32Array.from(builder.set),
    sets: Uint32Array.from(builder.sets),
    left: Int32Array.from(builder.left),
    right: Int32Array.from(builder.right),
    missingLeft: Uint8Array.from(builder.missingLeft),
    value: Float64Array.from(builder.value),
    gain: Float64Array.from(builder.gain),
    cover: Float64Array.from(builder.cover),
  }
  const { feature, left, right, value, cover } = forest
  for (let i = feature.length - 1; i >= 0; i--) {
    if (feature[i]! < 0) continue
    const [l, r] = [left[i]!, right[i]!]
    cover[i] = cover[l]! + cover[r]!
    const share = cover[i]! > 0 ? cover[l]! / cover[i]! : 0.5
    value[i] = share * value[l]! + (1 - share) * value[r]!
  }
  return { forest, columns, leaf: Int32Array.from(builder.leaf) }
}
