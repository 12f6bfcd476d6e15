import type { Codec, DriftDetector } from '../contracts.ts'
import { KillSwitch } from '../decision/index.ts'
import { ADWIN, PageHinkley, ScaleFree } from '../drift/index.ts'
import { StandardScaler } from '../features/index.ts'
import { TripleBarrier } from '../labels/index.ts'
import {
  BaseRate,
  BayesianLogisticRegression,
  ByGroup,
  ConformalInterval,
  GradientBoosting,
  HalfSpaceTrees,
  Hedge,
  HoeffdingTreeClassifier,
  LastLabel,
  LinearRegression,
  LogisticRegression,
  MeanTarget,
  OnlineCalibration,
  Pipeline,
  PrototypeNovelty,
  ReliabilityBound,
} from '../learners/index.ts'
import { FeatureMonitor } from './feature-monitor.ts'
import type { Models } from './parts.ts'

/** Options of {@link defaultModels}. */
export type DefaultModelsOptions = {
  /** Start of all chance. @defaultValue 'tradelearn' */
  readonly seed?: string
  /** `asked`: boosted trees are trained in `TradeLearner.refit()`. `inline`: within `learn`. @defaultValue 'asked' */
  readonly refit?: 'asked' | 'inline'
  /** Labels from one training of the boosted trees to the next. @defaultValue 100 */
  readonly refitEvery?: number
}

/** Weak signals want few leaves and many rows in each: 60 trees of 4 leaves, each of at least 40 trades. */
const SMALL_TREES = { trees: 60, maxLeaves: 4, minSamplesLeaf: 40, learningRate: 0.08 } as const
/**
 * Labels that the calibration looks back on. A line through 500 wobbles enough from fit to fit to cost 0.004 of AUC on
 * the simulated market; one through 2000 costs half of that.
 */
const CALIBRATION_WINDOW = 2000

/**
 * The three models a TradeLearner starts with.
 *
 * Each is a mixture of experts that differ in how much they need to see: the base rate needs nothing, a linear model a
 * few hundred trades, boosted trees some thousand. `Hedge` leans on whichever has been right lately, so with little
 * data, or where there is nothing to learn, the answer is the base rate rather than an invention. The success
 * probability is calibrated on top.
 */
export function defaultModels(
  features: number,
  { seed = 'tradelearn', refit = 'asked', refitEvery = 100 }: DefaultModelsOptions = {},
): Models {
  const trees = (task: 'binary' | 'regression', label: string): GradientBoosting =>
    new GradientBoosting({ features, task, ...SMALL_TREES, refitEvery, seed: `${seed}/${label}`, refit })
  const probability = (label: string): Hedge =>
    new Hedge({
      learners: [
        new BaseRate({ features }),
        new Pipeline({
          transformer: new StandardScaler({ features }),
          learner: new BayesianLogisticRegression({ features, halfLife: 2000 }),
        }),
        trees('binary', label),
      ],
    })
  return {
    success: new OnlineCalibration({ learner: probability('success'), window: CALIBRATION_WINDOW }),
    expectedReturn: new Hedge({
      learners: [
        new MeanTarget({ features }),
        new Pipeline({ transformer: new StandardScaler({ features }), learner: new LinearRegression({ features }) }),
        trees('regression', 'return'),
      ],
    }),
    stopRisk: probability('stop'),
  }
}

/**
 * What a TradeLearner watches its errors with: 0 on the right side of the base rate, 1 on the wrong one.
 *
 * A model that loses all its skill errs in about half of the trades instead of, say, a third; one whose knowledge is
 * turned around, in two thirds. Page-Hinkley finds such a jump of c after about 30 / c trades, ADWIN finds slower
 * decline. Where there is no skill to lose, neither has anything to say.
 */
export function defaultDetectors(): readonly DriftDetector[] {
  return [
    // with 0.05 of slack a level of 30 is not reached by chance in a bot's lifetime, while one of 20 was once in 72,000
    // simulated trades; a false alarm throws away all but the newest hundred
    new PageHinkley({ direction: 'up', tolerance: 0.05, threshold: 30 }),
    new ADWIN({ direction: 'up' }),
  ]
}

/** Codecs of everything in the library that a TradeLearner may be made of, but the features, which bring their own. */
export function defaultCodecs(): readonly Codec[] {
  return [
    ADWIN,
    BaseRate,
    BayesianLogisticRegression,
    ByGroup,
    ConformalInterval,
    FeatureMonitor,
    GradientBoosting,
    HalfSpaceTrees,
    Hedge,
    HoeffdingTreeClassifier,
    KillSwitch,
    LastLabel,
    LinearRegression,
    LogisticRegression,
    MeanTarget,
    OnlineCalibration,
    PageHinkley,
    Pipeline,
    PrototypeNovelty,
    ReliabilityBound,
    ScaleFree,
    StandardScaler,
    TripleBarrier,
  ]
}
