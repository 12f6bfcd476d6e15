import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/index.ts'
import { drawStationary, optimalBlockLength, stationaryBootstrap } from '../../src/significance/index.ts'

const mean = (sample: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < sample.length; i++) sum += sample[i]!
  return sum / sample.length
}

/** An autoregressive series about 0 that has forgotten its start. */
const autoregression = (rng: SeededRng, n: number, weight: number): Float64Array => {
  const values = new Float64Array(n)
  let value = drawNormal(rng) / Math.sqrt(1 - weight * weight)
  for (let i = 0; i < n; i++) values[i] = value = weight * value + drawNormal(rng)
  return values
}

describe('stationaryBootstrap', () => {
  /** How often the interval held 0, the true mean. */
  const coverageOf = (weight: number, n: number, options: object): number => {
    let held = 0
    for (let seed = 0; seed < 300; seed++) {
      const rng = new SeededRng(seed)
      const values = autoregression(rng, n, weight)
      const { low, high } = stationaryBootstrap(values, mean, { rng: rng.fork('b'), resamples: 200, ...options })
      if (low <= 0 && high >= 0) held++
    }
    return held / 300
  }

  test.each(['percentile', 'bca', 'basic'])(
    '%s holds the mean of dependent values nearly as often as it says',
    (kind) => {
      const coverage = coverageOf(0.5, 300, { kind })
      expect(coverage).toBeGreaterThan(0.87)
      expect(coverage).toBeLessThan(0.98)
    },
  )

  test('holds it far too seldom value by value, which the block length that it finds repairs', () => {
    expect(coverageOf(0.5, 300, { blockLength: 1 })).toBeLessThan(0.8)
  })

  test('the standard error of a mean of independent values is their deviation over the root of their number', () => {
    const rng = new SeededRng(4)
    const values = autoregression(rng, 400, 0)
    const { error } = stationaryBootstrap(values, mean, { rng, blockLength: 1, resamples: 2000 })
    expect(error * 20).toBeCloseTo(1, 1)
  })

  test('the kinds agree where the resampled values are symmetric, and bca leans with the skewness', () => {
    const rng = new SeededRng(5)
    const skewed = Float64Array.from({ length: 80 }, () => -Math.log(1 - rng.next()))
    const of = (values: Float64Array, kind: 'percentile' | 'bca' | 'basic') =>
      stationaryBootstrap(values, mean, { rng: new SeededRng(6), blockLength: 1, kind, resamples: 4000 })
    const symmetric = skewed.map((x, i) => (i % 2 === 0 ? x : -skewed[i - 1]!))
    const width = of(symmetric, 'percentile').high - of(symmetric, 'percentile').low
    for (const kind of ['bca', 'basic'] as const) {
      expect(Math.abs(of(symmetric, kind).low - of(symmetric, 'percentile').low)).toBeLessThan(0.1 * width)
    }
    expect(of(skewed, 'bca').low).toBeGreaterThan(of(skewed, 'percentile').low)
    expect(of(skewed, 'bca').high).toBeGreaterThan(of(skewed, 'percentile').high)
    const { value, low, high } = of(skewed, 'percentile')
    const basic = of(skewed, 'basic')
    expect([basic.low, basic.high]).toEqual([2 * value - high, 2 * value - low])
  })

  test('says what it has and needs, and nothing else, where the series is shorter than ten blocks', () => {
    const report = stationaryBootstrap([1, 2, 3, 4], mean, { rng: new SeededRng(1), blockLength: 2 })
    expect(report).toEqual({
      value: 2.5,
      low: NaN,
      high: NaN,
      coverage: 0.95,
      error: NaN,
      blockLength: 2,
      have: 4,
      needs: 20,
    })
  })

  test('leaves out resamples without a value, and gives up where they are many', () => {
    const values = Float64Array.from({ length: 50 }, (_, i) => i)
    let calls = 0
    const every = (nth: number) => (sample: Float64Array) => (++calls % nth === 0 ? NaN : mean(sample))
    const options = { blockLength: 1, resamples: 300 }
    expect(stationaryBootstrap(values, every(40), { rng: new SeededRng(1), ...options }).low).toBeGreaterThan(0)
    expect(stationaryBootstrap(values, every(5), { rng: new SeededRng(1), ...options }).low).toBeNaN()
  })

  test.each(['percentile', 'bca', 'basic'] as const)('%s is finite on equal values, on 1e300 and on ties', (kind) => {
    for (const values of [
      Array(40).fill(7),
      Array(40)
        .fill(0)
        .map((_, i) => (i % 2 ? 1e300 : -1e300)),
      Array(40)
        .fill(0)
        .map((_, i) => i % 2),
    ]) {
      const { low, high } = stationaryBootstrap(values, (s) => mean(s.map((x) => x / 40)), {
        rng: new SeededRng(1),
        blockLength: 1,
        kind,
      })
      expect(Number.isFinite(low) && Number.isFinite(high) && low <= high).toBe(true)
    }
    const { low, high } = stationaryBootstrap(Array(40).fill(7), mean, { rng: new SeededRng(1), kind })
    expect([low, high]).toEqual([7, 7])
  })

  test('equal seeds give equal intervals', () => {
    const of = (seed: number) =>
      stationaryBootstrap([...Array(60).keys()], mean, { rng: new SeededRng(seed), blockLength: 2 })
    expect(of(3)).toEqual(of(3))
    expect(of(3)).not.toEqual(of(4))
  })

  test('refuses what is not a series of numbers, naming the row, and impossible options', () => {
    const rng = new SeededRng(1)
    expect(() => stationaryBootstrap([1, NaN], mean, { rng })).toThrow('"values[1]" must be a finite number, got NaN')
    expect(() => stationaryBootstrap([], mean, { rng })).toThrow('at least one row')
    expect(() => stationaryBootstrap([1], mean, { rng, blockLength: 0.5 })).toThrow('"blockLength"')
    expect(() => stationaryBootstrap([1], mean, { rng, coverage: 1 })).toThrow('"coverage"')
    expect(() => stationaryBootstrap([1], mean, { rng, kind: 'bcb' as 'bca' })).toThrow('"kind"')
  })
})

