import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../../src/core/draw.ts'
import { sigmoid } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { baseOf } from '../../../src/learners/gradient-boosting/boost.ts'
import { GradientBoosting, MultiGradientBoosting } from '../../../src/learners/gradient-boosting/index.ts'
import { type Loss, lossFor } from '../../../src/learners/gradient-boosting/loss.ts'
import { type GradientBoostingInput, resolveOptions } from '../../../src/learners/gradient-boosting/options.ts'
import { quantileOf } from '../../../src/learners/gradient-boosting/quantile.ts'
import { quickSigmoid } from '../../../src/learners/gradient-boosting/quick-sigmoid.ts'
import type { Table } from '../../../src/learners/gradient-boosting/window.ts'
import { column, drawRows, leafValues, mean, refitted, vector } from './support.ts'

type Input = Omit<GradientBoostingInput, 'features'>
const lossOf = (input: Input): Loss => lossFor(resolveOptions({ features: 1, ...input }))
const tableOf = (y: readonly number[], weights: readonly number[] = y.map(() => 1)): Table => ({
  x: new Float64Array(y.length),
  y: Float64Array.from(y),
  weights: Float64Array.from(weights),
})
/** The weighted loss of a whole table at one margin for all. */
const totalAt = (loss: Loss, table: Table, margin: number): number =>
  table.y.reduce((sum, _, i) => {
    const margins = new Float64Array(table.y.length).fill(margin)
    return sum + table.weights[i]! * loss.lossOf(table, margins, i)
  }, 0)

const label = fc.double({ min: -4, max: 4, noNaN: true })
const count = fc.integer({ min: 0, max: 9 })
const margin = fc.double({ min: -5, max: 5, noNaN: true })
const weight = fc.double({ min: 0.1, max: 3, noNaN: true })
const BOUND = Math.exp(0.7)

