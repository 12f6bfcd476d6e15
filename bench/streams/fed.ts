import type { AnomalyScorer, Bandit, DriftDetector, Learner, MultiLearner } from 'tradelearn'
import {
  ADWIN,
  AdaptiveRandomForestRegressor,
  BayesianLinearRegression,
  BayesianLogisticRegression,
  ByGroup,
  ClassBalance,
  CostWeighting,
  DistributionDrift,
  Exp3,
  FeatureDrift,
  FeatureSelection,
  HalfSpaceTrees,
  HoeffdingTreeClassifier,
  HoeffdingTreeMulticlass,
  HoeffdingTreeRegressor,
  LinearRegression,
  LinUCB,
  LogisticRegression,
  MeanTarget,
  OnlineCalibration,
  OnlineStacking,
  PassiveAggressiveRegressor,
  ScaleFree,
  SeededRng,
  SoftmaxRegression,
  StochasticGradientTree,
  ThompsonSampling,
  UCB1,
} from 'tradelearn'
import { CONTENDERS, scaled } from './contenders.ts'
import { DETECTORS } from './detectors.ts'
import type { Fed, Feeding } from './flat.ts'
import { ownLoop } from './loop.ts'
import { sizeOf } from './ours.ts'
import { FEATURES, Simulated } from './stream.ts'

/** Observations of the learners' stream between two turns of the relation: it comes back every fourth time. */
const TURN = 25_000
/** Observations a chunk of a learner, and values a chunk of a detector, which take a hundredth of the time. */
const ROWS = 500
const VALUES = 2500
const features = FEATURES

/** A chunk of rows with their labels. */
type Rows = { readonly x: readonly Float64Array[]; readonly y: Float64Array }

/** What is fed rows: `step` takes in one of them. */
function byRows<T extends object>(
  name: string,
  create: () => T,
  step: (part: T, x: Float64Array, y: number) => void,
): Fed {
  const start = (): Feeding => {
    const part = create()
    const source = new Simulated('flat', TURN)
    const { x, y }: Rows = {
      x: Array.from({ length: ROWS }, () => new Float64Array(FEATURES)),
      y: new Float64Array(ROWS),
    }
    return {
      draw: () => {
        for (let i = 0; i < ROWS; i++) y[i] = source.next(x[i]!)
      },
      take: () => {
        for (let i = 0; i < ROWS; i++) step(part, x[i]!, y[i]!)
      },
      bytes: () => sizeOf(part),
    }
  }
  return { name, chunk: ROWS, start }
}

/** A learner predicts each row and learns it then; a regression learns the label plus the first feature. */
function learner(name: string, create: () => Learner): Fed {
  return byRows(name, create, (model, x, y) => {
    model.predict(x)
    model.learn(x, model.task === 'binary' ? y : y + x[0]!)
  })
}

function multi(name: string, create: () => MultiLearner): Fed {
  const out = new Float64Array(2)
  return byRows(name, create, (model, x, y) => {
    model.predictInto(x, out)
    model.learn(x, y)
  })
}

function scorer(name: string, create: () => AnomalyScorer): Fed {
  return byRows(name, create, (model, x) => {
    model.scoreOf(x)
    model.learn(x)
  })
}

/** Of two arms one pays where the label is 1, the other where it is 0. */
function bandit(name: string, create: () => Bandit): Fed {
  return byRows(name, create, (model, x, y) => {
    const arm = model.choose(x)
    model.update(arm, Number(arm === y), x)
  })
}

/** A detector watches errors whose rate goes up and down. */
function detector(name: string, create: () => DriftDetector): Fed {
  const start = async (): Promise<Feeding> => {
    const loop = await ownLoop(name)
    const part = create()
    const rng = new SeededRng('flat')
    const values = new Float64Array(VALUES)
    let seen = 0
    return {
      draw: () => {
        for (let i = 0; i < VALUES; i++) {
          const rate = Math.floor(seen++ / TURN) % 2 === 0 ? 0.2 : 0.35
          values[i] = Number(rng.next() < rate)
        }
      },
      take: () => loop(part, values, 0, VALUES),
      bytes: () => sizeOf(part),
    }
  }
  return { name, chunk: VALUES, start }
}

const logistic = (): Learner => new BayesianLogisticRegression({ features })

/** Every learner. */
export const LEARNERS: readonly Fed[] = [
  ...CONTENDERS.map(({ name, create }) => learner(name, () => create({ features, nominal: [] }, '1'))),
  learner('MeanTarget', () => new MeanTarget({ features })),
  learner('HoeffdingTreeRegressor', () => new HoeffdingTreeRegressor({ features })),
  learner('AdaptiveRandomForestRegressor', () => new AdaptiveRandomForestRegressor({ features })),
  learner('StochasticGradientTree', () => new StochasticGradientTree({ features })),
  learner('LinearRegression, scaled', () => scaled(features, new LinearRegression({ features }))),
  learner('BayesianLinearRegression, scaled', () => scaled(features, new BayesianLinearRegression({ features }))),
  learner('PassiveAggressiveRegressor, scaled', () => scaled(features, new PassiveAggressiveRegressor({ features }))),
  multi('HoeffdingTreeMulticlass', () => new HoeffdingTreeMulticlass({ features, classes: 2 })),
  multi('SoftmaxRegression', () => new SoftmaxRegression({ features, classes: 2 })),
  learner(
    'OnlineStacking of tree and logistic',
    () => new OnlineStacking({ learners: [new HoeffdingTreeClassifier({ features }), logistic()], meta: meta() }),
  ),
  learner('ClassBalance of logistic', () => new ClassBalance({ learner: new LogisticRegression({ features }) })),
  learner('CostWeighting of logistic', () => new CostWeighting({ learner: new LogisticRegression({ features }) })),
  learner('FeatureSelection, best 8, of logistic', () => selection()),
  learner('OnlineCalibration of logistic', () => new OnlineCalibration({ learner: logistic() })),
  byRows(
    'ByGroup of logistic, 8 groups',
    () => new ByGroup({ pooled: logistic(), create: logistic, column: 0 }),
    (model, x, y) => {
      x[0] = Math.min(7, Math.floor(4 * Math.abs(x[0]!)))
      model.predict(x)
      model.learn(x, y)
    },
  ),
  scorer('HalfSpaceTrees', () => new HalfSpaceTrees({ features })),
  bandit('UCB1', () => new UCB1({ arms: 2 })),
  bandit('ThompsonSampling', () => new ThompsonSampling({ arms: 2 })),
  bandit('LinUCB', () => new LinUCB({ arms: 2, features })),
  bandit('Exp3', () => new Exp3({ arms: 2 })),
]

function meta(): Learner {
  return new BayesianLogisticRegression({ features: 2 })
}

function selection(): Learner {
  return new FeatureSelection({ learner: new LogisticRegression({ features }), features, best: 8 })
}

/** Every detector; those of features watch all that the learners see. */
export const WATCHES: readonly Fed[] = [
  ...DETECTORS.map(({ name, create }) => detector(name, create)),
  detector('ScaleFree of ADWIN', () => new ScaleFree(() => new ADWIN())),
  ...(['ks', 'psi', 'wasserstein'] as const).map((test) =>
    detector(`DistributionDrift, ${test}`, () => new DistributionDrift({ test })),
  ),
  byRows(
    `FeatureDrift, ${FEATURES} features`,
    () => new FeatureDrift({ features }),
    (drift, x) => drift.update(x),
  ),
]
