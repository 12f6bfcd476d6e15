import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/index.ts'
import {
  compareTakenAndSkipped,
  falseDiscoveryRates,
  pairedComparison,
  wilsonInterval,
} from '../../src/significance/index.ts'

const numbers = (n: number, draw: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => draw(i))

describe('pairedComparison', () => {
  /** Losses that share most of what moves them. */
  const losses = (seed: number, n: number, edge: number): readonly [number[], number[]] => {
    const rng = new SeededRng(seed)
    const common = numbers(n, () => drawNormal(rng))
    return [common.map((x) => x - edge + 0.2 * drawNormal(rng)), common.map((x) => x + 0.2 * drawNormal(rng))]
  }

  test('sees a small edge through what moves both, and names the better one', () => {
    const [first, second] = losses(1, 400, 0.1)
    const report = pairedComparison(first, second)
    expect(report).toMatchObject({ verdict: 'shown', have: 400, needs: 20, stillNeeds: 0 })
    expect(report.difference).toBeCloseTo(0.1, 1)
    expect(report.low).toBeGreaterThan(0)
    expect(report.text).toMatch(/^The first is better: difference 0\.\d+ \(0\.\d+ to 0\.\d+\), p /)
    expect(pairedComparison(second, first).verdict).toBe('worse')
    expect(pairedComparison(first, second, { better: 'higher' }).verdict).toBe('worse')
  })

  test('claims a difference where there is none in 5 % of streams at most', () => {
    let claimed = 0
    for (let seed = 0; seed < 500; seed++)
      if (pairedComparison(...losses(seed, 300, 0)).verdict !== 'not shown') claimed++
    expect(claimed / 500).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 500))
  })

  test('after as many as it says it needs, it shows the effect as often as it says', () => {
    const { stillNeeds } = pairedComparison(...losses(1, 50, 0), { effect: 0.05 })
    let shown = 0
    for (let seed = 100; seed < 300; seed++)
      if (pairedComparison(...losses(seed, 50 + stillNeeds, 0.05)).verdict === 'shown') shown++
    // 0.8 were the last look the only one; earlier ones add to it
    expect(shown / 200).toBeGreaterThan(0.7)
  })

  test('with clusters, copies of a row are no evidence', () => {
    const [first, second] = losses(7, 60, 0.05)
    const copied = (list: readonly number[]): number[] => list.flatMap((x) => Array(10).fill(x))
    const clusters = numbers(600, (i) => Math.floor(i / 10))
    const once = pairedComparison(first, second)
    expect(pairedComparison(copied(first), copied(second)).low).toBeGreaterThan(once.low)
    const clustered = pairedComparison(copied(first), copied(second), { clusters })
    expect(clustered.low).toBeCloseTo(once.low, 9)
    expect(clustered.have).toBe(60)
  })

  test('says what it needs, and is sound on equal models', () => {
    expect(pairedComparison([1, 2], [2, 1])).toMatchObject({
      verdict: 'too little data',
      difference: NaN,
      have: 2,
      needs: 20,
      stillNeeds: 18,
    })
    expect(pairedComparison([], [])).toMatchObject({ verdict: 'too little data', have: 0 })
    const same = numbers(50, (i) => i)
    expect(pairedComparison(same, same)).toMatchObject({
      verdict: 'not shown',
      difference: 0,
      p: 1,
      stillNeeds: Infinity,
    })
  })

  test('refuses what does not fit, naming the row', () => {
    expect(() => pairedComparison([1], [1, 2])).toThrow('"second" must have 1 values, got 2')
    expect(() => pairedComparison([1, 2], [1, NaN])).toThrow('"second[1]" must be a finite number, got NaN')
    expect(() => pairedComparison([1], [1], { clusters: [] })).toThrow('"clusters" must have 1 values')
    expect(() => pairedComparison([1], [1], { better: 'best' as 'lower' })).toThrow('"better"')
  })
})