describe('derivatives', () => {
  const cases: [name: string, input: Input, y: fc.Arbitrary<number>, curvature: number | undefined][] = [
    ['logistic', { task: 'binary' }, fc.constantFrom(0, 1), 1],
    ['squared', { task: 'regression' }, label, 1],
    // curvature 1 also where it is linear, as steps would have no end there
    ['huber', { task: 'regression', loss: 'huber', huberDelta: 1.5 }, label, undefined],
    ['poisson', { task: 'regression', loss: 'poisson' }, count, BOUND],
    ['quantile', { task: 'regression', loss: 'quantile', quantiles: [0.8] }, label, undefined],
  ]
  test.each(cases)('of the %s loss are its slope and curvature', (_, input, y, curvature) => {
    const loss = lossOf(input)
    fc.assert(
      fc.property(y, margin, weight, (label, m, w) => {
        const table = tableOf([label], [w])
        const at = (value: number): number => w * loss.lossOf(table, vector(value), 0)
        const step = 1e-4
        const kinks = curvature === undefined ? [label, label - 1.5, label + 1.5] : []
        fc.pre(kinks.every((kink) => Math.abs(m - kink) > 2 * step))
        const [g, h] = [vector(0), vector(0)]
        loss.derive(table, vector(m), g, h, 0, 1)
        const slope = (at(m + step) - at(m - step)) / (2 * step)
        expect(Math.abs(g[0]! - slope)).toBeLessThan(1e-6 * (1 + Math.abs(slope)))
        const bend = (at(m + step) - 2 * at(m) + at(m - step)) / (step * step)
        const wanted = curvature === undefined ? w : curvature * bend
        expect(Math.abs(h[0]! - wanted)).toBeLessThan(1e-4 * (1 + Math.abs(wanted)))
      }),
    )
  })

  test('of the softmax loss are its slopes and K / (K - 1) of its curvatures', () => {
    const classes = 3
    const loss = lossOf({ task: 'regression', loss: 'softmax', classes })
    const three = fc.tuple(margin, margin, margin)
    fc.assert(
      fc.property(three, fc.integer({ min: 0, max: 2 }), weight, (ms, y, w) => {
        const table = tableOf([y], [w])
        const [g, h] = [new Float64Array(classes), new Float64Array(classes)]
        loss.derive(table, Float64Array.from(ms), g, h, 0, 1)
        expect(g[0]! + g[1]! + g[2]!).toBeCloseTo(0, 12)
        for (let k = 0; k < classes; k++) {
          const at = (d: number): number => {
            const moved = Float64Array.from(ms, (m, i) => m + (i === k ? d : 0))
            return w * loss.lossOf(table, moved, 0)
          }
          const step = 1e-4
          expect(g[k]!).toBeCloseTo((at(step) - at(-step)) / (2 * step), 6)
          expect(h[k]!).toBeCloseTo((1.5 * (at(step) - 2 * at(0) + at(-step))) / (step * step), 4)
        }
      }),
    )
  })

  test('are written for the asked rows only, and alike however rows are divided', () => {
    const several: Input[] = [
      { task: 'binary' },
      { task: 'regression' },
      { task: 'regression', loss: 'huber' },
      { task: 'regression', loss: 'poisson' },
      { task: 'regression', loss: 'quantile', quantiles: [0.1, 0.9] },
      { task: 'regression', loss: 'softmax', classes: 2 },
    ]
    const table = tableOf([0, 1, 1, 0, 1, 0, 0], [1, 2, 1, 3, 1, 1, 0.5])
    for (const input of several) {
      const loss = lossOf(input)
      const outputs = loss.base(table).length
      const margins = Float64Array.from({ length: 7 * outputs }, (_, i) => Math.sin(i))
      const [g, h, g2, h2] = [1, 2, 3, 4].map(() => new Float64Array(7 * outputs).fill(77))
      loss.derive(table, margins, g!, h!, 0, 7)
      expect([...g!, ...h!]).not.toContain(77)
      loss.derive(table, margins, g2!, h2!, 3, 7)
      expect(g2!.filter((one) => one === 77)).toHaveLength(3 * outputs)
      loss.derive(table, margins, g2!, h2!, 0, 3)
      expect([g2, h2]).toEqual([g, h])
    }
  })

  test('stay finite and hessians above 0 at margins of any size', () => {
    for (const input of [{ task: 'binary' }, { task: 'regression', loss: 'poisson' }] as const) {
      const loss = lossOf(input)
      for (const m of [-1e100, -800, -40, 0, 40, 800, 1e100]) {
        const [g, h] = [vector(0), vector(0)]
        loss.derive(tableOf([1]), vector(m), g, h, 0, 1)
        expect(Number.isFinite(g[0])).toBe(true)
        expect(h[0]! > 0 && h[0]! < Infinity).toBe(true)
        expect(Number.isFinite(loss.lossOf(tableOf([1]), vector(m), 0))).toBe(true)
        const out = vector(m)
        loss.predict(out)
        expect(Number.isFinite(out[0])).toBe(true)
      }
    }
  })
})

test('quickSigmoid is the logistic function to 15 digits, and bounded beyond 40', () => {
  fc.assert(
    fc.property(fc.double({ min: -40, max: 40, noNaN: true }), (x) => {
      expect(Math.abs(quickSigmoid(x) / sigmoid(x) - 1)).toBeLessThan(1e-14)
      expect(quickSigmoid(x) + quickSigmoid(-x)).toBeCloseTo(1, 14)
    }),
    { numRuns: 1000 },
  )
  expect(quickSigmoid(0)).toBe(0.5)
  for (const x of [40, 1e3, 1e300]) {
    expect(quickSigmoid(x)).toBe(quickSigmoid(40))
    expect(quickSigmoid(-x)).toBe(quickSigmoid(-40))
  }
})

