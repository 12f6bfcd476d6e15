import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import { dimensionsOf } from '../../src/study/dimension.ts'
import type { Settled } from '../../src/study/history.ts'
import { choice, float, int, type Space, when } from '../../src/study/index.ts'
import type { Category } from '../../src/study/parameter.ts'
import { Parzen } from '../../src/study/parzen.ts'
import { historyOf, joined, pointOf } from './past.ts'

type Row = readonly Category[]
type Golden = {
  readonly parzen: readonly {
    readonly name: string
    readonly space: Space
    readonly priorWeight: number
    readonly observations: readonly Row[]
    readonly points: readonly Row[]
    readonly logDensities: readonly number[]
  }[]
  readonly acquisition: readonly {
    readonly direction: 'minimize' | 'maximize'
    readonly space: Space
    readonly trials: readonly {
      readonly values: Row
      readonly state: 'complete' | 'pruned' | 'failed' | 'pending'
      readonly value: number | null
      readonly reports: readonly (readonly [number, number])[]
    }[]
    readonly good: readonly number[]
    readonly points: readonly Row[]
    readonly acquisition: readonly number[]
  }[]
}
const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/study-tpe.json'), 'utf8')) as Golden

/** The least bandwidth by Optuna's rules. */
const clip = (n: number): number => 1 / Math.min(100, n + 2)

function densitiesOf(space: Space, rows: readonly Row[], points: readonly Row[], priorWeight = 1): Float64Array {
  const history = historyOf(space, rows)
  const parzen = new Parzen(history.dimensions, priorWeight)
  parzen.build(history, new Uint8Array(rows.length), 0, clip(rows.length))
  const out = new Float64Array(points.length)
  parzen.logDensities(joined(points.map((values) => pointOf(space, values))), points.length, out)
  return out
}

/** The lengths of the lines along which densities are per unit of the coordinate, and not of the value. */
const stretchOf = (space: Space): number =>
  dimensionsOf(space)
    .filter(({ kind }) => kind === 'continuous')
    .reduce((sum, { width }) => sum + Math.log(width), 0)

test.each(golden.parzen)('densities of $name are those of Optuna', (each) => {
  const { space, observations, points, priorWeight, logDensities } = each
  const found = densitiesOf(space, observations, points, priorWeight)
  const stretch = stretchOf(space)
  logDensities.forEach((wanted, i) => {
    expect(Math.abs(found[i]! - stretch - wanted), `point ${i}`).toBeLessThan(1e-9 * Math.max(1, Math.abs(wanted)))
  })
})

test.each(golden.acquisition)('good trials and what is gained at points are those of Optuna, to $direction', (each) => {
  const { direction, space, trials, points, good, acquisition } = each
  const sign = direction === 'minimize' ? 1 : -1
  const history = historyOf(
    space,
    trials.map(({ values }) => values),
    trials.map(({ state, value, reports }): Settled | undefined => {
      if (state === 'pending') return undefined
      const [step, report] = reports.at(-1) ?? [-1, 0]
      return { state, loss: sign * (value ?? report), step }
    }),
  )
  const best = [...history.ranked.slice(0, good.length)].sort((a, b) => a - b)
  expect(best).toEqual(good)
  const marks = Uint8Array.from(trials, ({ state }, i) => (state === 'failed' ? 2 : good.includes(i) ? 1 : 0))
  const [l, g] = [1, 0].map((mark) => {
    const parzen = new Parzen(history.dimensions, 1)
    parzen.build(history, marks, mark, clip(marks.filter((each) => each === mark).length))
    const out = new Float64Array(points.length)
    parzen.logDensities(joined(points.map((values) => pointOf(space, values))), points.length, out)
    return out
  }) as [Float64Array, Float64Array]
  acquisition.forEach((wanted, i) => {
    expect(Math.abs(l[i]! - g[i]! - wanted)).toBeLessThan(1e-9)
  })
})

