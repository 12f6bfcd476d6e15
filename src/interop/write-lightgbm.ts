import { oneOf } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkForest, endOfTree, type Forest } from '../learners/forest/forest.ts'

const OBJECTIVES = ['binary', 'regression', 'quantile', 'huber', 'poisson', 'multiclass', 'custom'] as const

/** How a forest is written as a LightGBM text. */
export type LightGBMTextOptions = {
  /** What it was trained for, which says how LightGBM turns raw scores into predictions; "custom" leaves them as they are. */
  readonly objective: (typeof OBJECTIVES)[number]
  /** The features' names, without spaces. @defaultValue Column_0, Column_1, ... */
  readonly names?: readonly string[]
}

/**
 * Writes a forest as text that LightGBM 4 loads (`Booster(model_file=...)`), so that a model can leave.
 *
 * LightGBM's raw scores are the forest's margins to the bit: numbers are written in full, and the base goes into the
 * leaves of each output's first tree, where LightGBM keeps it. Trees are put in LightGBM's order, class by class, with
 * trees of 0 where an output has fewer than others.
 *
 * One difference remains, which LightGBM makes with every model: it reads values within 1e-35 of 0 as 0. Its counts are
 * whole, so its SHAP values are ours only where covers are counts of rows.
 *
 * @throws `UNSUPPORTED_MODEL` where missing values go left at a categorical question: in LightGBM they always go right
 *
 * @example
 * ```ts
 * const text = writeLightGBM(model.forest, { objective: 'binary', names: schema.names })
 * ```
 */
export function writeLightGBM(forest: Forest, { objective, names }: LightGBMTextOptions): string {
  const { features, base, roots, output } = forest
  checkForest(forest, features, base.length, 'INVALID_INPUT')
  const outputs = base.length
  oneOf('objective', objective, OBJECTIVES)
  if (outputs > 1 !== (objective === 'multiclass') && objective !== 'custom') {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"objective" must be "multiclass" for several outputs and only then, or "custom", got ${show(objective)} for ${outputs}.`,
    )
  }
  const columns = names ?? Array.from({ length: features }, (_, f) => `Column_${f}`)
  checkNames(columns, features)

  // class by class
  const treesOf = Array.from({ length: outputs }, (): number[] => [])
  for (let t = 0; t < roots.length; t++) treesOf[output[t]!]!.push(t)
  const iterations = Math.max(1, ...treesOf.map(({ length }) => length))
  const trees: string[] = []
  for (let i = 0; i < iterations; i++) {
    for (let k = 0; k < outputs; k++) {
      const shift = i === 0 ? base[k]! : 0
      const tree = treesOf[k]![i]
      const body = tree === undefined ? constantTree(shift) : treeText(forest, tree, shift)
      trees.push(`Tree=${trees.length}\n${body}\n\n`)
    }
  }
  return [
    'tree',
    'version=v4',
    `num_class=${outputs}`,
    `num_tree_per_iteration=${outputs}`,
    'label_index=0',
    `max_feature_idx=${features - 1}`,
    ...objectiveLine(objective, outputs),
    `feature_names=${columns.join(' ')}`,
    // ranges of the training data, which predictions do not need
    `feature_infos=${columns.map(() => 'none').join(' ')}`,
    `tree_sizes=${trees.map(({ length }) => length).join(' ')}`,
    '',
    `${trees.join('')}end of trees`,
    '',
    'parameters:',
    'end of parameters',
    '',
  ].join('\n')
}

function objectiveLine(objective: LightGBMTextOptions['objective'], outputs: number): string[] {
  if (objective === 'custom') return []
  if (objective === 'binary') return ['objective=binary sigmoid:1']
  return [objective === 'multiclass' ? `objective=multiclass num_class:${outputs}` : `objective=${objective}`]
}

/** LightGBM takes no names with spaces, or with characters that mean something in JSON. */
function checkNames(names: readonly string[], features: number): void {
  const bad = names.findIndex((name) => typeof name !== 'string' || !/^[^\s",:[\]{}=]+$/.test(name))
  if (names.length !== features || features === 0 || new Set(names).size !== names.length || bad >= 0) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"names" must be ${features} different names without spaces or any of ",:[]{}=, got ${show(bad < 0 ? names : names[bad])}.`,
    )
  }
}

