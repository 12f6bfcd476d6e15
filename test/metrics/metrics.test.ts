import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/index.ts'
import { Accuracy, AUC, Brier, CalibrationError, LogLoss, Precision, Recall, Rolling } from '../../src/metrics/index.ts'

// few distinct predictions, so that ties are common
const scored = fc.array(
  fc.record({
    y: fc.constantFrom(0, 1),
    p: fc.integer({ min: 0, max: 8 }).map((k) => k / 8),
    w: fc.constantFrom(0.5, 1, 2),
  }),
  { minLength: 1, maxLength: 60 },
)

describe('AUC', () => {
  test('is the weighted share of winner-loser pairs in the right order, ties counting half', () => {
    fc.assert(
      fc.property(scored, fc.integer({ min: 1, max: 80 }), (rows, window) => {
        const auc = new AUC({ window })
        for (const { y, p, w } of rows) auc.update(y, p, w)
        let pairs = 0
        let right = 0
        const kept = rows.slice(-window)
        for (const a of kept.filter(({ y }) => y === 1)) {
          for (const b of kept.filter(({ y }) => y === 0)) {
            pairs += a.w * b.w
            right += a.w * b.w * (a.p > b.p ? 1 : a.p === b.p ? 0.5 : 0)
          }
        }
        if (pairs === 0) expect(auc.value).toBeNaN()
        else expect(auc.value).toBeCloseTo(right / pairs, 12)
      }),
    )
  })

  test('is NaN while only one label has been seen', () => {
    const auc = new AUC()
    auc.update(1, 0.5)
    auc.update(1, 0.7)
    expect(auc.value).toBeNaN()
  })

  test('of a young window takes little room', () => {
    const auc = new AUC()
    auc.update(1, 0.5)
    expect(JSON.stringify(auc).length).toBeLessThan(3000)
  })
})

describe('a weight of 2', () => {
  test.each([
    ['Accuracy', () => new Accuracy()],
    ['Precision', () => new Precision()],
    ['Recall', () => new Recall()],
    ['LogLoss', () => new LogLoss()],
    ['Brier', () => new Brier()],
    ['AUC', () => new AUC()],
    ['CalibrationError', () => new CalibrationError({ bins: 3 })],
  ] as const)('counts in %s like the observation twice', (_, create) => {
    fc.assert(
      fc.property(scored, (rows) => {
        const [once, twice] = [create(), create()]
        for (const { y, p } of rows) {
          once.update(y, p, 2)
          twice.update(y, p)
          twice.update(y, p)
        }
        if (Number.isNaN(twice.value)) expect(once.value).toBeNaN()
        else expect(once.value).toBeCloseTo(twice.value, 12)
      }),
    )
  })
})

describe('thresholds', () => {
  test('a prediction at the threshold counts as a 1', () => {
    const [accuracy, precision, recall] = [new Accuracy(), new Precision(), new Recall()]
    for (const metric of [accuracy, precision, recall]) {
      metric.update(1, 0.5)
      metric.update(0, 0.5)
      metric.update(1, 0.4)
    }
    expect([accuracy.value, precision.value, recall.value]).toEqual([1 / 3, 0.5, 0.5])
  })

  test('precision is NaN until something is taken, recall until there is a winner', () => {
    const [precision, recall] = [new Precision(), new Recall()]
    precision.update(1, 0.1)
    recall.update(0, 0.9)
    expect([precision.value, recall.value]).toEqual([NaN, NaN])
  })

  test('outside 0 to 1 are refused', () => {
    expect(() => new Accuracy({ threshold: 2 })).toThrow('"threshold" must be a number from 0 to 1, got 2.')
  })
})

describe('Brier', () => {
  test('is the mean squared error of the probabilities', () => {
    const brier = new Brier()
    brier.update(1, 0.8)
    brier.update(0, 0.6)
    expect(brier.value).toBeCloseTo((0.04 + 0.36) / 2, 15)
  })
})

describe('CalibrationError', () => {
  test('of a constant prediction is its distance from the base rate, in one bin', () => {
    const calibration = new CalibrationError()
    for (let i = 0; i < 100; i++) calibration.update(i < 30 ? 1 : 0, 0.5)
    expect(calibration.value).toBeCloseTo(0.2, 12)
    expect(calibration.bins).toMatchObject([{ predicted: 0.5, observed: 0.3, count: 100 }])
  })

  test('has bins of equal mass that ascend, and shrinks towards 0 for true probabilities', () => {
    const rng = new SeededRng(1)
    const calibration = new CalibrationError()
    for (let i = 0; i < 10_000; i++) {
      const p = 0.4 + 0.2 * rng.next()
      calibration.update(Number(rng.next() < p), p)
    }
    const { bins } = calibration
    expect(bins.map(({ count }) => count)).toEqual(Array(10).fill(1000))
    for (let i = 1; i < 10; i++) expect(bins[i]!.predicted).toBeGreaterThan(bins[i - 1]!.predicted)
    expect(calibration.value).toBeLessThan(0.025)
  })

  test('bins hold every observation once', () => {
    fc.assert(
      fc.property(scored, fc.integer({ min: 1, max: 12 }), (rows, count) => {
        const calibration = new CalibrationError({ bins: count })
        for (const { y, p, w } of rows) calibration.update(y, p, w)
        const { bins } = calibration
        expect(bins.length).toBeLessThanOrEqual(count)
        expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBeCloseTo(
          rows.reduce((sum, { w }) => sum + w, 0),
          10,
        )
      }),
    )
  })
})

describe('Rolling', () => {
  test('equals the metric over the last observations alone', () => {
    fc.assert(
      fc.property(scored, fc.integer({ min: 1, max: 80 }), (rows, window) => {
        const rolling = new Rolling(() => new LogLoss(), { window })
        const plain = new LogLoss()
        for (const { y, p, w } of rows) rolling.update(y, p, w)
        for (const { y, p, w } of rows.slice(-window)) plain.update(y, p, w)
        expect(rolling.value).toBe(plain.value)
      }),
    )
  })

  test('takes its direction from the metric inside', () => {
    expect(new Rolling(() => new LogLoss(), { window: 5 }).better).toBe('lower')
    expect(new Rolling(() => new AUC(), { window: 5 }).better).toBe('higher')
  })
})

describe('a window that was tampered with', () => {
  test('is refused', () => {
    const auc = new AUC({ window: 100 })
    auc.update(1, 0.5)
    const json = JSON.parse(JSON.stringify(auc))
    for (const [key, value] of [
      ['size', 65],
      ['head', 7],
      ['head', -1],
    ] as const) {
      const state = { ...json.state, [key]: value }
      expect(() => AUC.fromJSON({ ...json, state })).toThrow('must hold at most 100 predictions')
    }
  })
})
