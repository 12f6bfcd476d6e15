import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  float,
  parameterImportance,
  type SearchDirection,
  type Space,
  type TrialRecord,
} from '../../src/study/index.ts'

type Params = { readonly [name: string]: string | number | boolean }
const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/study-importance.json'), 'utf8')) as {
  readonly cases: readonly {
    readonly space: Space
    readonly direction: SearchDirection
    readonly share: number
    readonly trials: readonly { readonly params: Params; readonly value: number }[]
    readonly importances: { readonly [name: string]: number }
  }[]
}
const complete = (rows: readonly { readonly params: Params; readonly value: number }[]): TrialRecord<Params>[] =>
  rows.map((row, id) => ({ ...row, id, state: 'complete', reports: [], reason: '' }))

test.each(cases)(
  'importances are those of Optuna, to $direction',
  ({ space, direction, share, trials, importances }) => {
    const { parameters } = parameterImportance(space, complete(trials), { direction, share })
    expect(parameters.map(({ name }) => name).sort()).toEqual(Object.keys(importances).sort())
    for (const { name, importance } of parameters) {
      expect(Math.abs(importance - importances[name]!), name).toBeLessThan(1e-9)
    }
    const sum = parameters.reduce((total, { importance }) => total + importance, 0)
    expect(sum).toBeCloseTo(1, 12)
    const order = parameters.map(({ importance }) => importance)
    expect(order).toEqual([...order].sort((a, b) => b - a))
  },
)

const space = { x: float({ low: 0, high: 1 }), y: float({ low: 0, high: 1 }) }

test('below two good trials importances are not known, and it says how many it takes', () => {
  const rows = Array.from({ length: 19 }, (_, i) => ({ params: { x: i / 19, y: 0.5 }, value: i }))
  const { have, needs, parameters } = parameterImportance(space, complete(rows))
  expect([have, needs]).toEqual([19, 20])
  expect(parameters.map(({ importance }) => importance)).toEqual([Number.NaN, Number.NaN])
})

test('only complete trials count', () => {
  const rows = complete(Array.from({ length: 40 }, (_, i) => ({ params: { x: i / 40, y: (i * 7) % 1 }, value: i })))
  const others = rows.map((row) => ({ ...row, state: 'pruned' as const, value: Number.NaN }))
  expect(parameterImportance(space, [...rows, ...others])).toEqual(parameterImportance(space, rows))
})

test('where all values are equal, all parameters are', () => {
  const rows = Array.from({ length: 30 }, (_, i) => ({ params: { x: i / 30, y: 1 - i / 30 }, value: 1 }))
  expect(parameterImportance(space, complete(rows)).parameters).toEqual([
    { name: 'x', importance: 0.5 },
    { name: 'y', importance: 0.5 },
  ])
})
