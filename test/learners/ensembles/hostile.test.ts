import { describe, expect, test } from 'vitest'
import type { Codec, JsonObject, JsonValue, Learner, Snapshot } from '../../../src/contracts.ts'
import { restore } from '../../../src/core/snapshot.ts'
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
import { LinearRegression } from '../../../src/learners/linear-regression.ts'
import { LogisticRegression } from '../../../src/learners/logistic-regression.ts'
import { codeOf, edited, type Parts } from '../edited.ts'
import { turningRows } from './streams.ts'

const JUNK: readonly JsonValue[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  'x',
  [],
  {},
  { $: 'NaN' },
  { $: 'Float64Array', data: '' },
]

/** Every copy of a value with one part of it replaced, `depth` levels down. */
function* spoiled(value: JsonValue, depth: number): Generator<JsonValue> {
  if (depth === 0 || value === null || typeof value !== 'object') {
    yield* JUNK
    return
  }
  const keys = Array.isArray(value) ? [0] : Object.keys(value)
  for (const key of keys) {
    for (const part of spoiled((value as { [key: string]: JsonValue })[key] ?? null, depth - 1)) {
      if (Array.isArray(value)) yield value.map((item: JsonValue, i) => (i === key ? part : item))
      else yield { ...(value as JsonObject), [key]: part }
    }
  }
}

const binary = {
  features: 4,
  members: 2,
  create: (_seed: number, features: number): Learner => new LogisticRegression({ features }),
}
const subjects: [string, () => Learner, Codec][] = [
  ['OnlineBagging', () => new OnlineBagging(binary), OnlineBagging],
  ['LeveragingBagging', () => new LeveragingBagging(binary), LeveragingBagging],
  ['ADWINBagging', () => new ADWINBagging(binary), ADWINBagging],
  ['OnlineBoosting', () => new OnlineBoosting(binary), OnlineBoosting],
  ['AdaptiveRandomForest', () => new AdaptiveRandomForest(binary), AdaptiveRandomForest],
  [
    'AdaptiveRandomForestRegressor',
    () => new AdaptiveRandomForestRegressor({ ...binary, create: (_, features) => new LinearRegression({ features }) }),
    AdaptiveRandomForestRegressor,
  ],
  ['StreamingRandomPatches', () => new StreamingRandomPatches(binary), StreamingRandomPatches],
  ['DynamicWeightedMajority', () => new DynamicWeightedMajority(binary), DynamicWeightedMajority],
  [
    'OnlineStacking',
    () =>
      new OnlineStacking({
        learners: [new LogisticRegression({ features: 4 })],
        meta: new LogisticRegression({ features: 1 }),
      }),
    OnlineStacking,
  ],
]
const rows = turningRows(60, 20)

describe.each(subjects)('a spoiled snapshot of %s', (_, create, codec) => {
  test('is refused with a code, or is a learner that predicts finite numbers and learns on', () => {
    const learner = create()
    for (const { x, y } of rows) learner.learn(x, y)
    const { type, version, options, state } = JSON.parse(JSON.stringify(learner)) as Snapshot
    const copies = [
      ...[...spoiled(options, 1)].map((spoilt) => ({ type, version, options: spoilt, state })),
      ...[1, 2, 3].flatMap((depth) =>
        [...spoiled(state, depth)].map((spoilt) => ({ type, version, options, state: spoilt })),
      ),
    ] as Snapshot[]
    expect(copies.length).toBeGreaterThan(100)
    for (const snapshot of copies) {
      let read: Learner
      try {
        read = restore(snapshot, [codec, LogisticRegression, LinearRegression]) as Learner
      } catch (error) {
        expect((error as { code?: unknown }).code, String(error)).toBeTypeOf('string')
        continue
      }
      for (const { x, y } of rows.slice(0, 5)) {
        expect(read.predict(x), JSON.stringify(snapshot)).toSatisfy(Number.isFinite)
        read.learn(x, y)
      }
      JSON.stringify(read)
    }
  })
})

describe('a snapshot is refused', () => {
  const detectors = (state: Parts): Parts[] => state.detectors ?? [...state.renewal.warnings, ...state.renewal.drifts]

  test.each(subjects.slice(1, 7))('of %s with detectors of other options than its own', (_, create, codec) => {
    const learner = create()
    for (const { x, y } of rows) learner.learn(x, y)
    const last = detectors(edited(learner, () => {}).state).length - 1
    for (const at of [0, last]) {
      for (const other of [{ confidence: 0.5 }, { direction: 'both' }, { maxBuckets: 1000 }, { maxBuckets: 2 ** 40 }]) {
        const spoilt = edited(learner, (state) => Object.assign(detectors(state)[at].options, other))
        const code = codeOf(() => restore(spoilt, [codec, LogisticRegression, LinearRegression]))
        expect(code).toBe('maxBuckets' in other && other.maxBuckets > 1000 ? 'INVALID_OPTION' : 'CORRUPT_SNAPSHOT')
      }
    }
  })

  test('of stacked learners for vectors of different lengths', () => {
    const member = (features: number): Learner => new LogisticRegression({ features })
    const stack = new OnlineStacking({ learners: [member(3), member(3)], meta: member(2) })
    const spoilt = edited(stack, (state) => {
      state.learners[1] = edited({ toJSON: () => member(4).toJSON() }, () => {})
    })
    expect(codeOf(() => restore(spoilt, [OnlineStacking, LogisticRegression]))).toBe('CORRUPT_SNAPSHOT')
    expect(codeOf(() => stack.learn(undefined as unknown as Float64Array, 1))).toBe('INVALID_INPUT')
  })

  test('of learners nested too deep to be walked', () => {
    const learner: Learner = new LogisticRegression({ features: 1 })
    const shell = new FeatureSubset({ features: 1, columns: [0], learner }).toJSON()
    const nest = (depth: number): Snapshot => {
      let inner = learner.toJSON() as unknown as JsonObject
      for (let i = 0; i < depth; i++) inner = { ...shell, state: { ...shell.state, learner: inner } }
      return inner as unknown as Snapshot
    }
    const read = (depth: number): unknown => codeOf(() => restore(nest(depth), [FeatureSubset, LogisticRegression]))
    expect(read(20)).toBe(undefined)
    expect(read(20_000)).toBe('CORRUPT_SNAPSHOT')
    const patches = new StreamingRandomPatches({ ...binary, features: 1 }).toJSON()
    const prototype = nest(20_000) as unknown as JsonObject
    const deep = { ...patches, state: { ...patches.state, prototype } }
    const codecs = [StreamingRandomPatches, FeatureSubset, LogisticRegression]
    expect(codeOf(() => restore(deep, codecs))).toBe('CORRUPT_SNAPSHOT')
  })
})

test('an ensemble with a factory of its own is refused as a member, and told why', () => {
  const create = (seed: number, features: number): Learner => new OnlineBagging({ ...binary, features, seed })
  expect(() => new OnlineBagging({ features: 4, members: 2, create })).toThrow('cannot be a member of another')
})
