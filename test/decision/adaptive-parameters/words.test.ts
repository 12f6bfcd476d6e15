import { describe, expect, test } from 'vitest'
import {
  addDifference,
  capitalOf,
  createChangeEvidence,
  forgetEvidence,
  errorOf as standardError,
} from '../../../src/decision/adaptive-parameters/change-detector.ts'
import { AdaptiveParameters, BracketProbe, narrowerBrackets } from '../../../src/decision/adaptive-parameters/index.ts'
import { createLayout } from '../../../src/decision/adaptive-parameters/options.ts'
import {
  addVotes,
  ageRecord,
  copySource,
  copyTrades,
  createSourceRecord,
  probabilityAfter,
  usualRate,
} from '../../../src/decision/adaptive-parameters/source-record.ts'
import { valuesAt } from '../../../src/decision/adaptive-parameters/values.ts'
import { errorOf } from '../../lifecycle/helpers.ts'
import { closedSignals, HOUR } from './stream.ts'

const START = 1_700_000_000_000
const said = (act: () => unknown): [string, string] => {
  const { code, message } = errorOf(act)
  return [code, message]
}

/** Every trade loses, so that the size falls: to 0.8 by itself, and further once somebody agrees. */
function losing(): AdaptiveParameters {
  const parameters = new AdaptiveParameters({ falseChangeEvery: 300 })
  for (const signal of closedSignals(parameters, { seed: 'lose', signals: 1500, mean: () => -1 }))
    parameters.learn(signal)
  return parameters
}