describe('the base', () => {
  const positiveWeights = (n: number): fc.Arbitrary<number[]> => fc.array(weight, { minLength: n, maxLength: n })
  const some = (y: fc.Arbitrary<number>): fc.Arbitrary<{ y: number[]; weights: number[] }> =>
    fc
      .array(y, { minLength: 3, maxLength: 30 })
      .chain((ys) => fc.record({ y: fc.constant(ys), weights: positiveWeights(ys.length) }))

  test.each<[string, Input, fc.Arbitrary<number>]>([
    ['squared', { task: 'regression' }, label],
    ['huber', { task: 'regression', loss: 'huber', huberDelta: 0.7 }, label],
    ['huber of its own width', { task: 'regression', loss: 'huber' }, label],
    ['poisson', { task: 'regression', loss: 'poisson' }, count],
  ])('of the %s loss is where it is least', (_, input, y) => {
    const loss = lossOf(input)
    fc.assert(
      fc.property(some(y), ({ y, weights }) => {
        fc.pre(y.some((one) => one > 0))
        const table = tableOf(y, weights)
        const base = loss.base(table)[0]!
        const least = totalAt(loss, table, base)
        for (const d of [-0.3, -0.01, 0.01, 0.3]) {
          expect(totalAt(loss, table, base + d)).toBeGreaterThanOrEqual(least - 1e-6 * (1 + least))
        }
      }),
    )
  })

  test('of quantiles leaves about that share of the weight below', () => {
    fc.assert(
      fc.property(some(label), fc.double({ min: 0.05, max: 0.95, noNaN: true }), ({ y, weights }, q) => {
        const table = tableOf(y, weights)
        const base = lossOf({ task: 'regression', loss: 'quantile', quantiles: [q] }).base(table)[0]!
        const total = weights.reduce((a, b) => a + b)
        const below = weights.reduce((sum, w, i) => sum + (y[i]! < base - 1e-9 ? w : 0), 0)
        const above = weights.reduce((sum, w, i) => sum + (y[i]! > base + 1e-9 ? w : 0), 0)
        const most = Math.max(...weights)
        expect(below).toBeLessThanOrEqual(q * total + most)
        expect(above).toBeLessThanOrEqual((1 - q) * total + most)
      }),
    )
  })

  test('of classes is their share, with half a row more each', () => {
    const loss = lossOf({ task: 'regression', loss: 'softmax', classes: 3 })
    const base = loss.base(tableOf([0, 2, 2], [1, 1, 2]))
    expect(Array.from(base, Math.exp)).toEqual([1.5, 0.5, 3.5].map((n) => expect.closeTo(n / 5.5, 12)))
  })

  test('of no labels is finite, so that predictions are from the start', () => {
    for (const loss of ['squared', 'huber', 'poisson', 'quantile'] as const) {
      const model = new GradientBoosting({ features: 1, task: 'regression', loss })
      expect(Number.isFinite(model.predict(vector(1))), loss).toBe(true)
      expect(GradientBoosting.fromJSON(JSON.parse(JSON.stringify(model))).predict(vector(1))).toBe(
        model.predict(vector(1)),
      )
    }
  })

  test('is the given one where there is one, as a prediction', () => {
    const cases: [Input, number][] = [
      [{ task: 'binary' }, 0.2],
      [{ task: 'regression' }, -7],
      [{ task: 'regression', loss: 'huber' }, 3],
      [{ task: 'regression', loss: 'poisson' }, 2.5],
      [{ task: 'regression', loss: 'quantile' }, 4],
    ]
    for (const [input, baseScore] of cases) {
      const options = resolveOptions({ features: 1, baseScore, ...input })
      const out = baseOf(tableOf([0, 1]), options, lossFor(options))
      lossFor(options).predict(out)
      expect(out[0]).toBeCloseTo(baseScore, 12)
      const model = new GradientBoosting({ features: 1, baseScore, ...input })
      model.learn(vector(1), 1)
      expect(model.predict(vector(1))).toBeCloseTo(baseScore, 12)
    }
  })
})

