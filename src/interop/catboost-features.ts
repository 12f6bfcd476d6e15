import { asMap, numberIn, optionalList, textIn } from './fields.ts'
import type { Json, JsonMap } from './json-text.ts'
import { corrupt, unsupported, wholeIn } from './refuse.ts'

/** Where CatBoost's features stand in a vector. */
export type CatBoostFeatures = {
  /** By place in the vector; empty where a feature has no name. */
  readonly names: string[]
  /** Places of the numeric features, by their own number, and 1 where a missing value is above every border. */
  readonly numeric: Map<number, { readonly place: number; readonly missingAbove: boolean }>
  /** Places of the categorical features, by their own number. */
  readonly categorical: Map<number, number>
}

/** Reads the list of features. Each has a number among those of its sort, and a place among all. */
export function catboostFeatures(info: JsonMap): CatBoostFeatures {
  for (const key of ['text_features', 'embedding_features']) {
    if (optional(info, key).length > 0) unsupported('CatBoost features', 'numeric and categorical ones', key)
  }
  const numbers = optional(info, 'float_features').map((item) => asMap('feature', item))
  const categories = optional(info, 'categorical_features').map((item) => asMap('feature', item))
  const features = numbers.length + categories.length
  if (features === 0) corrupt('"features_info"', 'a list of features', 0)
  const read: CatBoostFeatures = { names: new Array<string>(features), numeric: new Map(), categorical: new Map() }
  const met = new Uint8Array(features)
  const placeOf = (feature: JsonMap): number => {
    const place = wholeIn('"flat_feature_index"', numberIn(feature, 'flat_feature_index'), 0, features - 1)
    if (met[place] === 1) corrupt('"flat_feature_index"', 'of one feature each', place)
    met[place] = 1
    read.names[place] = nameOf(feature)
    return place
  }
  for (const feature of numbers) {
    const number = indexOf(feature, read.numeric)
    const treatment = feature.has('nan_value_treatment') ? textIn(feature, 'nan_value_treatment') : 'AsIs'
    if (!['AsIs', 'AsFalse', 'AsTrue'].includes(treatment))
      corrupt('"nan_value_treatment"', 'AsIs, AsFalse or AsTrue', treatment)
    read.numeric.set(number, { place: placeOf(feature), missingAbove: treatment === 'AsTrue' })
  }
  for (const feature of categories) read.categorical.set(indexOf(feature, read.categorical), placeOf(feature))
  return read
}

/** The list under `key`; CatBoost writes null for an empty one. */
function optional(map: JsonMap, key: string): readonly Json[] {
  return map.get(key) === null ? [] : optionalList(map, key)
}

function indexOf(feature: JsonMap, known: ReadonlyMap<number, unknown>): number {
  const number = wholeIn('"feature_index"', numberIn(feature, 'feature_index'), 0, 1 << 30)
  return known.has(number) ? corrupt('"feature_index"', 'of one feature each', number) : number
}

function nameOf(feature: JsonMap): string {
  for (const key of ['feature_name', 'feature_id']) {
    const name = feature.get(key)
    if (typeof name === 'string' && name !== '') return name
  }
  return ''
}