describe('options', () => {
  test('that are left out are these', () => {
    const { options, names, needed, reach, offsets, grids } = createLayout()
    expect(options).toEqual({
      entryThreshold: { approved: 0.6, low: 0.5, high: 0.75, step: 0.03 },
      sizeMultiplier: { approved: 1, low: 0, high: 1, step: 0.1 },
      stopAtr: { approved: 2, low: 1, high: 3, step: 0.2 },
      targetAtr: { approved: 2, low: 1, high: 3, step: 0.2 },
      sources: [],
      weight: { approved: 1, low: 0.4, high: 2, step: 0.2 },
      ...{ freeShare: 0.2, falseChangeEvery: 10_000, minSamples: 30, halfLife: 250, fullSizeEdge: 0.05 },
    })
    expect(names).toEqual(['entryThreshold', 'sizeMultiplier', 'stopAtr', 'targetAtr'])
    expect(grids.map(({ values }) => values.length)).toEqual([9, 11, 11, 11])
    expect(offsets).toEqual([0, 9, 20, 31, 42])
    // of each grid one value is in use
    expect([needed, reach]).toEqual([38 * 10_000, 4])
    const { names: more, grids: theirs } = createLayout({ sources: ['a', 'b'] })
    expect(more.slice(4)).toEqual(['weight:a', 'weight:b'])
    expect(theirs[5]!.values).toEqual([0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2])
    const one = { approved: 1, low: 1, high: 1, step: 1 }
    expect(createLayout({ entryThreshold: one, sizeMultiplier: one, stopAtr: one, targetAtr: one }).needed).toBe(10_000)
    expect(createLayout({ stopAtr: { approved: 2, low: 1, high: 5, step: 1 } }).reach).toBe(6)
    expect(createLayout({ targetAtr: { approved: 2, low: 1, high: 7, step: 1 } }).reach).toBe(8)
  })

  test('are frozen copies', () => {
    const sources = ['a']
    const { options } = createLayout({ sources })
    for (const part of [options, options.entryThreshold, options.weight, options.sources])
      expect(Object.isFrozen(part)).toBe(true)
    sources.push('b')
    expect(options.sources).toEqual(['a'])
  })

  const range = { approved: 1, low: 0.5, high: 1, step: 0.1 }
  test.each<[object, string]>([
    [{ entryThreshold: { ...range, low: -0.1 } }, '"entryThreshold.low"'],
    [{ entryThreshold: { ...range, high: 1.1 } }, '"entryThreshold.high"'],
    [{ sizeMultiplier: { ...range, low: -0.1 } }, '"sizeMultiplier.low"'],
    [{ sizeMultiplier: { ...range, high: 1.1 } }, '"sizeMultiplier.high"'],
    [{ stopAtr: { ...range, low: 0 } }, '"stopAtr.low"'],
    [{ targetAtr: { ...range, low: 0 } }, '"targetAtr.low"'],
    [{ weight: { ...range, low: 0 } }, '"weight.low"'],
    [{ stopAtr: { ...range, step: 0 } }, '"stopAtr.step"'],
    [{ targetAtr: { ...range, step: 0 } }, '"targetAtr.step"'],
    [{ sizeMultiplier: { ...range, step: 0 } }, '"sizeMultiplier.step"'],
    [{ entryThreshold: { ...range, step: 0 } }, '"entryThreshold.step"'],
    [{ weight: { ...range, step: 0 }, sources: ['a'] }, '"weight.step"'],
    [{ freeShare: 0 }, '"freeShare"'],
    [{ freeShare: 1 }, '"freeShare"'],
    [{ falseChangeEvery: 0 }, '"falseChangeEvery"'],
    [{ minSamples: 1 }, '"minSamples"'],
    [{ fullSizeEdge: 0 }, '"fullSizeEdge"'],
    [{ halfLife: Infinity }, '"halfLife" must be finite, got Infinity.'],
    [{ halfLife: 0 }, '"halfLife"'],
    ...[[''], ['x'.repeat(101)], ['a', 'a'], [7], 'a', Array.from({ length: 101 }, (_, i) => `${i}`)].map(
      (sources): [object, string] => [
        { sources },
        '"sources" must be at most 100 different names of 1 to 100 characters, got ',
      ],
    ),
  ])('%o are refused', (options, says) => {
    expect(said(() => createLayout(options))).toEqual(['INVALID_OPTION', expect.stringContaining(says)])
  })

  test('of sources may be a hundred names of a hundred characters', () => {
    const sources = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(100, 'x'))
    expect(createLayout({ sources }).names).toHaveLength(104)
  })

  test('that were saved and cannot be are damage', () => {
    const json = JSON.parse(JSON.stringify(new AdaptiveParameters()))
    json.options.minSamples = 1
    expect(said(() => AdaptiveParameters.restore(json))).toEqual([
      'CORRUPT_SNAPSHOT',
      'Saved options must be such as can be: "minSamples" must be a whole number of at least 2, got 1.',
    ])
    // nor are those of before they stood beside the state
    json.options = { fingerprint: '1a2b3c4d' }
    expect(said(() => AdaptiveParameters.restore(json))).toEqual([
      'CORRUPT_SNAPSHOT',
      'Snapshot value "options.fingerprint" must be absent, got "1a2b3c4d".',
    ])
  })
})

