import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { orient, ranksAmong } from '../../../src/evaluation/importance/orientation.ts'
import { singleFeatureSkill } from '../../../src/evaluation/importance/single-feature-skill.ts'
import { type Dataset, WalkForward } from '../../../src/evaluation/index.ts'
import golden from '../../golden/insights.json' with { type: 'json' }
import { BAR, MONDAY, planted } from './markets.ts'

const quick = { resamples: 200 }

describe('beside scikit-learn and scipy', () => {
  const { rows, netReturns, train, test: testRows, features } = golden.singleFeatures
  const times = rows.map((_, i) => MONDAY + i * BAR)
  const dataset: Dataset = {
    rows: rows.map((row) => Float64Array.from(row, (value) => value ?? NaN)),
    y: netReturns.map((value) => Number(value > 0)),
    netReturns,
    times,
    labelEnds: times.map((time) => time + BAR),
  }
  const found = singleFeatureSkill(dataset, new WalkForward({ train, test: testRows }), quick)

  test('directions, AUC and rank correlations of every fold agree', () => {
    expect(found.features.map(({ name }) => name)).toEqual(['feature 0', 'feature 1', 'feature 2'])
    found.features.forEach(({ folds }, f) => {
      folds.forEach(({ direction, rows: counted, auc, informationCoefficient }, k) => {
        const wanted = features[f]!.folds[k]!
        expect([direction, counted]).toEqual([wanted.direction, wanted.rows])
        expect(auc).toBeCloseTo(wanted.auc, 9)
        expect(informationCoefficient).toBeCloseTo(wanted.ic, 9)
      })
    })
  })

  test('so do the figures over all folds, p and q', () => {
    found.features.forEach(({ auc, informationCoefficient, p, q }, f) => {
      const wanted = features[f]!
      expect(auc.value).toBeCloseTo(wanted.auc, 9)
      expect(informationCoefficient.value).toBeCloseTo(wanted.ic, 9)
      expect(p).toBeCloseTo(wanted.p, 9)
      expect(q).toBeCloseTo(wanted.q, 9)
    })
  })
})

const splitter = new WalkForward({ train: 300, test: 150 })

