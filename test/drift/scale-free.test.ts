import { describe, expect, test } from 'vitest'
import type { Codec, DriftDetector, Rng, Snapshot } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { ADWIN, PageHinkley, ScaleFree } from '../../src/drift/index.ts'
import { detectorLaws } from '../../src/testing/index.ts'
import { recorded, streamOf } from './reference.ts'

describe('laws', () => {
  // the laws restore with one codec; this one brings its inner detector along
  const codec = {
    ...pick(),
    fromJSON: (json: Snapshot) => ScaleFree.fromJSON(json, (inner) => restore(inner, [ADWIN, PageHinkley])),
  }
  for (const { name, run } of detectorLaws(() => new ScaleFree(() => new ADWIN()), codec)) test(name, run)
  const around = detectorLaws(() => new ScaleFree(() => new PageHinkley()), codec)
  for (const { name, run } of around) test(`around PageHinkley: ${name}`, run)
})
function pick(): { type: string; version: number } {
  const { type, version } = ScaleFree
  return { type, version }
}

/** A Student t with 4 degrees of freedom, times 2e-4: bar returns with fat tails. */
function fatTailed(rng: Rng): number {
  let chi = 0
  for (let i = 0; i < 4; i++) {
    const z = drawNormal(rng)
    chi += z * z
  }
  return (2e-4 * drawNormal(rng)) / Math.sqrt(chi / 4)
}
const normal = (rng: Rng): number => 2e-4 * drawNormal(rng)

const spread = (): ScaleFree => new ScaleFree(() => new ADWIN(), { watch: 'spread' })
const mean = (): ScaleFree => new ScaleFree(() => new ADWIN())

/** Alarms in `n` values, by index. */
function alarmsOf(detector: DriftDetector, draw: (i: number) => number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => i).filter((i) => detector.update(draw(i)) === 'drift')
}

describe('raw returns of 2e-4', () => {
  const changed = (seed: number): ((i: number) => number) => {
    const rng = new SeededRng(`returns ${seed}`)
    return (i) => (i < 2000 ? normal(rng) : 2e-4 + 3 * normal(rng))
  }
  const seeds = Array.from({ length: 20 }, (_, seed) => seed)

  test('whose volatility triples and whose mean moves never trouble a bare detector', () => {
    for (const seed of seeds) {
      expect(alarmsOf(new ADWIN(), changed(seed), 6000)).toEqual([])
      expect(alarmsOf(new PageHinkley(), changed(seed), 6000)).toEqual([])
    }
  })

  test.each([
    ['a tripled volatility', spread, fatTailed, (r: number) => 3 * r],
    ['a volatility cut to a third', spread, fatTailed, (r: number) => r / 3],
    ['a mean moved by one deviation', mean, normal, (r: number) => r + 2e-4],
    ['a mean moved down by one deviation', mean, normal, (r: number) => r - 2e-4],
  ])('%s is found within 200 values, about 100 as a rule, and once', (_name, create, draw, change) => {
    const delays: number[] = []
    let extra = 0
    for (const seed of seeds) {
      const rng = new SeededRng(`change ${seed}`)
      const alarms = alarmsOf(create(), (i) => (i < 2000 ? draw(rng) : change(draw(rng))), 6000)
      const first = alarms.find((i) => i >= 2000)
      delays.push((first ?? Infinity) - 2000)
      extra += alarms.length - 1
    }
    delays.sort((a, b) => a - b)
    expect(delays.at(-1)).toBeLessThan(200)
    expect(delays[10]).toBeLessThan(130)
    // more than one alarm a stream would be noise: 2 in 20 streams of 6000 values are let pass
    expect(extra).toBeLessThanOrEqual(2)
  })

  test('without change raise no alarm', () => {
    let values = 0
    let alarms = 0
    for (const seed of seeds) {
      const rng = new SeededRng(`still ${seed}`)
      for (const create of [mean, spread]) {
        alarms += alarmsOf(create(), () => normal(rng), 10_000).length
        values += 10_000
      }
    }
    expect({ alarms, values }).toEqual({ alarms: 0, values: 400_000 })
  })

  test.skipIf(!recorded)(
    'of the recorded stream: both changes of volatility, near 2000 and 4000, and nothing else',
    () => {
      const values = streamOf('returns_t4')
      const alarms = alarmsOf(spread(), (i) => values[i]!, values.length)
      expect(alarms).toHaveLength(2)
      expect(alarms.map((i) => Math.floor(i / 200) * 200)).toEqual([2000, 4000])
    },
  )
})