describe('a closed signal', () => {
  const parameters = new AdaptiveParameters({ sources: ['a', 'b'] })
  const [good] = closedSignals(parameters, { seed: 'a', signals: 1 })
  const short = Array.from({ length: 10 }, () => 0.01)
  test.each<[object, string, string]>([
    [{ time: 5 }, 'INVALID_TIME', '"time"'],
    [{ closedAt: 5 }, 'INVALID_TIME', '"closedAt"'],
    [{ closedAt: good!.time - 1 }, 'INVALID_TIME', `"closedAt" must not be before "time", got ${good!.time - 1}.`],
    [{ probability: -0.1 }, 'INVALID_INPUT', '"probability"'],
    [{ netReturn: Infinity }, 'INVALID_INPUT', '"netReturn"'],
    [{ atr: 0 }, 'INVALID_INPUT', '"atr"'],
    [{ wanted: 1 }, 'INVALID_INPUT', '"wanted" must be true or false, got 1.'],
    [{ stopReturns: short }, 'INVALID_INPUT', '"stopReturns" must hold 11 numbers, finite or NaN, got '],
    [{ targetReturns: null }, 'INVALID_INPUT', '"targetReturns" must hold 11 numbers, finite or NaN, got null.'],
    [
      { targetReturns: [...short, Infinity] },
      'INVALID_INPUT',
      '"targetReturns" must hold 11 numbers, finite or NaN, got Infinity at 10.',
    ],
    [
      { stopReturns: ['1', ...short] },
      'INVALID_INPUT',
      '"stopReturns" must hold 11 numbers, finite or NaN, got "1" at 0.',
    ],
    [{ votes: [1, 1, 1] }, 'INVALID_INPUT', '"votes" must hold 2 numbers, finite or NaN, got '],
    [{ votes: [1] }, 'INVALID_INPUT', '"votes" must hold 2 numbers, finite or NaN, got '],
    [{ votes: [1, -Infinity] }, 'INVALID_INPUT', '"votes" must hold 2 numbers, finite or NaN, got -Infinity at 1.'],
  ])('with %o is refused', (change, code, says) => {
    const before = JSON.stringify(parameters)
    expect(said(() => parameters.learn({ ...good!, ...change }))).toEqual([code, expect.stringContaining(says)])
    expect(JSON.stringify(parameters)).toBe(before)
  })

  test('may end when it begins, know nothing of distances, and have no votes', () => {
    const { stopReturns: _, targetReturns: __, votes: ___, ...bare } = good!
    const fresh = new AdaptiveParameters({ sources: ['a', 'b'] })
    fresh.learn({ ...bare, closedAt: bare.time })
    fresh.learn({ ...bare, time: bare.time + HOUR, closedAt: bare.time + 3 * HOUR, votes: [NaN, 0] })
    expect([fresh.seen, fresh.clusters]).toEqual([2, 1])
    expect(said(() => fresh.lean([1]))[1]).toContain('"votes" must hold 2 numbers')
    expect(fresh.lean([NaN, 0])).toBe(0)
  })
})

describe("a person's word", () => {
  test('is of a name, a reason and something that waits', () => {
    const parameters = losing()
    const waiting = parameters.pending.find(({ name }) => name === 'sizeMultiplier')!
    const before = JSON.stringify(parameters)
    for (const act of ['approve', 'reject'] as const) {
      expect(said(() => parameters[act]('sizeMultiplier', '', 'yes'))).toEqual([
        'INVALID_INPUT',
        expect.stringContaining('"by"'),
      ])
      expect(said(() => parameters[act]('sizeMultiplier', 'Ada', ''))).toEqual([
        'INVALID_INPUT',
        expect.stringContaining('"reason"'),
      ])
      const all = parameters.pending.map(({ name, id }) => `${name} (${id})`).join(', ')
      expect(said(() => parameters[act](7777, 'Ada', 'yes'))).toEqual([
        'INVALID_INPUT',
        `"change" must be pending, which ${all} is, got 7777.`,
      ])
      expect(said(() => new AdaptiveParameters()[act]('stopAtr', 'Ada', 'yes'))[1]).toBe(
        '"change" must be pending, which nothing is, got "stopAtr".',
      )
    }
    expect(said(() => parameters.revert('sizeMultiplier', ''))).toEqual([
      'INVALID_INPUT',
      expect.stringContaining('"reason"'),
    ])
    expect(said(() => parameters.revert(waiting.id, 'no'))[1]).toBe(
      `"change" must be an applied change, got ${waiting.id}.`,
    )
    expect(said(() => parameters.evidence('price'))).toEqual([
      'INVALID_INPUT',
      '"name" must be a parameter\'s, got "price".',
    ])
    expect(JSON.stringify(parameters)).toBe(before)
  })

  test('by id or by name does the same, and is remembered', () => {
    const [one, other] = [losing(), losing()]
    const { id, to } = one.pending.find(({ name }) => name === 'sizeMultiplier')!
    one.approve(id, 'Ada', 'I have looked at it')
    other.approve('sizeMultiplier', 'Ada', 'I have looked at it')
    expect(JSON.stringify(one)).toBe(JSON.stringify(other))
    expect(one.values.sizeMultiplier).toBe(to)
    expect(one.history.at(-1)).toMatchObject({
      kind: 'approved',
      from: 0.8,
      to,
      by: 'Ada',
      reason: 'I have looked at it',
    })
    expect(one.evidence('sizeMultiplier').every(({ evidence }) => evidence.n === 0)).toBe(true)
    const [third, fourth] = [losing(), losing()]
    third.reject(id, 'Bob', 'not yet')
    fourth.reject('sizeMultiplier', 'Bob', 'not yet')
    expect(JSON.stringify(third)).toBe(JSON.stringify(fourth))
    expect(third.values.sizeMultiplier).toBe(0.8)
    expect(third.history.at(-1)).toMatchObject({ kind: 'rejected', from: 1, to, by: 'Bob', reason: 'not yet' })
    expect(third.evidence('sizeMultiplier').every(({ evidence }) => evidence.n === 0)).toBe(true)
    expect(third.changes).toBe(third.history.length)
  })

  test('takes back what was applied, the newest of a name, and begins the evidence anew', () => {
    const parameters = losing()
    const { id } = parameters.history.find(({ name, kind }) => name === 'sizeMultiplier' && kind === 'learnt')!
    parameters.revert(id, 'luck')
    expect(parameters.values.sizeMultiplier).toBe(1)
    expect(parameters.history.at(-1)).toMatchObject({
      kind: 'reverted',
      from: 0.8,
      to: 1,
      by: '',
      evidence: null,
      reason: 'luck',
    })
    expect(parameters.evidence('sizeMultiplier').every(({ evidence }) => evidence.n === 0)).toBe(true)
    const before = parameters.changes
    // what it replaced is in use already
    parameters.revert(id, 'again')
    expect([parameters.changes, parameters.values.sizeMultiplier]).toEqual([before, 1])
    parameters.revert('sizeMultiplier', 'it was none')
    expect(parameters.values.sizeMultiplier).toBe(0.8)
  })

  test('cannot bring back a value that is none any more', () => {
    const parameters = losing()
    const { id } = parameters.history.find(({ kind, from }) => kind === 'learnt' && from === 1)!
    const json = JSON.parse(JSON.stringify(parameters))
    const options = { falseChangeEvery: 300, sizeMultiplier: { approved: 0.8, low: 0.5, high: 0.9, step: 0.1 } }
    const narrow = AdaptiveParameters.restore(json, options)
    expect(said(() => narrow.revert(id, 'no'))).toEqual([
      'INVALID_INPUT',
      `"change" must have replaced a value of today's grid, got ${id}.`,
    ])
  })
})