describe('quantileOf', () => {
  /** Straight lines between the middles of shares, looked up in the plainest way. */
  const plainly = (pairs: readonly (readonly [value: number, weight: number])[], q: number): number => {
    const sorted = [...pairs].sort((a, b) => a[0] - b[0])
    const places = sorted.map(([, w], i) => w / 2 + sorted.slice(0, i).reduce((sum, one) => sum + one[1], 0))
    const [first, last] = [places[0]!, places.at(-1)!]
    const wanted = first + q * (last - first)
    if (wanted <= first) return sorted[0]![0]
    for (let i = 1; i < sorted.length; i++) {
      if (wanted > places[i]!) continue
      const share = (wanted - places[i - 1]!) / (places[i]! - places[i - 1]!)
      return sorted[i - 1]![0] + share * (sorted[i]![0] - sorted[i - 1]![0])
    }
    return sorted.at(-1)![0]
  }
  const pairs = fc.array(fc.tuple(label, weight), { minLength: 1, maxLength: 20 })
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  const ask = (list: readonly (readonly [number, number])[], q: number): number =>
    quantileOf(
      Float64Array.from(list, ([v]) => v),
      Float64Array.from(list, ([, w]) => w),
      q,
    )

  test('joins sorted values by straight lines', () => {
    fc.assert(
      fc.property(pairs, share, (list, q) => {
        expect(ask(list, q)).toBeCloseTo(plainly(list, q), 9)
      }),
    )
  })

  test('with equal weights is the type 7 of Hyndman and Fan', () => {
    const values = vector(3, 1, 10, 2)
    const ones = vector(2, 2, 2, 2)
    expect([0, 0.25, 0.5, 0.9, 1].map((q) => quantileOf(values, ones, q))).toEqual(
      [1, 1.75, 2.5, 7.9, 10].map((v) => expect.closeTo(v, 12)),
    )
  })

  test('never falls with its level, and stays among the values, whatever the weights', () => {
    const wild = fc.constantFrom(1e-30, 1e-12, 1, 1e12, 1e30)
    fc.assert(
      fc.property(fc.array(fc.tuple(label, wild), { minLength: 1, maxLength: 12 }), share, share, (list, a, b) => {
        const [low, high] = [ask(list, Math.min(a, b)), ask(list, Math.max(a, b))]
        expect(low).toBeLessThanOrEqual(high + 1e-9)
        const values = list.map(([v]) => v)
        expect(low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9)
        expect(high).toBeLessThanOrEqual(Math.max(...values) + 1e-9)
      }),
    )
  })
})

/** Labels that spread more where the first feature is high. */
function drawSpread(seed: string, n: number): { rows: Float64Array[]; y: number[] } {
  const rows = drawRows(seed, n, 3)
  const rng = new SeededRng(`${seed} labels`)
  return { rows, y: rows.map((x) => x[1]! + (x[0]! > 0 ? 2 : 0.5) * drawNormal(rng)) }
}

