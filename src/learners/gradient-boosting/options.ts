import { checkHalfLife, fraction, integer, nonNegative, oneOf, openFraction, positive, text } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { atMost } from '../at-most.ts'
import { MOST_COUNT } from './window.ts'

/** What the trees try to get right. */
export type LossName = 'logistic' | 'squared' | 'huber' | 'quantile' | 'poisson' | 'softmax'

/** How one tree is grown, and what it may look like. */
export type TreeOptions = {
  /**
   * `"leaf-wise"` splits the leaf that gains most, wherever it is; `"depth-wise"` finishes one level before the next.
   *
   * @defaultValue "leaf-wise"
   */
  readonly growth: 'leaf-wise' | 'depth-wise'
  /**
   * Leaves of one tree, at most. Eight leaves are interactions of about three features; on the few hundred noisy trades
   * of a young bot more of them memorise. Take 31 (LightGBM's default) from some ten thousand rows on.
   *
   * @defaultValue 8
   */
  readonly maxLeaves: number
  /** Questions on the way from root to leaf, at most. @defaultValue maxLeaves - 1, which is no further limit */
  readonly maxDepth: number
  /**
   * Rows in a leaf, at least. Splits are compared by hessians, so, as in LightGBM, a leaf's rows are estimated as its
   * share of them: exact for squared error, a guide where rows differ in certainty or weight.
   *
   * @defaultValue 20, as LightGBM
   */
  readonly minSamplesLeaf: number
  /** Sum of second derivatives in a leaf, at least ("min child weight"). @defaultValue 0.001, as LightGBM */
  readonly minHessianLeaf: number
  /** What a split must gain, at least ("gamma"). @defaultValue 0 */
  readonly minGain: number
  /** Penalty on the magnitude of leaf values ("alpha"): sums of gradients are moved towards 0 by it. @defaultValue 0 */
  readonly l1: number
  /** Penalty on squared leaf values ("lambda"), in rows of weight 1 for squared error. @defaultValue 1 */
  readonly l2: number
  /** What a leaf may add at most, before the learning rate; 0 is no limit. @defaultValue 0 */
  readonly maxDeltaStep: number
  /** Distinct values told apart in one feature, 2 to 255. On noisy data 63 do as well as 255. @defaultValue 63 */
  readonly bins: number
  /**
   * Features whose values are numbers of categories (whole, from 0 up; cut to whole numbers). A question about one sends
   * a set of them left; unseen and missing ones go right. @defaultValue none
   */
  readonly categorical: readonly number[]
  /**
   * Features that predictions may only rise with, or only fall with, all else equal. @defaultValue none
   *
   * @see LightGBM's "basic" method: outputs are kept within bounds that a split hands on to its children
   */
  readonly monotone: { readonly increasing: readonly number[]; readonly decreasing: readonly number[] }
  /**
   * Groups of features that may meet on one way from root to leaf; a feature in no group meets none.
   *
   * @defaultValue none, so that all may meet
   */
  readonly interactions: readonly (readonly number[])[]
}

