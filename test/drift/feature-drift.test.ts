import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { bytesOf } from '../../src/core/bytes-of.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { packState, unpackState } from '../../src/core/state.ts'
import { DistributionDrift, FeatureDrift, type FeatureDriftOptions } from '../../src/drift/index.ts'
import { createSlowness } from '../../src/drift/slowness.ts'
import { damageLaws } from '../../src/testing/damage-laws.ts'

const TESTS: readonly FeatureDriftOptions['test'][] = ['ks', 'psi', 'wasserstein']

/** Five features that hang together through a common part; the last is rarely there. */
function draw(rng: SeededRng, change: (x: Float64Array) => void = () => {}): Float64Array {
  const common = drawNormal(rng)
  const x = Float64Array.from({ length: 5 }, () => 0.6 * common + 0.8 * drawNormal(rng))
  x[3] = Math.round(x[3]!)
  if (rng.next() < 0.3) x[4] = NaN
  change(x)
  return x
}

/** Plays vectors and returns at which of them it drifted, and what was reported the first time. */
function play(drift: FeatureDrift, n: number, next: (i: number) => Float64Array): { at: number[]; features: number[] } {
  const at: number[] = []
  let features: number[] = []
  for (let i = 0; i < n; i++) {
    if (drift.update(next(i)) !== 'drift') continue
    if (at.length === 0) features = drift.report.filter(({ drifted }) => drifted).map(({ feature }) => feature)
    at.push(i)
  }
  return { at, features }
}

describe.each(TESTS)('by %s', (by) => {
  const create = (options: Partial<FeatureDriftOptions> = {}): FeatureDrift =>
    new FeatureDrift({ features: 5, test: by, falseAlarmEvery: 50_000, falseDiscoveryRate: 0.005, ...options })

  test.each([
    ['a mean that moves', [1], (x: Float64Array) => void (x[1]! += 1)],
    ['a spread that doubles, in two features', [0, 2], (x: Float64Array) => x.set([x[0]! * 3, x[1]!, x[2]! * 3])],
    ['a feature that is missing more often', [0], (x: Float64Array) => void (Math.abs(x[1]!) > 0.8 && (x[0] = NaN))],
    ['a feature that comes back', [4], (x: Float64Array) => void (x[4] = x[4]! || x[2]!)],
    ['a feature of few values', [3], (x: Float64Array) => void (x[3] = Math.abs(x[3]!))],
    ['a feature that is gone', [2], (x: Float64Array) => void (x[2] = NaN)],
  ])('%s is reported within two tests, and nothing else', (_name, changed, change) => {
    const rng = new SeededRng(`change ${by}`)
    const { at, features } = play(create(), 2200, (i) => draw(rng, i < 1400 ? undefined : change))
    expect(at[0]).toBeGreaterThanOrEqual(1400)
    expect(at[0]).toBeLessThan(1800)
    expect(features).toEqual(changed)
  })

  test('a feature that drifted begins anew: a window of both regimes is no part of its new normal', () => {
    const rng = new SeededRng('forget')
    const drift = create()
    const { at } = play(drift, 8000, (i) => draw(rng, i < 1450 ? undefined : (x) => void (x[1]! += 2)))
    expect(at).toEqual([1599])
  })

  test('is the same after a restart, to the bit', () => {
    const rng = new SeededRng(`restart ${by}`)
    const rows = Array.from({ length: 2400 }, (_, i) => draw(rng, i < 1500 ? undefined : (x) => void (x[1]! += 0.8)))
    for (const stop of [0, 1, 499, 500, 950, 1650]) {
      const steady = create()
      for (const x of rows.slice(0, stop)) steady.update(x)
      const restored = restore(JSON.parse(JSON.stringify(steady)) as Snapshot, [FeatureDrift])
      expect(restored.sizeInBytes).toBe(steady.sizeInBytes)
      for (const x of rows.slice(stop)) expect(restored.update(x)).toBe(steady.update(x))
      expect(JSON.stringify(restored)).toBe(JSON.stringify(steady))
      expect(restored.report).toEqual(steady.report)
    }
  })

  test('of constants, of numbers too large to add and of nothing but missing values: stable and finite', () => {
    const drift = create()
    const x = Float64Array.of(1, Number.MAX_VALUE, NaN, 0, -0)
    for (let i = 0; i < 2000; i++) {
      x[1] = i % 2 === 0 ? Number.MAX_VALUE : -Number.MAX_VALUE
      expect(drift.update(x)).toBe('stable')
    }
    for (const { p, distance, feature } of drift.report) {
      if (feature === 2) expect([p, distance]).toEqual([1, NaN])
      else expect(Number.isFinite(distance) && p > 0.1 && p <= 1).toBe(true)
    }
  })
})