const space = {
  model: choice(['boosting', 'linear']),
  leaves: when('model', ['boosting'], int({ low: 2, high: 9 })),
  rate: float({ low: 0.01, high: 1, log: true }),
}
const rows: readonly (readonly (Category | undefined)[])[] = [
  ['boosting', 3, 0.1],
  ['linear', undefined, 0.02],
  ['boosting', 8, 0.3],
  ['boosting', 7, 0.25],
]

function fitted(): Parzen {
  const history = historyOf(space, rows)
  const parzen = new Parzen(history.dimensions, 1)
  parzen.build(history, new Uint8Array(rows.length), 0, 0.1)
  return parzen
}

test('chances of all values of choices and steps, integrated over what is continuous, add up to 1', () => {
  const parzen = fitted()
  const cells = 2000
  let sum = 0
  const out = new Float64Array(1)
  for (const leaves of [undefined, 2, 3, 4, 5, 6, 7, 8, 9]) {
    for (let i = 0; i < cells; i++) {
      const point = pointOf(space, [leaves === undefined ? 'linear' : 'boosting', leaves, 0.1])
      point[dimensionsOf(space).findIndex(({ name }) => name === 'rate')] = (i + 0.5) / cells
      parzen.logDensities(point, 1, out)
      sum += Math.exp(out[0]!) / cells
    }
  }
  // the midpoint rule is good to about this
  expect(sum).toBeCloseTo(1, 6)
})

test('points are drawn as often as their chances say', () => {
  const parzen = fitted()
  const rng = new SeededRng('draws')
  const width = 3
  const draws = 20_000
  const seen = new Map<string, number>()
  const point = new Float64Array(width)
  for (let i = 0; i < draws; i++) {
    parzen.draw(rng, point, 0)
    // the dimensions in the order of their names: leaves, model, rate
    const key = `${point[1]} ${Number.isNaN(point[0]!) ? '-' : point[0]!.toFixed(4)} ${Math.floor(point[2]! * 2)}`
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  const out = new Float64Array(1)
  let chi = 0
  let kinds = 0
  for (const leaves of [undefined, 2, 3, 4, 5, 6, 7, 8, 9]) {
    for (const half of [0, 1]) {
      const at = pointOf(space, [leaves === undefined ? 'linear' : 'boosting', leaves, 0.1])
      let chance = 0
      for (let i = 0; i < 500; i++) {
        at[2] = (half + (i + 0.5) / 500) / 2
        parzen.logDensities(at, 1, out)
        chance += Math.exp(out[0]!) / 1000
      }
      const key = `${at[1]} ${Number.isNaN(at[0]!) ? '-' : at[0]!.toFixed(4)} ${half}`
      const gap = (seen.get(key) ?? 0) - draws * chance
      chi += (gap * gap) / (draws * chance)
      kinds++
    }
  }
  // chi square with 17 degrees of freedom is above 50 with a chance of 4e-5
  expect(kinds).toBe(18)
  expect(chi).toBeLessThan(50)
})

test('densities stay finite with a hundred trials at one point, at the ends, and of one value', () => {
  const narrow = { a: float({ low: 0, high: 1e300 }), b: int({ low: 1, high: 2 ** 40, log: true }), c: choice(['x']) }
  const rows = Array.from({ length: 100 }, (): Row => [1e300, 1, 'x'])
  const out = densitiesOf(narrow, rows, [
    [0, 2 ** 40, 'x'],
    [1e300, 1, 'x'],
  ])
  expect(out.every(Number.isFinite)).toBe(true)
  expect(out[1]!).toBeGreaterThan(out[0]!)
})

test('three hundred parameters neither overflow nor underflow', () => {
  const wide = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [
      `p${i}`,
      i % 2 === 0 ? float({ low: 0, high: 1 }) : int({ low: 1, high: 9 }),
    ]),
  )
  const rows = Array.from(
    { length: 60 },
    (_, t): Row => Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? t / 60 : 1 + (t % 9))),
  )
  const far = Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? 1 : 9))
  expect(densitiesOf(wide, rows, [rows[7]!, far]).every(Number.isFinite)).toBe(true)
})