/** A number as C++ reads it; the shortest decimal that is this double. */
function numeral(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf'
}

function constantTree(value: number): string {
  return [
    'num_leaves=1',
    'num_cat=0',
    ...LISTS.map((key) => `${key}=${key === 'leaf_value' ? numeral(value) : ''}`),
    ...END,
  ].join('\n')
}

const LISTS = [
  'split_feature',
  'split_gain',
  'threshold',
  'decision_type',
  'left_child',
  'right_child',
  'leaf_value',
  'leaf_weight',
  'leaf_count',
  'internal_value',
  'internal_weight',
  'internal_count',
] as const
const END = ['is_linear=0', 'shrinkage=1']

/** `decision_type` of a numeric question: NaN is missing (8), and goes left (2) or right. */
const NUMERIC = 8
const MISSING_LEFT = 2
const CATEGORICAL = 1

/** A tree without its number; `shift` is added to its leaves. */
function treeText(forest: Forest, tree: number, shift: number): string {
  const { roots, feature, threshold, set, sets, left, right, missingLeft, value, gain, cover } = forest
  const root = roots[tree]!
  const end = endOfTree(forest, tree)
  if (feature[root]! < 0) return constantTree(shift + value[root]!)

  // LightGBM numbers branches from 0 up and leaves from ~0 down; rows are whole numbers there
  const number = new Int32Array(end - root)
  const rows = new Float64Array(end - root)
  let branches = 0
  let leaves = 0
  for (let i = root; i < end; i++) number[i - root] = feature[i]! < 0 ? ~leaves++ : branches++
  // the sum of all leaves is a 32-bit number there
  const most = Math.floor(2147483647 / leaves)
  for (let i = end - 1; i >= root; i--) {
    const at = i - root
    const leaf = Math.max(1, Math.min(Math.round(cover[i]!), most))
    rows[at] = feature[i]! < 0 ? leaf : rows[left[i]! - root]! + rows[right[i]! - root]!
  }

  const lists: Record<(typeof LISTS)[number], (string | number)[]> = {
    split_feature: [],
    split_gain: [],
    threshold: [],
    decision_type: [],
    left_child: [],
    right_child: [],
    leaf_value: [],
    leaf_weight: [],
    leaf_count: [],
    internal_value: [],
    internal_weight: [],
    internal_count: [],
  }
  const bounds = [0]
  const words: number[] = []
  for (let i = root; i < end; i++) {
    if (feature[i]! < 0) {
      lists.leaf_value.push(numeral(shift + value[i]!))
      lists.leaf_weight.push(numeral(cover[i]!))
      lists.leaf_count.push(rows[i - root]!)
      continue
    }
    const start = set[i]!
    if (start >= 0) {
      if (missingLeft[i] === 1) {
        throw new TradeLearnError(
          'UNSUPPORTED_MODEL',
          `In LightGBM missing categories go right, got a question for feature ${feature[i]} where they go left.`,
        )
      }
      lists.threshold.push(bounds.length - 1)
      for (let w = 0; w < sets[start]!; w++) words.push(sets[start + 1 + w]!)
      bounds.push(words.length)
    } else lists.threshold.push(numeral(threshold[i]!))
    lists.decision_type.push(start >= 0 ? CATEGORICAL : NUMERIC + (missingLeft[i] === 1 ? MISSING_LEFT : 0))
    lists.split_feature.push(feature[i]!)
    lists.split_gain.push(numeral(gain[i]!))
    lists.left_child.push(number[left[i]! - root]!)
    lists.right_child.push(number[right[i]! - root]!)
    lists.internal_value.push(numeral(shift + value[i]!))
    lists.internal_weight.push(numeral(cover[i]!))
    lists.internal_count.push(rows[i - root]!)
  }
  return [
    `num_leaves=${leaves}`,
    `num_cat=${bounds.length - 1}`,
    ...LISTS.map((key) => `${key}=${lists[key].join(' ')}`),
    ...(bounds.length > 1 ? [`cat_boundaries=${bounds.join(' ')}`, `cat_threshold=${words.join(' ')}`] : []),
    ...END,
  ].join('\n')
}
