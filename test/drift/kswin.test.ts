import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { KSWIN, type KSWINOptions } from '../../src/drift/index.ts'
import { exactTail } from '../../src/drift/kolmogorov-smirnov.ts'

/** The definition, with every window compared anew. */
function defined(values: readonly number[], { confidence, window, recent }: KSWINOptions): number[] {
  const drifts: number[] = []
  let kept: number[] = []
  values.forEach((value, i) => {
    kept = [...kept, value].slice(-window)
    if (kept.length < window) return
    const older = kept.slice(0, window - recent)
    const newest = kept.slice(window - recent)
    let steps = 0
    for (const at of kept) {
      const below = (some: readonly number[]): number => some.filter((x) => x <= at).length
      steps = Math.max(steps, Math.abs(below(older) * recent - below(newest) * (window - recent)))
    }
    if (exactTail(steps, recent, window - recent) > confidence) return
    drifts.push(i)
    kept = newest
  })
  return drifts
}

describe('KSWIN', () => {
  test.each([
    ['normal values', (rng: SeededRng, i: number) => drawNormal(rng) + (i % 300 < 150 ? 0 : 1.2)],
    ['few different values', (rng: SeededRng, i: number) => Math.floor(rng.next() * 4) + (i % 200 < 100 ? 0 : 1)],
    ['a spread that changes', (rng: SeededRng, i: number) => drawNormal(rng) * (i % 400 < 200 ? 1 : 4)],
    ['flips', (rng: SeededRng, i: number) => Number(rng.next() < (i % 300 < 150 ? 0.2 : 0.8))],
    ['a ramp', (_rng: SeededRng, i: number) => i],
  ])('of %s: alarms where the definition does', (name, draw) => {
    for (const options of [
      { confidence: 0.02, window: 40, recent: 12 },
      { confidence: 0.05, window: 21, recent: 20 },
      { confidence: 0.001, window: 60, recent: 30 },
    ]) {
      const rng = new SeededRng(name)
      const values = Array.from({ length: 900 }, (_, i) => draw(rng, i))
      const detector = new KSWIN(options)
      const drifts = values.flatMap((value, i) => (detector.update(value) === 'drift' ? [i] : []))
      expect(drifts).toEqual(defined(values, options))
      if (options.confidence === 0.02) expect(drifts.length).toBeGreaterThan(1)
    }
  })

  test('keeps the newest values at a drift, and knows how many they are', () => {
    const detector = new KSWIN()
    for (let i = 0; i < 100; i++) detector.update(i % 5)
    while (detector.update(7) !== 'drift');
    expect(detector.width).toBe(30)
  })

  test('sees a change of spread that leaves the mean', () => {
    const rng = new SeededRng('spread')
    const detector = new KSWIN({ falseAlarmEvery: 10_000 })
    const levels = Array.from({ length: 600 }, (_, i) => detector.update(drawNormal(rng) * (i < 500 ? 1 : 5)))
    expect(levels.indexOf('drift')).toBeGreaterThan(500)
  })

  test.each([{ confidence: 0 }, { window: 1 }, { window: 2001 }, { recent: 0 }, { recent: 100 }, { window: 1e9 }])(
    '%j is no option',
    (options) => {
      expect(() => new KSWIN(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    },
  )
})
