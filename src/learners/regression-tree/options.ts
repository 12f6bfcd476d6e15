import { integer, nonNegative, oneOf, openFraction, positive, text } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { atMost } from '../at-most.ts'

/** Options that all Hoeffding trees for values share. */
export type RegressionTreeOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Weight that a leaf takes in between two attempts to split, n_min. @defaultValue 200 */
  readonly gracePeriod: number
  /** Probability, at one attempt, that the best feature only looked best, δ. @defaultValue 1e-7 */
  readonly confidence: number
  /** Bound ε below which the best features count as equally good and the first is split on, τ. @defaultValue 0.05 */
  readonly tieThreshold: number
  /** Share of a leaf's variance that a split has to take away. @defaultValue 0 */
  readonly minGain: number
  /** Weight on either side of a split, at least. @defaultValue 5 */
  readonly minBranchWeight: number
  /**
   * How leaves predict: the mean of what they saw, a linear model of all features, or whichever of the two lately missed
   * by less. @defaultValue 'adaptive'
   */
  readonly leafPrediction: 'mean' | 'linear' | 'adaptive'
  /** Step of the linear models, on inputs and targets of deviation 1. @defaultValue 0.05 */
  readonly learningRate: number
  /**
   * What stands for a feature's values when thresholds are tried: slots of equal radius, each of which keeps means, or
   * a search tree of the values themselves, which is exact and slower. @defaultValue 'quantizer'
   */
  readonly observer: 'quantizer' | 'e-bst'
  /**
   * Radius of the quantizer's slots in the unit of the features, or `'deviation'`: an eighth of the feature's standard
   * deviation, doubled where that does not reach. @defaultValue 'deviation'
   */
  readonly radius: number | 'deviation'
  /** Slots, or values of a search tree, kept of a leaf's feature; 32 to 40 bytes each. @defaultValue 64 */
  readonly slots: number
  /** Features that each leaf looks at when it splits, drawn anew for every leaf. @defaultValue all */
  readonly featuresPerLeaf: number
  /** Leaves at which the tree stops growing. @defaultValue 256 */
  readonly maxLeaves: number
  /** Questions from the root to a leaf, at most. @defaultValue what `maxLeaves` allows */
  readonly maxDepth: number
  /** Decides which features a leaf looks at. @defaultValue '1' */
  readonly seed: string
}

/** What a constructor takes: all but `features` may be left out. */
export type RegressionTreeInput = Partial<Omit<RegressionTreeOptions, 'features' | 'seed'>> & {
  readonly features: number
  readonly seed?: string | number
}

/** Far above what anyone needs, so that a damaged snapshot cannot ask for all memory. */
const MOST_FEATURES = 65_536
const MOST_LEAVES = 65_536
const MOST_SLOTS = 65_536
/** 1 GiB, if all leaves observed and had linear models. */
const MOST_BYTES = 1_073_741_824

/** Checks the options and fills in the defaults. */
export function resolveOptions(input: RegressionTreeInput): RegressionTreeOptions {
  const features = atMost('features', integer('features', input.features), MOST_FEATURES)
  const maxLeaves = atMost('maxLeaves', integer('maxLeaves', input.maxLeaves ?? 256), MOST_LEAVES)
  const slots = atMost('slots', integer('slots', input.slots ?? 64, 2), MOST_SLOTS)
  const perLeaf = integer('featuresPerLeaf', input.featuresPerLeaf ?? features)
  const featuresPerLeaf = atMost('featuresPerLeaf', perLeaf, features)
  const { radius = 'deviation' } = input
  // a slot is four numbers, and a tree has twice as many nodes with linear models as leaves
  const bytes = maxLeaves * (32 * slots * featuresPerLeaf + 16 * features)
  if (bytes > MOST_BYTES) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"features", "featuresPerLeaf", "slots" and "maxLeaves" must keep the tree within ${MOST_BYTES} bytes, got ${bytes}.`,
    )
  }
  return {
    features,
    gracePeriod: positive('gracePeriod', input.gracePeriod ?? 200),
    confidence: openFraction('confidence', input.confidence ?? 1e-7),
    tieThreshold: nonNegative('tieThreshold', input.tieThreshold ?? 0.05),
    minGain: nonNegative('minGain', input.minGain ?? 0),
    minBranchWeight: positive('minBranchWeight', input.minBranchWeight ?? 5),
    leafPrediction: oneOf('leafPrediction', input.leafPrediction ?? 'adaptive', ['mean', 'linear', 'adaptive']),
    learningRate: atMost('learningRate', positive('learningRate', input.learningRate ?? 0.05), 1),
    observer: oneOf('observer', input.observer ?? 'quantizer', ['quantizer', 'e-bst']),
    radius: radius === 'deviation' ? radius : positive('radius', radius),
    slots,
    featuresPerLeaf,
    maxLeaves,
    maxDepth: integer('maxDepth', input.maxDepth ?? Math.max(1, maxLeaves - 1)),
    seed: text('seed', String(input.seed ?? '1')),
  }
}
