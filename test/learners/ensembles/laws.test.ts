import { describe, expect, test } from 'vitest'
import type { Codec, Learner } from '../../../src/contracts.ts'
import {
  ADWINBagging,
  AdaptiveRandomForest,
  AdaptiveRandomForestRegressor,
  DynamicWeightedMajority,
  FeatureSubset,
  LeveragingBagging,
  OnlineBagging,
  OnlineBoosting,
  OnlineStacking,
  StreamingRandomPatches,
} from '../../../src/learners/ensembles/index.ts'
import { HoeffdingTreeClassifier } from '../../../src/learners/hoeffding-tree/index.ts'
import { LinearRegression } from '../../../src/learners/linear-regression.ts'
import { LogisticRegression } from '../../../src/learners/logistic-regression.ts'
import { HoeffdingTreeRegressor } from '../../../src/learners/regression-tree/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'

const few = { features: 3, members: 3 }
const linear = (_seed: number, features: number): Learner => new LinearRegression({ features })
const codecs = [HoeffdingTreeClassifier, HoeffdingTreeRegressor, LinearRegression, LogisticRegression]

type Subject = { name: string; create: () => Learner; codec: Codec }
const SUBJECTS: readonly Subject[] = [
  { name: 'OnlineBagging of trees', create: () => new OnlineBagging(few), codec: OnlineBagging },
  {
    name: 'OnlineBagging of regressions',
    create: () => new OnlineBagging({ ...few, create: linear }),
    codec: OnlineBagging,
  },
  ...(['poisson', 'misclassified', 'half', 'without-loss', 'subagging'] as const).map((method) => ({
    name: `LeveragingBagging by ${method}`,
    create: () => new LeveragingBagging({ ...few, method }),
    codec: LeveragingBagging,
  })),
  { name: 'ADWINBagging', create: () => new ADWINBagging(few), codec: ADWINBagging },
  { name: 'OnlineBoosting', create: () => new OnlineBoosting(few), codec: OnlineBoosting },
  {
    name: 'OnlineBoosting that ignores drift',
    create: () => new OnlineBoosting({ ...few, onDrift: 'ignore' }),
    codec: OnlineBoosting,
  },
  ...(['log-loss', 'accuracy', 'equal'] as const).map((vote) => ({
    name: `AdaptiveRandomForest with votes by ${vote}`,
    create: () => new AdaptiveRandomForest({ ...few, vote }),
    codec: AdaptiveRandomForest,
  })),
  ...(['median', 'mean', 'weighted'] as const).map((combine) => ({
    name: `AdaptiveRandomForestRegressor that says the ${combine}`,
    create: () => new AdaptiveRandomForestRegressor({ ...few, members: 4, create: linear, combine }),
    codec: AdaptiveRandomForestRegressor,
  })),
  {
    name: 'AdaptiveRandomForestRegressor of trees',
    create: () => new AdaptiveRandomForestRegressor(few),
    codec: AdaptiveRandomForestRegressor,
  },
  {
    name: 'StreamingRandomPatches of trees',
    create: () => new StreamingRandomPatches({ ...few, seed: 3 }),
    codec: StreamingRandomPatches,
  },
  {
    name: 'StreamingRandomPatches of regressions',
    create: () => new StreamingRandomPatches({ ...few, create: linear, combine: 'weighted' }),
    codec: StreamingRandomPatches,
  },
  {
    name: 'DynamicWeightedMajority',
    create: () => new DynamicWeightedMajority({ ...few, period: 7 }),
    codec: DynamicWeightedMajority,
  },
  {
    name: 'FeatureSubset',
    create: () => new FeatureSubset({ features: 3, columns: [0, 2], learner: linear(0, 2) }),
    codec: FeatureSubset,
  },
  ...(['advice', 'advice-and-features'] as const).map((sees) => ({
    name: `OnlineStacking that sees ${sees}`,
    create: () =>
      new OnlineStacking({
        learners: [new HoeffdingTreeClassifier({ features: 3 }), new LogisticRegression({ features: 3 })],
        meta: new LogisticRegression({ features: sees === 'advice' ? 2 : 5, learningRate: 0.1 }),
        sees,
      }),
    codec: OnlineStacking,
  })),
  {
    name: 'OnlineStacking of regressions',
    create: () => new OnlineStacking({ learners: [linear(0, 3)], meta: linear(0, 1) }),
    codec: OnlineStacking,
  },
]

describe.each(SUBJECTS)('$name', ({ create, codec }) => {
  for (const { name, run } of learnerLaws(create, codec, { codecs })) test(name, run)
  test('says how much memory it takes', () => expect(create()).toHaveProperty('sizeInBytes'))
})