type Few = { readonly features: number; readonly falseAlarmEvery: number }

/** Reports on `n` vectors without change, whose features share a part of their values where `common` is above 0. */
function falseReports(
  options: Partial<FeatureDriftOptions> & Few,
  n: number,
  { common = 0, missing = 0 }: { readonly common?: number; readonly missing?: number } = {},
): number {
  const rng = new SeededRng(`false reports ${JSON.stringify(options)}`)
  const drift = new FeatureDrift(options)
  const x = new Float64Array(options.features)
  let reports = 0
  for (let i = 0; i < n; i++) {
    const part = common > 0 ? common * drawNormal(rng) : 0
    for (let f = 0; f < x.length; f++) x[f] = rng.next() < missing ? NaN : part + drawNormal(rng)
    if (drift.update(x) === 'drift') reports++
  }
  return reports
}

// the bench plays more: npm run bench:drift
describe('false reports come as often as stated, within a factor of 1.5', () => {
  test.each([
    ['one feature, KS', { features: 1, test: 'ks', falseAlarmEvery: 1000 }],
    ['one feature, PSI', { features: 1, test: 'psi', falseAlarmEvery: 1000 }],
    ['one feature, Wasserstein', { features: 1, test: 'wasserstein', falseAlarmEvery: 1000 }],
    ['one feature, KS, seldom', { features: 1, test: 'ks', falseAlarmEvery: 10_000 }],
    ['one feature, PSI, seldom', { features: 1, test: 'psi', falseAlarmEvery: 10_000 }],
    ['one feature, Wasserstein, seldom', { features: 1, test: 'wasserstein', falseAlarmEvery: 10_000 }],
    ['10 features, KS', { features: 10, test: 'ks', falseAlarmEvery: 1000 }],
    ['10 features, PSI', { features: 10, test: 'psi', falseAlarmEvery: 2000 }],
    ['50 features, KS', { features: 50, test: 'ks', falseAlarmEvery: 1000 }],
    ['50 features, any dependence', { features: 50, test: 'ks', falseAlarmEvery: 1000, dependence: 'any' }],
    ['values that are missing', { features: 3, test: 'ks', falseAlarmEvery: 2000 }, 0.2],
    ['values that are rarely missing', { features: 1, test: 'psi', falseAlarmEvery: 4000 }, 0.002],
    ['a reference that does not grow', { features: 1, falseAlarmEvery: 10_000, reference: 500, minSamples: 500 }],
    ['a reference as short as the window', { features: 1, test: 'psi', falseAlarmEvery: 5000, reference: 200 }],
    ['short windows', { features: 1, falseAlarmEvery: 3000, window: 50 }],
    ['windows that overlap', { features: 1, falseAlarmEvery: 5000, testEvery: 20 }],
    ['windows that overlap, PSI', { features: 1, test: 'psi', falseAlarmEvery: 3000, testEvery: 50 }],
    ['windows with gaps between', { features: 1, falseAlarmEvery: 10_000, testEvery: 1000 }],
  ] as [string, Partial<FeatureDriftOptions> & Few, number?][])('%s', (_name, options, missing = 0) => {
    // some 130 reports, whose number is then within a quarter of its mean, but for one time in two hundred
    const n = 130 * options.falseAlarmEvery
    const time = n / falseReports(options, n, { missing }) / options.falseAlarmEvery
    expect(time).toBeGreaterThan(1 / 1.5)
    expect(time).toBeLessThan(1.5)
  })

  test('on features that hang together, or at most that often', () => {
    for (const common of [0.8, 3]) {
      const reports = falseReports({ features: 20, falseAlarmEvery: 2000 }, 120_000, { common })
      // 60 are stated
      expect(reports).toBeLessThan(90)
      expect(reports).toBeGreaterThan(15)
    }
  })
})

