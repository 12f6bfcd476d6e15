import { parseNumber } from './fields.ts'
import { type BuiltForest, createBuilder, finishForest } from './forest-builder.ts'
import { ImportedModel } from './imported-model.ts'
import { numberUnder, type Section, sectionsOf, wordsIn } from './lightgbm-text.ts'
import { addLightGBMTree, type LineDraft } from './lightgbm-tree.ts'
import { type LinearLeaves, noLinearLeaves } from './linear-leaves.ts'
import { IDENTITY, type Link, type LinkName } from './link.ts'
import { corrupt, unsupported, wholeIn } from './refuse.ts'

/**
 * Reads a model that LightGBM saved as text (`save_model`, `model_to_string`; format v3 or v4).
 *
 * Raw scores, leaf numbers and predictions are LightGBM's, to the bit; so are missing values of all three types,
 * categories, linear trees, DART and random forests. A random forest's margin is the sum over its trees, as
 * LightGBM's raw score is; its prediction is made from their mean.
 *
 * The text may come from anyone: time and memory are bounded by its length.
 *
 * @throws `CORRUPT_MODEL` where it is damaged, `UNSUPPORTED_MODEL` where it has parts that we do not run
 *
 * @see https://lightgbm.readthedocs.io
 *
 * @example
 * ```ts
 * const model = readLightGBM(await readFile('model.txt', 'utf8'))
 * const probability = model.predict(x)
 * ```
 */
export function readLightGBM(text: string): ImportedModel {
  if (typeof text !== 'string') corrupt('content', 'text', text)
  if (!/^tree\r?\n/.test(text)) corrupt('first line', '"tree"', text.slice(0, 20))
  const { header, trees } = sectionsOf(text)
  const version = header.get('version')
  if (version !== 'v3' && version !== 'v4') unsupported('LightGBM texts', 'versions v3 and v4', version)

  // what it reads and writes
  const names = wordsIn(header, 'feature_names')
  const features = numberUnder(header, 'max_feature_idx') + 1
  if (names.length !== features || features < 1) corrupt('"feature_names"', `${features} names`, names)
  if (trees.length === 0) corrupt('text', 'of at least one tree', trees.length)
  const outputs = wholeIn('"num_tree_per_iteration"', numberUnder(header, 'num_tree_per_iteration'), 1, trees.length)
  if (trees.length % outputs !== 0) corrupt('text', `of whole iterations of ${outputs} trees`, trees.length)
  const sizes = wordsIn(header, 'tree_sizes').length
  if (sizes !== 0 && sizes !== trees.length) corrupt('text', `of ${sizes} trees`, trees.length)

  // its trees
  const builder = createBuilder(features, outputs)
  const lines: LineDraft[] = []
  trees.forEach((tree, t) => {
    addLightGBMTree(builder, tree, t % outputs, lines)
  })
  const built = finishForest(builder, new Float64Array(outputs))
  const objective = header.get('objective')?.trim() || 'custom'
  return new ImportedModel({
    ...built,
    linear: linearLeavesOf(built, lines),
    options: {
      source: 'lightgbm',
      objective,
      features,
      names,
      link: linkOf(objective, header, trees.length / outputs),
      precision: 'float64',
      stride: 1,
    },
  })
}

const LINK_OF: { readonly [objective: string]: LinkName } = {
  custom: 'identity',
  none: 'identity',
  regression: 'identity',
  regression_l2: 'identity',
  regression_l1: 'identity',
  huber: 'identity',
  fair: 'identity',
  quantile: 'identity',
  mape: 'identity',
  lambdarank: 'identity',
  rank_xendcg: 'identity',
  poisson: 'exp',
  gamma: 'exp',
  tweedie: 'exp',
  binary: 'sigmoid',
  cross_entropy: 'sigmoid',
  cross_entropy_lambda: 'softplus',
  multiclass: 'softmax',
  multiclassova: 'sigmoid',
}

/** The function from raw scores to predictions: `objective` is a name with parameters, as in "binary sigmoid:1". */
function linkOf(objective: string, header: Section, iterations: number): Link {
  const [name, ...parameters] = objective.split(/ +/)
  if (!Object.hasOwn(LINK_OF, name!)) {
    unsupported('LightGBM objectives', Object.keys(LINK_OF).join(', '), objective)
  }
  let link = LINK_OF[name!]!
  let { slope } = IDENTITY
  for (const parameter of parameters) {
    if (parameter === 'sqrt') link = 'square'
    if (parameter.startsWith('sigmoid:')) slope = parseNumber('"sigmoid"', parameter.slice(8))
  }
  return { name: link, slope, divisor: header.has('average_output') ? iterations : 1 }
}

/** The lines of linear leaves, by node. */
function linearLeavesOf({ forest }: BuiltForest, lines: readonly LineDraft[]): LinearLeaves {
  if (lines.length === 0) return noLinearLeaves()
  const nodes = forest.feature.length
  const start = new Int32Array(nodes + 1)
  // leaves of trees that are not linear are lines without terms
  const constant = forest.value.slice()
  const column: number[] = []
  const factor: number[] = []
  let next = 0
  for (let i = 0; i < nodes; i++) {
    start[i] = column.length
    if (lines[next]?.node !== i) continue
    const line = lines[next++]!
    constant[i] = line.constant
    for (const c of line.columns) column.push(c)
    for (const f of line.factors) factor.push(f)
  }
  start[nodes] = column.length
  return { start, constant, column: Int32Array.from(column), factor: Float64Array.from(factor) }
}
