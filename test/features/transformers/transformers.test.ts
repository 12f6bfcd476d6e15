import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Codec, Serializable, Snapshot, Transformer } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { normalCdf, normalQuantile } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { restore } from '../../../src/core/snapshot.ts'
import { createSortedWindow, pushSorted, quantileIn } from '../../../src/core/sorted-window.ts'
import {
  MissingIndicator,
  QuantileScaler,
  RobustScaler,
  StandardScaler,
  TargetEncoder,
  TransformerChain,
  VarianceFilter,
  Winsorizer,
} from '../../../src/features/index.ts'
import { LogisticRegression, Pipeline } from '../../../src/learners/index.ts'
import { transformerLaws } from '../../../src/testing/index.ts'

const features = 3
const parts: readonly Codec[] = [MissingIndicator, StandardScaler, TargetEncoder, Winsorizer]
/** A chain needs to be told of what it may consist. */
const ChainCodec: Codec = {
  type: TransformerChain.type,
  version: TransformerChain.version,
  fromJSON: (json: Snapshot): Serializable =>
    TransformerChain.fromJSON(json, (nested) => restore(nested, parts) as Serializable),
}
const subjects: readonly (readonly [string, () => Transformer, Codec])[] = [
  ['RobustScaler', () => new RobustScaler({ features, window: 40 }), RobustScaler],
  ['QuantileScaler', () => new QuantileScaler({ features, window: 40 }), QuantileScaler],
  ['QuantileScaler normal', () => new QuantileScaler({ features, window: 40, shape: 'normal' }), QuantileScaler],
  ['Winsorizer', () => new Winsorizer({ features, window: 40 }), Winsorizer],
  ['MissingIndicator', () => new MissingIndicator({ features, columns: [0, 2] }), MissingIndicator],
  ['VarianceFilter', () => new VarianceFilter({ features }), VarianceFilter],
  ['TargetEncoder', () => new TargetEncoder({ features, columns: [1], maxCategories: 20 }), TargetEncoder],
  [
    'TransformerChain',
    () =>
      new TransformerChain({
        features,
        steps: [
          new Winsorizer({ features, window: 40 }),
          new TargetEncoder({ features, columns: [1], maxCategories: 20 }),
          new StandardScaler({ features }),
          new MissingIndicator({ features }),
        ],
      }),
    ChainCodec,
  ],
]

describe.each(subjects)('laws of %s', (_, create, codec) => {
  for (const { name, run } of transformerLaws(create, codec, features)) test(name, run)

  test('a damaged snapshot gives a coded error or a working transformer', () => {
    const transformer = create()
    const rng = new SeededRng('damage')
    for (let i = 0; i < 60; i++)
      transformer.learn(
        Float64Array.from({ length: features }, () => i % 7),
        i % 2,
      )
    const text = JSON.stringify(transformer)
    const words = ['-1', '0', '1e15', '1e308', 'null', '"x"', '[]', '{}', '1.5', '{"$":"Float64Array","data":""}']
    for (let i = 0; i < 200; i++) {
      const values = [...text.matchAll(/:("[^"]*"|-?\d[\d.e+-]*|\{"\$"[^}]*\})/g)]
      const victim = values[Math.floor(rng.next() * values.length)]!
      const word = words[Math.floor(rng.next() * words.length)]!
      const damaged = `${text.slice(0, victim.index)}:${word}${text.slice(victim.index + victim[0].length)}`
      try {
        const restored = restore(JSON.parse(damaged), [codec]) as Transformer
        restored.learn(Float64Array.of(1, 2, 3), 1)
      } catch (error) {
        expect(error, damaged).toMatchObject({ name: 'TradeLearnError' })
      }
    }
  })
})

test('a sorted window gives the quantiles of its newest numbers', () => {
  const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 12 }), fc.double({ min: 0, max: 1, noNaN: true }), (all, cap, q) => {
      const window = createSortedWindow(cap)
      for (const [i, number] of all.entries()) {
        pushSorted(window, number)
        const held = all
          .slice(Math.max(0, i + 1 - cap), i + 1)
          .map((value) => value + 0)
          .sort((a, b) => a - b)
        expect([...window.sorted.slice(0, window.size)]).toEqual(held)
        const rank = q * (held.length - 1)
        const [low, high] = [held[Math.floor(rank)]!, held[Math.ceil(rank)]!]
        expect(quantileIn(window, q)).toBeCloseTo(low + (rank - Math.floor(rank)) * (high - low), 6)
      }
    }),
  )
})

