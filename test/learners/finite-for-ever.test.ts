import { describe, expect, test } from 'vitest'
import type { Learner, MultiLearner } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { ADWIN } from '../../src/drift/index.ts'
import { meanOf } from '../../src/learners/ensembles/mean.ts'
import { majorityProbability } from '../../src/learners/hoeffding-tree/leaf-prediction.ts'
import {
  ADWINBagging,
  AdaptiveRandomForest,
  AdaptiveRandomForestRegressor,
  AggregatedMondrianForest,
  ALMA,
  BaseRate,
  BayesianLinearRegression,
  BayesianLogisticRegression,
  ClassBalance,
  CostWeighting,
  DriftAware,
  DynamicWeightedMajority,
  ExtremelyFastDecisionTree,
  FeatureSelection,
  GaussianNaiveBayes,
  Hedge,
  HoeffdingAdaptiveTree,
  HoeffdingTreeClassifier,
  HoeffdingTreeMulticlass,
  HoeffdingTreeRegressor,
  KNearestNeighbours,
  LeveragingBagging,
  LinearRegression,
  LogisticRegression,
  MeanTarget,
  MultiLayerPerceptron,
  OnlineBagging,
  OnlineBoosting,
  OnlineCalibration,
  OnlineStacking,
  PassiveAggressiveClassifier,
  PassiveAggressiveRegressor,
  SoftmaxRegression,
  StochasticGradientTree,
  StreamingGradientBoosting,
  StreamingRandomPatches,
} from '../../src/learners/index.ts'

const features = 3
const few = { features, members: 3 }
const tree = (): Learner => new HoeffdingTreeClassifier({ features, gracePeriod: 20 })
const linear = (): Learner => new LogisticRegression({ features })
const regression = { features, task: 'regression' } as const

const LEARNERS: readonly (readonly [string, () => Learner])[] = [
  ...(['adaptive', 'naive-bayes', 'majority'] as const).flatMap((leafPrediction) => {
    const options = { features, gracePeriod: 20, leafPrediction }
    return [
      [`HoeffdingTreeClassifier, ${leafPrediction}`, () => new HoeffdingTreeClassifier(options)],
      [`HoeffdingAdaptiveTree, ${leafPrediction}`, () => new HoeffdingAdaptiveTree(options)],
      [`ExtremelyFastDecisionTree, ${leafPrediction}`, () => new ExtremelyFastDecisionTree(options)],
    ] as const
  }),
  ['a HoeffdingTreeClassifier of categories', () => new HoeffdingTreeClassifier({ features, nominal: [1] })],
  ['HoeffdingTreeRegressor', () => new HoeffdingTreeRegressor({ features, gracePeriod: 20 })],
  ['StochasticGradientTree', () => new StochasticGradientTree({ features })],
  ['StreamingGradientBoosting', () => new StreamingGradientBoosting({ features, stages: 5 })],
  ['AggregatedMondrianForest', () => new AggregatedMondrianForest({ features, trees: 3 })],
  ['an AggregatedMondrianForest of numbers', () => new AggregatedMondrianForest({ ...regression, trees: 3 })],
  ['OnlineBagging', () => new OnlineBagging(few)],
  ['OnlineBagging of means', () => new OnlineBagging({ ...few, create: () => new MeanTarget({ features }) })],
  ['LeveragingBagging', () => new LeveragingBagging(few)],
  ['ADWINBagging', () => new ADWINBagging(few)],
  ['OnlineBoosting', () => new OnlineBoosting(few)],
  ['AdaptiveRandomForest', () => new AdaptiveRandomForest(few)],
  ['AdaptiveRandomForestRegressor', () => new AdaptiveRandomForestRegressor(few)],
  ['StreamingRandomPatches', () => new StreamingRandomPatches(few)],
  ['DynamicWeightedMajority', () => new DynamicWeightedMajority(few)],
  [
    'OnlineStacking',
    () => new OnlineStacking({ learners: [tree(), linear()], meta: new LogisticRegression({ features: 2 }) }),
  ],
  ['Hedge', () => new Hedge({ learners: [tree(), linear()] })],
  ['DriftAware', () => new DriftAware({ create: tree, detector: new ADWIN() })],
  ['ClassBalance', () => new ClassBalance({ learner: tree() })],
  ['CostWeighting', () => new CostWeighting({ learner: tree(), falsePositive: 1e300 })],
  ['OnlineCalibration', () => new OnlineCalibration({ learner: tree(), minSamples: 40, window: 60 })],
  ['FeatureSelection', () => new FeatureSelection({ learner: linear(), features, best: 2, minSamples: 20 })],
  ['GaussianNaiveBayes', () => new GaussianNaiveBayes({ features, nominal: [1], halfLife: 50 })],
  ['KNearestNeighbours', () => new KNearestNeighbours({ features, window: 100 })],
  ['KNearestNeighbours of numbers', () => new KNearestNeighbours({ ...regression, window: 100 })],
  ['BaseRate', () => new BaseRate({ features })],
  ['MeanTarget', () => new MeanTarget({ features })],
  ['LogisticRegression', linear],
  ['LinearRegression', () => new LinearRegression({ features })],
  ['BayesianLogisticRegression', () => new BayesianLogisticRegression({ features })],
  ['BayesianLinearRegression', () => new BayesianLinearRegression({ features })],
  ['PassiveAggressiveClassifier', () => new PassiveAggressiveClassifier({ features, step: 'PA', intercept: 'free' })],
  ['PassiveAggressiveRegressor', () => new PassiveAggressiveRegressor({ features })],
  ['ALMA', () => new ALMA({ features })],
  ['MultiLayerPerceptron', () => new MultiLayerPerceptron({ features })],
]

