import type { Learner } from '../../contracts.ts'
import { HoeffdingTreeClassifier } from '../hoeffding-tree/index.ts'
import { HoeffdingTreeRegressor } from '../regression-tree/index.ts'

/**
 * Trees of ensembles split more readily than single ones, with δ = 0.01 as in adaptive random forests: whom an early
 * split misleads is outvoted, and replaced in the end. As Poisson counts multiply weights by about 6, the usual grace
 * period of 200 means an attempt every 33 observations; 50, River's and MOA's in forests, takes longer and is worse on
 * noisy labels (docs/adr/0022).
 */
const EAGER = 0.01

/** The usual member of a bag: a Hoeffding tree. */
export function plantTree(_seed: number, features: number): Learner {
  return new HoeffdingTreeClassifier({ features, confidence: EAGER })
}

/** Share of the features that each leaf of a forest's tree looks at, as in MOA. */
const SHARE = 0.6

/** The usual member of a forest: each leaf looks at 60 % of the features, drawn at random. */
export function plantRandomTree(seed: number, features: number): Learner {
  return new HoeffdingTreeClassifier({
    features,
    confidence: EAGER,
    featuresPerLeaf: Math.ceil(SHARE * features),
    seed,
  })
}

/** Leaves of a regression tree in a forest: of 25 features, 0.9 MB a tree. */
const FEW_LEAVES = 64

/**
 * The usual member of a forest of regressions: each leaf splits on √M + 1 of the M features, drawn at random. One of MOA's
 * modes, between River's √M and MOA's 60 %, and within 4 % of the better of the two on every stream of docs/adr/0021.
 */
export function plantRegressionTree(seed: number, features: number): Learner {
  return new HoeffdingTreeRegressor({
    features,
    confidence: EAGER,
    maxLeaves: FEW_LEAVES,
    featuresPerLeaf: Math.min(features, Math.round(Math.sqrt(features)) + 1),
    seed,
  })
}
