import { describe, expect, test } from 'vitest'
import type { Codec, Learner, Snapshot, Vector } from '../../../src/contracts.ts'
import { restore } from '../../../src/core/snapshot.ts'
import {
  ADWINBagging,
  AdaptiveRandomForest,
  AdaptiveRandomForestRegressor,
  DynamicWeightedMajority,
  LeveragingBagging,
  OnlineBagging,
  OnlineBoosting,
  OnlineStacking,
  StreamingRandomPatches,
} from '../../../src/learners/ensembles/index.ts'
import { HoeffdingTreeClassifier } from '../../../src/learners/hoeffding-tree/index.ts'
import { LinearRegression } from '../../../src/learners/linear-regression.ts'
import { LogisticRegression } from '../../../src/learners/logistic-regression.ts'
import { score, turningRows } from './streams.ts'

const codeOf = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return 'nothing thrown'
}
const tree = (seed: number, features: number): Learner =>
  new HoeffdingTreeClassifier({ features, seed, featuresPerLeaf: 2, gracePeriod: 50, confidence: 0.01 })

/** Says 0.7 always, and counts how often it is asked and taught. */
class Counting implements Learner {
  static asked = 0
  readonly task: 'binary' = 'binary'
  seen = 0
  predict(_x: Vector): number {
    Counting.asked++
    return 0.7
  }
  learn(): void {
    this.seen++
  }
  toJSON(): Snapshot {
    return { type: 'counting', version: 1, options: {}, state: {} }
  }
}

describe('a restored ensemble', () => {
  const small = { features: 4, members: 3, create: tree }
  const renewing = { warningConfidence: 0.5, driftConfidence: 0.3 }
  const subjects: [string, () => Learner & { readonly replaced?: number; readonly size?: number }, Codec][] = [
    ['AdaptiveRandomForest', () => new AdaptiveRandomForest({ ...small, ...renewing }), AdaptiveRandomForest],
    [
      'StreamingRandomPatches',
      () => new StreamingRandomPatches({ ...small, ...renewing, featuresPerMember: 3 }),
      StreamingRandomPatches,
    ],
    ['LeveragingBagging', () => new LeveragingBagging({ ...small, confidence: 0.3 }), LeveragingBagging],
    ['ADWINBagging', () => new ADWINBagging({ ...small, confidence: 0.3 }), ADWINBagging],
    ['OnlineBoosting', () => new OnlineBoosting({ ...small, confidence: 0.3 }), OnlineBoosting],
    ['DynamicWeightedMajority', () => new DynamicWeightedMajority({ ...small, period: 5 }), DynamicWeightedMajority],
  ]
  test.each(subjects)('makes the same new members as %s that was never saved', (_, create, codec) => {
    const rows = turningRows(1500, 150)
    const steady = create()
    score(steady, rows.slice(0, 700))
    const copy = restore(JSON.parse(JSON.stringify(steady)) as Snapshot, [
      codec,
      HoeffdingTreeClassifier,
    ]) as typeof steady
    const before = steady.replaced ?? 0
    score(steady, rows.slice(700))
    score(copy, rows.slice(700))
    // there were some to make
    if (steady.replaced === undefined) expect(steady.size).toBeGreaterThan(1)
    else expect(steady.replaced).toBeGreaterThan(before)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(steady))
  })

  test('refuses members of another number or task, and sizes beyond reason', () => {
    const bag = new OnlineBagging({ features: 2, members: 2 })
    const whole = JSON.parse(JSON.stringify(bag)) as Snapshot
    const codecs = [OnlineBagging, HoeffdingTreeClassifier, LinearRegression]
    const changed = (part: 'options' | 'state', key: string, value: unknown): Snapshot =>
      ({ ...whole, [part]: { ...whole[part], [key]: value } }) as Snapshot
    const one = (whole.state['crew'] as object[]).slice(1)
    const other = new LinearRegression({ features: 2 }).toJSON()
    const wide = new HoeffdingTreeClassifier({ features: 3 }).toJSON()
    expect(codeOf(() => restore(changed('state', 'crew', one), codecs))).toBe('CORRUPT_SNAPSHOT')
    expect(codeOf(() => restore(changed('state', 'crew', []), codecs))).toBe('CORRUPT_SNAPSHOT')
    expect(codeOf(() => restore(changed('state', 'crew', [...one, other]), codecs))).toBe('CORRUPT_SNAPSHOT')
    expect(codeOf(() => restore(changed('state', 'crew', [...one, wide]), codecs))).toBe('INVALID_INPUT')
    expect(codeOf(() => restore(changed('options', 'members', 1e9), codecs))).toBe('INVALID_OPTION')
    expect(codeOf(() => restore(changed('options', 'features', 1e9), codecs))).toBe('INVALID_OPTION')
    expect(codeOf(() => restore(changed('state', 'rng', null), codecs))).toBe('CORRUPT_SNAPSHOT')
  })
})

