import { describe, expect, test } from 'vitest'
import type { DriftDetector } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { thresholdFor } from '../../src/drift/false-alarms.ts'
import {
  ADWIN,
  CUSUM,
  DDM,
  EDDM,
  type FalseAlarmOption,
  HDDMA,
  HDDMW,
  KSWIN,
  OPTWIN,
  PageHinkley,
  STEPD,
} from '../../src/drift/index.ts'
import { cusumThreshold } from '../../src/drift/siegmund.ts'

type Draw = (rng: SeededRng) => number
const errors =
  (rate: number): Draw =>
  (rng) =>
    Number(rng.next() < rate)

/** Mean time between the alarms of as many streams as there are draws, of `n` values each, that never change. */
function meanTime(create: () => DriftDetector, draws: readonly Draw[], n: number, seed: string): number {
  let alarms = 0
  draws.forEach((draw, i) => {
    const rng = new SeededRng(`fresh ${seed} ${i}`)
    const detector = create()
    for (let k = 0; k < n; k++) if (detector.update(draw(rng)) === 'drift') alarms++
  })
  return (n * draws.length) / alarms
}

const halves = [errors(0.45), errors(0.5)]
const normal: readonly Draw[] = [drawNormal]
const pounds: readonly Draw[] = [(rng) => 2e-4 * drawNormal(rng) + 1e-5]

// the bench plays more: npm run bench:drift
describe('the mean time between false alarms is as stated, within a factor of 1.5', () => {
  test.each<readonly [string, (option: FalseAlarmOption) => DriftDetector, readonly Draw[]]>([
    ['ADWIN', (option) => new ADWIN(option), halves],
    ['ADWIN, rises', (option) => new ADWIN({ ...option, direction: 'up' }), halves],
    ['DDM', (option) => new DDM(option), halves],
    ['EDDM', (option) => new EDDM(option), halves],
    ['HDDM-A', (option) => new HDDMA(option), halves],
    ['HDDM-A, both', (option) => new HDDMA({ ...option, direction: 'both' }), halves],
    ['HDDM-W', (option) => new HDDMW(option), halves],
    ['HDDM-W, both', (option) => new HDDMW({ ...option, direction: 'both' }), halves],
    ['STEPD', (option) => new STEPD(option), halves],
    ['STEPD, falls', (option) => new STEPD({ ...option, direction: 'down' }), halves],
    ['Page-Hinkley', (option) => new PageHinkley(option), halves],
    ['CUSUM', (option) => new CUSUM(option), halves],
    ['Page-Hinkley of normal values', (option) => new PageHinkley({ ...option, direction: 'down' }), pounds],
    ['CUSUM of normal values', (option) => new CUSUM({ ...option, tolerance: 0.5 }), pounds],
    ['CUSUM of normal values, no tolerance', (option) => new CUSUM({ ...option, tolerance: 0.02 }), normal],
    ['KSWIN', (option) => new KSWIN(option), pounds],
    ['OPTWIN', (option) => new OPTWIN(option), pounds],
    ['OPTWIN, both', (option) => new OPTWIN({ ...option, direction: 'both' }), pounds],
  ])('%s', (name, create, draws) => {
    for (const falseAlarmEvery of [700, 4000]) {
      // some 150 alarms, whose number is then within a fifth of its mean, but for one time in a hundred
      const n = (150 * falseAlarmEvery) / draws.length
      const time = meanTime(() => create({ falseAlarmEvery }), draws, name === 'KSWIN' ? n / 2 : n, name)
      expect(time / falseAlarmEvery, `${falseAlarmEvery}`).toBeGreaterThan(1 / 1.5)
      expect(time / falseAlarmEvery, `${falseAlarmEvery}`).toBeLessThan(1.5)
    }
  })
})

