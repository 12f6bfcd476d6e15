import { describe, expect, test } from 'vitest'
import type { ClosedSignal } from '../../../src/decision/adaptive-parameters/closed-signal.ts'
import {
  addToCluster,
  boundOf,
  type ClusterSums,
  leanOf,
} from '../../../src/decision/adaptive-parameters/differences.ts'
import {
  createLayout,
  SIZE,
  STOP,
  TARGET,
  THRESHOLD,
  WEIGHTS,
} from '../../../src/decision/adaptive-parameters/options.ts'
import { createSourceRecord, type SourceRecord } from '../../../src/decision/adaptive-parameters/source-record.ts'
import { freshState } from '../../../src/decision/adaptive-parameters/state.ts'

const layout = createLayout({ sources: ['a', 'b', 'c'] })
const at = (parameter: number, value: number): number => layout.grids[parameter]!.values.indexOf(value)
const signal: ClosedSignal = { time: 1, closedAt: 2, probability: 0.5, wanted: false, netReturn: 0.01, atr: 0.01 }
const unknown = (length: number): number[] => new Array(length).fill(NaN)

/** How many signals told something about each value of a parameter, and what they told. */
function toldOf(
  parameter: number,
  signals: readonly Partial<ClosedSignal>[],
  record: SourceRecord = createSourceRecord(3),
) {
  const { cluster, index } = freshState(layout)
  // another of each than the approved one, where that makes a difference
  index[WEIGHTS + 2] = at(WEIGHTS + 2, 2)
  index[SIZE] = at(SIZE, 0.8)
  for (const one of signals) addToCluster(cluster, { ...signal, ...one }, layout, index, record)
  return tellsOf(cluster, parameter)
}
function tellsOf({ sums, rows }: ClusterSums, parameter: number): [number, number, number][] {
  const from = layout.offsets[parameter]!
  return layout.grids[parameter]!.values.map((value, k): [number, number, number] => [
    value,
    rows[from + k]!,
    sums[from + k]!,
  ]).filter(([, n]) => n > 0)
}
const near = (number: number): unknown => expect.closeTo(number, 12)

describe('a threshold', () => {
  test('above a probability in use would have spared what the trade lost, in units of the largest gain', () => {
    expect(toldOf(THRESHOLD, [{ probability: 0.69, netReturn: -0.02 }])).toEqual([
      [0.69, 1, 0.5],
      [0.72, 1, 0.5],
      [0.75, 1, 0.5],
    ])
    expect(toldOf(THRESHOLD, [{ probability: 0.7, netReturn: 0.01 }])).toEqual([
      [0.72, 1, -0.25],
      [0.75, 1, -0.25],
    ])
  })

  test('below it would have made what a skipped signal returned', () => {
    expect(toldOf(THRESHOLD, [{ probability: 0.57, netReturn: 0.02 }])).toEqual([
      [0.51, 1, 0.5],
      [0.54, 1, 0.5],
    ])
    // what stands at a threshold is not above it
    expect(toldOf(THRESHOLD, [{ probability: 0.6, netReturn: 0.02 }])).toHaveLength(3)
    expect(toldOf(THRESHOLD, [{ probability: 0.5 }])).toEqual([])
  })

  test('gains or loses 4 ATR at most on a signal, and sums are over signals', () => {
    const of = (netReturn: number) => ({ probability: 0.74, netReturn })
    expect(toldOf(THRESHOLD, [of(-0.05)])).toEqual([[0.75, 1, 1]])
    expect(toldOf(THRESHOLD, [of(0.05)])).toEqual([[0.75, 1, -1]])
    expect(toldOf(THRESHOLD, [of(0.05), of(-0.02)])).toEqual([[0.75, 2, -0.5]])
  })

  test('can lose as much as the largest gain', () => {
    expect(boundOf(layout, freshState(layout).index, THRESHOLD, 0)).toBe(4)
  })
})

describe('a size', () => {
  const { index } = freshState(layout)
  test('is worth its return less the price of risk, on signals that the model wanted', () => {
    expect(toldOf(SIZE, [{ netReturn: -0.02 }])).toEqual([])
    // m r - 0.05 m² r² / 2 at r = -2: 0.8 is worth -1.664, a half -1.025, nothing 0
    const told = toldOf(SIZE, [{ wanted: true, netReturn: -0.02 }])
    expect(told).toHaveLength(10)
    expect(told[5]).toEqual([0.5, 1, near(0.639 / (0.3 * 4 + 0.025 * 0.39 * 16))])
    expect(told[0]).toEqual([0, 1, near(1.664 / (0.8 * 4 + 0.025 * 0.64 * 16))])
    expect(told[9]).toEqual([1, 1, near(-0.436 / (0.2 * 4 + 0.025 * 0.36 * 16))])
    expect(toldOf(SIZE, [{ wanted: true, netReturn: 0.02 }])[5]).toEqual([0.5, 1, near(-0.561 / 1.356)])
  })

  test('can lose the difference of sizes at the largest loss, and of their prices of risk', () => {
    expect(boundOf(layout, index, SIZE, at(SIZE, 0.5))).toBeCloseTo(0.5 * 4 + 0.025 * 0.75 * 16, 12)
    expect(boundOf(layout, index, SIZE, 0)).toBeCloseTo(4.4, 12)
    const low = index.slice()
    low[SIZE] = 0
    expect(boundOf(layout, low, SIZE, at(SIZE, 0.5))).toBeCloseTo(2 + 0.025 * 0.25 * 16, 12)
  })
})

