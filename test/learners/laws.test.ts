import { describe, test } from 'vitest'
import type { Codec, Learner } from '../../src/contracts.ts'
import { StandardScaler } from '../../src/features/transformers/standard-scaler.ts'
import { BaseRate, LastLabel, MeanTarget } from '../../src/learners/baseline.ts'
import { BayesianLogisticRegression } from '../../src/learners/bayesian-logistic-regression.ts'
import { ByGroup } from '../../src/learners/by-group.ts'
import { GradientBoosting } from '../../src/learners/gradient-boosting/index.ts'
import { Hedge } from '../../src/learners/hedge.ts'
import { LinearRegression } from '../../src/learners/linear-regression.ts'
import { LogisticRegression } from '../../src/learners/logistic-regression.ts'
import { OnlineCalibration } from '../../src/learners/online-calibration.ts'
import { Pipeline } from '../../src/learners/pipeline.ts'
import { learnerLaws } from '../../src/testing/index.ts'
import { Lazy } from './helpers.ts'

const features = 3
const codecs: readonly Codec[] = [
  BaseRate,
  BayesianLogisticRegression,
  GradientBoosting,
  Hedge,
  Lazy,
  LinearRegression,
  LogisticRegression,
  MeanTarget,
  OnlineCalibration,
  Pipeline,
  StandardScaler,
]
const bayes = (): Learner => new BayesianLogisticRegression({ features, halfLife: 50 })
const lazy = (start: number): Learner => new Lazy({ features, start })

const learners: readonly [string, () => Learner, Codec, learnsFromX: boolean][] = [
  ['BaseRate', () => new BaseRate({ features, halfLife: 30 }), BaseRate, false],
  ['LastLabel of classes', () => new LastLabel({ features }), LastLabel, false],
  ['LastLabel of numbers', () => new LastLabel({ features, task: 'regression' }), LastLabel, false],
  ['MeanTarget', () => new MeanTarget({ features }), MeanTarget, false],
  ['LogisticRegression', () => new LogisticRegression({ features, l2: 0.01 }), LogisticRegression, true],
  ['LinearRegression', () => new LinearRegression({ features, l2: 0.01 }), LinearRegression, true],
  ['BayesianLogisticRegression', bayes, BayesianLogisticRegression, true],
  [
    'a BayesianLogisticRegression that forgets fast',
    () => new BayesianLogisticRegression({ features, halfLife: 5 }),
    BayesianLogisticRegression,
    true,
  ],
  ['Pipeline', () => new Pipeline({ transformer: new StandardScaler({ features }), learner: bayes() }), Pipeline, true],
  [
    'a Pipeline that can refit',
    () => new Pipeline({ transformer: new StandardScaler({ features }), learner: lazy(0.5) }),
    Pipeline,
    false,
  ],
  [
    'Hedge',
    () => new Hedge({ learners: [new BaseRate({ features }), bayes(), new LogisticRegression({ features })] }),
    Hedge,
    true,
  ],
  [
    'Hedge of one that keeps whole observations',
    () => new Hedge({ learners: [bayes(), new GradientBoosting({ features, minSamples: 50, trees: 5 })] }),
    Hedge,
    true,
  ],
  [
    'a Pipeline of numbers',
    () => new Pipeline({ transformer: new StandardScaler({ features }), learner: new LinearRegression({ features }) }),
    Pipeline,
    true,
  ],
  ['Hedge of one that can refit', () => new Hedge({ learners: [bayes(), lazy(0.5)] }), Hedge, true],
  [
    'Hedge of regressions',
    () => new Hedge({ learners: [new MeanTarget({ features }), new LinearRegression({ features })] }),
    Hedge,
    true,
  ],
  [
    'OnlineCalibration',
    () => new OnlineCalibration({ learner: bayes(), minSamples: 40, window: 60, refitEvery: 10 }),
    OnlineCalibration,
    true,
  ],
  [
    'OnlineCalibration of one that can refit',
    () => new OnlineCalibration({ learner: lazy(0.5), minSamples: 40 }),
    OnlineCalibration,
    false,
  ],
  ['ByGroup', () => new ByGroup({ pooled: bayes(), create: bayes, column: 2 }), ByGroup, true],
  [
    'calibrated experts behind a scaler',
    () => {
      const mix = new Hedge({ learners: [new BaseRate({ features }), bayes()] })
      const learner = new OnlineCalibration({ learner: mix, minSamples: 40 })
      return new Pipeline({ transformer: new StandardScaler({ features, halfLife: 100 }), learner })
    },
    Pipeline,
    true,
  ],
]

describe.each(learners)('%s', (_, create, codec, learnsFromX) => {
  for (const { name, run } of learnerLaws(create, codec, { features, codecs, learnsFromX })) test(name, run)
})
