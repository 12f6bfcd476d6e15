import type { CatBoostFeatures } from './catboost-features.ts'
import { columnOf, EQUALS, FLOAT32 } from './columns.ts'
import { asNumbers, listIn, mapIn, numberIn, textIn } from './fields.ts'
import { addTree, type Draft, type ForestBuilder } from './forest-builder.ts'
import type { JsonMap } from './json-text.ts'
import { corrupt, unsupported, wholeIn } from './refuse.ts'

/** CatBoost's own limit is 16. */
const DEEPEST_SYMMETRIC = 24

/** A question, as our forests ask it: "no" goes left. */
type Question = { readonly column: number; readonly threshold: number; readonly missingLeft: boolean }

/** Reads a question: is the value, as a float, above the border; or, is it this category? */
function questionOf(builder: ForestBuilder, split: JsonMap, { numeric, categorical }: CatBoostFeatures): Question {
  const type = textIn(split, 'split_type')
  if (type === 'FloatFeature') {
    const number = numberIn(split, 'float_feature_index')
    const feature = numeric.get(number) ?? corrupt('"float_feature_index"', 'of a listed feature', number)
    return {
      column: columnOf(builder.columns, feature.place, FLOAT32),
      threshold: Math.fround(numberIn(split, 'border')),
      missingLeft: !feature.missingAbove,
    }
  }
  if (type === 'OneHotFeature') {
    const number = numberIn(split, 'cat_feature_index')
    const place = categorical.get(number) ?? corrupt('"cat_feature_index"', 'of a listed feature', number)
    const value = wholeIn('"value"', numberIn(split, 'value'), -2147483648, 4294967295)
    // the column is 1 for this category, and 0 for others and none
    return { column: columnOf(builder.columns, place, EQUALS, value), threshold: 0.5, missingLeft: true }
  }
  return unsupported('CatBoost questions', '"FloatFeature" and "OneHotFeature"', type)
}

/** Fills in a draft for a question. */
function ask(draft: Draft, { column, threshold, missingLeft }: Question, left: number, right: number): void {
  draft.column = column
  draft.threshold = threshold
  draft.missingLeft = missingLeft
  draft.left = left
  draft.right = right
  draft.gain = 0
  draft.cover = 0
}

/**
 * Adds a symmetric tree, once for each output: the answer to its question j is bit j of the leaf's number.
 *
 * Here the first question is the root; the node at level l with the answers so far a is number 2^l - 1 + a.
 */
export function addObliviousTree(
  builder: ForestBuilder,
  tree: JsonMap,
  features: CatBoostFeatures,
  outputs: number,
  scale: number,
): void {
  const splits = tree.get('splits') === null ? [] : listIn(tree, 'splits')
  const depth = splits.length
  if (depth > DEEPEST_SYMMETRIC) unsupported('symmetric trees', `those up to ${DEEPEST_SYMMETRIC} deep`, depth)
  const leaves = 1 << depth
  const values = listIn(tree, 'leaf_values')
  if (values.length !== leaves * outputs) corrupt('"leaf_values"', `${leaves * outputs} numbers`, values)
  const value = asNumbers('"leaf_values"', values)
  const weights = tree.has('leaf_weights') ? asNumbers('"leaf_weights"', listIn(tree, 'leaf_weights')) : null
  if (weights !== null && weights.length !== leaves) corrupt('"leaf_weights"', `${leaves} numbers`, weights)
  const questions = splits.map((split) => questionOf(builder, asSplit(split), features))
  for (let k = 0; k < outputs; k++) {
    addTree(builder, k, 0, 2 * leaves - 1, (id, draft) => {
      const level = 31 - Math.clz32(id + 1)
      const answers = id + 1 - (1 << level)
      if (level === depth) {
        draft.value = scale * value[answers * outputs + k]!
        draft.cover = weights === null ? 1 : weights[answers]!
        draft.leaf = answers
        return
      }
      const below = (2 << level) - 1
      ask(draft, questions[level]!, below + answers, below + answers + (1 << level))
    })
  }
}

function asSplit(value: unknown): JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonMap)
    : corrupt('split', 'an object', value)
}

/** Adds a tree of nested questions, once for each output. Its leaves are numbered from left to right. */
export function addSplitTree(
  builder: ForestBuilder,
  tree: JsonMap,
  features: CatBoostFeatures,
  outputs: number,
  scale: number,
): void {
  // nodes in the order in which they are met, left ones first; the document itself is no deeper than its reader allows
  const nodes: { readonly node: JsonMap; readonly question: Question | null; left: number; right: number }[] = []
  const visit = (node: JsonMap): number => {
    const id = nodes.length
    const question = node.has('split') ? questionOf(builder, mapIn(node, 'split'), features) : null
    const entry = { node, question, left: 0, right: 0 }
    nodes.push(entry)
    if (question === null) return id
    entry.left = visit(mapIn(node, 'left'))
    entry.right = visit(mapIn(node, 'right'))
    return id
  }
  visit(tree)
  const leafValues = nodes.map(({ node, question }) => (question === null ? valuesOf(node, outputs) : []))
  for (let k = 0; k < outputs; k++) {
    let leaves = 0
    addTree(builder, k, 0, nodes.length, (id, draft) => {
      const { node, question, left, right } = nodes[id]!
      if (question !== null) return ask(draft, question, left, right)
      draft.value = scale * leafValues[id]![k]!
      draft.cover = node.has('weight') ? numberIn(node, 'weight') : 1
      draft.leaf = leaves++
    })
  }
}

/** A leaf's values: a number, or one for each output. */
function valuesOf(leaf: JsonMap, outputs: number): number[] {
  const value = leaf.get('value')
  const values = asNumbers('"value"', Array.isArray(value) ? value : [numberIn(leaf, 'value')])
  return values.length === outputs ? values : corrupt('"value"', `of ${outputs} numbers`, values)
}
