import { describe, expect, test } from 'vitest'
import type { Codec, MultiLearner, Snapshot } from '../../src/contracts.ts'
import { StandardScaler } from '../../src/features/index.ts'
import { type Bandit, Exp3, LinUCB, ThompsonSampling, UCB1 } from '../../src/learners/bandits/index.ts'
import { BaseRate } from '../../src/learners/baseline.ts'
import { MultiGradientBoosting } from '../../src/learners/gradient-boosting/index.ts'
import { HalfSpaceTrees, type HalfSpaceTreesOptions } from '../../src/learners/half-space-trees/index.ts'
import { HoeffdingTreeMulticlass } from '../../src/learners/hoeffding-tree/index.ts'
import { OPTIMIZERS } from '../../src/learners/linear/optimizer.ts'
import { SoftmaxRegression } from '../../src/learners/linear/softmax-regression.ts'
import { Accuracy } from '../../src/metrics/index.ts'
import {
  anomalyLaws,
  banditLaws,
  type Law,
  learnerLaws,
  metricLaws,
  multiLearnerLaws,
  transformerLaws,
} from '../../src/testing/index.ts'

const arms = 3
const bandits: readonly [string, () => Bandit, Codec, contexts?: number][] = [
  ['UCB1', () => new UCB1({ arms }), UCB1],
  ['UCB1 that forgets', () => new UCB1({ arms, halfLife: 20, range: 1 }), UCB1],
  ['ThompsonSampling of coins', () => new ThompsonSampling({ arms }), ThompsonSampling],
  [
    'ThompsonSampling of numbers',
    () => new ThompsonSampling({ arms, reward: 'number', halfLife: 50 }),
    ThompsonSampling,
  ],
  ['Exp3', () => new Exp3({ arms }), Exp3],
  ['Exp3 that forgets', () => new Exp3({ arms, halfLife: 100 }), Exp3],
  ['LinUCB', () => new LinUCB({ arms, features: 2 }), LinUCB, 2],
  ['LinUCB that forgets', () => new LinUCB({ arms, features: 2, halfLife: 50, noise: 1 }), LinUCB, 2],
]
describe.each(bandits)('%s', (_, create, codec, contexts = 0) => {
  for (const { name, run } of banditLaws(create, codec, { contexts })) test(name, run)
})

const features = 3
const scorers: readonly [string, Partial<HalfSpaceTreesOptions>][] = [
  ['of measured limits', {}],
  ['of known limits', { limits: Array.from({ length: features }, () => [-2, 12] as const) }],
]
describe.each(scorers)('HalfSpaceTrees %s', (_, options) => {
  const create = (): HalfSpaceTrees => new HalfSpaceTrees({ features, trees: 10, height: 5, window: 100, ...options })
  for (const { name, run } of anomalyLaws(create, HalfSpaceTrees)) test(name, run)
})

const multi: readonly [string, () => MultiLearner, Codec, predicts?: 'values'][] = [
  ...OPTIMIZERS.map((optimizer): [string, () => MultiLearner, Codec] => [
    `SoftmaxRegression by ${optimizer}`,
    () => new SoftmaxRegression({ features, classes: 4, optimizer, learningRate: 0.05 }),
    SoftmaxRegression,
  ]),
  [
    'HoeffdingTreeMulticlass',
    () => new HoeffdingTreeMulticlass({ features, classes: 4, gracePeriod: 50 }),
    HoeffdingTreeMulticlass,
  ],
  [
    'MultiGradientBoosting of classes',
    () => new MultiGradientBoosting({ features, loss: 'softmax', classes: 4, trees: 10, minSamplesLeaf: 5 } as never),
    MultiGradientBoosting,
  ],
  [
    'MultiGradientBoosting of quantiles',
    () => new MultiGradientBoosting({ features, loss: 'quantile', quantiles: [0.1, 0.5, 0.9], trees: 10 } as never),
    MultiGradientBoosting,
    'values',
  ],
]
describe.each(multi)('%s', (_, create, codec, predicts = 'classes' as never) => {
  for (const { name, run } of multiLearnerLaws(create, codec, { features, predicts })) {
    test(name, run)
  }
})

describe.each([Infinity, 50])('StandardScaler of half-life %s', (halfLife) => {
  const create = (): StandardScaler => new StandardScaler({ features, halfLife })
  for (const { name, run } of transformerLaws(create, StandardScaler, features)) test(name, run)
})

/** The laws that a class breaks. */
const brokenBy = (laws: readonly Law[]): string[] =>
  laws.flatMap(({ name, run }) => {
    try {
      run()
      return []
    } catch {
      return [name]
    }
  })

describe('a class that breaks a law is told so', () => {
  test('a bandit whose choice teaches it', () => {
    class Nosy extends UCB1 {
      override choose(): number {
        const arm = super.choose()
        this.update(arm, 0)
        return arm
      }
    }
    expect(brokenBy(banditLaws(() => new Nosy({ arms }), UCB1))).toContain('a choice never changes what was learned')
  })

  test('a scorer that keeps its first vector, and scores beyond 1', () => {
    class Odd extends HalfSpaceTrees {
      #first: Float64Array | undefined
      override scoreOf(x: Float64Array): number {
        return 2 * super.scoreOf(x)
      }
      override learn(x: Float64Array): void {
        this.#first ??= x
        super.learn(this.#first)
      }
    }
    const odd = (): Odd => new Odd({ features, trees: 3, height: 3, window: 50 })
    const broken = brokenBy(anomalyLaws(odd, HalfSpaceTrees))
    expect(broken).toContain('learn neither changes nor keeps x')
    expect(broken).toContain(
      'scores lie in [0, 1] before the first learn and after many, for missing and extreme values too',
    )
  })

  test('a learner whose probabilities do not add up', () => {
    class Unsure extends SoftmaxRegression {
      override predictInto(x: Float64Array, out: Float64Array): Float64Array {
        super.predictInto(x, out)
        out[0]! /= 2
        return out
      }
    }
    const broken = brokenBy(multiLearnerLaws(() => new Unsure({ features, classes: 4 }), SoftmaxRegression))
    expect(broken[0]).toContain('probabilities that add up to 1')
  })

  test('a learner that believes every snapshot, and takes any list for a vector', () => {
    class Trusting extends BaseRate {
      #added = 0
      override predict(x: Float64Array): number {
        return super.predict(Float64Array.from(x)) + this.#added
      }
      static override fromJSON(json: Snapshot): Trusting {
        const learner = new Trusting({ features })
        learner.#added = json.state['mean'] as number
        return learner
      }
    }
    const broken = brokenBy(learnerLaws(() => new Trusting({ features }), Trusting, { learnsFromX: false }))
    expect(broken).toContain('refuses what is no vector with a coded error and an unchanged state')
    expect(broken).toContain(
      'a snapshot with a wild number is refused with a coded error, or restores what still works',
    )
  })

  test('a metric that believes every snapshot', () => {
    class Credulous extends Accuracy {
      #added = 0
      override get value(): number {
        return super.value + this.#added
      }
      static override fromJSON(json: Snapshot): Credulous {
        const metric = new Credulous()
        metric.#added = json.state['right'] as number
        return metric
      }
    }
    const broken = brokenBy(metricLaws(() => new Credulous(), Credulous))
    expect(broken).toContain(
      'a snapshot with a wild number is refused with a coded error, or restores what still works',
    )
    expect(broken).toContain('a snapshot without a part, or of a newer version, is refused with a coded error')
  })
})