describe('evidence', () => {
  test('is bets that begin anew with every difference, and the mean and variance of those', () => {
    const evidence = createChangeEvidence(3)
    for (const x of [0.5, 0, -0.25, 3]) addDifference(evidence, 1, x, 0.5)
    const bets = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8]
    const capital = bets.map((b) => ((1 + 0.5 * b + 1) * (1 - 0.25 * b) + 1) * (1 + b))
    expect(capitalOf(evidence, 1)).toBeCloseTo(capital.reduce((sum, c) => sum + c, 0) / 6, 12)
    // weights 1/4, 1/2, 1 of the newest three, for nothing is no difference
    const mean = (0.5 / 4 - 0.25 / 2 + 1) / 1.75
    expect(evidence.mean[1]).toBeCloseTo(mean, 12)
    const variance = ((0.5 - mean) ** 2 / 4 + (-0.25 - mean) ** 2 / 2 + (1 - mean) ** 2) / 1.75
    expect(evidence.variance[1]).toBeCloseTo(variance, 12)
    expect([...evidence.n]).toEqual([0, 3, 0])
    expect([capitalOf(evidence, 0), capitalOf(evidence, 2)]).toEqual([0, 0])
    const effective = 1.75 ** 2 / (1 / 16 + 1 / 4 + 1)
    expect(standardError(evidence, 1, 0.5)).toBeCloseTo(Math.sqrt(variance / (effective - 1)), 12)
    expect(standardError(evidence, 0, 0.5)).toBeNaN()
    const one = createChangeEvidence(1)
    addDifference(one, 0, 0.1, 0.5)
    expect(standardError(one, 0, 0.5)).toBeNaN()
    addDifference(one, 0, 0.2, 0.5)
    expect(standardError(one, 0, 0.5)).toBeGreaterThan(0)
    forgetEvidence(evidence, 1, 2)
    expect(evidence).toEqual(createChangeEvidence(3))
  })

  test('of one candidate is forgotten without its neighbours', () => {
    const evidence = createChangeEvidence(3)
    for (const k of [0, 1, 2]) addDifference(evidence, k, 0.5, 0.9)
    forgetEvidence(evidence, 1, 2)
    expect([0, 1, 2].map((k) => capitalOf(evidence, k) > 0)).toEqual([true, false, true])
    expect([...evidence.n]).toEqual([1, 0, 1])
    expect([...evidence.mean]).toEqual([0.5, 0, 0.5])
  })

  test('grows no further than a double can hold', () => {
    const evidence = createChangeEvidence(1)
    for (let i = 0; i < 5000; i++) addDifference(evidence, 0, 1, 0.99)
    expect(capitalOf(evidence, 0)).toBe(1e15)
  })
})