describe('quantiles', () => {
  const [train, held] = [drawSpread('spread', 4000), drawSpread('later', 2000)]
  const quantiles = [0.1, 0.5, 0.9]

  test.each<[string, Omit<Partial<GradientBoostingInput>, 'loss'>]>([
    ['all rows', {}],
    ['drawn rows', { rowFraction: 0.5 }],
    ['rows drawn by gradient', { sampling: 'goss' }],
    ['dropout', { dropout: 0.1 }],
  ])('with %s cover their share of held-out rows, on both sides of a change in spread', (_, more) => {
    const model = new MultiGradientBoosting({ features: 3, loss: 'quantile', quantiles, ...more })
    model.fit(train.rows, train.y)
    const out = new Float64Array(3)
    for (const wide of [true, false]) {
      const some = held.rows.map((_, i) => i).filter((i) => held.rows[i]![0]! > 0 === wide)
      for (const [k, q] of quantiles.entries()) {
        const below = mean(some.map((i) => Number(held.y[i]! <= model.predictInto(held.rows[i]!, out)[k]!)))
        expect(Math.abs(below - q)).toBeLessThan(0.06)
      }
    }
  })

  test('leaves count a drawn row for all that it stands for', () => {
    for (const learningRate of [1, 0.3]) {
      const model = new GradientBoosting({
        features: 3,
        task: 'regression',
        loss: 'quantile',
        quantiles: [0.9],
        sampling: 'goss',
        learningRate,
        trees: 20,
      })
      model.fit(train.rows, train.y)
      const below = mean(train.rows.map((x, i) => Number(train.y[i]! <= model.predict(x))))
      expect(Math.abs(below - 0.9)).toBeLessThan(0.03)
    }
  })

  test('are sorted where the trees are not', () => {
    const levels = [0.4, 0.45, 0.5, 0.55, 0.6]
    const model = new MultiGradientBoosting({ features: 3, loss: 'quantile', quantiles: levels, maxLeaves: 31 })
    model.fit(train.rows.slice(0, 500), train.y.slice(0, 500))
    const margins = held.rows.map((x) => model.marginsInto(x, new Float64Array(5)))
    expect(margins.some((m) => m.some((value, k) => k > 0 && value < m[k - 1]!))).toBe(true)
    for (const [i, x] of held.rows.entries()) {
      expect([...model.predictInto(x, new Float64Array(5))]).toEqual([...margins[i]!].sort((a, b) => a - b))
    }
  })

  test('one tree sets its leaves to the quantile of what their rows have left over', () => {
    const q = 0.8
    const model = new GradientBoosting({
      features: 1,
      task: 'regression',
      loss: 'quantile',
      quantiles: [q],
      trees: 1,
      maxLeaves: 2,
      learningRate: 0.5,
      minSamples: 1,
      minSamplesLeaf: 2,
      l2: 0,
    })
    const y = [1, 2, 3, 4, 50, 60, 70, 80, 90]
    const xs = [0, 0, 0, 0, 1, 1, 1, 1, 1]
    const weights = [1, 1, 3, 1, 1, 2, 1, 1, 1]
    model.fit(column(...xs), y, weights)
    const base = quantileOf(Float64Array.from(y), Float64Array.from(weights), q)
    const leafOf = (from: number, to: number): number =>
      quantileOf(
        Float64Array.from(y.slice(from, to), (v) => v - base),
        Float64Array.from(weights.slice(from, to)),
        q,
      )
    expect(leafValues(model.forest)).toEqual([
      expect.closeTo(leafOf(0, 4) / 2, 12),
      expect.closeTo(leafOf(4, 9) / 2, 12),
    ])
  })

  test('leaves keep to a step limit', () => {
    const model = new GradientBoosting({
      features: 3,
      task: 'regression',
      loss: 'quantile',
      quantiles: [0.9],
      maxDeltaStep: 0.25,
    })
    model.fit(train.rows, train.y)
    for (const value of leafValues(model.forest)) expect(Math.abs(value)).toBeLessThanOrEqual(0.025 + 1e-12)
  })
})