/** Options of `GradientBoosting`. */
export type GradientBoostingOptions = TreeOptions & {
  /** Length of the feature vectors. */
  readonly features: number
  /** `"binary"` predicts P(y = 1), `"regression"` a number. @defaultValue "binary" */
  readonly task: 'binary' | 'regression'
  /**
   * The loss: `"logistic"` for binary tasks; for regression `"squared"` (the mean), `"huber"` (the mean, less moved by
   * extremes), `"quantile"`, `"poisson"` (counts), or the name of a `customLoss`.
   *
   * @defaultValue "logistic" or "squared", by the task
   */
  readonly loss: string
  /** Of the quantile loss: which quantiles, between 0 and 1, ascending. @defaultValue [0.5] */
  readonly quantiles: readonly number[]
  /** Of Huber's loss: where it turns linear; 0 takes what nine labels in ten keep within of the median. @defaultValue 0 */
  readonly huberDelta: number
  /** Classes told apart by the softmax loss. @defaultValue 0 */
  readonly classes: number
  /**
   * Where the trees start from, as a prediction (of softmax and of losses of your own: as a margin); NaN takes what suits
   * the labels. @defaultValue NaN
   */
  readonly baseScore: number

  /** Trees in the sum, at most; of several outputs, trees for each. @defaultValue 100 */
  readonly trees: number
  /** Share of each tree's answer that is believed ("eta"). @defaultValue 0.1 */
  readonly learningRate: number
  /**
   * How rows are chosen for a tree: `"uniform"` draws `rowFraction` of them; `"goss"` keeps the 20 % with the largest
   * gradients, draws 10 % of all from the others and counts those eightfold. @defaultValue "uniform"
   *
   * @see G. Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree", NIPS, section 3
   */
  readonly sampling: 'uniform' | 'goss'
  /** Share of the rows that each tree sees, drawn without replacement. @defaultValue 1 */
  readonly rowFraction: number
  /** Share of the features that each tree sees, drawn without replacement. @defaultValue 1 */
  readonly columnFraction: number
  /**
   * Share of the earlier trees that each new one is fitted without ("DART"), which keeps late trees from mending the
   * details of early ones; 0 is plain boosting. @defaultValue 0
   *
   * @see K. V. Rashmi, R. Gilad-Bachrach (2015), "DART: dropouts meet multiple additive regression trees", AISTATS
   */
  readonly dropout: number
  /**
   * Rounds without improvement on the newest rows after which training stops and goes back to the best; 0 trains all
   * trees on all rows. @defaultValue 0
   */
  readonly earlyStoppingRounds: number
  /** Share of the rows, the newest, that early stopping watches and no tree is fitted to. @defaultValue 0.2 */
  readonly earlyStoppingFraction: number
  /** Observations after which a row counts half, at training; Infinity keeps all alike. @defaultValue Infinity */
  readonly halfLife: number
  /** Seed of the draws. @defaultValue "1" */
  readonly seed: string

  /**
   * What a refit does: `"refit"` trains all trees anew on the window; `"appendTrees"` adds `appended` trees fitted to the
   * `recent` newest observations and drops the oldest trees beyond `trees`; `"refreshLeaves"` keeps the questions and
   * moves every leaf by `refreshRate` towards its value on those observations. Measured on drifting streams in
   * bench/RESULTS.md. @defaultValue "refit"
   */
  readonly strategy: 'refit' | 'appendTrees' | 'refreshLeaves'
  /** Trees added by one refit of `"appendTrees"`. @defaultValue 10 */
  readonly appended: number
  /** How far a refit of `"refreshLeaves"` moves, 0 to 1. @defaultValue 0.2 */
  readonly refreshRate: number
  /** Newest observations that `"appendTrees"` and `"refreshLeaves"` learn from. @defaultValue 500 */
  readonly recent: number
  /** Newest observations that are remembered for refits. @defaultValue 5000 */
  readonly window: number
  /** Observations between refits. @defaultValue 100 */
  readonly refitEvery: number
  /** Observations before the first trees; up to then the prediction is what suits the labels alone. @defaultValue 50 */
  readonly minSamples: number
  /**
   * Who runs a due refit: `"asked"` leaves it to the caller, who watches `refitDue` and runs `refit()` where it does
   * not hurt; `"inline"` runs it inside `learn`. @defaultValue "asked"
   */
  readonly refit: 'asked' | 'inline'
}

/** What the constructor takes: `features`, and whatever differs from the defaults. */
export type GradientBoostingInput = Partial<Omit<GradientBoostingOptions, 'seed' | 'monotone'>> & {
  readonly features: number
  readonly seed?: string | number
  readonly monotone?: Partial<TreeOptions['monotone']>
}

