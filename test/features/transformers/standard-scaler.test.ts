import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StandardScaler } from '../../../src/features/index.ts'
import golden from '../../golden/standard-scaler.json' with { type: 'json' }

const full = new URL('../../../../shared/reference/river/metrics/metrics_stats_scalers.json', import.meta.url)

test('equals River after every checkpoint', () => {
  expectRiver(golden.rows, golden.checkpoints, golden.expected)
})

test.skipIf(!existsSync(full))('equals River on the whole reference stream', () => {
  const { regression, checkpoints, scalers } = JSON.parse(readFileSync(full, 'utf8'))
  expectRiver(
    regression.map(([a, b]: number[], i: number) => [a!, b! * 100, i % 7]),
    checkpoints,
    scalers.StandardScaler.map(({ a, b, c }: { a: number; b: number; c: number }) => [a, b, c]),
  )
})

function expectRiver(rows: number[][], checkpoints: number[], expected: number[][]): void {
  const scaler = new StandardScaler({ features: 3 })
  const out = new Float64Array(3)
  let compared = 0
  rows.forEach((row, i) => {
    const x = Float64Array.from(row)
    scaler.learn(x)
    const at = checkpoints.indexOf(i + 1)
    if (at < 0) return
    scaler.transform(x, out)
    for (let j = 0; j < 3; j++) expect(out[j]).toBeCloseTo(expected[at]![j]!, 11)
    compared++
  })
  expect(compared).toBe(checkpoints.length)
}

test('standardises what it has seen to mean 0 and population deviation 1', () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6]
  const scaler = new StandardScaler({ features: 1 })
  for (const value of values) scaler.learn(Float64Array.of(value))
  const z = values.map((value) => scaler.transform(Float64Array.of(value), new Float64Array(1))[0]!)
  expect(z.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12)
  expect(z.reduce((sum, value) => sum + value * value, 0) / z.length).toBeCloseTo(1, 12)
})

test('leaves missing values missing and learns nothing from them', () => {
  const scaler = new StandardScaler({ features: 2 })
  scaler.learn(Float64Array.of(1, NaN))
  scaler.learn(Float64Array.of(3, 7))
  scaler.learn(Float64Array.of(NaN, 9))
  const z = scaler.transform(Float64Array.of(3, NaN), new Float64Array(2))
  expect([...z]).toEqual([1, NaN])
  expect(scaler.transform(Float64Array.of(NaN, 9), new Float64Array(2))[1]).toBe(1)
})

test('answers 0 where there is no deviation, also before the first observation', () => {
  const scaler = new StandardScaler({ features: 2 })
  expect([...scaler.transform(Float64Array.of(5, NaN), new Float64Array(2))]).toEqual([0, NaN])
  for (let i = 0; i < 100; i++) scaler.learn(Float64Array.of(0.1, 1e300))
  expect([...scaler.transform(Float64Array.of(0.1, 2), new Float64Array(2))]).toEqual([0, 0])
})

test('one value beyond all measure does not lose a feature for ever: with a half-life it comes back', () => {
  const scaler = new StandardScaler({ features: 1, halfLife: 2 })
  const learn = (n: number): void => {
    for (let i = 0; i < n; i++) scaler.learn(Float64Array.of(i % 2))
  }
  learn(50)
  for (const wild of [1e300, -1.7e308, 1.7e308]) scaler.learn(Float64Array.of(wild))
  for (const x of [0, 1, 1.7e308, -1.7e308]) {
    expect(Number.isFinite(scaler.transform(Float64Array.of(x), new Float64Array(1))[0]!)).toBe(true)
  }
  // 1e300 has gone after a thousand halvings
  learn(2400)
  expect(Math.abs(scaler.transform(Float64Array.of(1), new Float64Array(1))[0]!)).toBeGreaterThan(0.5)
})

