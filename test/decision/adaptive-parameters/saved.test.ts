import { describe, expect, test } from 'vitest'
import type { ParameterChange } from '../../../src/decision/adaptive-parameters/history.ts'
import { createLayout } from '../../../src/decision/adaptive-parameters/options.ts'
import { checkState, freshState, type SavedState } from '../../../src/decision/adaptive-parameters/state.ts'
import { errorOf } from '../../lifecycle/helpers.ts'

const layout = createLayout({ sources: ['a'] })
const change = (over: Partial<ParameterChange>): ParameterChange => ({
  ...{ id: 1, name: 'stopAtr', kind: 'learnt', from: 2, to: 1.8, time: 5, evidence: null, by: '', reason: 'so' },
  ...over,
})
const proposal = change({ id: 4, kind: 'proposed', to: 1.4 })
/** A state that may be. */
const base = (): SavedState => {
  const { approved: _, ...fresh } = freshState(layout)
  return {
    ...fresh,
    ...{ seen: 10, clusters: 4, nextId: 5, time: 5, clusterEnd: 100 },
    duration: { n: 8, mean: 1000, variance: 50 },
    pending: [proposal],
    history: [change({}), change({ id: 2, name: 'weight:gone' }), proposal],
  }
}
const edit = (act: (state: SavedState) => void): SavedState => {
  const state = base()
  act(state)
  return state
}
const LONGEST = 2e13
const may: [string, SavedState][] = [
  ['as it is', base()],
  ['as many clusters as signals', { ...base(), clusters: 10 }],
  ['durations of all signals', { ...base(), duration: { n: 10, mean: LONGEST, variance: LONGEST * LONGEST } }],
  ['durations of none', { ...base(), duration: { n: 0, mean: 0, variance: 0 } }],
  ['200 changes', { ...base(), history: Array.from({ length: 200 }, () => change({})) }],
  ['the last time there is', { ...base(), time: LONGEST, clusterEnd: 3 * LONGEST }],
  ['the first', { ...base(), time: -LONGEST, clusterEnd: -3 * LONGEST }],
  ['two proposals', { ...base(), pending: [proposal, { ...proposal, id: 3, name: 'targetAtr' }] }],
  ['no changes yet', { ...base(), nextId: 1, pending: [], history: [] }],
  ['the first value of a grid', edit(({ index }) => index.fill(0))],
  ['the last value of a grid', edit(({ index }) => index.set([8], 0))],
  ['differences that are all the largest', edit(({ cluster }) => [cluster.rows.set([10]), cluster.sums.set([-10])])],
  [
    'all the evidence there can be',
    edit(({ evidence: { capital, mean, variance } }) => [capital.set([1e15]), mean.set([-1, 1]), variance.set([1])]),
  ],
  ['as many wins as trades', edit(({ record }) => record.settled.set([1e15, 1e15]))],
  [
    'nothing seen',
    { ...base(), seen: 0, clusters: 0, clusterEnd: -Infinity, duration: { n: 0, mean: 0, variance: 0 } },
  ],
]
const mayNot: [string, SavedState][] = [
  ['fewer signals than none', { ...base(), seen: -1 }],
  ['half a signal', { ...base(), seen: 10.5 }],
  ['more signals than can be counted', { ...base(), seen: 2 ** 53 }],
  ['fewer clusters than none', { ...base(), clusters: -1 }],
  ['half a cluster', { ...base(), clusters: 4.5 }],
  ['more clusters than signals', { ...base(), clusters: 11 }],
  ['no next change', { ...base(), nextId: 0, pending: [], history: [] }],
  ['half a change', { ...base(), nextId: 5.5 }],
  ['a proposal that is still to come', { ...base(), nextId: 4 }],
  ['a change that is still to come', { ...base(), history: [change({ id: 5 })] }],
  ['201 changes', { ...base(), history: Array.from({ length: 201 }, () => change({})) }],
  ['a change that is none', { ...base(), history: [change({ from: NaN })] }],
  ['a change that is none among others', { ...base(), history: [change({}), change({ from: NaN })] }],
  ['a proposal that is none among others', { ...base(), pending: [proposal, change({ name: 'targetAtr' })] }],
  ['two proposals for one', { ...base(), pending: [proposal, { ...proposal, id: 3 }] }],
  ['a proposal for nobody', { ...base(), pending: [{ ...proposal, name: 'weight:gone' }] }],
  ['a proposal that is none', { ...base(), pending: [{ ...proposal, kind: 'learnt' }] }],
  ['a proposal off the grid', { ...base(), pending: [{ ...proposal, to: 1.45 }] }],
  ['a proposal of a damaged kind', { ...base(), pending: [{ ...proposal, time: NaN }] }],
  ['a value below the grid', edit(({ index }) => index.set([-1], 2))],
  ['a value above the grid', edit(({ index }) => index.set([9], 0))],
  ['an end without a beginning', { ...base(), seen: 0, clusters: 0, duration: { n: 0, mean: 0, variance: 0 } }],
  ['no end', { ...base(), clusterEnd: -Infinity }],
  ['an end that is no time', { ...base(), clusterEnd: NaN }],
  ['an end beyond all times', { ...base(), clusterEnd: 3 * LONGEST + 1e4 }],
  ['a time that is none', { ...base(), time: NaN }],
  ['a time beyond all', { ...base(), time: LONGEST + 1 }],
  ['a time before all', { ...base(), time: -LONGEST - 1 }],
  ...(['n', 'mean', 'variance'] as const).flatMap((name): [string, SavedState][] => [
    [`a duration of less: ${name}`, { ...base(), duration: { ...base().duration, [name]: -0.1 } }],
    [`a duration of nothing: ${name}`, { ...base(), duration: { ...base().duration, [name]: NaN } }],
  ]),
  ['durations of more than were seen', { ...base(), duration: { n: 10.1, mean: 1, variance: 1 } }],
  ['durations too long', { ...base(), duration: { n: 1, mean: LONGEST * 1.01, variance: 1 } }],
  ['durations too wide', { ...base(), duration: { n: 1, mean: 1, variance: LONGEST * LONGEST * 1.01 } }],
  ['half a row', edit(({ cluster }) => cluster.rows.set([0.5]))],
  ['fewer rows than none', edit(({ cluster }) => cluster.rows.set([-1]))],
  ['more rows than signals', edit(({ cluster }) => cluster.rows.set([11]))],
  ['more difference than there can be', edit(({ cluster }) => [cluster.rows.set([1]), cluster.sums.set([1.001])])],
  ['a difference of nobody', edit(({ cluster }) => cluster.sums.set([-0.001]))],
  ['debts', edit(({ evidence }) => evidence.capital.set([-1]))],
  ['riches', edit(({ evidence }) => evidence.capital.set([1.01e15]))],
  ['half a difference', edit(({ evidence }) => evidence.n.set([0.5]))],
  ['fewer differences than none', edit(({ evidence }) => evidence.n.set([-1]))],
  ['a mean that is too low', edit(({ evidence }) => evidence.mean.set([-1.01]))],
  ['a mean that is too high', edit(({ evidence }) => evidence.mean.set([1.01]))],
  ['a variance below none', edit(({ evidence }) => evidence.variance.set([-0.01]))],
  ['a variance above all', edit(({ evidence }) => evidence.variance.set([1.01]))],
  ...(['fresh', 'recent', 'settled'] as const).flatMap((age): [string, SavedState][] => [
    [`fewer trades than none: ${age}`, edit(({ record }) => record[age].set([-1, -1], 2))],
    [`fewer wins than none: ${age}`, edit(({ record }) => record[age].set([1, -1], 2))],
    [`more wins than trades: ${age}`, edit(({ record }) => record[age].set([1, 1.01], 4))],
    [`more trades than can be: ${age}`, edit(({ record }) => record[age].set([1.01e15, 0]))],
  ]),
]

describe('a saved state', () => {
  test.each(may)('may have %s', (_, state) => {
    expect(checkState(state, layout)).toBe(state)
  })

  test.each(mayNot)('may not have %s', (_, state) => {
    expect(errorOf(() => checkState(state, layout))).toMatchObject({
      code: 'CORRUPT_SNAPSHOT',
      message: 'A "adaptive-parameters" snapshot must agree with itself.',
    })
  })
})