/** Fills in defaults and checks every option. */
export function resolveOptions(input: GradientBoostingInput): GradientBoostingOptions {
  if ((input.dropout ?? 0) > 0 && (input.earlyStoppingRounds ?? 0) > 0) {
    throw new TradeLearnError('INVALID_OPTION', '"dropout" must be 0 with early stopping: it changes earlier trees.')
  }
  if ((input.dropout ?? 0) > 0 && input.strategy === 'refreshLeaves') {
    throw new TradeLearnError(
      'INVALID_OPTION',
      '"dropout" must be 0 with the strategy "refreshLeaves", which would undo it.',
    )
  }
  const features = atMost('features', integer('features', input.features), MOST_FEATURES)
  const task = oneOf('task', input.task ?? 'binary', ['binary', 'regression'])
  const loss = checkLoss(input.loss ?? (task === 'binary' ? 'logistic' : 'squared'), task)
  const window = integer('window', input.window ?? 5000)
  const tree = resolveTree(input, features)
  if (loss === 'softmax' && tree.monotone.increasing.length + tree.monotone.decreasing.length > 0) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      '"monotone" must be empty for softmax: shares cannot all rise together.',
    )
  }
  return {
    ...tree,
    features,
    task,
    loss,
    quantiles: checkQuantiles(input.quantiles ?? [0.5]),
    huberDelta: nonNegative('huberDelta', input.huberDelta ?? 0),
    classes: atMost('classes', integer('classes', input.classes ?? 0, loss === 'softmax' ? 2 : 0), MOST_OUTPUTS),
    baseScore: checkBaseScore(input.baseScore ?? Number.NaN, loss),
    trees: integer('trees', input.trees ?? 100),
    learningRate: positive('learningRate', input.learningRate ?? 0.1),
    sampling: oneOf('sampling', input.sampling ?? 'uniform', ['uniform', 'goss']),
    rowFraction: positive('rowFraction', fraction('rowFraction', input.rowFraction ?? 1)),
    columnFraction: positive('columnFraction', fraction('columnFraction', input.columnFraction ?? 1)),
    dropout: fraction('dropout', input.dropout ?? 0),
    earlyStoppingRounds: integer('earlyStoppingRounds', input.earlyStoppingRounds ?? 0, 0),
    earlyStoppingFraction: openFraction('earlyStoppingFraction', input.earlyStoppingFraction ?? 0.2),
    halfLife: checkHalfLife('halfLife', input.halfLife ?? Number.POSITIVE_INFINITY),
    seed: text('seed', String(input.seed ?? '1')),
    strategy: oneOf('strategy', input.strategy ?? 'refit', ['refit', 'appendTrees', 'refreshLeaves']),
    appended: integer('appended', input.appended ?? 10),
    refreshRate: fraction('refreshRate', input.refreshRate ?? 0.2),
    recent: integer('recent', input.recent ?? 500),
    window,
    refitEvery: integer('refitEvery', input.refitEvery ?? 100),
    minSamples: atMost('minSamples', integer('minSamples', input.minSamples ?? 50), window),
    refit: oneOf('refit', input.refit ?? 'asked', ['asked', 'inline']),
  }
}

function resolveTree(input: GradientBoostingInput, features: number): TreeOptions {
  const maxLeaves = integer('maxLeaves', input.maxLeaves ?? 8, 2)
  const { increasing, decreasing } = checkMonotone(input.monotone ?? {})
  const both = increasing.find((feature) => decreasing.includes(feature))
  if (both !== undefined) {
    throw new TradeLearnError('INVALID_OPTION', `"monotone" must have a feature on one side only, got ${both} on both.`)
  }
  const categorical = checkFeatures('categorical', input.categorical ?? [], features)
  const turned = [...increasing, ...decreasing].find((feature) => categorical.includes(feature))
  if (turned !== undefined) {
    throw new TradeLearnError('INVALID_OPTION', `"monotone" must have numeric features, got the categorical ${turned}.`)
  }
  return {
    growth: oneOf('growth', input.growth ?? 'leaf-wise', ['leaf-wise', 'depth-wise']),
    maxLeaves: atMost('maxLeaves', maxLeaves, 65_536),
    maxDepth: integer('maxDepth', input.maxDepth ?? maxLeaves - 1),
    minSamplesLeaf: integer('minSamplesLeaf', input.minSamplesLeaf ?? 20),
    minHessianLeaf: positive('minHessianLeaf', input.minHessianLeaf ?? 1e-3),
    minGain: nonNegative('minGain', input.minGain ?? 0),
    l1: nonNegative('l1', input.l1 ?? 0),
    l2: nonNegative('l2', input.l2 ?? 1),
    maxDeltaStep: nonNegative('maxDeltaStep', input.maxDeltaStep ?? 0),
    bins: atMost('bins', integer('bins', input.bins ?? 63, 2), 255),
    categorical,
    monotone: {
      increasing: checkFeatures('monotone.increasing', increasing, features),
      decreasing: checkFeatures('monotone.decreasing', decreasing, features),
    },
    interactions: checkList('interactions', input.interactions ?? []).map((group, i) =>
      checkFeatures(`interactions[${i}]`, group, features),
    ),
  }
}