describe('a factory', () => {
  test('must make a new learner each time', () => {
    const shared = tree(1, 2)
    expect(codeOf(() => new OnlineBagging({ features: 2, create: () => shared }))).toBe('INVALID_OPTION')
  })

  test('may let learners differ by their seed alone', () => {
    const create = (seed: number, features: number): Learner =>
      new HoeffdingTreeClassifier({ features, maxLeaves: 100 + (seed % 7) })
    expect(codeOf(() => new OnlineBagging({ features: 2, create }))).toBe('INVALID_OPTION')
  })

  test('must make learners of the task, for vectors of the length', () => {
    const regression = (_seed: number, features: number): Learner => new LinearRegression({ features })
    const narrow = (): Learner => new HoeffdingTreeClassifier({ features: 1 })
    expect(codeOf(() => new LeveragingBagging({ features: 2, create: regression }))).toBe('INVALID_OPTION')
    expect(codeOf(() => new AdaptiveRandomForestRegressor({ features: 2, create: tree }))).toBe('INVALID_OPTION')
    expect(codeOf(() => new AdaptiveRandomForest({ features: 2, create: narrow }))).toBe('INVALID_INPUT')
  })
})

test('a forest asks each tree once for a prediction and the label that follows', () => {
  const forest = new AdaptiveRandomForest({ features: 1, members: 5, create: () => new Counting() })
  const x = Float64Array.of(1)
  forest.predict(x)
  Counting.asked = 0
  forest.predict(x)
  forest.learn(x, 1)
  expect(Counting.asked).toBe(0)
  forest.predict(x)
  expect(Counting.asked).toBe(5)
  // another vector, though in the same array
  x[0] = 2
  forest.learn(x, 1)
  expect(Counting.asked).toBe(10)
})

test('random patches draw their features truly at random', () => {
  // combinations in order, as in River, would give nearly all members the first features
  const patches = new StreamingRandomPatches({ features: 8, members: 40, featuresPerMember: 5 })
  const crew = patches.toJSON().state['crew'] as unknown as { state: { columns: { data: string } } }[]
  const taken = new Float64Array(8)
  for (const { state } of crew) {
    const bytes = Uint8Array.from(atob(state.columns.data), (c) => c.charCodeAt(0))
    for (const column of new Int32Array(bytes.buffer)) taken[column]!++
  }
  for (const count of taken) expect(Math.abs(count - 25)).toBeLessThan(13)
})

test('stacking teaches its meta learner what the members said before the label', () => {
  const rows = turningRows(300, 1000, 2)
  const member = new LogisticRegression({ features: 2, learningRate: 0.5 })
  const twin = new LogisticRegression({ features: 2, learningRate: 0.5 })
  const meta = new LogisticRegression({ features: 1 })
  const hand = new LogisticRegression({ features: 1 })
  const stack = new OnlineStacking({ learners: [member], meta })
  for (const { x, y } of rows) {
    stack.learn(x, y)
    const p = Math.min(Math.max(twin.predict(x), 1e-3), 1 - 1e-3)
    hand.learn(Float64Array.of(Math.log(p / (1 - p))), y)
    twin.learn(x, y)
  }
  expect(JSON.stringify(meta)).toBe(JSON.stringify(hand))
})

describe('a weighted majority', () => {
  test('hires when it is wrong, never more than it may, and dismisses who is wrong', () => {
    const majority = new DynamicWeightedMajority({ features: 4, members: 3, period: 10, create: tree })
    for (const { x, y } of turningRows(2000, 200)) {
      majority.learn(x, y)
      expect(majority.size).toBeGreaterThan(0)
      expect(majority.size).toBeLessThanOrEqual(3)
      expect(Math.max(...majority.weights)).toBe(1)
      expect(Math.min(...majority.weights)).toBeGreaterThanOrEqual(0.01)
    }
  })

  test('keeps one member where that is never wrong', () => {
    const majority = new DynamicWeightedMajority({ features: 1, create: () => new Counting() })
    for (let i = 0; i < 500; i++) majority.learn(Float64Array.of(i), 1)
    expect([...majority.weights]).toEqual([1])
  })
})

describe('regressions together', () => {
  /** Always says the same. */
  class Constant extends Counting {
    override readonly task = 'regression' as never
    readonly value: number
    constructor(value: number) {
      super()
      this.value = value
    }
    override predict(): number {
      return this.value
    }
  }
  const saying = (values: number[], combine: 'median' | 'mean' | 'weighted'): AdaptiveRandomForestRegressor => {
    // the first three are made to look at the factory
    const queue = [0, 0, 0, ...values]
    const create = (): Learner => new Constant(queue.shift() ?? 0)
    return new AdaptiveRandomForestRegressor({
      features: 1,
      members: values.length,
      create,
      combine,
      driftConfidence: 1e-9,
    })
  }
  const x = Float64Array.of(0)

  test('say their median or mean, not shrunk by their number', () => {
    expect(saying([15, 14, 16, 100], 'median').predict(x)).toBe(15.5)
    expect(saying([15, 14, 100], 'median').predict(x)).toBe(15)
    expect(saying([15, 14, 16, 15], 'mean').predict(x)).toBeCloseTo(15, 12)
    expect(saying([15, 15, 15], 'weighted').predict(x)).toBeCloseTo(15, 12)
  })

  test('weigh by what their errors were', () => {
    const forest = saying([10, 12], 'weighted')
    for (let i = 0; i < 20; i++) forest.learn(x, 9)
    // squared errors of 1 and 9
    expect(forest.predict(x)).toBeCloseTo((10 * 9 + 12) / 10, 9)
    const perfect = saying([9, 12], 'weighted')
    perfect.learn(x, 9)
    expect(perfect.predict(x)).toBe(9)
  })
})
