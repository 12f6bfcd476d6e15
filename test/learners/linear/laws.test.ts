import { describe, test } from 'vitest'
import type { Codec, Learner } from '../../../src/contracts.ts'
import { StandardScaler } from '../../../src/features/transformers/standard-scaler.ts'
import { BaseRate } from '../../../src/learners/baseline.ts'
import { GaussianNaiveBayes } from '../../../src/learners/gaussian-naive-bayes.ts'
import { KNearestNeighbours } from '../../../src/learners/k-nearest-neighbours.ts'
import { ALMA } from '../../../src/learners/linear/alma.ts'
import { BayesianLinearRegression } from '../../../src/learners/linear/bayesian-linear-regression.ts'
import { OPTIMIZERS } from '../../../src/learners/linear/optimizer.ts'
import { PassiveAggressiveClassifier } from '../../../src/learners/linear/passive-aggressive-classifier.ts'
import { PassiveAggressiveRegressor } from '../../../src/learners/linear/passive-aggressive-regressor.ts'
import { LinearRegression } from '../../../src/learners/linear-regression.ts'
import { LogisticRegression } from '../../../src/learners/logistic-regression.ts'
import { MultiLayerPerceptron } from '../../../src/learners/multi-layer-perceptron.ts'
import { Pipeline } from '../../../src/learners/pipeline.ts'
import { TemporallyAugmented } from '../../../src/learners/temporally-augmented.ts'
import { learnerLaws } from '../../../src/testing/index.ts'
import { Lazy } from '../helpers.ts'

const features = 3
const codecs: readonly Codec[] = [
  BaseRate,
  Lazy,
  LogisticRegression,
  PassiveAggressiveRegressor,
  Pipeline,
  StandardScaler,
]
const steps = ['PA', 'PA-I', 'PA-II'] as const
const intercepts = ['free', 'feature', 'none'] as const

const learners: readonly [string, () => Learner, Codec, learnsFromX?: boolean][] = [
  ...OPTIMIZERS.flatMap((optimizer): [string, () => Learner, Codec][] => [
    [
      `LogisticRegression by ${optimizer}`,
      () => new LogisticRegression({ features, optimizer, l1: 0.001, l2: 0.01, decayPower: 0.5, decayAfter: 100 }),
      LogisticRegression,
    ],
    [`LinearRegression by ${optimizer}`, () => new LinearRegression({ features, optimizer }), LinearRegression],
  ]),
  ...steps.flatMap((step) =>
    intercepts.flatMap((intercept): [string, () => Learner, Codec, boolean?][] => [
      [
        `PassiveAggressiveClassifier, ${step}, intercept ${intercept}`,
        () => new PassiveAggressiveClassifier({ features, step, intercept }),
        PassiveAggressiveClassifier,
      ],
      [
        `PassiveAggressiveRegressor, ${step}, intercept ${intercept}`,
        () => new PassiveAggressiveRegressor({ features, step, intercept, aggressiveness: 0.1 }),
        PassiveAggressiveRegressor,
        // steps that overshoot on a noisy stream learn little
        step !== 'PA' || intercept !== 'free',
      ],
    ]),
  ),
  ['ALMA', () => new ALMA({ features }), ALMA],
  ['BayesianLinearRegression', () => new BayesianLinearRegression({ features }), BayesianLinearRegression],
  [
    'BayesianLinearRegression that forgets',
    () => new BayesianLinearRegression({ features, halfLife: 5, interceptVariance: 0, noiseVariance: 2 }),
    BayesianLinearRegression,
  ],
  ['GaussianNaiveBayes', () => new GaussianNaiveBayes({ features }), GaussianNaiveBayes],
  [
    'GaussianNaiveBayes of mixed features that fades',
    () => new GaussianNaiveBayes({ features, nominal: [2, 1], categories: 3, halfLife: 100 }),
    GaussianNaiveBayes,
  ],
  ['KNearestNeighbours', () => new KNearestNeighbours({ features, window: 100 }), KNearestNeighbours],
  [
    'KNearestNeighbours of numbers',
    () => new KNearestNeighbours({ features, window: 64, neighbours: 1, task: 'regression', weighting: 'uniform' }),
    KNearestNeighbours,
  ],
  ['MultiLayerPerceptron', () => new MultiLayerPerceptron({ features, learningRate: 0.02 }), MultiLayerPerceptron],
  [
    'MultiLayerPerceptron of numbers',
    () =>
      new MultiLayerPerceptron({
        features,
        task: 'regression',
        hidden: [5, 4],
        activation: 'tanh',
        l2: 0.01,
        learningRate: 0.02,
      }),
    MultiLayerPerceptron,
  ],
  [
    'TemporallyAugmented',
    () =>
      new TemporallyAugmented({
        features,
        create: (wide) =>
          new Pipeline({
            transformer: new StandardScaler({ features: wide }),
            learner: new LogisticRegression({ features: wide, optimizer: 'adam' }),
          }),
      }),
    TemporallyAugmented,
  ],
  [
    'TemporallyAugmented of numbers',
    () =>
      new TemporallyAugmented({
        features,
        labels: 0,
        halfLives: [3],
        create: (wide) => new PassiveAggressiveRegressor({ features: wide, step: 'PA-II', aggressiveness: 0.01 }),
      }),
    TemporallyAugmented,
  ],
  [
    'TemporallyAugmented that can refit',
    () => new TemporallyAugmented({ features, create: (wide) => new Lazy({ features: wide, start: 0.5 }) }),
    TemporallyAugmented,
    false,
  ],
]

describe.each(learners)('%s', (_, create, codec, learnsFromX = true) => {
  for (const { name, run } of learnerLaws(create, codec, { features, codecs, learnsFromX })) test(name, run)
})