test('a snapshot in which the variance has overflowed, as in earlier releases, is read as the largest there is', () => {
  const json = JSON.parse(JSON.stringify(new StandardScaler({ features: 1 })))
  json.state.moments[0] = { n: 5, mean: 1e299, variance: { $: 'Infinity' } }
  const z = StandardScaler.fromJSON(json).transform(Float64Array.of(1e300), new Float64Array(1))[0]!
  // (1e300 - 1e150) / 2e150
  expect(z / 5e149).toBeCloseTo(1, 9)
  for (const variance of [-1, { $: 'NaN' }]) {
    json.state.moments[0].variance = variance
    expect(() => StandardScaler.fromJSON(json)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  }
})

test('does not clip and does not cancel: price 1e7 with a deviation of 0.3', () => {
  const scaler = new StandardScaler({ features: 1 })
  for (let i = 0; i < 10_000; i++) scaler.learn(Float64Array.of(1e7 + (i % 2 ? 0.3 : -0.3)))
  const [z] = scaler.transform(Float64Array.of(1e7 + 30), new Float64Array(1))
  expect(z).toBeCloseTo(100, 4)
})

test('with a half-life, weights halve in that many observations', () => {
  const scaler = new StandardScaler({ features: 1, halfLife: 2 })
  const values = [1, 5, 2, 8, 3]
  for (const value of values) scaler.learn(Float64Array.of(value))
  const weights = values.map((_, i) => 0.5 ** ((values.length - 1 - i) / 2))
  const total = weights.reduce((a, b) => a + b)
  const mean = values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total
  const variance = values.reduce((sum, value, i) => sum + weights[i]! * (value - mean) ** 2, 0) / total
  expect(scaler.transform(Float64Array.of(4), new Float64Array(1))[0]).toBeCloseTo((4 - mean) / Math.sqrt(variance), 12)
})

test('writes over its own input and changes nothing else', () => {
  const scaler = new StandardScaler({ features: 2 })
  scaler.learn(Float64Array.of(0, 0))
  scaler.learn(Float64Array.of(2, 4))
  const before = JSON.stringify(scaler)
  const x = Float64Array.of(2, 4)
  expect(scaler.transform(x, x)).toBe(x)
  expect([...x]).toEqual([1, 1])
  expect(JSON.stringify(scaler)).toBe(before)
})

test('refuses infinities and wrong lengths, and is then as it was', () => {
  const scaler = new StandardScaler({ features: 2 })
  scaler.learn(Float64Array.of(1, 2))
  const before = JSON.stringify(scaler)
  const invalid = expect.objectContaining({ code: 'INVALID_INPUT' })
  expect(() => scaler.learn(Float64Array.of(1, Infinity))).toThrow(invalid)
  expect(() => scaler.learn(Float64Array.of(1))).toThrow(invalid)
  expect(() => scaler.transform(Float64Array.of(1, -Infinity), new Float64Array(2))).toThrow(invalid)
  expect(() => scaler.transform(Float64Array.of(1, 2), new Float64Array(3))).toThrow(invalid)
  expect(JSON.stringify(scaler)).toBe(before)
  for (const options of [
    { features: 0 },
    { features: 1.5 },
    { features: 2, halfLife: 0 },
    { features: 2, halfLife: 0.5 },
    { features: 2, halfLife: NaN },
  ]) {
    expect(() => new StandardScaler(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  }
})

const value = fc.oneof({ weight: 5, arbitrary: fc.double({ min: -1e9, max: 1e9, noNaN: true }) }, fc.constant(NaN))
const rows = fc.array(fc.tuple(value, value), { maxLength: 40, size: 'max' })

test('a snapshot continues bit for bit', () => {
  fc.assert(
    fc.property(rows, rows, fc.constantFrom(Infinity, 7), (past, future, halfLife) => {
      const scaler = new StandardScaler({ features: 2, halfLife })
      for (const row of past) scaler.learn(Float64Array.from(row))
      const copy = StandardScaler.fromJSON(JSON.parse(JSON.stringify(scaler)))
      for (const row of future) {
        const x = Float64Array.from(row)
        scaler.learn(x)
        copy.learn(x)
        expect([...copy.transform(x, new Float64Array(2))]).toEqual([...scaler.transform(x, new Float64Array(2))])
      }
      expect(JSON.stringify(copy)).toBe(JSON.stringify(scaler))
    }),
  )
})

test('refuses a snapshot whose moments do not fit its options', () => {
  const json = JSON.parse(JSON.stringify(new StandardScaler({ features: 2 })))
  json.state.moments.pop()
  expect(() => StandardScaler.fromJSON(json)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
})
