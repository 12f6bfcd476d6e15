import { describe, expect, test } from 'vitest'
import { addDifference, errorOf } from '../../../src/decision/adaptive-parameters/change-detector.ts'
import type { Evidence } from '../../../src/decision/adaptive-parameters/history.ts'
import {
  apply,
  closeCluster,
  evidenceFor,
  forget,
  isFreeAt,
  move,
  propose,
  remember,
} from '../../../src/decision/adaptive-parameters/moves.ts'
import { createLayout, SIZE, STOP, THRESHOLD } from '../../../src/decision/adaptive-parameters/options.ts'
import { addVotes } from '../../../src/decision/adaptive-parameters/source-record.ts'
import { type AdaptiveState, freshState } from '../../../src/decision/adaptive-parameters/state.ts'

// 38 candidates, so that 38 is needed
const layout = createLayout({ falseChangeEvery: 1, minSamples: 3, halfLife: 100 })
const BETS = 6
const at = (parameter: number, value: number): number => layout.grids[parameter]!.values.indexOf(value)
const fresh = (): AdaptiveState => ({ ...freshState(layout), time: 7 })
type Known = { readonly capital?: number; readonly n?: number; readonly mean?: number }

/** Puts evidence for a value there, by default just as much as it takes. */
function give(s: AdaptiveState, parameter: number, value: number, known: Known = {}): void {
  const { capital = 38, n = 3, mean = 1e-9 } = known
  const k = layout.offsets[parameter]! + at(parameter, value)
  s.evidence.capital.fill(capital, k * BETS, (k + 1) * BETS)
  s.evidence.n[k] = n
  s.evidence.mean[k] = mean
}
const told = ({ history }: AdaptiveState): string[] =>
  history.map(({ id, kind, name, from, to }) => `${id} ${kind} ${name} ${from} ${to}`)
const waiting = ({ pending }: AdaptiveState): number[] => pending.map(({ id }) => id)
const inUse = ({ index }: AdaptiveState, parameter: number): number =>
  layout.grids[parameter]!.values[index[parameter]!]!

describe('a complete cluster', () => {
  test('is one difference a candidate, the mean over its signals, and is forgotten', () => {
    const s = fresh()
    const { sums, rows } = s.cluster
    sums.set([1, -0.5, 0, 9], 3)
    rows.set([2, 1, 4, 0], 3)
    addVotes(s.record, [], true)
    closeCluster(layout, s)
    const wanted = freshState(layout).evidence
    addDifference(wanted, 3, 0.5, layout.decay)
    addDifference(wanted, 4, -0.5, layout.decay)
    expect(s.evidence).toEqual(wanted)
    expect([...s.evidence.n.slice(0, 8)]).toEqual([0, 0, 0, 1, 1, 0, 0, 0])
    expect([...sums, ...rows].every((number) => number === 0)).toBe(true)
    expect([s.clusters, [...s.record.recent], [...s.record.fresh]]).toEqual([1, [1, 1], [0, 0]])
    expect([told(s), s.pending]).toEqual([[], []])
  })
})