describe('compareTakenAndSkipped', () => {
  const signals = (seed: number, n: number, edge: number): readonly [number[], number[]] => {
    const rng = new SeededRng(seed)
    const taken = numbers(n, () => Number(rng.next() < 0.3))
    return [taken.map((flag) => 0.01 * (edge * flag + drawNormal(rng))), taken]
  }

  test('shows what a filter is worth, either way', () => {
    const [returns, taken] = signals(1, 800, 0.5)
    expect(compareTakenAndSkipped(returns, taken)).toMatchObject({ verdict: 'shown', stillNeeds: 0 })
    const skipped = taken.map((flag) => 1 - flag)
    expect(compareTakenAndSkipped(returns, skipped).verdict).toBe('worse')
    const [mine, theirs] = [compareTakenAndSkipped(returns, taken), compareTakenAndSkipped(returns, skipped)]
    expect(mine.low).toBeCloseTo(-theirs.high, 12)
  })

  test('claims a difference where there is none in 5 % of streams at most', () => {
    let claimed = 0
    for (let seed = 0; seed < 500; seed++)
      if (compareTakenAndSkipped(...signals(seed, 400, 0)).verdict !== 'not shown') claimed++
    expect(claimed / 500).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 500))
  })

  test('days that share their fate fool it row by row, and not as clusters', () => {
    // ten signals a day, taken or skipped together, all moved by the day
    const claims = (clustered: boolean): number => {
      let claimed = 0
      for (let seed = 0; seed < 200; seed++) {
        const rng = new SeededRng(seed)
        const days = numbers(100, () => drawNormal(rng))
        const flags = numbers(100, () => Number(rng.next() < 0.5))
        const returns = numbers(1000, (i) => days[Math.floor(i / 10)]! + 0.3 * drawNormal(rng))
        const taken = numbers(1000, (i) => flags[Math.floor(i / 10)]!)
        const clusters = numbers(1000, (i) => Math.floor(i / 10))
        const report = compareTakenAndSkipped(returns, taken, clustered ? { clusters } : {})
        if (report.verdict !== 'not shown') claimed++
      }
      return claimed / 200
    }
    expect(claims(false)).toBeGreaterThan(0.3)
    expect(claims(true)).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 200))
  })

  test('says what it needs of each kind, and is sound on equal and on huge returns', () => {
    const report = compareTakenAndSkipped(
      numbers(100, (i) => i),
      numbers(100, (i) => Number(i < 5)),
    )
    expect(report).toMatchObject({ verdict: 'too little data', have: 5, needs: 20, low: NaN })
    const half = numbers(100, (i) => i % 2)
    expect(
      compareTakenAndSkipped(
        numbers(100, () => 0.1),
        half,
      ),
    ).toMatchObject({ verdict: 'not shown', p: 1 })
    const huge = compareTakenAndSkipped(
      numbers(100, (i) => (i % 3) * 1e300),
      half,
    )
    expect(Number.isFinite(huge.low) && Number.isFinite(huge.high)).toBe(true)
    expect(compareTakenAndSkipped([], []).verdict).toBe('too little data')
  })

  test('refuses what does not fit, naming the row', () => {
    expect(() => compareTakenAndSkipped([1, NaN], [0, 1])).toThrow('"returns[1]"')
    expect(() => compareTakenAndSkipped([1, 2], [0, 2])).toThrow('"taken[1]" must be 0 or 1, got 2')
    expect(() => compareTakenAndSkipped([1, 2], [0])).toThrow('"taken" must have 2 values')
  })
})

describe('wilsonInterval', () => {
  test('stays within 0 and 1, holds the share, and is NaN without trials', () => {
    for (const [hits, n] of [
      [0, 1],
      [1, 1],
      [0, 1000],
      [7, 9],
    ] as const) {
      const { low, high } = wilsonInterval(hits, n)
      expect(0 <= low && low <= hits / n && hits / n <= high && high <= 1).toBe(true)
    }
    expect(wilsonInterval(0, 0)).toEqual({ low: NaN, high: NaN, coverage: 0.95 })
    expect(() => wilsonInterval(3, 2)).toThrow('"hits" must be at most "n", 2, got 3')
    expect(() => wilsonInterval(0.5, 2)).toThrow('"hits"')
  })
})

describe('falseDiscoveryRates', () => {
  test('of what is reported at 10 % about one in ten at most is false', () => {
    let [reported, wrong] = [0, 0]
    let shares = 0
    for (let seed = 0; seed < 300; seed++) {
      const rng = new SeededRng(seed)
      const p = numbers(40, (i) => (i < 30 ? rng.next() : rng.next() * 0.002))
      const rates = falseDiscoveryRates(p)
      const found = [...rates.keys()].filter((i) => rates[i]! <= 0.1)
      const lies = found.filter((i) => i < 30).length
      reported += found.length
      wrong += lies
      shares += found.length > 0 ? lies / found.length : 0
    }
    expect(reported).toBeGreaterThan(300 * 9)
    expect(wrong).toBeGreaterThan(0)
    expect(shares / 300).toBeLessThan(0.1)
  })

  test('leaves out tests that were not made, and refuses what is no p-value', () => {
    expect([...falseDiscoveryRates([0.01, NaN, 0.04])]).toEqual([0.02, NaN, 0.04])
    expect([...falseDiscoveryRates([])]).toEqual([])
    expect(() => falseDiscoveryRates([0.1, 1.5])).toThrow('"p[1]" must be from 0 to 1, or NaN, got 1.5')
    expect(() => falseDiscoveryRates([0.1], 'none' as 'any')).toThrow('"dependence"')
  })
})

test('a difference that turns around shows neither', () => {
  const first = numbers(1600, (i) => (i < 400 ? -0.5 : 0.5) + ((i * 7919) % 13) / 13)
  const report = pairedComparison(
    first,
    numbers(1600, () => 0.5),
    { tunedAt: 100 },
  )
  expect(report.low).toBeGreaterThan(0)
  expect(report.high).toBeLessThan(0)
  expect(report.verdict).toBe('not shown')
})
