import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { logLossOf, sigmoid } from '../../src/core/math.ts'
import { betaAt, fitBeta } from '../../src/learners/beta-calibration.ts'
import { fitIsotonic, isotonicAt } from '../../src/learners/isotonic.ts'
import { fitPlatt } from '../../src/learners/platt.ts'
import golden from '../golden/calibration.json' with { type: 'json' }

const pairs = fc.array(fc.tuple(fc.integer({ min: -40, max: 40 }), fc.constantFrom(0, 1)), {
  minLength: 1,
  maxLength: 60,
})
const columns = (list: readonly (readonly [number, number])[]) => ({
  scores: Float64Array.from(list, ([score]) => score / 8),
  labels: Float64Array.from(list, ([, label]) => label),
})

describe('isotonic regression', () => {
  test.each(golden.isotonic.map((one, i) => [i, one] as const))(
    'is scikit-learn’s to the last digits (%i)',
    (_, one) => {
      const scores = Float64Array.from(one.scores)
      const fit = fitIsotonic(scores, Float64Array.from(one.labels), scores.length)
      for (const [i, at] of one.at.entries()) expect(isotonicAt(fit, at)).toBeCloseTo(one.values[i]!, 12)
    },
  )

  test('never falls, keeps the mean, and with a prior is never certain', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(0, 1), (list, prior) => {
        const { scores, labels } = columns(list)
        const n = scores.length
        const fit = fitIsotonic(scores, labels, n, { prior })
        const said = [...scores].sort((a, b) => a - b).map((score) => isotonicAt(fit, score))
        for (let i = 1; i < n; i++) expect(said[i]).toBeGreaterThanOrEqual(said[i - 1]!)
        expect([...fit.x]).toEqual([...new Set(fit.x)].sort((a, b) => a - b))
        if (prior > 0) for (const p of said) expect(p > 0 && p < 1).toBe(true)
        else {
          const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)
          expect(sum(said)).toBeCloseTo(sum(labels), 9)
        }
      }),
    )
  })

  test('no other rising steps are closer to the labels', () => {
    fc.assert(
      fc.property(
        pairs,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 81, maxLength: 81 }),
        (list, steps) => {
          const { scores, labels } = columns(list)
          const fit = fitIsotonic(scores, labels, scores.length)
          const rival = [...steps].sort((a, b) => a - b)
          const error = (at: (score: number) => number): number =>
            scores.reduce((sum, score, i) => sum + (at(score) - labels[i]!) ** 2, 0)
          expect(error((score) => isotonicAt(fit, score))).toBeLessThanOrEqual(
            error((score) => rival[8 * score + 40]!) + 1e-9,
          )
        },
      ),
    )
  })
})

describe('beta calibration', () => {
  test.each(golden.beta.map((one, i) => [i, one] as const))('is that of an independent fit (%i)', (_, one) => {
    const scores = Float64Array.from(one.scores)
    const { a, b, c } = fitBeta(scores, Float64Array.from(one.labels), scores.length)
    expect(a).toBeCloseTo(one.a, 4)
    expect(b).toBeCloseTo(one.b, 4)
    expect(c).toBeCloseTo(one.c, 4)
  })

  test('rises, is finite whatever the pairs, and is no worse than a line on the pairs it was fitted to', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const { scores, labels } = columns(list)
        const n = scores.length
        const map = fitBeta(scores, labels, n)
        expect(map.a).toBeGreaterThanOrEqual(0)
        expect(map.b).toBeGreaterThanOrEqual(0)
        for (const score of [-14, -1, 0, 1, 14]) expect(Number.isFinite(betaAt(map, score))).toBe(true)
        const line = fitPlatt(scores, labels, n)
        const loss = (at: (score: number) => number): number =>
          scores.reduce((sum, score, i) => sum + logLossOf(labels[i]!, sigmoid(at(score))), 0)
        // where one part is dropped, so may be what a line needs
        if (map.a === 0 || map.b === 0) return
        expect(loss((score) => betaAt(map, score))).toBeLessThanOrEqual(
          loss((score) => line.slope * score + line.offset) + 1e-3,
        )
      }),
    )
  })
})
