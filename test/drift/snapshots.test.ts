import { describe, expect, test } from 'vitest'
import type { Codec, DriftDetector, JsonValue, Sized, Snapshot } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { ADWIN, CUSUM, DDM, EDDM, HDDMA, HDDMW, OPTWIN, PageHinkley, ScaleFree, STEPD } from '../../src/drift/index.ts'

const errorsOf = (n: number, seed: string): number[] => {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, () => Number(rng.next() < 0.3))
}
const before = errorsOf(400, 'before')
const after = [...errorsOf(200, 'after'), ...Array.from({ length: 100 }, () => 1)]

function play<T extends DriftDetector>(detector: T, values: readonly number[]): T {
  for (const value of values) detector.update(value)
  return detector
}

describe('snapshots of the layout before thresholds followed the rate of errors are read', () => {
  test.each<readonly [Codec & { readonly type: string }, () => DriftDetector, number, readonly string[]]>([
    [ADWIN, () => new ADWIN(), 1, []],
    [CUSUM, () => new CUSUM({ unit: 'deviation' }), 1, ['errors']],
    [PageHinkley, () => new PageHinkley({ unit: 'deviation' }), 2, ['errors']],
    [DDM, () => new DDM(), 1, []],
    [EDDM, () => new EDDM(), 1, []],
    [HDDMA, () => new HDDMA(), 1, []],
    [HDDMW, () => new HDDMW(), 1, ['n', 'rate']],
    [OPTWIN, () => new OPTWIN(), 1, ['errors']],
    [STEPD, () => new STEPD(), 1, []],
  ])('%o', (codec, create, version, added) => {
    const detector = play(create(), before)
    const json = JSON.parse(JSON.stringify(detector)) as Snapshot
    const state = Object.fromEntries(Object.entries(json.state).filter(([key]) => !added.includes(key)))
    const old = restore({ ...json, version, state }, [codec]) as DriftDetector
    expect(JSON.stringify(old)).toBe(JSON.stringify(detector))
    expect(after.map((value) => old.update(value))).toEqual(after.map((value) => detector.update(value)))
  })

  test('with the one threshold that `falseAlarmEvery` then stood for', () => {
    const { confidence } = new HDDMA({ falseAlarmEvery: 1000 }).options
    const options = { confidence, warningConfidence: 0.5, direction: 'both', restartEvery: 1000 } as const
    const { type, state } = new HDDMA(options).toJSON()
    const old = restore({ type, version: 1, options, state }, [HDDMA])
    expect(old.options).toEqual(options)
  })
})

test('a detector that was set by its false alarms is so after a restart', () => {
  const every = { falseAlarmEvery: 2000, direction: 'down' } as const
  for (const detector of [new ADWIN(every), new HDDMW(every), new STEPD(every), new OPTWIN(every), new CUSUM(every)]) {
    const codec = detector.constructor as unknown as typeof ADWIN
    const restored = restore(JSON.parse(JSON.stringify(detector)) as Snapshot, [codec])
    expect(restored.options).toEqual(detector.options)
    expect(restored.options.falseAlarmEvery).toBe(2000)
  }
})

describe('numbers that no stream can lead to are refused', () => {
  test.each<readonly [Codec, DriftDetector, string, JsonValue]>([
    [CUSUM, new CUSUM(), 'mean', 1e101],
    [CUSUM, new CUSUM(), 'm2', 1e300],
    [CUSUM, new CUSUM(), 'rise', 1e300],
    [CUSUM, new CUSUM(), 'fall', -1],
    [PageHinkley, new PageHinkley(), 'mean', -1e101],
    [PageHinkley, new PageHinkley(), 'fall', 1e300],
    [PageHinkley, new PageHinkley(), 'lowest', 1],
    [PageHinkley, new PageHinkley(), 'm2', 1e300],
    [OPTWIN, new OPTWIN(), 'origin', 1e300],
    [OPTWIN, new OPTWIN(), 'olderSum', -1e300],
    [OPTWIN, new OPTWIN(), 'newerSquares', 1e300],
    [EDDM, new EDDM(), 'longest', 1e300],
    [EDDM, new EDDM(), 'distances', { n: 3, mean: 1e300, m2: 1 }],
    [EDDM, new EDDM(), 'distances', { n: 3, mean: 3, m2: 1e300 }],
    [HDDMW, new HDDMW(), 'n', 1001],
  ])('%o %o: %s = %j', (codec, detector, key, value) => {
    const json = JSON.parse(JSON.stringify(play(detector, before))) as Snapshot
    expect(json.state[key]).toBeDefined()
    expect(() => restore({ ...json, state: { ...json.state, [key]: value } }, [codec])).toThrow(
      expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
    )
  })
})

describe('sizeInBytes', () => {
  test('of OPTWIN has the table of its cuts in it', () => {
    const size = (maxWindow: number): number => new OPTWIN({ maxWindow }).sizeInBytes
    // a value, older values, and three critical values for each length
    expect(size(2000) - size(1000)).toBe(1000 * (8 + 4 + 3 * 8))
  })

  test('of ScaleFree has the snapshot in it that it starts again from', () => {
    const inner = new ADWIN() as DriftDetector & Sized
    const around = new ScaleFree(() => new ADWIN())
    expect(around.sizeInBytes).toBeGreaterThan(inner.sizeInBytes + JSON.stringify(inner).length)
  })
})

describe('options that leave a detector deaf, or its bound unreal, are refused', () => {
  test.each([
    () => new DDM({ restartEvery: 30 }),
    () => new DDM({ minSamples: 100, restartEvery: 101 }),
    () => new EDDM({ restartEvery: 31 }),
    () => new CUSUM({ falseAlarmEvery: 1000, tolerance: 2.01 }),
    () => new PageHinkley({ falseAlarmEvery: 1000, tolerance: 3 }),
    () => new CUSUM({ tolerance: 1e101 }),
    () => new ADWIN({ confidence: 1.4, minWindow: 1, minSubWindow: 1 }),
    () => new ADWIN({ confidence: 3, minSubWindow: 2 }),
  ])('%o', (create) => {
    expect(create).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  test('and those just within are not', () => {
    new DDM({ minSamples: 100, restartEvery: 102 })
    new EDDM({ restartEvery: 32 })
    new CUSUM({ falseAlarmEvery: 300, tolerance: 2 })
    new CUSUM({ tolerance: 3 })
    const loose = new ADWIN({ confidence: 1.38, testEvery: 1, minWindow: 1, minSubWindow: 1 })
    // a bound that is not a number would let no cut be found
    for (let i = 0; i < 40; i++) loose.update(Number(i >= 20))
    expect(loose.mean).toBe(1)
  })
})
