import { asMap, asNumbers, listIn, mapIn, numbersIn, optionalList, parseNumber, textIn } from './fields.ts'
import { createBuilder, finishForest } from './forest-builder.ts'
import { ImportedModel } from './imported-model.ts'
import { type JsonMap, parseJson } from './json-text.ts'
import { noLinearLeaves } from './linear-leaves.ts'
import { IDENTITY, type LinkName } from './link.ts'
import { corrupt, unsupported, wholeIn } from './refuse.ts'
import { decodeText, parseUbjson } from './ubjson.ts'
import { addXGBoostTree, parseNumbers } from './xgboost-tree.ts'

/**
 * Reads a model that XGBoost saved as JSON or UBJSON (`save_model('model.json')`, `'model.ubj'`; 1.6 to 3.x, `gbtree`
 * and `dart` boosters).
 *
 * Margins and leaves are XGBoost's, in floats: vectors are rounded to floats first, sums after each tree.
 * All trees take part, as in the C API; a `best_iteration` is not looked at. With categories, vectors hold the codes
 * that the model was trained on. The objective `multi:softmax` gives probabilities, as `multi:softprob` does.
 *
 * The data may come from anyone: time and memory are bounded by its length.
 *
 * @throws `CORRUPT_MODEL` where it is damaged, `UNSUPPORTED_MODEL` where it has parts that we do not run
 *
 * @see https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
 *
 * @example
 * ```ts
 * const model = readXGBoost(await readFile('model.ubj'))
 * const probability = model.predict(x)
 * ```
 */
export function readXGBoost(data: string | Uint8Array): ImportedModel {
  const learner = mapIn(asMap('content', documentOf(data)), 'learner')
  const { model, weights } = modelOf(mapIn(learner, 'gradient_booster'))
  const parameters = mapIn(learner, 'learner_model_param')
  const objective = textIn(mapIn(learner, 'objective'), 'name')
  const link = Object.hasOwn(LINK_OF, objective)
    ? LINK_OF[objective]!
    : unsupported('XGBoost objectives', Object.keys(LINK_OF).join(', '), objective)

  // what it reads and writes
  const features = count(parameters, 'num_feature')
  const outputs = Math.max(1, count(parameters, 'num_class'), count(parameters, 'num_target'))
  const names = optionalList(learner, 'feature_names').map((name) =>
    typeof name === 'string' ? name : corrupt('"feature_names"', 'an array of strings', name),
  )
  if (features < 1) corrupt('"num_feature"', 'at least 1', features)
  const builder = createBuilder(features, outputs)

  // its trees
  const trees = listIn(model, 'trees')
  const output = numbersIn(model, 'tree_info', trees.length)
  if (weights !== null && weights.length !== trees.length) corrupt('"weight_drop"', `${trees.length} numbers`, weights)
  trees.forEach((tree, t) => {
    addXGBoostTree(
      builder,
      asMap('tree', tree),
      wholeIn('"tree_info"', output[t]!, 0, outputs - 1),
      weights === null ? 1 : Math.fround(weights[t]!),
    )
  })
  return new ImportedModel({
    ...finishForest(builder, baseOf(parameters, link, outputs)),
    linear: noLinearLeaves(),
    options: {
      source: 'xgboost',
      objective,
      features,
      names,
      link: { ...IDENTITY, name: link },
      precision: 'float32',
      stride: 1,
    },
  })
}

const LINK_OF: { readonly [objective: string]: LinkName } = {
  'reg:squarederror': 'identity',
  'reg:linear': 'identity',
  'reg:squaredlogerror': 'identity',
  'reg:pseudohubererror': 'identity',
  'reg:absoluteerror': 'identity',
  'reg:quantileerror': 'identity',
  'rank:pairwise': 'identity',
  'rank:ndcg': 'identity',
  'rank:map': 'identity',
  'reg:logistic': 'sigmoid',
  'binary:logistic': 'sigmoid',
  'binary:hinge': 'step',
  'count:poisson': 'exp',
  'reg:gamma': 'exp',
  'reg:tweedie': 'exp',
  'multi:softmax': 'softmax',
  'multi:softprob': 'softmax',
}

/** JSON, or UBJSON, which begins with a brace too, but goes on with the type of a length. */
function documentOf(data: string | Uint8Array): ReturnType<typeof parseJson> {
  if (typeof data === 'string') return parseJson(data)
  if (!(data instanceof Uint8Array)) return corrupt('content', 'text or a Uint8Array', data)
  const second = String.fromCharCode(data[1] ?? 0)
  return data[0] === 0x7b && /[iUIlL#$]/.test(second) ? parseUbjson(data) : parseJson(decodeText(data))
}

/** The trees, and what each counts: DART's weights stand beside the trees, from 3.5 on among them. */
function modelOf(booster: JsonMap): { readonly model: JsonMap; readonly weights: readonly number[] | null } {
  const name = textIn(booster, 'name')
  if (name !== 'gbtree' && name !== 'dart') unsupported('XGBoost boosters', '"gbtree" and "dart"', name)
  const model = mapIn(name === 'dart' && booster.has('gbtree') ? mapIn(booster, 'gbtree') : booster, 'model')
  const holder = booster.has('weight_drop') ? booster : model
  return {
    model,
    weights: holder.has('weight_drop') ? asNumbers('"weight_drop"', listIn(holder, 'weight_drop')) : null,
  }
}

/** A count, which XGBoost writes as text; 0 where it is absent. */
function count(parameters: JsonMap, key: string): number {
  if (!parameters.has(key)) return 0
  return wholeIn(`"${key}"`, parseNumber(`"${key}"`, textIn(parameters, key)), 0, Number.MAX_SAFE_INTEGER)
}

/** The margins before the first tree: `base_score` is a prediction, one for all outputs or one each. */
function baseOf(parameters: JsonMap, link: LinkName, outputs: number): Float64Array {
  const f = Math.fround
  const scores = parseNumbers('"base_score"', textIn(parameters, 'base_score'))
  if (scores.length !== 1 && scores.length !== outputs) corrupt('"base_score"', `1 or ${outputs} numbers`, scores)
  return Float64Array.from({ length: outputs }, (_, k) => {
    const score = f(scores[scores.length === 1 ? 0 : k]!)
    if (link === 'sigmoid') {
      if (!(score > 0 && score < 1)) corrupt('"base_score"', 'a probability between 0 and 1', score)
      return f(-f(Math.log(f(f(1 / score) - 1))))
    }
    if (link === 'exp') {
      if (!(score > 0)) corrupt('"base_score"', 'a positive number', score)
      return f(Math.log(score))
    }
    return score
  })
}