describe("sources' records", () => {
  test('count trades and wins for and against, and count themselves two clusters later', () => {
    const record = createSourceRecord(2)
    addVotes(record, [1, -0.5], true)
    addVotes(record, [2, NaN], false)
    addVotes(record, [0, -3], false)
    // all; first for and against; second for and against
    expect([...record.fresh]).toEqual([3, 1, 2, 1, 0, 0, 0, 0, 2, 1])
    expect([usualRate(record), probabilityAfter(record, 0, 1, 0.4)]).toEqual([0.5, 0.4])
    ageRecord(record, 0.5)
    expect(usualRate(record)).toBe(0.5)
    expect([...record.recent]).toEqual([3, 1, 2, 1, 0, 0, 0, 0, 2, 1])
    addVotes(record, [1, 1], true)
    ageRecord(record, 0.5)
    // three trades old, and what was there before one trade older
    expect([...record.settled]).toEqual([3, 1, 2, 1, 0, 0, 0, 0, 2, 1])
    ageRecord(record, 0.5)
    expect([...record.settled]).toEqual([4, 2, 3, 2, 0, 0, 1, 1, 2, 1])
    addVotes(record, [1, 1], true)
    addVotes(record, [1, 1], true)
    ageRecord(record, 0.5)
    expect([...record.settled]).toEqual([1, 0.5, 0.75, 0.5, 0, 0, 0.25, 0.25, 0.5, 0.25])
  })

  test('are believed as far as twenty trades of doubt let them, and no further than two tenths', () => {
    const record = createSourceRecord(1)
    record.settled.set([100, 50, 30, 27, 40, 2])
    expect(usualRate(record)).toBe(51 / 102)
    expect(probabilityAfter(record, 0, 1, 0.5)).toBe(0.7)
    expect(probabilityAfter(record, 0, 0.1, 0.6)).toBeCloseTo((27 + 20 * 0.6) / 50, 12)
    expect(probabilityAfter(record, 0, -1, 0.5)).toBe(0.3)
    for (const vote of [0, NaN]) expect(probabilityAfter(record, 0, vote, 0.5)).toBe(0.5)
  })
})

describe("sources' records, copied,", () => {
  test('are those of all trades and of one source, at every age', () => {
    const [from, to] = [createSourceRecord(3), createSourceRecord(4)]
    for (const [i, age] of (['fresh', 'recent', 'settled'] as const).entries()) {
      from[age].set(Array.from({ length: 14 }, (_, k) => 100 * i + k + 1))
    }
    copyTrades(from, to)
    expect([...to.settled]).toEqual([201, 202, ...new Array(16).fill(0)])
    copySource(from, to, 1, 2)
    copySource(from, to, 2, 0)
    expect([...to.fresh]).toEqual([1, 2, 11, 12, 13, 14, 0, 0, 0, 0, 7, 8, 9, 10, 0, 0, 0, 0])
    expect([...to.recent]).toEqual(Array.from(to.fresh, (k) => (k > 0 ? k + 100 : 0)))
    expect([...to.settled]).toEqual(Array.from(to.fresh, (k) => (k > 0 ? k + 200 : 0)))
  })
})

