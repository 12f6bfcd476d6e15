import { describe, expect, test } from 'vitest'
import type { Codec, JsonObject, Serializable, Snapshot } from '../../src/contracts.ts'
import { restore } from '../../src/core/snapshot.ts'
import { packState, type State, unpackState } from '../../src/core/state.ts'
import { Exp3, LinUCB, ThompsonSampling, UCB1 } from '../../src/learners/bandits/index.ts'
import { BaseRate, LastLabel, MeanTarget } from '../../src/learners/baseline.ts'
import { BayesianLogisticRegression } from '../../src/learners/bayesian-logistic-regression.ts'
import { ByGroup } from '../../src/learners/by-group.ts'
import { FeatureSelection } from '../../src/learners/feature-selection/index.ts'
import { GaussianNaiveBayes } from '../../src/learners/gaussian-naive-bayes.ts'
import { HalfSpaceTrees } from '../../src/learners/half-space-trees/index.ts'
import { Hedge } from '../../src/learners/hedge.ts'
import { KNearestNeighbours } from '../../src/learners/k-nearest-neighbours.ts'
import { BayesianLinearRegression } from '../../src/learners/linear/bayesian-linear-regression.ts'
import { SoftmaxRegression } from '../../src/learners/linear/softmax-regression.ts'
import { LogisticRegression } from '../../src/learners/logistic-regression.ts'
import { AggregatedMondrianForest } from '../../src/learners/mondrian-forest/index.ts'
import { MultiLayerPerceptron } from '../../src/learners/multi-layer-perceptron.ts'
import { OnlineCalibration } from '../../src/learners/online-calibration.ts'

const features = 2
const codecs: readonly Codec[] = [
  AggregatedMondrianForest,
  BaseRate,
  BayesianLogisticRegression,
  ByGroup,
  Hedge,
  LastLabel,
  MeanTarget,
  OnlineCalibration,
  BayesianLinearRegression,
  Exp3,
  FeatureSelection,
  GaussianNaiveBayes,
  HalfSpaceTrees,
  KNearestNeighbours,
  LinUCB,
  LogisticRegression,
  MultiLayerPerceptron,
  SoftmaxRegression,
  ThompsonSampling,
  UCB1,
]
const refused = expect.objectContaining({ code: expect.stringMatching(/^(CORRUPT_SNAPSHOT|INVALID_OPTION)$/) })

/** The snapshot of a part whose state was changed: arrays are filled with a number, all else is replaced. */
function damaged(part: Serializable, changes: { readonly [key: string]: State }): Snapshot {
  const json = JSON.parse(JSON.stringify(part)) as Snapshot
  const state = unpackState(json.state, {}) as Record<string, State>
  for (const [key, value] of Object.entries(changes)) {
    const old = state[key]
    if (ArrayBuffer.isView(old) && typeof value === 'number') (old as Float64Array).fill(value)
    else state[key] = value
  }
  return { ...json, state: packState(state) as JsonObject }
}