test('a normal quantile is the inverse of the normal distribution', () => {
  // from tables: 0.975 and 0.995 of a standard normal
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12)
  expect(normalQuantile(0.995)).toBeCloseTo(2.5758293035489004, 12)
  expect(normalQuantile(1e-10)).toBeCloseTo(-6.361340902404056, 10)
  for (const p of [1e-300, 1e-12, 0.1, 0.5, 0.7]) expect(normalCdf(normalQuantile(p)) / p).toBeCloseTo(1, 9)
})

test('a robust scaler centres on the median, and one wild value changes little', () => {
  const scaler = new RobustScaler({ features: 1, window: 101 })
  for (let i = 0; i <= 100; i++) scaler.learn(Float64Array.of(i))
  const at = (x: number): number => scaler.transform(Float64Array.of(x), new Float64Array(1))[0]!
  expect([at(50), at(75), at(25), at(100)]).toEqual([0, 0.5, -0.5, 1])
  scaler.learn(Float64Array.of(1e12))
  expect(at(51)).toBeCloseTo(0, 1)
  const flat = new RobustScaler({ features: 1 })
  for (let i = 0; i < 30; i++) flat.learn(Float64Array.of(5))
  expect(flat.transform(Float64Array.of(7), new Float64Array(1))[0]).toBe(2)
})

test('ranks are spread evenly whatever the shape of the feature, and normal ones have deviation 1', () => {
  const rng = new SeededRng('ranks')
  const uniform = new QuantileScaler({ features: 1, window: 500 })
  const normal = new QuantileScaler({ features: 1, window: 500, shape: 'normal' })
  const ranks: number[] = []
  let squares = 0
  for (let i = 0; i < 3000; i++) {
    const x = Float64Array.of(Math.exp(2 * drawNormal(rng)))
    const out = new Float64Array(1)
    if (i >= 500) {
      ranks.push(uniform.transform(x, out)[0]!)
      const z = normal.transform(x, out)[0]!
      squares += z * z
    }
    uniform.learn(x)
    normal.learn(x)
  }
  ranks.sort((a, b) => a - b)
  const worst = Math.max(...ranks.map((rank, i) => Math.abs(rank - i / ranks.length)))
  expect(worst).toBeLessThan(0.05)
  expect(squares / 2500).toBeCloseTo(1, 0)
  const out = new Float64Array(1)
  expect(uniform.transform(Float64Array.of(1e300), out)[0]).toBe(500.5 / 501)
})

test('a winsorizer cuts to the quantiles of what it has seen, and nothing at first', () => {
  const winsorizer = new Winsorizer({ features: 1, lower: 0.1, upper: 0.9, window: 101 })
  const at = (x: number): number => winsorizer.transform(Float64Array.of(x), new Float64Array(1))[0]!
  for (let i = 0; i <= 100; i++) {
    if (i < 20) expect(at(1e9)).toBe(1e9)
    winsorizer.learn(Float64Array.of(i))
  }
  expect([at(-5), at(50), at(1e9)]).toEqual([10, 50, 90])
})

test('missing values are told apart from all others', () => {
  const indicator = new MissingIndicator({ features: 2 })
  expect([...indicator.transform(Float64Array.of(NaN, 3), new Float64Array(4))]).toEqual([NaN, 3, 1, 0])
})

test('a constant is taken out of sight until it moves', () => {
  const filter = new VarianceFilter({ features: 2, halfLife: 50 })
  const at = (x: number): number[] => [...filter.transform(Float64Array.of(x, 7), new Float64Array(2))]
  for (let i = 0; i < 60; i++) filter.learn(Float64Array.of(i, 7))
  expect(at(3)).toEqual([3, NaN])
  expect([filter.keeps(0), filter.keeps(1)]).toEqual([true, false])
  filter.learn(Float64Array.of(1, 8))
  expect(at(3)).toEqual([3, 7])
})