describe('the values in use', () => {
  test('are those of the grids, weights in the order of the sources, and frozen', () => {
    const layout = createLayout({ sources: ['a', 'b'] })
    const values = valuesAt(layout, Int32Array.of(0, 1, 2, 3, 4, 5))
    expect(values).toEqual({
      entryThreshold: 0.51,
      sizeMultiplier: 0.1,
      stopAtr: 1.4,
      targetAtr: 1.6,
      weights: [1.2, 1.4],
    })
    expect([Object.isFrozen(values), Object.isFrozen(values.weights)]).toEqual([true, true])
  })
})

describe('distances that are followed', () => {
  const both = { stopAtr: [1, 2], targetAtr: [1] }
  test.each<[object, string]>([
    [{ stopAtr: 7, targetAtr: [1] }, '"stopAtr" must be a list of distances, got 7.'],
    [{ stopAtr: [1], targetAtr: null }, '"targetAtr" must be a list of distances, got null.'],
    [{ stopAtr: [0], targetAtr: [1] }, '"stopAtr"'],
    [{ stopAtr: [1], targetAtr: [-1] }, '"targetAtr"'],
    [{ stopAtr: [], targetAtr: [] }, 'Distances must be 1 to 202 together, got 0.'],
    [
      { stopAtr: Array.from({ length: 102 }, () => 1), targetAtr: Array.from({ length: 101 }, () => 1) },
      'Distances must be 1 to 202 together, got 203.',
    ],
    [{ ...both, maxOpen: 0 }, '"maxOpen"'],
    [{ ...both, maxBars: 0 }, '"maxBars"'],
    [{ ...both, costs: -1 }, '"costs"'],
  ])('are refused of %o', (options, says) => {
    expect(said(() => new BracketProbe(options as never))).toEqual(['INVALID_OPTION', expect.stringContaining(says)])
  })

  test('are 24 candles, a tenth of a percent and 500 decisions where nothing is said, and may be 202', () => {
    const hundred = Array.from({ length: 101 }, (_, i) => i + 1)
    const { options } = new BracketProbe({ stopAtr: hundred, targetAtr: hundred })
    expect(options).toMatchObject({ maxBars: 24, costs: 0.001, maxOpen: 500 })
    expect(Object.isFrozen(options)).toBe(true)
    expect(new BracketProbe({ stopAtr: [1], targetAtr: [] }).options.targetAtr).toEqual([])
  })

  const decision = {
    id: 'a',
    symbol: 'X',
    side: 'long',
    time: START,
    price: 100,
    atr: 1,
    stopAtr: 2,
    targetAtr: 2,
  } as const
  test.each<[object, string, string]>([
    [{ id: '' }, 'INVALID_INPUT', '"id"'],
    [{ side: 'up' }, 'INVALID_INPUT', '"side"'],
    [{ price: 0 }, 'INVALID_INPUT', '"price"'],
    [{ atr: NaN }, 'INVALID_INPUT', '"atr"'],
    [{ stopAtr: 0 }, 'INVALID_INPUT', '"stopAtr"'],
    [{ targetAtr: 0 }, 'INVALID_INPUT', '"targetAtr"'],
    [{ id: 'open' }, 'INVALID_INPUT', '"id" must be new, got "open", which is open.'],
    [{ id: 'third' }, 'TOO_MANY_OPEN', 'At most 2 decisions may wait, got one more.'],
  ])('of a decision with %o are refused', (change, code, says) => {
    const probe = new BracketProbe({ ...both, maxOpen: 2 })
    probe.open({ ...decision, id: 'open' })
    if ('id' in change && change.id === 'third') probe.open({ ...decision, id: 'second' })
    const before = JSON.stringify(probe)
    expect(said(() => probe.open({ ...decision, ...change } as never))).toEqual([code, expect.stringContaining(says)])
    expect(JSON.stringify(probe)).toBe(before)
  })

  test('that leave no price are not known, and a decision without any is not followed', () => {
    const probe = new BracketProbe({ stopAtr: [1, 3], targetAtr: [1, 3], maxBars: 2 })
    probe.open({ ...decision, atr: 40, targetAtr: 1, stopAtr: 1 })
    expect([probe.openCount, probe.isOpen('a'), probe.isOpen('b')]).toEqual([1, true, false])
    const candle = { symbol: 'X', open: 100, high: 101, low: 99, close: 100 }
    expect(probe.advance({ ...candle, time: START })).toEqual([])
    const [done] = probe.advance({ ...candle, time: START + HOUR })
    expect([[...done!.stopReturns].map(Number.isNaN), [...done!.targetReturns].map(Number.isNaN)]).toEqual([
      [false, true],
      [false, false],
    ])
    expect([probe.openCount, probe.isOpen('a')]).toEqual([0, false])
    probe.open({ ...decision, atr: 200 })
    expect(probe.openCount).toBe(0)
    // so near that it is the price itself
    probe.open({ ...decision, atr: 1e-300 })
    expect(probe.openCount).toBe(0)
  })

  test('are not known at a price of nothing, nor so near that they are the price itself', () => {
    const candle = { symbol: 'X', time: START, open: 100, high: 101, low: 99, close: 100 }
    const known = (side: 'long' | 'short', atr: number, stopAtr: number[], targetAtr: number[]): boolean[] => {
      const probe = new BracketProbe({ stopAtr, targetAtr, maxBars: 1 })
      probe.open({ ...decision, side, atr, stopAtr: 1, targetAtr: 1 })
      const [done] = probe.advance({ ...candle, time: START + HOUR })
      return [...done!.stopReturns, ...done!.targetReturns].map((value) => !Number.isNaN(value))
    }
    expect(known('long', 50, [1, 2, 3], [1, 2, 3])).toEqual([true, false, false, true, true, true])
    expect(known('short', 50, [1, 2, 3], [1, 2, 3])).toEqual([true, true, true, true, false, false])
    expect(known('long', 1, [1e-20, 1], [1e-20, 1])).toEqual([false, true, false, true])
  })

  test('are let go of where a decision is cancelled, with all of its brackets', () => {
    const probe = new BracketProbe({ ...both, maxOpen: 1 })
    const empty = JSON.stringify(probe)
    probe.open(decision)
    probe.cancel('nobody')
    probe.cancel('a')
    expect(JSON.stringify(probe)).toBe(empty)
    probe.open(decision)
  })

  test('that were saved are no more decisions than may wait, and such as can be read', () => {
    const probe = new BracketProbe({ stopAtr: [1, 3, 4], targetAtr: [], maxOpen: 2 })
    for (const id of ['a', 'b']) probe.open({ ...decision, id, atr: 40 })
    const whole = JSON.parse(JSON.stringify(probe))
    // as many as may wait
    expect(JSON.stringify(BracketProbe.fromJSON(whole))).toBe(JSON.stringify(probe))
    const damages: [(json: typeof whole) => void, string][] = [
      [
        ({ options, state }) => [
          Object.assign(options, { maxOpen: 1 }),
          Object.assign(state.labeler.options, { maxOpen: 3 }),
        ],
        'A "bracket-probe" snapshot must agree with itself.',
      ],
      [({ options }) => Object.assign(options, { more: 1 }), 'options.more'],
      [({ options }) => Object.assign(options, { stopAtr: ['1', 3, 4] }), 'options.stopAtr'],
      [({ options }) => Object.assign(options, { targetAtr: ['1'] }), 'options.targetAtr'],
      [({ state }) => Object.assign(state, { waiting: [7] }), 'waiting'],
      [({ state }) => Object.assign(state, { waiting: {} }), 'waiting'],
      [({ state }) => Object.assign(state.waiting[0], { more: 7 }), 'more'],
      [({ state }) => Object.assign(state, { more: 7 }), 'more'],
    ]
    for (const [damage, says] of damages) {
      const json = structuredClone(whole)
      damage(json)
      expect(
        said(() => BracketProbe.fromJSON(json)),
        says,
      ).toEqual(['CORRUPT_SNAPSHOT', expect.stringContaining(says)])
    }
  })

  test('that were saved must agree', () => {
    const probe = new BracketProbe({ ...both, maxOpen: 3 })
    for (const id of ['a', 'b']) probe.open({ ...decision, id })
    const whole = JSON.parse(JSON.stringify(probe))
    expect(JSON.stringify(BracketProbe.fromJSON(whole))).toBe(JSON.stringify(probe))
    const damages: ((json: typeof whole) => void)[] = [
      ({ state }) => state.waiting.pop(),
      ({ state }) => state.waiting.push(state.waiting[0]),
      ({ state }) => Object.assign(state.waiting[0], { id: 'c' }),
      ({ state }) => state.waiting.push({ ...state.waiting[0], id: 'c' }),
      ({ options }) => Object.assign(options, { maxOpen: 1 }),
      ({ options }) => Object.assign(options, { maxOpen: 4 }),
      ({ options }) => Object.assign(options, { maxBars: 25 }),
      ({ options }) => Object.assign(options, { costs: 0.002 }),
      ({ state }) =>
        Object.assign(state.waiting[0], {
          returns: {
            $: 'Float64Array',
            data: Buffer.from(new Float64Array([Infinity, NaN, NaN]).buffer).toString('base64'),
          },
        }),
    ]
    for (const damage of damages) {
      const json = structuredClone(whole)
      damage(json)
      expect(
        said(() => BracketProbe.fromJSON(json)),
        damage.toString(),
      ).toEqual(['CORRUPT_SNAPSHOT', 'A "bracket-probe" snapshot must agree with itself.'])
    }
  })
})