describe('what could only come from a damaged file is refused', () => {
  const learned = <L extends { learn(x: Float64Array, y: number): void }>(learner: L): L => {
    for (let i = 0; i < 20; i++) learner.learn(Float64Array.of(i, -i), i % 2)
    return learner
  }
  const neighbours = learned(new KNearestNeighbours({ features, window: 10 }))
  const bayes = learned(new GaussianNaiveBayes({ features, nominal: [1] }))
  const network = learned(new MultiLayerPerceptron({ features }))
  const numbers = learned(new MultiLayerPerceptron({ features, task: 'regression' }))
  const line = learned(new BayesianLinearRegression({ features }))
  const selection = learned(new FeatureSelection({ features, best: 1, learner: new LogisticRegression({ features }) }))
  const logistic = learned(new BayesianLogisticRegression({ features }))
  const rate = (): BaseRate => new BaseRate({ features })
  const experts = learned(new Hedge({ learners: [rate(), rate()] }))
  const calibrated = learned(new OnlineCalibration({ learner: rate(), window: 50, minSamples: 10 }))
  const groups = learned(new ByGroup({ pooled: rate(), create: rate, column: 0 }))
  const forest = learned(new AggregatedMondrianForest({ features, trees: 2 }))
  const spaces = learned(new HalfSpaceTrees({ features, trees: 2, height: 3, window: 5 }))
  const window = { limits: { low: new Float64Array(2), high: new Float64Array(2) }, masses: new Int32Array(30) }
  const maps = { slope: 1, offset: 0, a: 1, b: 1, c: 0, x: new Float64Array(0), y: new Float64Array(0) }
  const gain = { n: 0, mean: 0, variance: 0 }
  const gains = { platt: gain, beta: gain, isotonic: gain }
  const cases: readonly [string, Serializable, { readonly [key: string]: State }][] = [
    ['neighbours of no weight', neighbours, { weights: 0 }],
    ['neighbours of too much weight', neighbours, { weights: 1e308 }],
    ['neighbours of a third class', neighbours, { labels: 5 }],
    ['means whose squares overflow', bayes, { means: 1e155 }],
    ['weights of classes that overflow', bayes, { weights: 1e300 }],
    ['a network of huge weights', network, { weights: 1e300 }],
    ['a network of huge moments', network, { second: 1e300 }],
    ['a huge mean of targets', numbers, { mean: 1e300 }],
    ['a huge mean weight', line, { mean: 1e300 }],
    ['a huge covariance', line, { diagonal: 1e300 }],
    ['a covariance of 0', line, { diagonal: 0 }],
    ['half an observation', line, { seen: 0.5 }],
    ['less than no observation', selection, { seen: -0.5, held: 0 }],
    ['a logistic mean weight beyond all', logistic, { mean: 1e300 }],
    ['a logistic covariance of 0', logistic, { diagonal: 0 }],
    ['experts whose weights sum to 2', experts, { weights: 1 }],
    ['experts that remember more than they saw', experts, { held: 21 }],
    ['a line through infinite odds', calibrated, { maps: { ...maps, slope: Infinity } }],
    ['a line that turns the ranking round', calibrated, { maps: { ...maps, slope: -1 } }],
    ['a bend that turns the ranking round', calibrated, { maps: { ...maps, b: -1 } }],
    ['steps that fall', calibrated, { maps: { ...maps, x: Float64Array.of(0, 1), y: Float64Array.of(0.6, 0.4) } }],
    ['steps out of order', calibrated, { maps: { ...maps, x: Float64Array.of(1, 0), y: Float64Array.of(0.4, 0.6) } }],
    ['a step that is certain', calibrated, { maps: { ...maps, x: Float64Array.of(0), y: Float64Array.of(1) } }],
    ['more steps than values', calibrated, { maps: { ...maps, x: Float64Array.of(0, 1), y: Float64Array.of(0.5) } }],
    ['a correction that there is none of', calibrated, { choice: { gains, used: 'magic' } }],
    [
      'gains of infinity',
      calibrated,
      { choice: { gains: { ...gains, beta: { n: 1, mean: 99, variance: 0 } }, used: 'none' } },
    ],
    [
      'labels between the classes',
      calibrated,
      { labels: { values: new Float64Array(50).fill(0.5), head: 0, size: 50 } },
    ],
    ['scores past the end of their ring', calibrated, { scores: { values: new Float64Array(50), head: 50, size: 1 } }],
    ['groups of one code', groups, { codes: 7 }],
    ['a group without a learner', groups, { groups: 21 }],
    ['half an observation of a group', groups, { counts: 0.5 }],
    ['a base rate above 1', learned(new BaseRate({ features })), { mean: 1.5 }],
    ['a last label of a third class', learned(new LastLabel({ features })), { last: 2 }],
    ['an infinite mean', learned(new MeanTarget({ features })), { mean: Infinity }],
    ['a forest that has seen half a row', forest, { seen: 0.5 }],
    ['masses above the window', spaces, { reference: { ...window, masses: new Int32Array(30).fill(2147483647) } }],
    ['huge mean rewards', new UCB1({ arms: 2 }), { means: 1e308 }],
    ['huge mean rewards that are drawn', new ThompsonSampling({ arms: 2 }), { means: 1e308 }],
    ['a bandit that has seen -5.5 rewards', new UCB1({ arms: 2 }), { seen: -5.5 }],
    ['a bandit that has seen half a reward', new ThompsonSampling({ arms: 2 }), { seen: 0.5 }],
    ['a bandit that has seen NaN rewards', new Exp3({ arms: 2 }), { seen: NaN }],
    ['a contextual bandit that has seen half a reward', new LinUCB({ arms: 2, features }), { seen: 0.5 }],
  ]
  test.each(cases)('%s', (_, part, changes) => {
    expect(() => restore(damaged(part, changes), codecs)).toThrow(refused)
    expect(restore(damaged(part, {}), codecs)).toBeDefined()
  })

  test('moments of ratings that are finite, yet beyond all rows', () => {
    const json = JSON.parse(JSON.stringify(selection)) as Snapshot
    const state = unpackState(json.state, {}) as { ratings: { correlation: { meanX: Float64Array } } }
    state.ratings.correlation.meanX.fill(1e308)
    expect(() => restore({ ...json, state: packState(state as State) as JsonObject }, codecs)).toThrow(refused)
  })
})