describe('falseAlarmEvery', () => {
  test.each([
    () => new ADWIN({ falseAlarmEvery: 1000, confidence: 0.1 }),
    () => new ADWIN({ falseAlarmEvery: 1000, testEvery: 1 }),
    () => new DDM({ falseAlarmEvery: 1000, drift: 3 }),
    () => new EDDM({ falseAlarmEvery: 1000, minSamples: 10 }),
    () => new HDDMA({ falseAlarmEvery: 1000, restartEvery: 10 }),
    () => new HDDMW({ falseAlarmEvery: 1000, newest: 0.1 }),
    () => new STEPD({ falseAlarmEvery: 1000, window: 50 }),
    () => new KSWIN({ falseAlarmEvery: 1000, window: 200 }),
    () => new OPTWIN({ falseAlarmEvery: 1000, rigor: 0.1 }),
    () => new CUSUM({ falseAlarmEvery: 1000, threshold: 5 }),
    () => new CUSUM({ falseAlarmEvery: 1000, unit: 'value' }),
    () => new PageHinkley({ falseAlarmEvery: 1000, retain: 0.99 }),
  ])('does not go with what it sets, or was not calibrated for: %o', (create) => {
    expect(create).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  test.each([299, 1_000_001, 0, -1, NaN, Infinity])('is not %d', (falseAlarmEvery) => {
    const classes = [DDM, EDDM, HDDMA, HDDMW, STEPD, CUSUM, PageHinkley, OPTWIN]
    for (const Detector of classes) {
      expect(() => new Detector({ falseAlarmEvery, direction: 'both' } as FalseAlarmOption)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    }
  })

  test.each([300, 1_000_000])('may be %d, for every detector and direction', (falseAlarmEvery) => {
    for (const direction of ['up', 'both'] as const) {
      for (const Detector of [HDDMA, HDDMW, STEPD, CUSUM, PageHinkley, OPTWIN]) {
        expect(new Detector({ falseAlarmEvery, direction }).level).toBe('stable')
      }
    }
    for (const Detector of [ADWIN, DDM, EDDM, KSWIN]) expect(new Detector({ falseAlarmEvery }).level).toBe('stable')
  })

  test('rarer alarms take higher thresholds, in every table', () => {
    const strictness = (every: number): readonly number[] => [
      -new ADWIN({ falseAlarmEvery: every }).options.confidence,
      -new HDDMA({ falseAlarmEvery: every }).options.confidence,
      -new HDDMW({ falseAlarmEvery: every }).options.confidence,
      -new STEPD({ falseAlarmEvery: every }).options.confidence,
      -new KSWIN({ falseAlarmEvery: every }).options.confidence,
      new OPTWIN({ falseAlarmEvery: every }).options.confidence,
      new CUSUM({ falseAlarmEvery: every }).options.threshold,
      new PageHinkley({ falseAlarmEvery: every }).options.threshold,
    ]
    const times = [300, 500, 1000, 2500, 9000, 40_000, 200_000, 1_000_000]
    const rows = times.map(strictness)
    for (let i = 1; i < rows.length; i++) {
      rows[i]!.forEach((value, k) => {
        expect(value, `${times[i]}, ${k}`).toBeGreaterThan(rows[i - 1]![k]!)
      })
    }
  })

  test('thresholds lie between the rows of a table, by the logarithm of the time', () => {
    const table = [
      [300, 1],
      [30_000, 3],
      [3_000_000, 4],
    ] as const
    expect(thresholdFor(300, table)).toBe(1)
    expect(thresholdFor(3000, table)).toBeCloseTo(2, 12)
    expect(thresholdFor(300_000, table)).toBeCloseTo(3.5, 12)
    // two directions alarm twice as often
    expect(thresholdFor(500, table, 'both')).toBe(thresholdFor(1000, table))
    expect(thresholdFor(1_000_000, table, 'both')).toBeGreaterThan(thresholdFor(1_000_000, table))
  })

  test('thresholds of a known mean equal those of Siegmund’s formula in the literature', () => {
    // tables of two-sided CUSUMs have 168 at k = 0.5, h = 4: half of one side's 338
    const k = 0.5
    const b = 4 + 1.166
    const runLength = (Math.exp(2 * k * b) - 2 * k * b - 1) / (2 * k * k)
    expect(cusumThreshold(runLength, k, 'up')).toBeCloseTo(4, 8)
    expect(cusumThreshold(runLength / 2, k, 'both')).toBeCloseTo(4, 8)
    expect(runLength).toBeCloseTo(338, -1)
  })
})
