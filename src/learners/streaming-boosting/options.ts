import { checkHalfLife, fraction, integer, nonNegative, oneOf, openFraction, positive, text } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { atMost } from '../at-most.ts'

/** Options of {@link StreamingGradientBoosting}. */
export type StreamingGradientBoostingOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** `'binary'` lowers the log loss, `'regression'` the squared error. @defaultValue 'binary' */
  readonly task: 'binary' | 'regression'
  /** Trees, each of which learns what those before it leave over, S. @defaultValue 50 */
  readonly stages: number
  /** Share of a tree's answer that is added to the score. @defaultValue 0.1 */
  readonly learningRate: number
  /** Share of the features that a tree looks at, drawn for each tree. @defaultValue 0.75 */
  readonly featureFraction: number
  /** Leaves of a tree, at most. @defaultValue 32 */
  readonly maxLeaves: number
  /** Weight that a leaf takes in between two attempts to split. @defaultValue 25 */
  readonly gracePeriod: number
  /**
   * A leaf splits once that would have made the labels that it has seen 1 / `confidence` times as likely, δ.
   * @defaultValue 0.01
   */
  readonly confidence: number
  /**
   * Half-lives of the memories that every leaf keeps of what was left over, in observations of that leaf; a tree
   * answers from the memory that lately foresaw most. @defaultValue [7, 23, 140]
   */
  readonly halfLives: readonly number[]
  /** Hessian that is added to a leaf's and so pulls its answer towards 0, λ. @defaultValue 0.1 */
  readonly l2: number
  /** Bins that values are sorted into, one of them for missing values; up to 256. @defaultValue 32 */
  readonly bins: number
  /**
   * Observations for which a new tree grows beside an old one before the better of the two stays; then it is the next
   * tree's turn. Infinity never renews. @defaultValue 100
   */
  readonly renewEvery: number
  /** Draws the features of the trees. @defaultValue '1' */
  readonly seed: string
}

/** What a constructor takes: all but `features` may be left out. */
export type StreamingGradientBoostingInput = Partial<Omit<StreamingGradientBoostingOptions, 'features' | 'seed'>> & {
  readonly features: number
  readonly seed?: string | number
}

/** Far above what anyone needs, so that a damaged snapshot cannot ask for all memory. */
const MOST_FEATURES = 65_536
const MOST_STAGES = 4096
const MOST_LEAVES = 4096
const MOST_MEMORIES = 16
/** 512 MiB, if every tree grew to its full size. */
const MOST_BYTES = 536_870_912

/** Checks the options and fills in the defaults. */
export function resolveOptions(input: StreamingGradientBoostingInput): StreamingGradientBoostingOptions {
  const features = atMost('features', integer('features', input.features), MOST_FEATURES)
  const options = {
    features,
    task: oneOf('task', input.task ?? 'binary', ['binary', 'regression']),
    stages: atMost('stages', integer('stages', input.stages ?? 50), MOST_STAGES),
    learningRate: atMost('learningRate', positive('learningRate', input.learningRate ?? 0.1), 1),
    featureFraction: fraction('featureFraction', input.featureFraction ?? 0.75),
    maxLeaves: atMost('maxLeaves', integer('maxLeaves', input.maxLeaves ?? 32), MOST_LEAVES),
    gracePeriod: positive('gracePeriod', input.gracePeriod ?? 25),
    confidence: openFraction('confidence', input.confidence ?? 0.01),
    halfLives: checkHalfLives(input.halfLives ?? [7, 23, 140]),
    l2: nonNegative('l2', input.l2 ?? 0.1),
    bins: checkBins(input.bins ?? 32),
    renewEvery: input.renewEvery === Infinity ? Infinity : integer('renewEvery', input.renewEvery ?? 100),
    seed: text('seed', String(input.seed ?? '1')),
  }
  const bytes = (options.stages + 1) * options.maxLeaves * 8 * (2 * sliceOf(options) * options.bins + 64)
  if (bytes <= MOST_BYTES) return options
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"stages", "maxLeaves", "bins" and "features" must keep the model within ${MOST_BYTES} bytes, got ${bytes}.`,
  )
}

/** Features that a tree looks at. */
export function sliceOf({ features, featureFraction }: StreamingGradientBoostingOptions): number {
  return Math.max(1, Math.round(features * featureFraction))
}

/** Passes a number of bins, which a byte can tell apart; else throws. */
export function checkBins(bins: number): number {
  return atMost('bins', integer('bins', bins, 3), 256)
}

function checkHalfLives(list: readonly number[]): readonly number[] {
  if (!Array.isArray(list) || list.length < 1 || list.length > MOST_MEMORIES) {
    throw new TradeLearnError('INVALID_OPTION', `"halfLives" must list 1 to ${MOST_MEMORIES}, got ${show(list)}.`)
  }
  return list.map((halfLife: number) => checkHalfLife('halfLives', halfLife))
}