describe('a small file cannot ask for all memory', () => {
  const wide = 65_536
  const cases: readonly [string, Serializable, JsonObject][] = [
    ['softmax', new SoftmaxRegression({ features, classes: 2 }), { classes: 1024, features: wide }],
    ['network', new MultiLayerPerceptron({ features }), { features: 16_000, hidden: [1024] }],
    ['neighbours', new KNearestNeighbours({ features, window: 10 }), { features: 1000, window: 67_000 }],
    ['logistic', new BayesianLogisticRegression({ features }), { features: 100_000 }],
    [
      'calibration',
      new OnlineCalibration({ learner: new LogisticRegression({ features }), window: 500 }),
      { window: 1e9 },
    ],
    ['naive Bayes', new GaussianNaiveBayes({ features, nominal: [1] }), { categories: wide, nominal: [0, 1] }],
  ]
  test.each(cases)('%s', (_, part, options) => {
    const json = JSON.parse(JSON.stringify(part)) as Snapshot
    const before = process.memoryUsage().arrayBuffers
    expect(() => restore({ ...json, options: { ...json.options, ...options } }, codecs)).toThrow(refused)
    // a few vectors as long as a row at most
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4e6)
  })
})

test('sizes beyond all use are refused as options', () => {
  const code = expect.objectContaining({ code: 'INVALID_OPTION' })
  const many = 1e10
  const learner = new LogisticRegression({ features })
  for (const create of [
    () => new UCB1({ arms: many }),
    () => new ThompsonSampling({ arms: many }),
    () => new Exp3({ arms: many }),
    () => new LinUCB({ arms: many, features }),
    () => new LinUCB({ arms: 2, features: many }),
    () => new LinUCB({ arms: 100, features: 10_000 }),
    () => new LinUCB({ arms: 2, features, ridge: 1e-300 }),
    () => new HalfSpaceTrees({ features, trees: many }),
    () => new HalfSpaceTrees({ features: many }),
    () => new HalfSpaceTrees({ features, trees: 60_000, height: 15 }),
    () => new HalfSpaceTrees({ features: 1, limits: [[-1.5e308, 1.5e308]] }),
    () => new FeatureSelection({ learner, features: many, best: 1 }),
    () => new SoftmaxRegression({ features: 65_536, classes: 1024 }),
    () => new BayesianLinearRegression({ features, priorVariance: 1e300 }),
  ]) {
    expect(create).toThrow(code)
  }
})
