import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/index.ts'
import { blockBootstrap, blockLengthFor, ShuffledSplit } from '../../src/evaluation/index.ts'

const T0 = 1.6e12

describe('ShuffledSplit', () => {
  test('tests every row once and trains on all others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.integer({ min: 2, max: 7 }), (n, folds) => {
        const tested = new Array(n).fill(0)
        for (const fold of new ShuffledSplit({ folds, seed: 3 }).split(Array.from({ length: n }, (_, i) => T0 + i))) {
          const seen = new Array(n).fill(0)
          for (const { start, end } of fold.train) for (let row = start; row < end; row++) seen[row]++
          for (const { start, end } of fold.test) {
            for (let row = start; row < end; row++) {
              seen[row]++
              tested[row]++
            }
          }
          expect(seen).toEqual(Array(n).fill(1))
        }
        expect(tested).toEqual(Array(n).fill(1))
      }),
    )
  })

  test('one seed gives one split, another seed another', () => {
    const times = Array.from({ length: 100 }, (_, i) => T0 + i)
    const of = (seed: number) => JSON.stringify([...new ShuffledSplit({ seed }).split(times)])
    expect(of(1)).toBe(of(1))
    expect(of(1)).not.toBe(of(2))
  })
})

describe('bootstrap', () => {
  /** Means of `overlap` neighbouring draws, so that rows depend on each other as overlapping labels do. */
  const sample = (rng: SeededRng, n: number, overlap: number) => {
    const noise = Float64Array.from({ length: n + overlap }, () => drawNormal(rng))
    return Float64Array.from({ length: n }, (_, i) => {
      let sum = 0
      for (let k = 0; k < overlap; k++) sum += noise[i + k]!
      return sum / overlap
    })
  }
  const coverageOf = (overlap: number, blockLength: number): number => {
    let held = 0
    for (let seed = 0; seed < 200; seed++) {
      const rng = new SeededRng(seed)
      const values = sample(rng, 800, overlap)
      const mean = (rows: Uint32Array): number => {
        let sum = 0
        for (let i = 0; i < rows.length; i++) sum += values[rows[i]!]!
        return sum / rows.length
      }
      const { low, high } = blockBootstrap(800, mean, { rng: rng.fork('b'), blockLength, resamples: 200 })
      if (low <= 0 && high >= 0) held++
    }
    return held / 200
  }

  test('holds the truth about as often as it says for independent rows', () => {
    const coverage = coverageOf(1, 1)
    expect(coverage).toBeGreaterThan(0.9)
    expect(coverage).toBeLessThan(0.99)
  })

  test('holds it with blocks of twice the overlap, and far too seldom row by row', () => {
    expect(coverageOf(20, 40)).toBeGreaterThan(0.85)
    expect(coverageOf(20, 1)).toBeLessThan(0.5)
  })

  test('says nothing about fewer than ten blocks', () => {
    const interval = blockBootstrap(99, () => 1, { rng: new SeededRng(1), blockLength: 10 })
    expect(interval).toEqual({ low: NaN, high: NaN, coverage: 0.95 })
  })

  test('leaves out resamples without a value, and gives up where they are many', () => {
    const rng = new SeededRng(1)
    let calls = 0
    const rarely = blockBootstrap(100, () => (++calls % 20 === 0 ? NaN : calls), { rng, resamples: 200 })
    expect(rarely.low).toBeGreaterThan(0)
    expect(blockBootstrap(100, () => (++calls % 5 === 0 ? NaN : calls), { rng, resamples: 200 }).low).toBeNaN()
  })

  test('equal seeds give equal intervals', () => {
    const first = (rows: Uint32Array): number => rows[0]!
    const of = (seed: number) => blockBootstrap(50, first, { rng: new SeededRng(seed) })
    expect(of(7)).toEqual(of(7))
  })
})

describe('blockLengthFor', () => {
  test('is twice the rows open at once, itself included, and at least the cube root', () => {
    const times = Array.from({ length: 1000 }, (_, i) => T0 + i)
    expect(
      blockLengthFor(
        times,
        times.map((t) => t + 24),
      ),
    ).toBe(48)
    expect(blockLengthFor(times, times)).toBe(10)
    expect(blockLengthFor([], [])).toBe(1)
  })
})
