import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { packRecord } from '../../src/core/state.ts'
import { ADWIN, type ADWINOptions } from '../../src/drift/index.ts'
import { detectorLaws } from '../../src/testing/index.ts'
import { moaCases, type RiverCase, type Row, recorded, riverCases, streamOf } from './reference.ts'

describe('laws', () => {
  for (const { name, run } of detectorLaws(() => new ADWIN(), ADWIN)) test(name, run)
  for (const { name, run } of detectorLaws(() => new ADWIN({ testEvery: 1, maxBuckets: 2, direction: 'up' }), ADWIN)) {
    test(`a test each value, two buckets, up: ${name}`, run)
  }
})

const optionsOf = ({ params }: RiverCase): Partial<ADWINOptions> => ({
  ...(params['delta'] !== undefined && { confidence: Number(params['delta']) }),
  ...(params['clock'] !== undefined && { testEvery: Number(params['clock']) }),
  ...(params['max_buckets'] !== undefined && { maxBuckets: Number(params['max_buckets']) }),
  ...(params['grace_period'] !== undefined && { minWindow: Number(params['grace_period']) }),
  ...(params['min_window_length'] !== undefined && { minSubWindow: Number(params['min_window_length']) }),
})

/** Runs a stream and compares the window with recorded rows: widths exactly, sums to 1e-9 of their size. */
function follow(detector: ADWIN, values: readonly number[], atDrift: readonly Row[], trace: readonly Row[]): void {
  const rows = new Map([...trace, ...atDrift].map((row) => [row[0], row]))
  const drifts: number[] = []
  values.forEach((value, i) => {
    if (detector.update(value) === 'drift') drifts.push(i)
    const row = rows.get(i)
    if (row === undefined) return
    const [, width, total, m2] = row
    expect(detector.width, `width at ${i}`).toBe(width)
    const near = (actual: number, wanted: number, what: string): void =>
      expect(Math.abs(actual - wanted), `${what} at ${i}`).toBeLessThan(1e-9 * Math.max(1, Math.abs(wanted)))
    near(detector.mean * width, total, 'total')
    near(detector.variance * width, m2, 'sum of squares')
  })
  expect(drifts).toEqual(atDrift.map(([i]) => i))
}

describe.skipIf(!recorded)('River, bare window', () => {
  test('84 cases are recorded', () => expect(riverCases('ADWIN')).toHaveLength(84))
  test.each(riverCases('ADWIN').map((row) => [row.stream, JSON.stringify(row.params), row] as const))(
    '%s %s: same drifts, widths, totals and variances',
    (stream, _params, row) => {
      const { at_drift, trace } = row.raw_window_no_reset!
      follow(new ADWIN(optionsOf(row)), streamOf(stream), at_drift, trace)
    },
  )
})

describe.skipIf(!recorded)('MOA', () => {
  test.each(moaCases('ADWIN_raw').map((row) => [row.stream, row] as const))(
    '%s: the bare window is the same',
    (stream, { at_change, trace }) => follow(new ADWIN(), streamOf(stream), at_change!, trace!),
  )
  test.each(moaCases('ADWINChangeDetector').map((row) => [row.stream, row] as const))(
    '%s: its detector is direction up',
    (stream, { drifts }) => {
      const detector = new ADWIN({ direction: 'up' })
      expect(streamOf(stream).flatMap((value, i) => (detector.update(value) === 'drift' ? [i] : []))).toEqual(drifts)
    },
  )
})

const coin = (p: number, n: number, seed: string): number[] => {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, () => Number(rng.next() < p))
}

describe('window', () => {
  test('is empty, with no mean, before the first value', () => {
    const { width, mean, variance, level } = new ADWIN()
    expect({ width, mean, variance, level }).toEqual({ width: 0, mean: NaN, variance: NaN, level: 'stable' })
  })

  test('holds the mean and variance of its newest values, whatever the buckets', () => {
    const values = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 600 })
    const options = fc.record({
      testEvery: fc.integer({ min: 1, max: 40 }),
      maxBuckets: fc.integer({ min: 1, max: 6 }),
    })
    fc.assert(
      fc.property(values, options, fc.boolean(), (noise, some, jump) => {
        const detector = new ADWIN({ ...some, confidence: 0.3 })
        const stream = noise.map((value, i) => (jump && i > noise.length / 2 ? value + 4 : value))
        for (const value of stream) detector.update(value)
        const window = stream.slice(stream.length - detector.width)
        const mean = window.reduce((a, b) => a + b, 0) / window.length
        const variance = window.reduce((a, b) => a + (b - mean) * (b - mean), 0) / window.length
        expect(detector.mean).toBeCloseTo(mean, 9)
        expect(detector.variance).toBeCloseTo(variance, 9)
      }),
      { numRuns: 150 },
    )
  })

  test('keeps the new regime after a drift', () => {
    const detector = new ADWIN()
    const alarms = [...coin(0.2, 1000, 'old'), ...coin(0.8, 300, 'new')].filter(
      (value) => detector.update(value) === 'drift',
    )
    expect(alarms.length).toBeGreaterThan(0)
    expect(detector.width).toBeGreaterThan(100)
    expect(detector.width).toBeLessThan(400)
    expect(detector.mean).toBeGreaterThan(0.7)
  })

  test('takes memory by the logarithm of its width', () => {
    const detector = new ADWIN()
    const size = (): number => JSON.stringify(detector).length
    for (const value of coin(0.5, 1000, 'a')) detector.update(value)
    const early = size()
    for (const value of coin(0.5, 31_000, 'b')) detector.update(value)
    expect(detector.width).toBe(32_000)
    // five more doublings, each a row of 6 buckets in two arrays
    expect(size() - early).toBeLessThan(5 * 6 * 2 * 8 * 2)
  })
})

