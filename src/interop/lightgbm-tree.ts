import { columnOf, TINY_IS_ZERO, ZERO_IS_MISSING } from './columns.ts'
import { addTree, type Draft, type ForestBuilder } from './forest-builder.ts'
import { numberListIn, numberUnder, type Section, wordsIn } from './lightgbm-text.ts'
import { corrupt, wholeIn } from './refuse.ts'

/** A linear leaf: its node, and its line. */
export type LineDraft = {
  readonly node: number
  readonly constant: number
  readonly columns: readonly number[]
  readonly factors: readonly number[]
}

/** The bits of `decision_type`. */
const CATEGORICAL = 1
const DEFAULT_LEFT = 2
/** The next two: 0 means that a missing value is 0, 1 that 0 is a missing value, 2 that NaN is. */
const MISSING_ZERO = 1
const MISSING_NAN = 2

/**
 * Adds the tree of one section of a LightGBM text.
 *
 * Its nodes are numbered from 0 and its leaves from ~0 down. A value goes left where it is at most the threshold;
 * where missing values are zeros, a missing one goes where 0 would. Categories in the set go left, missing ones right.
 */
export function addLightGBMTree(builder: ForestBuilder, tree: Section, output: number, lines: LineDraft[]): void {
  const values = wordsIn(tree, 'leaf_value').length
  const leaves = wholeIn('"num_leaves"', numberUnder(tree, 'num_leaves'), 1, Math.max(1, values))
  const splits = leaves - 1
  const value = numberListIn(tree, 'leaf_value', leaves)
  // one leaf may come without its count
  const counted = splits > 0 || wordsIn(tree, 'leaf_count').length > 0
  const count = counted ? numberListIn(tree, 'leaf_count', leaves) : [0]
  const feature = numberListIn(tree, 'split_feature', splits)
  const threshold = numberListIn(tree, 'threshold', splits)
  const type = numberListIn(tree, 'decision_type', splits)
  const left = numberListIn(tree, 'left_child', splits)
  const right = numberListIn(tree, 'right_child', splits)
  const gain = wordsIn(tree, 'split_gain').length === 0 ? [] : numberListIn(tree, 'split_gain', splits)
  const setOf = readSets(tree)
  const lineOf = readLines(builder, tree, leaves)
  const node = (child: number): number => (child < 0 ? splits + ~child : child)

  const read = (id: number, draft: Draft): void => {
    if (id >= splits) {
      const leaf = id - splits
      draft.value = value[leaf]!
      draft.cover = count[leaf]!
      draft.leaf = leaf
      const line = lineOf?.(leaf)
      if (line) lines.push({ node: builder.column.length, ...line })
      return
    }
    const f = wholeIn('"split_feature"', feature[id]!, 0, builder.features - 1)
    const bits = wholeIn('"decision_type"', type[id]!, 0, 15)
    const missing = bits >> 2
    if (missing > MISSING_NAN) corrupt('"decision_type"', 'of missing type 0, 1 or 2', bits)
    draft.left = node(left[id]!)
    draft.right = node(right[id]!)
    draft.gain = gain[id] ?? 0
    draft.cover = 0
    draft.threshold = threshold[id]!
    if ((bits & CATEGORICAL) !== 0) {
      draft.column = columnOf(builder.columns, f, TINY_IS_ZERO)
      draft.words = setOf(threshold[id]!)
      draft.missingLeft = false
      return
    }
    draft.column = columnOf(builder.columns, f, missing === MISSING_ZERO ? ZERO_IS_MISSING : TINY_IS_ZERO)
    draft.missingLeft = missing === 0 ? 0 <= draft.threshold : (bits & DEFAULT_LEFT) !== 0
  }

  const met = addTree(builder, output, 0, splits + leaves, read)
  if (met !== splits + leaves) corrupt('tree', `of ${splits + leaves} nodes that its root leads to`, met)
}

/** The sets of categories of a tree, by number. */
function readSets(tree: Section): (number: number) => number[] {
  const sets = tree.has('num_cat') ? wholeIn('"num_cat"', numberUnder(tree, 'num_cat'), 0, 1 << 30) : 0
  if (sets === 0) return (number) => corrupt('categorical "threshold"', 'of a tree with sets', number)
  const bounds = wordsIn(tree, 'cat_boundaries').length
  if (bounds !== sets + 1) corrupt('"cat_boundaries"', `${sets + 1} numbers`, bounds)
  const bound = numberListIn(tree, 'cat_boundaries', bounds)
  const words = numberListIn(tree, 'cat_threshold', wordsIn(tree, 'cat_threshold').length)
  for (const word of words) wholeIn('"cat_threshold"', word, 0, 0xffffffff)
  for (let i = 0; i <= sets; i++) wholeIn('"cat_boundaries"', bound[i]!, i === 0 ? 0 : bound[i - 1]!, words.length)
  return (number) => {
    const i = wholeIn('categorical "threshold"', number, 0, sets - 1)
    return words.slice(bound[i]!, bound[i + 1]!)
  }
}

/** The lines of a linear tree's leaves, by leaf. */
function readLines(
  builder: ForestBuilder,
  tree: Section,
  leaves: number,
): ((leaf: number) => Omit<LineDraft, 'node'>) | null {
  if (!tree.has('is_linear') || numberUnder(tree, 'is_linear') === 0) return null
  const constant = numberListIn(tree, 'leaf_const', leaves)
  const count = numberListIn(tree, 'num_features', leaves)
  const all = wordsIn(tree, 'leaf_features').length
  const start = [0]
  for (const n of count) start.push(start.at(-1)! + wholeIn('"num_features"', n, 0, all))
  if (start.at(-1) !== all) corrupt('"num_features"', `${all} in all`, start.at(-1))
  const feature = numberListIn(tree, 'leaf_features', all)
  const factors = numberListIn(tree, 'leaf_coeff', all)
  for (const f of feature) wholeIn('"leaf_features"', f, 0, builder.features - 1)
  return (leaf) => ({
    constant: constant[leaf]!,
    columns: feature.slice(start[leaf], start[leaf + 1]).map((f) => columnOf(builder.columns, f, TINY_IS_ZERO)),
    factors: factors.slice(start[leaf], start[leaf + 1]),
  })
}
