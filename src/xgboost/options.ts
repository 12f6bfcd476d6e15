import { fraction, integer, nonNegative, oneOf, positive, text } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'

/** Options of `XgboostLearner`, in our words; XGBoost's own names in quotes. */
export type XgboostOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** `"binary"` predicts P(y = 1), `"regression"` a number. @defaultValue "binary" */
  readonly task: 'binary' | 'regression'
  /** Trees in the sum ("num_round"). @defaultValue 100 */
  readonly trees: number
  /** Questions on the way from root to leaf, at most ("max_depth"). @defaultValue 4 */
  readonly maxDepth: number
  /** Share of each tree's answer that is believed ("eta"). @defaultValue 0.1 */
  readonly learningRate: number
  /** Sum of second derivatives in a leaf, at least ("min_child_weight"). @defaultValue 1, as XGBoost */
  readonly minHessianLeaf: number
  /** What a split must gain, at least ("gamma"). @defaultValue 0 */
  readonly minGain: number
  /** Penalty on the magnitude of leaf values ("alpha"). @defaultValue 0 */
  readonly l1: number
  /** Penalty on squared leaf values ("lambda"). @defaultValue 1 */
  readonly l2: number
  /** Share of the rows that each tree sees ("subsample"). @defaultValue 1 */
  readonly rowFraction: number
  /** Share of the features that each tree sees ("colsample_bytree"). @defaultValue 1 */
  readonly columnFraction: number
  /**
   * How splits are sought ("tree_method"): `"hist"` among binned values, `"exact"` among all. `"hist"` took a quarter of
   * the time at 50,000 rows, and more of it at 1,000. @defaultValue "hist"
   */
  readonly method: 'hist' | 'exact'
  /** Distinct values told apart in one feature by `"hist"`, 2 to 65,535 ("max_bin"). @defaultValue 255 */
  readonly bins: number
  /** Seed of the draws. @defaultValue "1" */
  readonly seed: string
  /** Newest observations that are remembered for refits. @defaultValue 5000 */
  readonly window: number
  /** Observations between refits. @defaultValue 100 */
  readonly refitEvery: number
  /** Observations before the first trees; up to then the prediction is what suits the labels alone. @defaultValue 50 */
  readonly minSamples: number
}

/** What is given: `features`, and whatever differs from the defaults. */
export type XgboostInput = Partial<Omit<XgboostOptions, 'seed'>> & {
  readonly features: number
  readonly seed?: string | number
}

/** Fills in defaults and checks every option. */
export function resolveOptions(input: XgboostInput): XgboostOptions {
  const window = integer('window', input.window ?? 5000)
  return {
    features: integer('features', input.features),
    task: oneOf('task', input.task ?? 'binary', ['binary', 'regression']),
    trees: integer('trees', input.trees ?? 100),
    // deeper trees than this have more leaves than there is memory
    maxDepth: atMost('maxDepth', integer('maxDepth', input.maxDepth ?? 4), 30),
    learningRate: positive('learningRate', fraction('learningRate', input.learningRate ?? 0.1)),
    minHessianLeaf: nonNegative('minHessianLeaf', input.minHessianLeaf ?? 1),
    minGain: nonNegative('minGain', input.minGain ?? 0),
    l1: nonNegative('l1', input.l1 ?? 0),
    l2: nonNegative('l2', input.l2 ?? 1),
    rowFraction: positive('rowFraction', fraction('rowFraction', input.rowFraction ?? 1)),
    columnFraction: positive('columnFraction', fraction('columnFraction', input.columnFraction ?? 1)),
    method: oneOf('method', input.method ?? 'hist', ['hist', 'exact']),
    bins: atMost('bins', integer('bins', input.bins ?? 255, 2), 65_535),
    seed: text('seed', String(input.seed ?? '1')),
    window,
    refitEvery: integer('refitEvery', input.refitEvery ?? 100),
    minSamples: atMost('minSamples', integer('minSamples', input.minSamples ?? 50), window),
  }
}

function atMost(name: string, value: number, most: number): number {
  if (value <= most) return value
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${most}, got ${value}.`)
}