const MULTI: readonly (readonly [string, () => MultiLearner])[] = [
  ...(['adaptive', 'naive-bayes', 'majority'] as const).map(
    (leafPrediction) =>
      [
        `HoeffdingTreeMulticlass, ${leafPrediction}`,
        () => new HoeffdingTreeMulticlass({ features, classes: 3, gracePeriod: 20, leafPrediction }),
      ] as const,
  ),
  ['SoftmaxRegression', () => new SoftmaxRegression({ features, classes: 3 })],
]

const BIGGEST = Number.MAX_VALUE
const pick = (rng: SeededRng, values: readonly number[]): number => values[Math.floor(rng.next() * values.length)]!
const sign = (rng: SeededRng): number => (rng.next() < 0.5 ? 1 : -1)

type Draw = (rng: SeededRng, i: number) => number
const WEIGHTS: readonly (readonly [string, Draw])[] = [
  ['1', () => 1],
  ['1e300', () => 1e300],
  ['the largest', () => BIGGEST],
  ['the least', () => 5e-324],
  ['all sizes', (rng) => pick(rng, [1e300, 1, 5e-324, BIGGEST, 1e-300])],
]
const VALUES: readonly (readonly [string, Draw])[] = [
  ['normal', drawNormal],
  ['±1e300', (rng) => 1e300 * sign(rng)],
  ['±1e300, then normal', (rng, i) => (i < 60 ? 1e300 : 1) * drawNormal(rng)],
  ['of all sizes', (rng) => pick(rng, [1e300, drawNormal(rng), 5e-324, -1e155, -BIGGEST, NaN])],
]
const PROBES = [0.3, 1e300, -BIGGEST, NaN].map((value) => new Float64Array(features).fill(value))

/** Plays streams of every weight and every kind of value, and tells `check` where each has led. */
function play<T extends Learner | MultiLearner>(
  create: () => T,
  label: (rng: SeededRng, x: Float64Array) => number,
  check: (learner: T, what: string) => void,
): void {
  for (const [weighing, weight] of WEIGHTS) {
    for (const [valued, value] of VALUES) {
      const learner = create()
      const rng = new SeededRng(`${weighing} ${valued}`)
      const x = new Float64Array(features)
      for (let i = 0; i < 250; i++) {
        for (let f = 0; f < features; f++) x[f] = value(rng, i)
        learner.learn(x, label(rng, x), weight(rng, i))
        if (i % 50 === 49) check(learner, `weights of ${weighing}, values ${valued}, after ${i + 1}`)
      }
    }
  }
}

describe('predictions are finite after weights and values near the ends of what a double can hold', () => {
  test.each(LEARNERS)('%s', (_, create) => {
    const isBinary = create().task === 'binary'
    const classes: Draw = (rng) => Number(rng.next() < 0.5)
    const signal = (_rng: SeededRng, x: Float64Array): number => Number(x[0]! > 0)
    const numbers: Draw = (rng) => pick(rng, [1, -1, drawNormal(rng), 1e60])
    for (const label of isBinary ? [classes, signal] : [numbers]) {
      play(create, label as (rng: SeededRng, x: Float64Array) => number, (learner, what) => {
        for (const x of PROBES) {
          const p = learner.predict(x)
          expect(Number.isFinite(p), `${p}: ${what}`).toBe(true)
          if (isBinary) expect(p >= 0 && p <= 1, `${p}: ${what}`).toBe(true)
        }
      })
    }
  })

  test.each(MULTI)('%s', (_, create) => {
    const out = new Float64Array(3)
    const check = (learner: MultiLearner, what: string): void => {
      for (const x of PROBES) {
        learner.predictInto(x, out)
        expect(out[0]! + out[1]! + out[2]!, what).toBeCloseTo(1, 9)
      }
    }
    play(create, (rng) => Math.floor(3 * rng.next()), check)
  })

  test('the mean of the largest answers there are', () => {
    for (let n = 1; n <= 50; n++) expect(meanOf(new Float64Array(n).fill(BIGGEST)) / BIGGEST).toBeCloseTo(1, 12)
  })
})

describe('a Hoeffding tree', () => {
  test('counts weights above 1e12 as 1e12, so that no sum of them overflows', () => {
    const [huge, large] = [tree(), tree()]
    const rng = new SeededRng('huge')
    for (let i = 0; i < 300; i++) {
      const x = Float64Array.from({ length: features }, () => drawNormal(rng))
      const y = Number(x[0]! + drawNormal(rng) > 0)
      huge.learn(x, y, BIGGEST)
      large.learn(x, y, 1e12)
    }
    expect(JSON.stringify(huge)).toBe(JSON.stringify(large))
  })

  test('refuses a snapshot whose counts cannot be added', () => {
    const learner = tree()
    learner.learn(new Float64Array(features), 1)
    const { state, ...json } = learner.toJSON()
    const saved = state['tree'] as typeof state
    const bytes = new Uint8Array(Float64Array.of(BIGGEST, BIGGEST).buffer)
    const counts = { $: 'Float64Array', data: btoa(String.fromCharCode(...bytes)) }
    const damaged = { ...json, state: { ...state, tree: { ...saved, counts } } }
    expect(() => HoeffdingTreeClassifier.fromJSON(damaged)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
    )
    expect(majorityProbability(1e300, 1e300)).toBe(0.5)
  })
})
