import { fraction, integer, nonNegative, oneOf, positive, text } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'

/** Options of `GradientBoosting`. */
export type GradientBoostingOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** `"binary"` predicts P(y = 1) by log loss, `"regression"` predicts E[y] by squared error. @defaultValue "binary" */
  readonly task: 'binary' | 'regression'
  /** Trees in the sum, at most. @defaultValue 100 */
  readonly trees: number
  /** Share of each tree's answer that is believed ("eta"). @defaultValue 0.1 */
  readonly learningRate: number
  /**
   * Leaves of one tree, at most. Eight leaves are interactions of about three features; on the few hundred noisy trades
   * of a young bot more of them memorise. Take 31 (LightGBM's default) from some ten thousand rows on.
   *
   * @defaultValue 8
   */
  readonly maxLeaves: number
  /** Questions on the way from root to leaf, at most. @defaultValue maxLeaves - 1, which is no further limit */
  readonly maxDepth: number
  /** Rows in a leaf, at least. @defaultValue 20, as LightGBM */
  readonly minSamplesLeaf: number
  /** Sum of second derivatives in a leaf, at least. @defaultValue 0.001, as LightGBM */
  readonly minHessianLeaf: number
  /** Penalty on squared leaf values ("lambda"), in rows of weight 1 for squared error. @defaultValue 1 */
  readonly l2: number
  /** Distinct values told apart in one feature, 2 to 255. On noisy data 63 do as well as 255. @defaultValue 63 */
  readonly bins: number
  /** Share of the rows that each tree sees, drawn without replacement. @defaultValue 1 */
  readonly rowFraction: number
  /** Share of the features that each tree sees, drawn without replacement. @defaultValue 1 */
  readonly columnFraction: number
  /** Seed of the draws. @defaultValue "1" */
  readonly seed: string
  /** Newest observations that are remembered for refits. @defaultValue 5000 */
  readonly window: number
  /** Observations between refits. @defaultValue 100 */
  readonly refitEvery: number
  /** Observations before the first trees; up to then the prediction is the mean of the labels. @defaultValue 50 */
  readonly minSamples: number
  /**
   * Who runs a due refit: `"asked"` leaves it to the caller, who watches `refitDue` and runs `refit()` where it does
   * not hurt; `"inline"` runs it inside `learn`. @defaultValue "asked"
   */
  readonly refit: 'asked' | 'inline'
}

/** What the constructor takes: `features`, and whatever differs from the defaults. */
export type GradientBoostingInput = Partial<Omit<GradientBoostingOptions, 'seed'>> & {
  readonly features: number
  readonly seed?: string | number
}

/** Fills in defaults and checks every option. */
export function resolveOptions(input: GradientBoostingInput): GradientBoostingOptions {
  const { features, task = 'binary', trees = 100, learningRate = 0.1, maxLeaves = 8, maxDepth = maxLeaves - 1 } = input
  const { minSamplesLeaf = 20, minHessianLeaf = 1e-3, l2 = 1, bins = 63, rowFraction = 1, columnFraction = 1 } = input
  const { seed = '1', window = 5000, refitEvery = 100, minSamples = 50, refit = 'asked' } = input
  return {
    features: integer('features', features),
    task: oneOf('task', task, ['binary', 'regression']),
    trees: integer('trees', trees),
    learningRate: positive('learningRate', learningRate),
    maxLeaves: integer('maxLeaves', maxLeaves, 2),
    maxDepth: integer('maxDepth', maxDepth),
    minSamplesLeaf: integer('minSamplesLeaf', minSamplesLeaf),
    minHessianLeaf: positive('minHessianLeaf', minHessianLeaf),
    l2: nonNegative('l2', l2),
    bins: atMost('bins', integer('bins', bins, 2), 255),
    rowFraction: positive('rowFraction', fraction('rowFraction', rowFraction)),
    columnFraction: positive('columnFraction', fraction('columnFraction', columnFraction)),
    seed: text('seed', String(seed)),
    window: integer('window', window),
    refitEvery: integer('refitEvery', refitEvery),
    minSamples: atMost('minSamples', integer('minSamples', minSamples), window),
    refit: oneOf('refit', refit, ['asked', 'inline']),
  }
}

function atMost(name: string, value: number, most: number): number {
  if (value <= most) return value
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${most}, got ${value}.`)
}