/** Vectors of more features are refused: every part sets up memory for each of them, which no file should choose. */
const MOST_FEATURES = 1 << 20
/** Classes or quantiles; each takes a tree of its own a round. */
const MOST_OUTPUTS = 4096

function checkMonotone(monotone: unknown): TreeOptions['monotone'] {
  if (typeof monotone !== 'object' || monotone === null || Array.isArray(monotone)) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"monotone" must be an object with "increasing" and "decreasing" features, got ${show(monotone)}.`,
    )
  }
  const { increasing = [], decreasing = [] } = monotone as Partial<TreeOptions['monotone']>
  return {
    increasing: checkList('monotone.increasing', increasing),
    decreasing: checkList('monotone.decreasing', decreasing),
  }
}

function checkList<T>(name: string, list: readonly T[]): readonly T[] {
  if (Array.isArray(list)) return list
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be a list, got ${show(list)}.`)
}

const LOSSES = { binary: ['logistic'], regression: ['squared', 'huber', 'quantile', 'poisson', 'softmax'] } as const

/** A known loss must suit its task; any other name is that of a loss of the user's own. */
function checkLoss(loss: string, task: 'binary' | 'regression'): string {
  text('loss', loss)
  const others: readonly string[] = LOSSES[task === 'binary' ? 'regression' : 'binary']
  if (!others.includes(loss)) return loss
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"loss" must suit the task ${JSON.stringify(task)}, got ${JSON.stringify(loss)}.`,
  )
}

function checkQuantiles(quantiles: readonly number[]): readonly number[] {
  atMost('quantiles.length', integer('quantiles.length', checkList('quantiles', quantiles).length), MOST_OUTPUTS)
  for (const [i, q] of quantiles.entries()) {
    openFraction(`quantiles[${i}]`, q)
    if (i > 0 && q <= quantiles[i - 1]!) {
      throw new TradeLearnError('INVALID_OPTION', `"quantiles" must ascend, got ${q} after ${quantiles[i - 1]}.`)
    }
  }
  return [...quantiles]
}

function checkBaseScore(value: number, loss: string): number {
  if (Number.isNaN(value)) return value
  if (loss === 'logistic') return openFraction('baseScore', value)
  if (loss === 'poisson') return atMost('baseScore', positive('baseScore', value), MOST_COUNT)
  if (Number.isFinite(value)) return value
  throw new TradeLearnError('INVALID_OPTION', `"baseScore" must be a finite number, got ${value}.`)
}

/** Passes a list of features, sorted; else throws. */
function checkFeatures(name: string, list: readonly number[], features: number): readonly number[] {
  for (const feature of checkList(name, list)) atMost(name, integer(name, feature, 0), features - 1)
  return [...new Set(list)].sort((a, b) => a - b)
}

/** Options of the shape that snapshots hold, to check one against. */
export function templateOptions(): GradientBoostingOptions {
  // an empty list stands for any
  return { ...resolveOptions({ features: 1 }), quantiles: [] }
}
