import { type CatBoostFeatures, catboostFeatures } from './catboost-features.ts'
import { addObliviousTree, addSplitTree } from './catboost-tree.ts'
import { asMap, asNumbers, isMap, listIn, mapIn } from './fields.ts'
import { createBuilder, finishForest } from './forest-builder.ts'
import { ImportedModel } from './imported-model.ts'
import { type JsonMap, parseJson } from './json-text.ts'
import { noLinearLeaves } from './linear-leaves.ts'
import { IDENTITY, type LinkName } from './link.ts'
import { corrupt, unsupported } from './refuse.ts'

/**
 * Reads a model that CatBoost exported as JSON (`save_model('model.json', format='json')`), with symmetric trees or
 * others, several outputs, numeric features and one-hot categories.
 *
 * A vector has CatBoost's features in their order. A one-hot category is the hash that the file lists under `values`.
 * Models that need statistics of categories ("ctr") are refused: train with `one_hot_max_size` above the number of
 * categories. Where `scale_and_bias` has a scale other than 1, sums may differ from CatBoost's in their last bit.
 *
 * The text may come from anyone: time and memory are bounded by its length.
 *
 * @throws `CORRUPT_MODEL` where it is damaged, `UNSUPPORTED_MODEL` where it has parts that we do not run
 *
 * @see https://catboost.ai/docs/en/concepts/python-reference_catboost_save_model
 *
 * @example
 * ```ts
 * const model = readCatBoost(await readFile('model.json', 'utf8'))
 * const probability = model.predict(x)
 * ```
 */
export function readCatBoost(text: string): ImportedModel {
  if (typeof text !== 'string') corrupt('content', 'text', text)
  const file = asMap('content', parseJson(text))
  const read = catboostFeatures(mapIn(file, 'features_info'))
  const symmetric = file.has('oblivious_trees')
  const trees = listIn(file, symmetric ? 'oblivious_trees' : 'trees').map((tree) => asMap('tree', tree))
  const { scale, bias } = scaleAndBiasOf(file)
  const outputs = outputsOf(trees, bias.length, symmetric)
  const builder = createBuilder(read.names.length, outputs)
  const add = symmetric ? addObliviousTree : addSplitTree
  for (const tree of trees) add(builder, tree, read, outputs, scale)
  const objective = objectiveOf(file)
  return new ImportedModel({
    ...finishForest(
      builder,
      Float64Array.from({ length: outputs }, (_, k) => bias[k] ?? 0),
    ),
    linear: noLinearLeaves(),
    options: {
      source: 'catboost',
      objective,
      features: read.names.length,
      names: namesOf(read),
      link: { ...IDENTITY, name: linkOf(objective, outputs) },
      precision: 'float64',
      stride: outputs,
    },
  })
}

/** The features' names, or none where one has none. */
function namesOf({ names }: CatBoostFeatures): readonly string[] {
  return names.every((name) => name !== '') ? names : []
}

/** [scale, [bias of each output]], or a single bias as in older files. */
function scaleAndBiasOf(file: JsonMap): { readonly scale: number; readonly bias: readonly number[] } {
  if (!file.has('scale_and_bias')) return { scale: 1, bias: [] }
  const [scale, bias] = listIn(file, 'scale_and_bias')
  if (typeof scale !== 'number' || !Number.isFinite(scale)) corrupt('scale', 'a finite number', scale)
  const list = bias === null || bias === undefined ? [] : Array.isArray(bias) ? bias : [bias]
  return { scale: scale as number, bias: asNumbers('bias', list) }
}

/** Values in each leaf. */
function outputsOf(trees: readonly JsonMap[], biases: number, symmetric: boolean): number {
  let outputs = Math.max(1, biases)
  let node = trees[0]
  if (node && symmetric) {
    const { length } = listIn(node, 'leaf_values')
    const splits = node.get('splits')
    const leaves = 1 << Math.min(30, Array.isArray(splits) ? splits.length : 0)
    outputs = length / leaves
  } else if (node) {
    while (node.has('left')) node = mapIn(node, 'left')
    const value = node.get('value')
    outputs = Array.isArray(value) ? value.length : 1
  }
  if (!(Number.isInteger(outputs) && outputs >= 1)) corrupt('leaves', 'of one value an output', outputs)
  if (biases > 0 && biases !== outputs) corrupt('bias', `of ${outputs} numbers`, biases)
  return outputs
}

/** The loss function's name, from wherever this version of CatBoost noted it. */
function objectiveOf(file: JsonMap): string {
  const info = file.get('model_info')
  const params = isMap(info) ? info.get('params') : undefined
  const loss = isMap(params) ? params.get('loss_function') : undefined
  const type = isMap(loss) ? loss.get('type') : undefined
  return typeof type === 'string' ? type : 'custom'
}

const LINK_OF: { readonly [objective: string]: LinkName } = {
  custom: 'identity',
  RMSE: 'identity',
  MAE: 'identity',
  Quantile: 'identity',
  MultiQuantile: 'identity',
  MultiRMSE: 'identity',
  Huber: 'identity',
  Expectile: 'identity',
  MAPE: 'identity',
  LogLinQuantile: 'exp',
  Lq: 'identity',
  Poisson: 'exp',
  Tweedie: 'exp',
  Logloss: 'sigmoid',
  CrossEntropy: 'sigmoid',
  MultiClass: 'softmax',
  MultiClassOneVsAll: 'sigmoid',
  MultiLogloss: 'sigmoid',
  MultiCrossEntropy: 'sigmoid',
  QueryRMSE: 'identity',
  PairLogit: 'identity',
  YetiRank: 'identity',
}

function linkOf(objective: string, outputs: number): LinkName {
  if (!Object.hasOwn(LINK_OF, objective)) {
    unsupported('CatBoost losses', Object.keys(LINK_OF).join(', '), objective)
  }
  const link = LINK_OF[objective]!
  return link === 'softmax' && outputs === 1 ? 'sigmoid' : link
}
