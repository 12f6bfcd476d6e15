import { fraction, integer, nonNegative, oneOf, openFraction, positive, text } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { atMost } from '../at-most.ts'

/** How a leaf turns what it has seen into a probability. */
export type LeafPrediction = 'majority' | 'naive-bayes' | 'adaptive'

/** What a good split is measured by. */
export type SplitCriterion = 'information-gain' | 'gini' | 'hellinger'

/** Options that all Hoeffding trees share. */
export type HoeffdingTreeOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Weight that a leaf takes in between two attempts to split, n_min. @defaultValue 200 */
  readonly gracePeriod: number
  /** Probability, at one attempt, that the best feature only looked best, δ. @defaultValue 1e-7 */
  readonly confidence: number
  /** Bound ε below which the best features count as equally good and the first is split on, τ. @defaultValue 0.05 */
  readonly tieThreshold: number
  /** Gain of not splitting, which every split has to beat: the paper's null attribute. @defaultValue 0 */
  readonly minGain: number
  /**
   * Gain in bits, gain in Gini purity, or Hellinger's distance between the classes' branches, which does not mind how
   * rare a class is. @defaultValue 'information-gain'
   */
  readonly criterion: SplitCriterion
  /** How leaves predict; `'adaptive'` is whichever of the other two was right more often. @defaultValue 'adaptive' */
  readonly leafPrediction: LeafPrediction
  /**
   * What stands for a class's values of a numeric feature when thresholds are tried: a normal distribution, or a
   * histogram whose bins follow the data, for values with several peaks. @defaultValue 'gaussian'
   */
  readonly observer: 'gaussian' | 'histogram'
  /** Thresholds tried per feature by the Gaussian observer; a histogram tries the borders of its bins. @defaultValue 10 */
  readonly thresholds: number
  /** Bins of a histogram; 24 bytes a class and feature each. @defaultValue 32 */
  readonly bins: number
  /** Features whose values are codes of categories, whole numbers from 0 up. @defaultValue [] */
  readonly nominal: readonly number[]
  /** Whether a nominal feature may also be asked with a branch for every category. @defaultValue 'one-against-rest' */
  readonly nominalSplits: 'one-against-rest' | 'multiway'
  /** Categories told apart; codes from `categories` - 1 up, and what is no code, share the last. @defaultValue 32 */
  readonly categories: number
  /** Share of the weight that at least two branches of a split must exceed. @defaultValue 0.01 */
  readonly minBranchFraction: number
  /** Features that each leaf looks at, drawn anew for every leaf. @defaultValue all */
  readonly featuresPerLeaf: number
  /** Whether a leaf drops features whose gain falls short of the best by more than ε. @defaultValue 'keep' */
  readonly poorFeatures: 'keep' | 'remove'
  /** Leaves at which the tree stops growing. @defaultValue 512 */
  readonly maxLeaves: number
  /** Questions from the root to a leaf, at most. @defaultValue what `maxLeaves` allows */
  readonly maxDepth: number
  /** Bytes of the learnt state, at most; under pressure the least promising leaves stop observing. @defaultValue 32 MiB */
  readonly maxBytes: number
  /** Decides which features a leaf looks at. @defaultValue '1' */
  readonly seed: string
}

/** What a constructor takes: all but `features` may be left out. */
export type HoeffdingTreeInput = Partial<Omit<HoeffdingTreeOptions, 'features' | 'seed'>> & {
  readonly features: number
  readonly seed?: string | number
}

/** Far above what anyone needs, so that a damaged snapshot cannot ask for all memory: 65,536 features, 1 GiB. */
const MOST_FEATURES = 65_536
const MOST_BYTES = 1_073_741_824
/** Bins, categories or thresholds of a feature: an attempt to split tries them all. */
const MOST_PARTS = 1024
/** 32 MiB, as in MOA. */
const DEFAULT_BYTES = 33_554_432

/** Checks the options and fills in the defaults. */
export function resolveTreeOptions(input: HoeffdingTreeInput): HoeffdingTreeOptions {
  const features = atMost('features', integer('features', input.features), MOST_FEATURES)
  const maxLeaves = atMost('maxLeaves', integer('maxLeaves', input.maxLeaves ?? 512), 1_048_576)
  const featuresPerLeaf = integer('featuresPerLeaf', input.featuresPerLeaf ?? features)
  return {
    features,
    gracePeriod: positive('gracePeriod', input.gracePeriod ?? 200),
    confidence: openFraction('confidence', input.confidence ?? 1e-7),
    tieThreshold: nonNegative('tieThreshold', input.tieThreshold ?? 0.05),
    minGain: nonNegative('minGain', input.minGain ?? 0),
    criterion: oneOf('criterion', input.criterion ?? 'information-gain', ['information-gain', 'gini', 'hellinger']),
    leafPrediction: oneOf('leafPrediction', input.leafPrediction ?? 'adaptive', [
      'majority',
      'naive-bayes',
      'adaptive',
    ]),
    observer: oneOf('observer', input.observer ?? 'gaussian', ['gaussian', 'histogram']),
    thresholds: atMost('thresholds', integer('thresholds', input.thresholds ?? 10), MOST_PARTS),
    bins: atMost('bins', integer('bins', input.bins ?? 32, 2), MOST_PARTS),
    nominal: checkFeatures('nominal', input.nominal ?? [], features),
    nominalSplits: oneOf('nominalSplits', input.nominalSplits ?? 'one-against-rest', ['one-against-rest', 'multiway']),
    categories: atMost('categories', integer('categories', input.categories ?? 32, 2), MOST_PARTS),
    minBranchFraction: fraction('minBranchFraction', input.minBranchFraction ?? 0.01),
    featuresPerLeaf: atMost('featuresPerLeaf', featuresPerLeaf, features),
    poorFeatures: oneOf('poorFeatures', input.poorFeatures ?? 'keep', ['keep', 'remove']),
    maxLeaves,
    maxDepth: integer('maxDepth', input.maxDepth ?? Math.max(1, maxLeaves - 1)),
    maxBytes: atMost('maxBytes', integer('maxBytes', input.maxBytes ?? DEFAULT_BYTES), MOST_BYTES),
    seed: text('seed', String(input.seed ?? '1')),
  }
}

/** Options of the shape that snapshots hold, to check one against. */
export function templateTreeOptions(): HoeffdingTreeOptions {
  return resolveTreeOptions({ features: 1 })
}

/** Passes a list of features, sorted; else throws. */
function checkFeatures(name: string, list: readonly number[], features: number): readonly number[] {
  if (!Array.isArray(list)) throw new TradeLearnError('INVALID_OPTION', `"${name}" must be a list, got ${show(list)}.`)
  for (const feature of list) atMost(name, integer(name, feature, 0), features - 1)
  return [...new Set(list)].sort((a, b) => a - b)
}
