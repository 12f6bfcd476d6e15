import fc from 'fast-check'
import { mean, standardDeviation } from 'simple-statistics'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/index.ts'
import { type Dataset, scorePredictions } from '../../src/evaluation/index.ts'
import { overlappingMean } from '../../src/evaluation/overlap.ts'
import { detectableCorrelation, signalsNeeded } from '../../src/evaluation/verdict.ts'

const T0 = 1.6e12

describe('the mean of terms that overlap', () => {
  test('counts the products of all pairs that are open together, and never less than the squares', () => {
    const terms = fc.array(
      fc.record({
        u: fc.double({ min: -1, max: 1, noNaN: true }),
        gap: fc.integer({ min: 0, max: 3 }),
        open: fc.integer({ min: 0, max: 12 }),
      }),
      { minLength: 1, maxLength: 60 },
    )
    fc.assert(
      fc.property(terms, (table) => {
        let at = T0
        const times = table.map(({ gap }) => (at += gap))
        const ends = table.map(({ open }, i) => times[i]! + open)
        const u = table.map((term) => term.u)
        const squares = u.reduce((sum, x) => sum + x * x, 0)
        let products = 0
        for (const i of u.keys())
          for (let j = i + 1; j < u.length; j++) if (times[j]! < ends[i]!) products += u[i]! * u[j]!
        const { value, error, spans } = overlappingMean(u, times, ends)
        const variance = Math.max(squares, squares + 2 * products)
        expect(value).toBeCloseTo(mean(u), 12)
        expect(error).toBeCloseTo(Math.sqrt(variance) / u.length, 9)
        const open = u.map((_, i) => times.filter((time, j) => j === i || (j > i && time < ends[i]!)).length)
        expect(spans).toBeCloseTo(u.length / mean(open), 9)
      }),
    )
  })

  test('its error is the deviation of the mean over many samples, where a plain one is a third of it', () => {
    const n = 600
    const open = 12
    const samples = Array.from({ length: 400 }, (_, seed) => {
      const rng = new SeededRng(seed)
      const steps = Float64Array.from({ length: n + open }, () => drawNormal(rng))
      // sums over the next twelve steps, which is what labels of twelve bars are
      const terms = Float64Array.from({ length: n }, (_, i) => steps.subarray(i, i + open).reduce((a, b) => a + b, 0))
      const times = terms.map((_, i) => T0 + i)
      return overlappingMean(
        terms,
        times,
        times.map((t) => t + open),
      )
    })
    const truth = standardDeviation(samples.map(({ value }) => value))
    const said = Math.sqrt(mean(samples.map(({ error }) => error * error)))
    expect(said / truth).toBeGreaterThan(0.9)
    expect(said / truth).toBeLessThan(1.1)
    expect(truth / (Math.sqrt(open) / Math.sqrt(n))).toBeGreaterThan(3)
    expect(samples[0]!.spans).toBeCloseTo(n / open, 0)
  })
})

/** Probabilities that know the label's chance with the given strength, of labels that are settled `open` rows later. */
function forecasts(seed: number, n: number, strength: number, open: number): [Dataset, Float64Array] {
  const rng = new SeededRng(seed)
  const p = Float64Array.from({ length: n }, () => 0.5 + strength * (2 * rng.next() - 1))
  const y = p.map((chance) => Number(rng.next() < chance))
  const times = y.map((_, i) => T0 + i * 1000)
  const labelEnds = times.map((t) => t + open * 1000)
  return [{ rows: [], y, netReturns: y.map((label) => label - 0.5), times, labelEnds }, p]
}

describe('the power line', () => {
  test('as many signals as it asks for show the correlation in about four of five cases', () => {
    // the strength of a fair forecast is its own correlation over 2 / sqrt(3)
    const strength = 0.15
    const correlation = (2 * strength) / Math.sqrt(3)
    const [dataset, p] = forecasts(0, 400, strength, 3)
    const { detectable } = scorePredictions(dataset, p, { resamples: 1 }).verdict.power
    const n = Math.ceil(400 * (detectable / correlation) ** 2)
    const found = Array.from({ length: 200 }, (_, i) => {
      const [fresh, said] = forecasts(1000 + i, n, strength, 3)
      return scorePredictions(fresh, said, { resamples: 1 }).verdict.direction === 'shown'
    }).filter(Boolean).length
    expect(found).toBeGreaterThan(140)
    expect(found).toBeLessThan(185)
  })

  test('asks for four times the signals for half the correlation, and for more after many trials', () => {
    const gain = { value: 0.05, error: 0.05, spans: 400, have: 400, needs: 30, most: 1 }
    const once = { coverage: 0.95, trials: 1 }
    expect(detectableCorrelation(gain, once)).toBeCloseTo(0.05 * (1.9659 + 0.8416), 4)
    expect(signalsNeeded(gain, 0.02, once) / signalsNeeded(gain, 0.04, once)).toBeCloseTo(4, 2)
    expect(signalsNeeded(gain, 0.02, { ...once, trials: 50 })).toBeGreaterThan(1.5 * signalsNeeded(gain, 0.02, once))
    expect(signalsNeeded(gain, 0, once)).toBeNaN()
    expect(signalsNeeded({ ...gain, have: 20 }, 0.1, once)).toBeNaN()
  })
})