describe('losses at work', () => {
  const rows = drawRows('work', 3000, 2)
  const held = drawRows('work later', 500, 2)

  test("Huber's loss is moved less by extremes than squared error", () => {
    const rng = new SeededRng('extremes')
    const y = rows.map((x) => x[0]! + 0.3 * drawNormal(rng) + (rng.next() < 0.03 ? 300 : 0))
    const errorOf = (loss: string, more: object = {}): number => {
      const model = new GradientBoosting({ features: 2, task: 'regression', loss, ...more })
      model.fit(rows, y)
      return mean(held.map((x) => Math.abs(model.predict(x) - x[0]!)))
    }
    const squared = errorOf('squared')
    expect(squared).toBeGreaterThan(5)
    for (const more of [{}, { huberDelta: 1 }]) expect(errorOf('huber', more)).toBeLessThan(0.3)
  })

  test('Poisson predicts the mean count', () => {
    const rng = new SeededRng('counts')
    const rate = (x: Float64Array): number => Math.exp(0.5 * x[0]! + (x[1]! > 0 ? 0.7 : 0))
    const y = rows.map((x) => {
      let n = 0
      for (let left = Math.exp(-rate(x)), p = rng.next(); p > left; p *= rng.next()) n++
      return n
    })
    const model = new GradientBoosting({ features: 2, task: 'regression', loss: 'poisson' })
    model.fit(rows, y)
    expect(mean(rows.map((x) => model.predict(x)))).toBeCloseTo(mean(y), 1)
    for (const high of [true, false]) {
      const some = held.filter((x) => x[1]! > 0 === high)
      const ratio = mean(some.map((x) => model.predict(x))) / mean(some.map(rate))
      expect(Math.abs(Math.log(ratio))).toBeLessThan(0.1)
    }
    expect(held.every((x) => model.predict(x) > 0)).toBe(true)
  })

  test('softmax tells three classes apart on a stream, in probabilities that add up to 1', () => {
    const model = new MultiGradientBoosting({ features: 2, loss: 'softmax', classes: 3, refit: 'inline', trees: 30 })
    const classOf = (x: Float64Array): number => (x[0]! > 0.4 ? 2 : x[1]! > 0 ? 1 : 0)
    const rng = new SeededRng('noise')
    const out = new Float64Array(3)
    let right = 0
    for (const [i, x] of rows.slice(0, 1200).entries()) {
      model.predictInto(x, out)
      expect(out[0]! + out[1]! + out[2]!).toBeCloseTo(1, 12)
      expect(out.every((p) => p >= 0 && p <= 1)).toBe(true)
      if (i >= 600) right += Number(out.indexOf(Math.max(...out)) === classOf(x))
      model.learn(x, rng.next() < 0.1 ? Math.floor(3 * rng.next()) : classOf(x))
    }
    expect(right / 600).toBeGreaterThan(0.9)
  })

  test('probabilities of log loss are those of the labels', () => {
    const rng = new SeededRng('log loss')
    const p = (x: Float64Array): number => sigmoid(1.5 * x[0]!)
    const y = rows.map((x) => Number(rng.next() < p(x)))
    const model = new GradientBoosting({ features: 2 })
    model.fit(rows, y)
    expect(mean(held.map((x) => Math.abs(model.predict(x) - p(x))))).toBeLessThan(0.06)
  })
})

describe('labels that do not suit the loss', () => {
  const regression = { features: 1, task: 'regression', minSamples: 1 } as const
  test.each<[string, GradientBoosting | MultiGradientBoosting, number[]]>([
    ['logistic', new GradientBoosting({ features: 1 }), [0.5, -1, 2]],
    ['squared', new GradientBoosting(regression), []],
    ['poisson', new GradientBoosting({ ...regression, loss: 'poisson' }), [-1, -1e-9]],
    ['softmax', new MultiGradientBoosting({ features: 1, loss: 'softmax', classes: 3 }), [-1, 3, 0.5]],
    ['quantile', new MultiGradientBoosting({ features: 1, loss: 'quantile' }), []],
  ])('of the %s loss are refused and leave the model as it was', (_, model, bad) => {
    for (const y of [0, 1, 1, 0]) model.learn(vector(y), y)
    refitted(model)
    const before = JSON.stringify(model)
    for (const y of [...bad, Number.NaN, Infinity]) {
      const refused = expect.objectContaining({ code: 'INVALID_INPUT' })
      expect(() => model.learn(vector(1), y)).toThrow(refused)
      expect(() => model.fit(column(1, 2), [0, y])).toThrow(refused)
      expect(JSON.stringify(model)).toBe(before)
    }
  })
})
