import { CATEGORY32, columnOf, FLOAT32 } from './columns.ts'
import { asNumbers, listIn, mapIn, numbersIn, optionalList, parseNumber, textIn } from './fields.ts'
import { addTree, type Draft, type ForestBuilder } from './forest-builder.ts'
import type { JsonMap } from './json-text.ts'
import { corrupt, unsupported, wholeIn } from './refuse.ts'

/** XGBoost takes no category from 2^24 on: a float could not hold it. */
const MOST_CATEGORY = (1 << 24) - 1

/** No category is in it, so nothing but a missing value can go left. */
const NOTHING: readonly number[] = []

/**
 * Adds one tree of an XGBoost model; its leaves count `weight` times.
 *
 * A value goes left where it is below the condition, both as floats: here, where it is at most the float before. The
 * categories of a set go right there: here the children change places.
 */
export function addXGBoostTree(builder: ForestBuilder, tree: JsonMap, output: number, weight: number): void {
  const parameters = mapIn(tree, 'tree_param')
  if (parameters.has('size_leaf_vector') && Number(textIn(parameters, 'size_leaf_vector')) > 1) {
    unsupported('XGBoost trees', 'those with one value a leaf', textIn(parameters, 'size_leaf_vector'))
  }
  const nodes = listIn(tree, 'left_children').length
  if (nodes === 0) corrupt('tree', 'of at least one node', nodes)
  const left = numbersIn(tree, 'left_children', nodes)
  const right = numbersIn(tree, 'right_children', nodes)
  const feature = numbersIn(tree, 'split_indices', nodes)
  const condition = numbersIn(tree, 'split_conditions', nodes)
  const defaultLeft = numbersIn(tree, 'default_left', nodes)
  const gain = numbersIn(tree, 'loss_changes', nodes)
  const cover = numbersIn(tree, 'sum_hessian', nodes)
  // older files have no categories
  const type = tree.has('split_type') ? numbersIn(tree, 'split_type', nodes) : null
  const setOf = readSets(tree, nodes)
  const scratch = new DataView(new ArrayBuffer(4))

  const read = (id: number, draft: Draft): void => {
    if (left[id] === -1) {
      if (right[id] !== -1) corrupt('leaf', 'without children', right[id])
      draft.value = weight === 1 ? Math.fround(condition[id]!) : Math.fround(weight * Math.fround(condition[id]!))
      draft.cover = cover[id]!
      draft.leaf = id
      return
    }
    const f = wholeIn('"split_indices"', feature[id]!, 0, builder.features - 1)
    const missingLeft = wholeIn('"default_left"', defaultLeft[id]!, 0, 1) === 1
    draft.gain = gain[id]!
    draft.cover = 0
    draft.threshold = 0
    if (type !== null && wholeIn('"split_type"', type[id]!, 0, 1) === 1) {
      draft.column = columnOf(builder.columns, f, CATEGORY32)
      draft.words = setOf(id)
      draft.left = right[id]!
      draft.right = left[id]!
      draft.missingLeft = !missingLeft
      return
    }
    const limit = floatBefore(condition[id]!, scratch)
    draft.column = columnOf(builder.columns, f, FLOAT32)
    draft.threshold = limit
    if (limit === Number.NEGATIVE_INFINITY) draft.words = NOTHING
    draft.left = left[id]!
    draft.right = right[id]!
    draft.missingLeft = missingLeft
  }
  addTree(builder, output, 0, nodes, read)
}

/** The least positive float. */
const LEAST = 1.401298464324817e-45

/**
 * The largest float below the float nearest to `value`; minus infinity where there is none, NaN stays NaN. `scratch`
 * has room for 4 bytes.
 */
export function floatBefore(value: number, scratch: DataView): number {
  const float = Math.fround(value)
  if (float === 0) return -LEAST
  if (!(float > Number.NEGATIVE_INFINITY)) return float
  // the bits of floats of one sign are in the order of their size
  scratch.setFloat32(0, float)
  scratch.setInt32(0, scratch.getInt32(0) + (float > 0 ? -1 : 1))
  return scratch.getFloat32(0)
}

/** The sets of the categorical nodes of a tree, as words of 32 categories. */
function readSets(tree: JsonMap, nodes: number): (node: number) => Uint32Array {
  const members = asNumbers('"categories"', optionalList(tree, 'categories'))
  const owners = asNumbers('"categories_nodes"', optionalList(tree, 'categories_nodes'))
  const starts = asNumbers('"categories_segments"', optionalList(tree, 'categories_segments'))
  const sizes = asNumbers('"categories_sizes"', optionalList(tree, 'categories_sizes'))
  if (starts.length !== owners.length || sizes.length !== owners.length) {
    corrupt('"categories_segments"', `${owners.length} segments and sizes`, starts.length)
  }
  const segment = new Map<number, number>()
  // segments follow on each other, so that no category is read twice
  let next = 0
  for (let i = 0; i < owners.length; i++) {
    const node = wholeIn('"categories_nodes"', owners[i]!, 0, nodes - 1)
    if (segment.has(node)) corrupt('"categories_nodes"', 'each node once', node)
    segment.set(node, i)
    wholeIn('"categories_segments"', starts[i]!, next, next)
    next += wholeIn('"categories_sizes"', sizes[i]!, 0, members.length - next)
  }
  return (node) => {
    const i = segment.get(node)
    if (i === undefined) return corrupt('categorical node', 'one with categories', node)
    let most = -1
    for (let k = starts[i]!; k < starts[i]! + sizes[i]!; k++) {
      most = Math.max(most, wholeIn('category', members[k]!, 0, MOST_CATEGORY))
    }
    const words = new Uint32Array(Math.ceil((most + 1) / 32))
    for (let k = starts[i]!; k < starts[i]! + sizes[i]!; k++) words[members[k]! >>> 5]! |= 1 << (members[k]! & 31)
    return words
  }
}

/** The numbers of "5E-1", or of "[1E-1,2E-1]". */
export function parseNumbers(what: string, text: string): number[] {
  const inner = /^\[.*\]$/s.test(text) ? text.slice(1, -1) : text
  return inner.split(',').map((word) => parseNumber(what, word.trim()))
}