describe('drawStationary', () => {
  test('blocks are of neighbours on a circle and as long as wanted, on average', () => {
    const rng = new SeededRng(2)
    const rows = new Uint32Array(500)
    let starts = 0
    const drawn = new Float64Array(500)
    for (let i = 0; i < 400; i++) {
      drawStationary(rng, 8, rows)
      for (let at = 0; at < 500; at++) {
        drawn[rows[at]!]!++
        if (at === 0 || rows[at] !== (rows[at - 1]! + 1) % 500) starts++
      }
    }
    expect(200_000 / starts).toBeGreaterThan(7.6)
    expect(200_000 / starts).toBeLessThan(8.4)
    // 400 draws each on average, in bursts of 8: 5 deviations
    expect(Math.min(...drawn)).toBeGreaterThan(120)
    expect(Math.max(...drawn)).toBeLessThan(800)
  })
})

describe('optimalBlockLength', () => {
  test('grows with dependence and does not depend on unit or origin', () => {
    const of = (weight: number): number => optimalBlockLength(autoregression(new SeededRng(9), 1000, weight)).stationary
    expect(of(0)).toBeLessThan(of(0.5))
    expect(of(0.5)).toBeLessThan(of(0.9))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 3, maxLength: 80 }), (values) => {
        const { stationary, circular } = optimalBlockLength(values)
        expect(stationary).toBeGreaterThanOrEqual(1)
        expect(stationary).toBeLessThanOrEqual(Math.ceil(values.length / 3))
        expect(circular).toBeGreaterThanOrEqual(stationary)
        expect(optimalBlockLength(values.map((x) => 4 * x)).stationary).toBeCloseTo(stationary, 6)
      }),
    )
  })

  test('is 1 where there is nothing to measure', () => {
    for (const values of [[], [1], [1, 2], Array(50).fill(0.1)]) {
      expect(optimalBlockLength(values)).toEqual({ stationary: 1, circular: 1 })
    }
    expect(optimalBlockLength([1e300, -1e300, 1e300, 5, 3, 8]).stationary).toBeGreaterThanOrEqual(1)
  })
})