describe('direction', () => {
  const rise = [...coin(0.2, 1000, 'low'), ...coin(0.8, 1000, 'high')]
  const fall = rise.map((value) => 1 - value)
  const alarms = (direction: ADWINOptions['direction'], values: readonly number[]): [number, number] => {
    const detector = new ADWIN({ direction })
    return [values.filter((value) => detector.update(value) === 'drift').length, detector.width]
  }

  test('up reports rises, down falls, both either', () => {
    const [count] = alarms('both', rise)
    expect(count).toBeGreaterThan(0)
    expect(alarms('up', rise)[0]).toBe(count)
    expect(alarms('down', rise)[0]).toBe(0)
    expect(alarms('both', fall)[0]).toBe(count)
    expect(alarms('up', fall)[0]).toBe(0)
    expect(alarms('down', fall)[0]).toBe(count)
  })

  test('does not change how the window is cut', () => {
    expect(alarms('up', fall)[1]).toBe(alarms('both', fall)[1])
    expect(alarms('up', fall)[1]).toBeLessThan(1100)
  })
})

describe('limits', () => {
  // so large that the term of the bound that counts in units of [0, 1] is nothing beside it
  const large = 1e6

  test('the window is tested once it is longer than minWindow', () => {
    const detector = new ADWIN({ testEvery: 1, minWindow: 10, minSubWindow: 1, confidence: 0.9 })
    const levels = [0, 0, 0, 0, 0, ...Array<number>(6).fill(large)].map((value) => detector.update(value))
    expect(levels).toEqual([...Array<string>(10).fill('stable'), 'drift'])
  })

  test('a side may be as small as minSubWindow, no smaller', () => {
    // only the cut beside the odd value stands out far enough; 8 buckets, so that the oldest values have borders too
    const levelOf = (minSubWindow: number, values: readonly number[]): string => {
      const detector = new ADWIN({ testEvery: 8, maxBuckets: 8, minWindow: 1, minSubWindow, confidence: 0.3 })
      for (const value of values) detector.update(value)
      return detector.level
    }
    const newest = [0, 0, 0, 0, 0, 0, 0, large]
    expect([levelOf(1, newest), levelOf(2, newest)]).toEqual(['drift', 'stable'])
    const oldest = newest.toReversed()
    expect([levelOf(1, oldest), levelOf(2, oldest)]).toEqual(['drift', 'stable'])
  })
})

describe('refusals', () => {
  test.each([
    { confidence: 0 },
    { confidence: 4 },
    { testEvery: 0 },
    { maxBuckets: 0 },
    { minWindow: 1.5 },
    { minSubWindow: 0 },
    { direction: 'sideways' as 'up' },
  ])('%j is no option', (options) => {
    expect(() => new ADWIN(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  test('a value whose square would overflow is refused', () => {
    expect(() => new ADWIN().update(1e200)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  test('a snapshot whose buckets do not add up is refused', () => {
    const detector = new ADWIN()
    for (const value of coin(0.5, 100, 'x')) detector.update(value)
    const json = detector.toJSON()
    for (const state of [
      { ...json.state, width: 99 },
      { ...json.state, sums: json.state['counts']! },
      { ...json.state, spreads: { $: 'Float64Array', data: '' } },
    ]) {
      expect(() => restore({ ...json, state }, [ADWIN])).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
    }
  })
})

test('keeps up to 1000 buckets of a size, and no file can ask for more', () => {
  expect(new ADWIN({ maxBuckets: 1000 }).options.maxBuckets).toBe(1000)
  for (const maxBuckets of [1001, 1e9, 2 ** 40]) {
    expect(() => new ADWIN({ maxBuckets })).toThrow(`"maxBuckets" must be at most 1000, got ${maxBuckets}.`)
    const { options, ...rest } = new ADWIN().toJSON()
    expect(() => ADWIN.fromJSON({ ...rest, options: { ...options, maxBuckets } })).toThrow('"maxBuckets"')
  }
})

test('refuses a file with rows of buckets that no window has', () => {
  const { state, ...rest } = new ADWIN().toJSON()
  const rows = 55
  const empty = { counts: new Int32Array(rows), sums: new Float64Array(6 * rows), spreads: new Float64Array(6 * rows) }
  expect(() => ADWIN.fromJSON({ ...rest, state: { ...state, ...packRecord(empty) } })).toThrow('got 55 rows')
})