describe('target encoding', () => {
  const encoded = (encoder: TargetEncoder, code: number): number =>
    encoder.transform(Float64Array.of(code), new Float64Array(1))[0]!

  test('is the mean of the category so far, drawn to the mean of all', () => {
    const encoder = new TargetEncoder({ features: 1, columns: [0], smoothing: 2 })
    expect(encoded(encoder, 5)).toBe(0)
    for (const [code, y] of [
      [5, 1],
      [5, 1],
      [6, 0],
      [6, 0],
    ] as const) {
      encoder.learn(Float64Array.of(code), y)
    }
    expect(encoded(encoder, 5)).toBe((2 + 2 * 0.5) / 4)
    expect(encoded(encoder, 6)).toBe((0 + 2 * 0.5) / 4)
    expect(encoded(encoder, 99)).toBe(0.5)
    expect(encoded(encoder, NaN)).toBeNaN()
  })

  test('a category of chance teaches a model nothing in a pipeline, which shows it every row before its label', () => {
    const rng = new SeededRng('chance')
    const inner = new LogisticRegression({ features: 1, learningRate: 0.5 })
    const pipeline = new Pipeline({
      // every row a category of its own: with its own label in it the code would say the label
      transformer: new TargetEncoder({ features: 1, columns: [0], smoothing: 0.01, maxCategories: 5000 }),
      learner: inner,
    })
    let hits = 0
    for (let i = 0; i < 4000; i++) {
      const y = Number(rng.next() < 0.5)
      hits += Number(pipeline.predict(Float64Array.of(i)) > 0.5 === (y === 1))
      pipeline.learn(Float64Array.of(i), y)
    }
    expect(Math.abs(inner.weights[0]!)).toBeLessThan(1)
    expect(hits / 4000).toBeLessThan(0.55)
  })
})

describe('a chain', () => {
  test('shows each step the row as it came to it, before any has learned it', () => {
    const [first, second] = [new StandardScaler({ features: 1 }), new StandardScaler({ features: 1 })]
    const chain = new TransformerChain({ features: 1, steps: [first, second] })
    const [plainFirst, plainSecond] = [new StandardScaler({ features: 1 }), new StandardScaler({ features: 1 })]
    const rng = new SeededRng('chain')
    for (let i = 0; i < 50; i++) {
      const x = Float64Array.of(10 + 3 * drawNormal(rng))
      const between = plainFirst.transform(x, new Float64Array(1))
      const out = plainSecond.transform(between, new Float64Array(1))
      expect(chain.transform(x, new Float64Array(1))).toEqual(out)
      chain.learn(x)
      plainFirst.learn(x)
      plainSecond.learn(between)
    }
    expect(JSON.stringify([first, second])).toBe(JSON.stringify([plainFirst, plainSecond]))
  })

  test('of steps that do not fit is refused, and without a label that one needs nothing is learned', () => {
    expect(() => new TransformerChain({ features: 2, steps: [] })).toThrow('"steps"')
    expect(
      () =>
        new TransformerChain({
          features: 2,
          steps: [new MissingIndicator({ features: 2 }), new StandardScaler({ features: 2 })],
        }),
    ).toThrow('"steps[1]" must take 4 features')
    const chain = new TransformerChain({
      features: 1,
      steps: [new StandardScaler({ features: 1 }), new TargetEncoder({ features: 1, columns: [0] })],
    })
    const before = JSON.stringify(chain)
    expect(() => chain.learn(Float64Array.of(1))).toThrow('"y" must be the label')
    expect(JSON.stringify(chain)).toBe(before)
  })

  test('of more outputs than features feeds a learner of as many', () => {
    const pipeline = new Pipeline({
      transformer: new TransformerChain({
        features: 2,
        steps: [new StandardScaler({ features: 2 }), new MissingIndicator({ features: 2 })],
      }),
      learner: new LogisticRegression({ features: 4, learningRate: 0.3 }),
    })
    // the label is whether the second feature is missing
    for (let i = 0; i < 2000; i++) pipeline.learn(Float64Array.of(i % 5, i % 3 === 0 ? NaN : 1), Number(i % 3 === 0))
    expect(pipeline.predict(Float64Array.of(2, NaN))).toBeGreaterThan(0.8)
    expect(pipeline.predict(Float64Array.of(2, 1))).toBeLessThan(0.2)
  })
})

test('options that make no sense are refused', () => {
  expect(() => new RobustScaler({ features: 0 })).toThrow('"features"')
  expect(() => new QuantileScaler({ features: 1, shape: 'round' as 'normal' })).toThrow('"shape"')
  expect(() => new Winsorizer({ features: 1, lower: 0.6, upper: 0.4 })).toThrow('"upper"')
  expect(() => new MissingIndicator({ features: 2, columns: [2] })).toThrow('"columns"')
  expect(() => new TargetEncoder({ features: 2, columns: [0, 0] })).toThrow('"columns"')
  expect(() => new VarianceFilter({ features: 1, halfLife: 2 })).toThrow('"halfLife"')
})
