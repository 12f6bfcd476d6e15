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

/** Mean time between the alarms of `n` values that never change. */
function meanTime(create: () => DriftDetector, draw: Draw, n: number, seed: string): number {
  const rng = new SeededRng(`fresh ${seed}`)
  const detector = create()
  let alarms = 0
  for (let k = 0; k < n; k++) if (detector.update(draw(rng)) === 'drift') alarms++
  return n / alarms
}

const pounds: Draw = (rng) => 2e-4 * drawNormal(rng) + 1e-5

/** Some 150 alarms, whose number is then within a fifth of its mean, but for one time in a hundred. */
const ALARMS = 150

// the bench plays more: npm run bench:drift
describe('the mean time between false alarms is as stated, within a factor of 1.5', () => {
  const holds = (
    create: (option: FalseAlarmOption) => DriftDetector,
    draw: Draw,
    seed: string,
    alarms = ALARMS,
  ): void => {
    for (const falseAlarmEvery of [1000, 4000]) {
      const time = meanTime(() => create({ falseAlarmEvery }), draw, alarms * falseAlarmEvery, seed)
      expect(time / falseAlarmEvery, `${falseAlarmEvery}`).toBeGreaterThan(1 / 1.5)
      expect(time / falseAlarmEvery, `${falseAlarmEvery}`).toBeLessThan(1.5)
    }
  }
  const all = [0.1, 0.3, 0.5, 0.8]

  describe.each<readonly [string, (option: FalseAlarmOption) => DriftDetector, readonly number[]]>([
    ['ADWIN', (option) => new ADWIN(option), all],
    ['ADWIN, rises', (option) => new ADWIN({ ...option, direction: 'up' }), all],
    ['DDM', (option) => new DDM(option), all],
    ['EDDM', (option) => new EDDM(option), all],
    ['HDDM-A', (option) => new HDDMA(option), all],
    ['HDDM-A, both', (option) => new HDDMA({ ...option, direction: 'both' }), all],
    ['HDDM-W', (option) => new HDDMW(option), all],
    ['HDDM-W, both', (option) => new HDDMW({ ...option, direction: 'both' }), all],
    ['STEPD', (option) => new STEPD(option), all],
    ['STEPD, rises', (option) => new STEPD({ ...option, direction: 'up' }), [0.1, 0.3, 0.5]],
    ['STEPD, falls', (option) => new STEPD({ ...option, direction: 'down' }), [0.5, 0.8]],
    ['Page-Hinkley', (option) => new PageHinkley(option), all],
    ['Page-Hinkley, rises', (option) => new PageHinkley({ ...option, direction: 'up' }), all],
    ['CUSUM', (option) => new CUSUM(option), all],
    ['CUSUM, falls', (option) => new CUSUM({ ...option, direction: 'down' }), all],
    ['OPTWIN', (option) => new OPTWIN(option), all],
    ['OPTWIN, both', (option) => new OPTWIN({ ...option, direction: 'both' }), all],
  ])('%s', (name, create, rates) => {
    test.each(rates)('errors of a rate of %d', (rate) => holds(create, errors(rate), `${name} ${rate}`))
  })

  test.each<readonly [string, (option: FalseAlarmOption) => DriftDetector]>([
    ['Page-Hinkley, falls', (option) => new PageHinkley({ ...option, direction: 'down' })],
    ['CUSUM', (option) => new CUSUM({ ...option, tolerance: 0.5 })],
    ['CUSUM, hardly a tolerance', (option) => new CUSUM({ ...option, tolerance: 0.02 })],
    ['CUSUM, the largest tolerance', (option) => new CUSUM({ ...option, tolerance: 2 })],
    ['OPTWIN', (option) => new OPTWIN(option)],
    ['OPTWIN, both', (option) => new OPTWIN({ ...option, direction: 'both' })],
  ])('%s: normal values', (name, create) => holds(create, pounds, name))

  test('KSWIN: normal values', () => holds((option) => new KSWIN(option), pounds, 'KSWIN', ALARMS / 2))
})

test('KSWIN alarms more rarely than stated where values are tied', () => {
  const times = [0.5, 0.3].map((rate) => {
    return meanTime(() => new KSWIN({ falseAlarmEvery: 300 }), errors(rate), 60_000, `KSWIN ${rate}`) / 300
  })
  expect(times[0]).toBeGreaterThan(3)
  expect(times[1]).toBeGreaterThan(times[0]!)
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