describe('false discoveries', () => {
  test.each(TESTS)('by %s: tests of a reference that grows do not hang together', (by) => {
    let [low, pairs, both] = [0, 0, 0]
    let before = NaN
    for (let seed = 0; seed < 60; seed++) {
      const rng = new SeededRng(`pairs ${seed}`)
      const drift = new FeatureDrift({ features: 1, test: by, window: 50, falseAlarmEvery: 1e6, permutations: 300_000 })
      for (let i = 1; i <= 500; i++) {
        drift.update(Float64Array.of(drawNormal(rng)))
        const { p } = drift.report[0]!
        if (i % 50 !== 0 || Number.isNaN(p)) continue
        if (p <= 0.3) low++
        if (before <= 0.3 && p <= 0.3) both++
        pairs++
        before = p
      }
      before = NaN
    }
    // 540 tests: a share of 0.3 has a standard error of 0.02, and 0.09 one of 0.013
    expect(low / pairs).toBeGreaterThan(0.22)
    expect(low / pairs).toBeLessThan(0.36)
    expect(both / pairs).toBeGreaterThan(0.04)
    expect(both / pairs).toBeLessThan(0.13)
  })

  test('of those that drifted, few have not', () => {
    let reported = 0
    let wrong = 0
    for (let seed = 0; seed < 40; seed++) {
      const rng = new SeededRng(`discoveries ${seed}`)
      const drift = new FeatureDrift({ features: 40, falseDiscoveryRate: 0.2, falseAlarmEvery: 20_000 })
      const x = new Float64Array(40)
      for (let i = 0; i < 1500; i++) {
        for (let f = 0; f < 40; f++) x[f] = drawNormal(rng) + (i >= 700 && f < 10 ? 0.7 : 0)
        if (drift.update(x) !== 'drift') continue
        const found = drift.report.filter(({ drifted }) => drifted)
        reported += found.length
        wrong += found.filter(({ feature }) => feature >= 10).length
        break
      }
    }
    expect(reported).toBeGreaterThan(300)
    // 0.2 times the share of features that stay, 30 of 40
    expect(wrong / reported).toBeLessThan(0.2)
    expect(wrong / reported).toBeGreaterThan(0.08)
  })
})

describe('report', () => {
  test('has the shares of missing values, and rates that are at least the p-values', () => {
    const rng = new SeededRng('report')
    const drift = new FeatureDrift({ features: 5 })
    expect(drift.report[0]).toEqual({
      feature: 0,
      distance: NaN,
      p: NaN,
      falseDiscoveryRate: NaN,
      missingBefore: NaN,
      missingNow: NaN,
      correlation: 0,
      drifted: false,
    })
    for (let i = 0; i < 800; i++) drift.update(draw(rng))
    expect(drift.report).toHaveLength(5)
    for (const { feature, p, falseDiscoveryRate, missingBefore, missingNow } of drift.report) {
      expect(falseDiscoveryRate).toBeGreaterThanOrEqual(p)
      expect(missingBefore).toBeCloseTo(feature === 4 ? 0.3 : 0, 1)
      expect(missingNow).toBeCloseTo(feature === 4 ? 0.3 : 0, 1)
    }
  })

  test('a suspicion that is not rare enough for a drift is a warning', () => {
    const levels = new Set<string>()
    for (let seed = 0; seed < 30; seed++) {
      const rng = new SeededRng(`warning ${seed}`)
      const drift = new FeatureDrift({ features: 1, falseAlarmEvery: 1e9 })
      for (let i = 0; i < 900; i++) levels.add(drift.update(Float64Array.of(drawNormal(rng) + (i < 500 ? 0 : 0.25))))
    }
    expect([...levels].sort()).toEqual(['stable', 'warning'])
  })
})