describe('a value', () => {
  test.each<[string, Known, boolean]>([
    ['as much as it takes', {}, true],
    ['a little less capital', { capital: 37.999 }, false],
    ['one difference less', { n: 2 }, false],
    ['no gain', { mean: 0 }, false],
    ['a loss', { mean: -0.1 }, false],
  ])('with %s', (_, known, moves) => {
    const s = fresh()
    give(s, SIZE, 0.9, known)
    give(s, STOP, 1.4, known)
    closeCluster(layout, s)
    expect(told(s)).toEqual(moves ? ['1 learnt sizeMultiplier 1 0.9', '2 proposed stopAtr 2 1.4'] : [])
    expect([inUse(s, SIZE), inUse(s, STOP), waiting(s)]).toEqual(moves ? [0.9, 2, [2]] : [1, 2, []])
    if (!moves) return
    expect(s.history[0]).toMatchObject({ time: 7, by: '', reason: 'The evidence asks for it.', evidence: { n: 3 } })
    expect(s.pending[0]).toBe(s.history[1])
    // evidence was about the value before, and goes on where that is still in use
    expect(s.evidence.n[layout.offsets[SIZE]! + at(SIZE, 0.9)]).toBe(0)
    expect(s.evidence.n[layout.offsets[STOP]! + at(STOP, 1.4)]).toBe(3)
  })

  test('has to have the most evidence of those that may apply, and of those that wait; the lower one of two alike', () => {
    const s = fresh()
    for (const [value, capital] of [
      [0.8, 50],
      [0.9, 51],
      [0.7, 60],
      [0.5, 60],
      [0.3, 59],
    ] as const)
      give(s, SIZE, value, { capital })
    closeCluster(layout, s)
    // the farther one is put before a person first, as it stood against the value that was in use
    expect(told(s)).toEqual(['1 proposed sizeMultiplier 1 0.5', '2 learnt sizeMultiplier 1 0.9'])
    const alike = fresh()
    for (const value of [0.8, 0.9]) give(alike, SIZE, value)
    closeCluster(layout, alike)
    expect(told(alike)).toEqual(['1 learnt sizeMultiplier 1 0.8'])
    const falling = fresh()
    for (const [value, capital] of [
      [0.8, 51],
      [0.9, 50],
      [0.3, 61],
      [0.5, 60],
    ] as const)
      give(falling, SIZE, value, { capital })
    closeCluster(layout, falling)
    expect(told(falling)).toEqual(['1 proposed sizeMultiplier 1 0.3', '2 learnt sizeMultiplier 1 0.8'])
  })

  test('may be the first of its grid', () => {
    const s = fresh()
    give(s, STOP, 1, { capital: 60 })
    give(s, STOP, 1.2, { capital: 50 })
    closeCluster(layout, s)
    expect(told(s)).toEqual(['1 proposed stopAtr 2 1'])
    const narrow = createLayout({
      falseChangeEvery: 1,
      entryThreshold: { approved: 0.6, low: 0.57, high: 0.75, step: 0.03 },
    })
    const other: AdaptiveState = freshState(narrow)
    for (const numbers of [other.evidence.capital, other.evidence.n]) numbers.fill(1000, 0, BETS)
    other.evidence.mean[0] = 1
    other.evidence.n.fill(0, 1)
    closeCluster(narrow, other)
    expect(told(other)).toEqual(['1 learnt entryThreshold 0.6 0.57'])
  })

  test('competes with none of another parameter', () => {
    const s = fresh()
    s.index[SIZE] = at(SIZE, 0.9)
    give(s, SIZE, 1, { capital: 99, mean: -1 })
    give(s, STOP, 1.4)
    closeCluster(layout, s)
    expect(told(s)).toEqual(['1 proposed stopAtr 2 1.4'])
  })

  test('is asked for once, whatever else waits', () => {
    const s = fresh()
    give(s, STOP, 1.4)
    closeCluster(layout, s)
    give(s, STOP, 1.2, { capital: 99 })
    give(s, SIZE, 0.5)
    closeCluster(layout, s)
    expect(told(s)).toEqual(['1 proposed stopAtr 2 1.4', '2 proposed sizeMultiplier 1 0.5'])
    expect(waiting(s)).toEqual([1, 2])
  })
})

describe('a proposal', () => {
  const proposed = (evidence: Evidence | null = evidenceFor(layout, fresh(), STOP, 0)): AdaptiveState => {
    const s = fresh()
    propose(layout, s, SIZE, at(SIZE, 0.3), evidence, 'so')
    propose(layout, s, STOP, at(STOP, 1.4), evidence, 'so')
    return s
  }

  test.each<[string, Known, boolean]>([
    ['does no better', { n: 3, mean: 0 }, true],
    ['does worse', { n: 9, mean: -0.1 }, true],
    ['has too few differences to tell', { n: 2, mean: -0.1 }, false],
    ['still does better', { n: 3, mean: 1e-9 }, false],
  ])('whose value %s', (_, known, goes) => {
    const s = proposed()
    give(s, STOP, 1.4, { capital: 0, ...known })
    closeCluster(layout, s)
    expect(waiting(s)).toEqual(goes ? [1] : [1, 2])
    expect(told(s).slice(2)).toEqual(goes ? ['3 withdrawn stopAtr 2 1.4'] : [])
    const first = proposed()
    give(first, SIZE, 0.3, { capital: 0, ...known })
    closeCluster(layout, first)
    expect(waiting(first)).toEqual(goes ? [2] : [1, 2])
    if (goes)
      expect(s.history[2]).toMatchObject({ reason: 'It does no better any more.', by: '', evidence: { n: known.n } })
  })

  test('of a person is not taken back by evidence', () => {
    const s = proposed(null)
    for (const [parameter, value] of [
      [SIZE, 0.3],
      [STOP, 1.4],
    ] as const)
      give(s, parameter, value, { capital: 0, mean: -1 })
    closeCluster(layout, s)
    expect(waiting(s)).toEqual([1, 2])
  })

  test('makes way for another of the same parameter that a person asks for', () => {
    const s = proposed()
    move(layout, s, STOP, at(STOP, 1.2), 'reverted', null, 'as before')
    expect(told(s).slice(2)).toEqual(['3 proposed stopAtr 2 1.2'])
    expect([waiting(s), inUse(s, STOP)]).toEqual([[1, 3], 2])
    expect(s.history[2]).toMatchObject({ reason: 'as before', by: '', evidence: null })
    move(layout, s, STOP, at(STOP, 1.8), 'reverted', null, 'as before')
    expect(told(s).slice(3)).toEqual(['4 reverted stopAtr 2 1.8'])
    expect([waiting(s), inUse(s, STOP)]).toEqual([[1, 3], 1.8])
  })
})