describe.each([
  ['stop', STOP, 'stopReturns'],
  ['target', TARGET, 'targetReturns'],
] as const)('a %s', (_, parameter, name) => {
  const returns = (known: { readonly [value: number]: number }): number[] =>
    Object.entries(known).reduce((all, [value, one]) => all.with(at(parameter, Number(value)), one), unknown(11))

  test('is worth what the trade would have returned with it, in units of the farthest stop and target together', () => {
    const told = toldOf(parameter, [{ [name]: returns({ 1: 0.03, 2: 0.01, 2.6: -0.02 }) }])
    expect(told).toEqual([
      [1, 1, near(2 / 6)],
      [2.6, 1, near(-3 / 6)],
    ])
    expect(boundOf(layout, freshState(layout).index, parameter, 0)).toBe(6)
  })

  test('tells nothing where what the one in use would have returned is not known', () => {
    expect(toldOf(parameter, [{ [name]: returns({ 1: 0.03, 3: -0.02 }) }])).toEqual([])
    expect(toldOf(parameter, [{}])).toEqual([])
  })

  test('tells no more than can be lost', () => {
    const told = toldOf(parameter, [{ [name]: returns({ 1: 0.5, 2: 0, 3: -0.5 }) }])
    expect(told).toEqual([
      [1, 1, 1],
      [3, 1, -1],
    ])
  })
})

describe('a weight', () => {
  // 60 of 100 are won; after the first source's yes 36 of 40, after the second's no 16 of 40
  const record = createSourceRecord(3)
  record.settled.set([98, 59])
  record.settled.set([40, 36], 2)
  record.settled.set([40, 16], 8)
  const usual = 0.6
  const [first, second] = [(36 + 20 * usual) / 60, (16 + 20 * usual) / 60]
  // the third source, of weight 2, has said nothing
  const now = (first + second + 2 * usual) / 4
  const index = freshState(layout).index
  index[WEIGHTS + 2] = at(WEIGHTS + 2, 2)
  const bound = (then: number): number => (0.8 * Math.abs(then - 1)) / (4 + then - 1)

  test.each([0.01, -0.01, 0])('is worth how near it brings the mean to what came true: a return of %d', (netReturn) => {
    const y = netReturn > 0 ? 1 : 0
    for (const [source, p, weight] of [
      [0, first, 1],
      [1, second, 1],
      [2, usual, 2],
    ] as const) {
      const told = toldOf(WEIGHTS + source, [{ votes: [1, -1, 0], netReturn }], record)
      const others = layout.grids[WEIGHTS]!.values.filter((value) => value !== weight)
      const wanted = others.map((value) => {
        const [more, total] = [value - weight, 4 + value - weight]
        const then = (now * 4 + more * p) / total
        return [value, 1, near((((now - y) ** 2 - (then - y) ** 2) * total) / (0.8 * Math.abs(more)))]
      })
      expect(told).toEqual(wanted)
    }
    // a yes after which more is won than usual was right where the trade was won
    expect(toldOf(WEIGHTS, [{ votes: [1, -1, 0], netReturn }], record).at(-1)![2] > 0).toBe(y === 1)
    expect(toldOf(WEIGHTS + 1, [{ votes: [1, -1, 0], netReturn }], record).at(-1)![2] > 0).toBe(y === 0)
  })

  test('tells nothing where all say the same, nor without votes', () => {
    expect(toldOf(WEIGHTS, [{ votes: [0, NaN, 0] }], record)).toEqual([])
    expect(toldOf(WEIGHTS, [{}], record)).toEqual([])
  })

  test('can lose what two leans of 0.2 apart, twice in a difference of squares, are worth in the mean', () => {
    for (const then of [0.4, 1.6])
      expect(boundOf(layout, index, WEIGHTS, at(WEIGHTS, then))).toBeCloseTo(bound(then), 12)
  })

  test('moves the log-odds from what is usual to the mean of what the sources say', () => {
    const odds = (p: number): number => Math.log(p / (1 - p))
    expect(leanOf([1, -1, 0], layout, index, record)).toBeCloseTo(odds(now) - odds(usual), 12)
    expect(leanOf([1, NaN, 0], layout, index, record)).toBeCloseTo(odds((first + 3 * usual) / 4) - odds(usual), 12)
    expect(leanOf([NaN, -1, 0], layout, index, record)).toBeCloseTo(odds((second + 3 * usual) / 4) - odds(usual), 12)
    expect(leanOf([NaN, 0, 0], layout, index, record)).toBe(0)
  })

  test('moves nothing by the last bits of a mean', () => {
    const weights = index.slice()
    weights.set([at(WEIGHTS, 0.4), at(WEIGHTS, 2)], WEIGHTS)
    // whose record says what is usual says nothing
    expect(leanOf([0, 0, 1], layout, weights, record)).toBe(0)
    // log-odds are largest, and their last bits too, where everything was won; nobody votes there
    const won = createSourceRecord(3)
    won.settled.fill(1e11, 0, 2)
    for (const votes of [
      [0, 0, 0],
      [NaN, NaN, NaN],
      [0, NaN, 0],
    ])
      expect(leanOf(votes, layout, weights, won)).toBe(0)
  })
})