describe('ScaleFree', () => {
  test('sees the same in any unit', () => {
    const run = (unit: number): number[] => {
      const rng = new SeededRng('unit')
      return alarmsOf(mean(), (i) => unit * (drawNormal(rng) + (i < 1500 ? 0 : 1.5)), 3000)
    }
    expect(run(1).length).toBeGreaterThan(0)
    expect(run(2 ** -20)).toEqual(run(1))
    expect(run(2 ** 20)).toEqual(run(1))
  })

  test('gives the detector numbers from 0 to 1, whatever comes', () => {
    const got: number[] = []
    const probe: DriftDetector = {
      level: 'stable',
      update(value) {
        got.push(value)
        return 'stable'
      },
      toJSON: () => ({ type: 'probe', version: 1, options: {}, state: {} }),
    }
    for (const watch of ['mean', 'spread'] as const) {
      const detector = new ScaleFree(() => probe, { watch, minSamples: 5 })
      for (const value of [1, 1, 1, 1, 1, 1, 5, -1e90, 0, 1e90, 1e-90, 2, 2, 2]) detector.update(value)
    }
    expect(got).toHaveLength(2 * 9)
    expect(got.every((value) => value >= 0 && value <= 1)).toBe(true)
    // a constant stream lies in the middle, the first other value at the end
    expect(got.slice(0, 2)).toEqual([0.5, 1])
    expect(got.slice(9, 11)).toEqual([0, 1])
  })

  test('is restored with the detector inside, and starts a new one of the same kind at the next drift', () => {
    const create = (): ScaleFree =>
      new ScaleFree(() => new ADWIN({ confidence: 0.01, testEvery: 8 }), { minSamples: 50 })
    const steady = create()
    const rng = new SeededRng('restore')
    const stream = Array.from({ length: 4000 }, (_, i) => drawNormal(rng) + (Math.floor(i / 1000) % 2) * 3)
    for (const value of stream.slice(0, 500)) steady.update(value)
    const restored = restore(JSON.parse(JSON.stringify(steady)) as Snapshot, [ScaleFree, ADWIN])
    const alarms = stream.slice(500).filter((value) => {
      const level = steady.update(value)
      expect(restored.update(value)).toBe(level)
      return level === 'drift'
    })
    expect(alarms.length).toBeGreaterThanOrEqual(3)
    expect(JSON.stringify(restored)).toBe(JSON.stringify(steady))
  })

  test('a snapshot that holds what is no detector is refused', () => {
    const json = new ScaleFree(() => new ADWIN()).toJSON()
    const other = { ...new SeededRng('no detector').toJSON() }
    for (const key of ['detector', 'pristine']) {
      const broken = { ...json, state: { ...json.state, [key]: other } } as Snapshot
      expect(() => ScaleFree.fromJSON(broken, (inner) => restore<Codec>(inner, [ADWIN, SeededRng]))).toThrow(
        expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
      )
    }
  })

  test('a snapshot without its detector is refused', () => {
    const json = new ScaleFree(() => new ADWIN()).toJSON()
    const { detector: _gone, ...state } = json.state
    expect(() => restore({ ...json, state }, [ScaleFree, ADWIN])).toThrow(
      expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
    )
    expect(() => restore(json, [ScaleFree])).toThrow(expect.objectContaining({ code: 'UNKNOWN_SNAPSHOT' }))
  })

  test.each([{ watch: 'median' as 'mean' }, { halfLife: 0.5 }, { halfLife: NaN }, { clip: -1 }, { minSamples: 1 }])(
    '%j is no option',
    (options) => {
      expect(() => new ScaleFree(() => new ADWIN(), options)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    },
  )
})