describe('what is near the approved value', () => {
  test('is a fifth away at most, on either side, whatever is in use', () => {
    const s = fresh()
    s.index[THRESHOLD] = at(THRESHOLD, 0.75)
    s.index[SIZE] = 0
    const free = (parameter: number): number[] =>
      layout.grids[parameter]!.values.filter((_, k) => isFreeAt(layout, s, parameter, k))
    expect(free(THRESHOLD)).toEqual([0.51, 0.54, 0.57, 0.6, 0.63, 0.66, 0.69, 0.72])
    expect(free(SIZE)).toEqual([0.8, 0.9, 1])
    s.approved[SIZE] = at(SIZE, 0.5)
    expect(free(SIZE)).toEqual([0.4, 0.5, 0.6])
    s.approved[SIZE] = 0
    expect(free(SIZE)).toEqual([0])
  })
})

describe('evidence', () => {
  test('is told in units of the trade, with its usual range', () => {
    const s = fresh()
    const k = at(THRESHOLD, 0.66)
    for (const difference of [0.3, -0.1, 0.25]) addDifference(s.evidence, k, difference, layout.decay)
    // thresholds are counted in the largest gain, 4 ATR
    const estimate = s.evidence.mean[k]! * 4
    const half = 1.959963984540054 * errorOf(s.evidence, k, layout.decay) * 4
    const { capital, ...rest } = evidenceFor(layout, s, THRESHOLD, k)
    const usual = { low: estimate - half, high: estimate + half, coverage: 0.95 }
    expect(rest).toEqual({ n: 3, estimate, ...usual, needed: 38 })
    expect([half > 0.1, capital > 3, estimate]).toEqual([true, true, expect.closeTo(0.6, 2)])
  })

  test('is forgotten of one parameter, without its neighbours', () => {
    const full = (): AdaptiveState => {
      const s = fresh()
      for (const numbers of [...Object.values(s.evidence), ...Object.values(s.cluster)]) numbers.fill(1)
      return s
    }
    const [from, to] = [layout.offsets[SIZE]!, layout.offsets[SIZE + 1]!]
    const isForgotten = (s: AdaptiveState): void => {
      for (const numbers of [...Object.values(s.evidence), ...Object.values(s.cluster)]) {
        const each = numbers.length / layout.offsets.at(-1)!
        expect([...numbers]).toEqual(Array.from(numbers, (_, i) => (i >= from * each && i < to * each ? 0 : 1)))
      }
    }
    const one = full()
    forget(layout, one, SIZE)
    isForgotten(one)
    expect(one.index[SIZE]).toBe(10)
    const other = full()
    apply(layout, other, SIZE, 4)
    isForgotten(other)
    expect(other.index[SIZE]).toBe(4)
  })
})

test('what happened is numbered, dated, cut to 500 characters and frozen; the newest 200 stay', () => {
  const s = fresh()
  const text = 'x'.repeat(501)
  const change = {
    name: 'stopAtr',
    kind: 'reverted',
    from: 2,
    to: 1.8,
    evidence: null,
    by: text,
    reason: text,
  } as const
  const first = remember(s, change)
  const cut = 'x'.repeat(500)
  expect(first).toEqual({ ...change, id: 1, time: 7, by: cut, reason: cut })
  expect(Object.isFrozen(first)).toBe(true)
  expect(Object.keys(first)).toEqual(['id', 'name', 'kind', 'from', 'to', 'time', 'evidence', 'by', 'reason'])
  for (let i = 0; i < 199; i++) remember(s, change)
  expect([s.history.length, s.history[0]]).toEqual([200, first])
  remember(s, change)
  expect([s.history.length, s.history[0]!.id, s.history.at(-1)!.id, s.nextId]).toEqual([200, 2, 201, 202])
})