describe('single features', () => {
  test('a planted one is found, noise is not, and neither is suspected', () => {
    const { features, tested, text } = singleFeatureSkill(planted(1200, 1), splitter, quick)
    expect(features.map(({ skill }) => skill)).toEqual(['shown', 'not shown', 'shown', 'not shown', 'not shown'])
    expect(features[0]!.auc.low).toBeGreaterThan(0.6)
    expect(features[0]!.informationCoefficient.low).toBeGreaterThan(0.4)
    expect(tested).toBe(5)
    expect(text).toBe(
      '2 of 5 features show skill by themselves at a false discovery rate of 5 %: signal, copy. Suspected leaks: signal, copy.',
    )
  })

  test('one that is the label with a little noise is suspected, with the figure that says why', () => {
    const data = planted(1200, 2, { strength: 0.2 })
    const rows = data.rows.map((x, i) => Float64Array.of(x[0]!, data.netReturns[i]! + 0.002 * x[1]!))
    const { features } = singleFeatureSkill({ ...data, rows, names: ['honest', 'leak'] }, splitter, quick)
    expect(features[0]!.suspicion).toBe('')
    expect(features[1]!.suspicion).toMatch(
      /^Suspected leak: by itself .* AUC of 0\.9\d\d \(0\.9\d\d to (0\.9\d\d|1\.000)\), surely above 0\.75/,
    )
  })

  test('the direction comes from training rows: one that turns round has an AUC below a half', () => {
    const data = planted(800, 3)
    const rows = data.rows.map((x, i) => Float64Array.of(i < 400 ? x[0]! : -x[0]!))
    const one = { split: () => [{ train: [{ start: 0, end: 400 }], test: [{ start: 400, end: 800 }] }] }
    const { features } = singleFeatureSkill({ ...data, rows, names: ['turned'] }, one, quick)
    expect(features[0]!.folds[0]!.direction).toBe(1)
    expect(features[0]!.auc.high).toBeLessThan(0.4)
    expect(features[0]!).toMatchObject({ skill: 'not shown', suspicion: '' })
    expect(features[0]!.p).toBeGreaterThan(0.99)
  })

  test('what comes in test rows never changes a direction', () => {
    const data = planted(800, 4, { strength: 0 })
    const directions = (y: ArrayLike<number>): readonly number[] =>
      singleFeatureSkill({ ...data, y }, one, { resamples: 1 }).features.map(({ folds }) => folds[0]!.direction)
    const one = { split: () => [{ train: [{ start: 0, end: 400 }], test: [{ start: 400, end: 800 }] }] }
    const turned = Array.from(data.y, (label, i) => (i < 400 ? label : 1 - label))
    expect(directions(turned)).toEqual(directions(data.y))
  })

  test('missing values do not count and constants know nothing', () => {
    const data = planted(900, 5)
    const rows = data.rows.map((x, i) => Float64Array.of(i % 3 === 0 ? NaN : x[0]!, 7, NaN, 1e300 * Math.sign(x[1]!)))
    const { features, tested } = singleFeatureSkill(
      { ...data, rows, names: ['gaps', 'constant', 'missing', 'huge'] },
      splitter,
      quick,
    )
    expect(features[0]!.folds[0]!.rows).toBe(100)
    expect(features[0]!.skill).toBe('shown')
    expect(features[1]!).toMatchObject({ p: 1, skill: 'not shown' })
    expect(features[1]!.auc.value).toBe(0.5)
    expect(features[2]!).toMatchObject({ p: NaN, q: NaN, skill: 'too little data' })
    expect(features[2]!.auc).toMatchObject({ value: NaN, have: 0, needs: 20 })
    expect(features[3]!.q).toBeGreaterThan(0)
    expect(tested).toBe(3)
  })

  test('a row that several folds test counts once', () => {
    const data = planted(700, 6)
    const fold = { train: [{ start: 0, end: 400 }], test: [{ start: 400, end: 700 }] }
    const once = singleFeatureSkill(data, { split: () => [fold] }, quick).features[0]!
    const twice = singleFeatureSkill(data, { split: () => [fold, fold] }, quick).features[0]!
    expect(twice.p).toBe(once.p)
    expect(twice.auc).toEqual(once.auc)
  })

  test('fewer rows than floors are N/A', () => {
    const few = { split: () => [{ train: [{ start: 0, end: 400 }], test: [{ start: 400, end: 425 }] }] }
    const { features, text } = singleFeatureSkill(planted(700, 7), few, quick)
    expect(features[0]!.auc.value).toBeNaN()
    expect(features[0]!.skill).toBe('too little data')
    expect(text).toBe('Skill of single features: N/A, too little data.')
  })

  test('on labels that nothing knows, overlapping and beside slow features, at most the level shows anything', () => {
    const runs = 300
    let claims = 0
    for (let seed = 0; seed < runs; seed++) {
      const data = planted(500, `null ${seed}`, { strength: 0, overlap: 6 })
      const { features } = singleFeatureSkill(data, new WalkForward({ train: 200, test: 100 }), {
        resamples: 1,
      })
      if (features.some(({ skill }) => skill === 'shown')) claims++
    }
    // three standard errors of a share of 0.05
    expect(claims / runs).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs))
  })
})

test('a stretched or bent feature has the same direction and ranks', () => {
  const numbers = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 2, maxLength: 40 })
  fc.assert(
    fc.property(numbers, (whole) => {
      const values = Float64Array.from(whole)
      const bent = values.map((value) => value * value * value + 5 * value)
      const y = whole.map((value, i) => Number((value * 7 + i) % 3 === 0))
      expect(orient(bent, y)).toBe(orient(values, y))
      expect(
        orient(
          values.map((value) => -value),
          y,
        ),
      ).toBe(-orient(values, y) + 0)
      expect(ranksAmong(bent, bent)).toEqual(ranksAmong(values, values))
    }),
  )
})