describe('nearer distances of a label', () => {
  const bracket = { price: 100, stop: 98, target: 104 }
  const distances = { stopAtr: [1, 2, 3], targetAtr: [2, 4, 5] }
  const returns = (netReturn: number, maxFavorable: number, maxAdverse: number) => {
    const label = { netReturn, maxFavorable, maxAdverse }
    const { stopReturns, targetReturns } = narrowerBrackets(label, bracket, 0.01, 0.001, distances)
    return [[...stopReturns], [...targetReturns]]
  }

  test('are stopped or closed where the excursion has reached them, and farther ones are not known', () => {
    expect(returns(0.039, 0.04, 0.01)).toEqual([
      [-0.011, 0.039, NaN],
      [0.019, 0.039, NaN],
    ])
    expect(returns(0.039, 0.04, 0.0099)).toEqual([
      [0.039, 0.039, NaN],
      [0.019, 0.039, NaN],
    ])
    expect(returns(-0.021, 0.0199, 0.02)).toEqual([
      [-0.011, -0.021, NaN],
      [-0.021, -0.021, NaN],
    ])
  })

  test('that are its own returned what it did, whatever the excursions say', () => {
    expect(returns(0.039, 0.05, 0.02)).toEqual([
      [-0.011, 0.039, NaN],
      [0.019, 0.039, NaN],
    ])
    expect(returns(-0.021, 0.05, 0.02)[1]).toEqual([0.019, -0.021, NaN])
    // just reached is reached
    expect(returns(-0.021, 0.02, 0.02)[1]).toEqual([0.019, -0.021, NaN])
  })

  test('lost as much as the label did where its stop was jumped over', () => {
    expect(returns(-0.041, 0.001, 0.04)[0]).toEqual([-0.041, -0.041, NaN])
    // its own stop to the last bit is no jump
    expect(returns(-0.021 - 1e-13, 0.001, 0.02)[0]![0]).toBe(-0.011)
  })

  test.each<[object, string]>([
    [{ atr: 0 }, '"atr"'],
    [{ costs: -1 }, '"costs"'],
    [{ price: 0 }, '"price"'],
  ])('are refused of %o', (change, says) => {
    const { atr, costs, price } = { atr: 0.01, costs: 0.001, price: 100, ...change }
    const label = { netReturn: 0, maxFavorable: 0, maxAdverse: 0 }
    expect(said(() => narrowerBrackets(label, { ...bracket, price }, atr, costs, distances))).toEqual([
      'INVALID_INPUT',
      expect.stringContaining(says),
    ])
  })
})
