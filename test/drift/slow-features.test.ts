import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { FeatureDrift } from '../../src/drift/index.ts'

describe.each(['ks', 'psi', 'wasserstein'] as const)('features whose values follow each other, by %s', (by) => {
  /** A process whose successive values have a correlation. */
  const slow = (correlation: number, rng: SeededRng): (() => number) => {
    let value = drawNormal(rng)
    return () => {
      value = correlation * value + Math.sqrt(1 - correlation * correlation) * drawNormal(rng)
      return value
    }
  }

  test.each([0.5, 0.9, 0.95, 0.99])('of a correlation of %d are not reported more often than stated', (correlation) => {
    const next = slow(correlation, new SeededRng(`slow ${by} ${correlation}`))
    const drift = new FeatureDrift({ features: 1, test: by, falseAlarmEvery: 2000 })
    let reports = 0
    // twenty are expected, of which one in seventy streams has thirty
    for (let i = 0; i < 40_000; i++) if (drift.update(Float64Array.of(next())) === 'drift') reports++
    expect(reports).toBeLessThanOrEqual(30)
  })

  test('are told apart from a change of theirs', () => {
    const rng = new SeededRng(`change of slow ${by}`)
    const next = [slow(0.9, rng), slow(0.9, rng)]
    const drift = new FeatureDrift({ features: 2, test: by, falseAlarmEvery: 20_000 })
    let at = 0
    while (drift.update(Float64Array.from(next, (draw, k) => draw() + (k === 1 && at >= 4000 ? 2 : 0))) !== 'drift')
      at++
    expect(at).toBeGreaterThanOrEqual(4000)
    expect(at).toBeLessThan(4400)
    expect(drift.report.map(({ drifted }) => drifted)).toEqual([false, true])
  })

  test('have their correlation in the report, 0 where it may be chance', () => {
    const rng = new SeededRng('correlation')
    const next = [slow(0.9, rng), slow(0.5, rng), slow(0, rng), () => 1, () => Number(rng.next() < 0.1), () => NaN]
    const drift = new FeatureDrift({ features: 6, test: by, falseAlarmEvery: 1e6 })
    for (let i = 0; i < 2000; i++) drift.update(Float64Array.from(next, (draw) => draw()))
    const [high, middle, ...rest] = drift.report.map(({ correlation }) => correlation) as [number, number, ...number[]]
    expect(high).toBeCloseTo(0.9, 1)
    expect(middle).toBeCloseTo(0.5, 1)
    expect(rest).toEqual([0, 0, 0, 0])
  })
})
