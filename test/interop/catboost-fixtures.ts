/**
 * CatBoost exports made by hand after the format: CatBoost itself did not write them, and was not asked for the
 * expected numbers, which were worked out on paper. Only the keys that a reader needs are there, and some that it does not.
 */
export const CATBOOST: readonly { readonly name: string; readonly file: object }[] = [
  {
    name: 'symmetric trees',
    file: {
      model_info: { catboost_version_info: 'made by hand', params: { loss_function: { type: 'Logloss', params: {} } } },
      features_info: {
        float_features: [numeric(0, 0, 'rsi', 'AsFalse', [0.25, 30.5]), numeric(1, 2, 'spread', 'AsTrue', [0.5])],
        categorical_features: [
          {
            feature_index: 0,
            flat_feature_index: 1,
            feature_id: 'session',
            values: [1234567, -7],
            string_values: ['london', 'tokyo'],
          },
        ],
      },
      oblivious_trees: [
        {
          splits: [float(0, 30.5, 1), float(1, 0.5, 2), oneHot(0, -7, 4)],
          leaf_values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
          leaf_weights: [10, 20, 30, 0, 50, 60, 0, 0],
        },
        { splits: [float(0, 0.25, 0)], leaf_values: [-1, 1], leaf_weights: [3, 1] },
        { splits: null, leaf_values: [0.05], leaf_weights: [4] },
      ],
      scale_and_bias: [1, [0.25]],
    },
  },
  {
    name: 'trees that are not symmetric, three classes',
    file: {
      model_info: { params: { loss_function: { type: 'MultiClass' } } },
      features_info: {
        float_features: [numeric(0, 0, '', 'AsIs', [1]), numeric(1, 1, '', 'AsTrue', [2])],
        categorical_features: null,
      },
      trees: [
        {
          split: float(0, 1, 0),
          left: { value: [1, 2, 3], weight: 5 },
          right: {
            split: float(1, 2, 1),
            left: { value: [4, 5, 6], weight: 2 },
            right: { value: [7, 8, 9], weight: 1 },
          },
        },
        { value: [0.5, 0, -0.5], weight: 8 },
      ],
      scale_and_bias: [2, [0, 0, 1]],
    },
  },
]

export const catboostText = (file: object): string => JSON.stringify(file)

function numeric(index: number, place: number, name: string, missing: string, borders: readonly number[]): object {
  return {
    feature_index: index,
    flat_feature_index: place,
    feature_id: name,
    has_nans: missing !== 'AsIs',
    nan_value_treatment: missing,
    borders,
  }
}

function float(index: number, border: number, split: number): object {
  return { split_type: 'FloatFeature', float_feature_index: index, border, split_index: split }
}

function oneHot(index: number, value: number, split: number): object {
  return { split_type: 'OneHotFeature', cat_feature_index: index, value, split_index: split }
}