describe('FeatureDrift', () => {
  test('takes the memory of its windows, whatever has been seen', () => {
    const drift = new FeatureDrift({ features: 5, reference: 100, window: 50 })
    const before = drift.sizeInBytes
    const rng = new SeededRng('memory')
    for (let i = 0; i < 3000; i++) drift.update(draw(rng))
    expect(drift.sizeInBytes).toBe(before)
    expect(before).toBeGreaterThanOrEqual(5 * 150 * 8)
    expect(before).toBeLessThan(5 * 150 * 8 + 1200)
  })

  test('neither changes nor keeps a vector, and refuses those of another length, infinities and what is no vector', () => {
    const drift = new FeatureDrift({ features: 2, reference: 10, window: 10 })
    const x = Float64Array.of(1, NaN)
    drift.update(x)
    expect(x).toEqual(Float64Array.of(1, NaN))
    const before = JSON.stringify(drift)
    x[0] = 7
    expect(JSON.stringify(drift)).toBe(before)
    for (const bad of [Float64Array.of(1), Float64Array.of(1, Infinity), [1, 2] as unknown as Float64Array]) {
      expect(() => drift.update(bad)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    }
    expect(JSON.stringify(drift)).toBe(before)
  })

  test.each([
    { features: 0 },
    { features: 2, reference: 5 },
    { features: 2, window: 501, reference: 500 },
    { features: 2, minSamples: 501, reference: 500 },
    { features: 2, minSamples: 9 },
    { features: 2, test: 'mmd' as 'ks' },
    { features: 2, falseDiscoveryRate: 0 },
    { features: 2, dependence: 'none' as 'any' },
    { features: 2, testEvery: 0 },
    { features: 2, falseAlarmEvery: 300 },
    // the first test after a report comes 400 values later
    { features: 1, falseAlarmEvery: 590 },
    { features: 2, bins: 1 },
    // 50 features of which one is reported in 100 tests need a p-value of about 1 / 5000
    { features: 50, test: 'wasserstein' as const, permutations: 999 },
    { features: 2, test: 'wasserstein' as const, permutations: 1_000_001 },
    { features: 2, seed: '' },
  ])('%j is no option', (options) => {
    expect(() => new FeatureDrift(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  test('a damaged snapshot is refused, and one with huge options makes it allocate nothing', () => {
    const drift = new FeatureDrift({ features: 2, reference: 20, window: 10 })
    const rng = new SeededRng('damage')
    for (let i = 0; i < 35; i++) drift.update(Float64Array.of(rng.next(), rng.next()))
    const json = JSON.parse(JSON.stringify(drift)) as Snapshot
    const slowness = unpackState(json.state['slowness'], createSlowness(2))
    const { columns, ...state } = json.state as { readonly columns: Snapshot['state'] } & Snapshot['state']
    const unsorted = packState(Float64Array.from({ length: 40 }, (_, i) => -i))
    const damages: Snapshot[] = [
      { ...json, options: { ...json.options, features: 100_000, reference: 1e6, window: 1e6 } },
      { ...json, options: { ...json.options, window: 11 } },
      { ...json, state: { ...state, seen: -1, columns } },
      { ...json, state: { ...state, columns: { ...columns, reference: unsorted } } },
      { ...json, state: { ...state, columns: { ...columns, head: packState(Int32Array.of(0, 10)) } } },
      { ...json, state: { ...state, columns: { ...columns, held: packState(Int32Array.of(0)) } } },
      { ...json, state: { ...state, columns: { ...columns, filled: packState(Int32Array.of(19, 20)) } } },
      { ...json, state: { ...state, columns, slowness: packState({ ...slowness, pairs: Float64Array.of(-1, 0) }) } },
    ]
    for (const damaged of damages) {
      expect(() => restore(damaged, [FeatureDrift])).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
    }
  })
})

describe.each(TESTS)('by %s, damaged', (by) => {
  const rng = new SeededRng('wild')
  const rows = Array.from({ length: 400 }, () => Float64Array.from({ length: 2 }, () => drawNormal(rng)))
  const trained = (): FeatureDrift => {
    const drift = new FeatureDrift({ features: 2, window: 40, reference: 100, test: by })
    for (const x of rows) drift.update(x)
    return drift
  }
  const laws = damageLaws(
    trained,
    (json) => restore(json, [FeatureDrift]),
    (drift) => {
      for (const x of rows.slice(0, 100)) drift.update(x)
    },
  )
  for (const { name, run } of laws) test(name, run)
})

test('a snapshot of the first layout, which knew nothing of slowness, is read', () => {
  const rng = new SeededRng('first layout')
  const drift = new FeatureDrift({ features: 2, window: 40, reference: 100 })
  for (let i = 0; i < 120; i++) drift.update(Float64Array.of(drawNormal(rng), drawNormal(rng)))
  const { slowness: _, ...state } = drift.toJSON().state
  const options = { ...drift.options, permutations: 1e9 }
  const old = restore({ type: 'feature-drift', version: 1, options, state }, [FeatureDrift])
  for (let i = 0; i < 200; i++) {
    const x = Float64Array.of(drawNormal(rng) + 3, drawNormal(rng))
    expect(old.update(x)).toBe(drift.update(x))
  }
})

describe('DistributionDrift', () => {
  test('is a FeatureDrift of one feature', () => {
    const rng = new SeededRng('one')
    const one = new DistributionDrift({ test: 'wasserstein', reference: 100, window: 50 })
    const many = new FeatureDrift({ features: 1, test: 'wasserstein', reference: 100, window: 50 })
    for (let i = 0; i < 1000; i++) {
      const value = drawNormal(rng) + (i < 600 ? 0 : 1)
      expect(one.update(value)).toBe(many.update(Float64Array.of(value)))
      expect([one.p, one.distance]).toEqual([many.report[0]!.p, many.report[0]!.distance])
    }
    expect(one.sizeInBytes).toBe(many.sizeInBytes)
    expect(bytesOf({ a: 1, b: [1, 2], c: null, d: new Int32Array(2) })).toBe(48)
  })

  test('refuses a snapshot of several features', () => {
    const { options, state } = new FeatureDrift({ features: 2 }).toJSON()
    const json = { type: DistributionDrift.type, version: 1, options, state }
    expect(() => restore(json, [DistributionDrift])).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  })
})
