import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { packState } from '../../src/core/state.ts'
import { ConformalInterval } from '../../src/learners/conformal-interval.ts'
import { meanOf, reread } from './helpers.ts'

/** Student's t with 4 degrees of freedom: a normal over the root of a chi-square's mean. */
function drawT4(rng: SeededRng): number {
  let chi = 0
  for (let i = 0; i < 4; i++) chi += drawNormal(rng) ** 2
  return drawNormal(rng) / Math.sqrt(chi / 4)
}

describe('ConformalInterval', () => {
  test.each(['a', 'b', 'c'])('covers 85 to 95 %% of t draws whose volatility triples, told nothing (%s)', (seed) => {
    const rng = new SeededRng(seed)
    const interval = new ConformalInterval()
    const hits: number[] = []
    for (let i = 0; i < 2000; i++) {
      const residual = 0.01 * (i < 1000 ? 1 : 3) * drawT4(rng)
      const half = interval.halfWidth(1)
      if (!Number.isNaN(half)) hits.push(Math.abs(residual) <= half ? 1 : 0)
      interval.learn(residual, 1, half)
    }
    expect(hits).toHaveLength(1980)
    for (const part of [hits, hits.slice(0, 980), hits.slice(980)]) {
      expect(meanOf(part)).toBeGreaterThan(0.85)
      expect(meanOf(part)).toBeLessThan(0.95)
    }
    // and within 150 draws of the change it is back
    expect(meanOf(hits.slice(1130))).toBeGreaterThan(0.87)
  })

  test('labels that come 30 draws late are judged by the width given at the time', () => {
    const rng = new SeededRng('late')
    const interval = new ConformalInterval()
    const open: [residual: number, half: number][] = []
    const hits: number[] = []
    for (let i = 0; i < 2000; i++) {
      const residual = (i < 1000 ? 1 : 3) * drawT4(rng)
      const half = interval.halfWidth(1)
      if (!Number.isNaN(half)) hits.push(Math.abs(residual) <= half ? 1 : 0)
      open.push([residual, half])
      if (open.length > 30) {
        const [known, given] = open.shift()!
        interval.learn(known, 1, given)
      }
    }
    expect(meanOf(hits)).toBeGreaterThan(0.85)
    expect(meanOf(hits)).toBeLessThan(0.95)
  })

  test('is NaN until minSamples, then the conformal quantile of the scores times the scale', () => {
    const interval = new ConformalInterval({ minSamples: 19, learningRate: 0 })
    for (let i = 1; i <= 18; i++) interval.learn(i, 1, NaN)
    expect(interval.halfWidth(1)).toBeNaN()
    interval.learn(-19, 1, NaN)
    // rank ceil(20 x 0.9) = 18 of 1..19
    expect(interval.halfWidth(1)).toBe(18)
    expect(interval.halfWidth(2)).toBe(36)
  })

  test('the level moves by the step times coverage wanted less coverage had', () => {
    const interval = new ConformalInterval({ learningRate: 0.05 })
    interval.learn(1, 1, 2)
    expect(interval.alpha).toBeCloseTo(0.1 + 0.05 * 0.1, 12)
    interval.learn(1, 1, 0.5)
    expect(interval.alpha).toBeCloseTo(0.1 + 0.05 * 0.1 - 0.05 * 0.9, 12)
  })

  test('widths are read from the newest scores alone, and survive a snapshot', () => {
    const value = fc.double({ noDefaultInfinity: true, noNaN: true })
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), (residuals) => {
        const options = { window: 12, minSamples: 5 }
        let interval = new ConformalInterval(options)
        for (const [i, residual] of residuals.entries()) {
          const half = interval.halfWidth(1)
          interval.learn(residual, 1, half)
          if (i % 7 === 3) interval = reread(interval, [ConformalInterval])
          const kept = residuals.slice(Math.max(0, i - 11), i + 1).map(Math.abs)
          kept.sort((a, b) => a - b)
          const rank = Math.ceil((kept.length + 1) * (1 - interval.alpha))
          const wanted = kept.length < 5 ? NaN : kept[Math.min(Math.max(rank, 1), kept.length) - 1]
          expect(interval.halfWidth(1)).toBe(wanted)
        }
      }),
    )
  })

  test.each([1, 3, 6])('covers 85 to 95 % in every 500 outcomes of trades of $0 bars opened on each bar', (bars) => {
    const rng = new SeededRng('side by side')
    const interval = new ConformalInterval()
    const steps: number[] = []
    const given: number[] = []
    const hits: number[] = []
    for (let i = 0; i < 6000; i++) {
      steps.push((Math.floor(i / 700) % 2 ? 3 : 1) * drawT4(rng))
      // the trade that was opened `bars` ago closes: what it missed by is the sum of what came since
      if (i >= bars) {
        const residual = steps.slice(i - bars + 1).reduce((sum, step) => sum + step, 0)
        const half = given[i - bars]!
        if (!Number.isNaN(half)) hits.push(Math.abs(residual) <= half ? 1 : 0)
        interval.learn(residual, 1, half)
      }
      given.push(interval.halfWidth(1))
    }
    const shares = hits.slice(499).map((_, i) => meanOf(hits.slice(i, i + 500)))
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.85)
    expect(Math.max(...shares)).toBeLessThanOrEqual(0.95)
    // a level that was stopped at 0 would forget what it owes after misses in a row
    expect(meanOf(hits)).toBeGreaterThan(0.895)
    expect(meanOf(hits)).toBeLessThan(0.905)
  })

  test('a file cannot put in what could not be learned', () => {
    const interval = new ConformalInterval({ window: 4, minSamples: 2 })
    for (let i = 0; i < 6; i++) interval.learn(i, 1, 3)
    const json = JSON.parse(JSON.stringify(interval))
    const scores = { values: packState(Float64Array.of(1, 2, -3, 4)), head: 0, size: 4 }
    for (const change of [{ alpha: 7 }, { alpha: -4 }, { seen: -1 }, { scores }]) {
      expect(() => ConformalInterval.fromJSON({ ...json, state: { ...json.state, ...change } })).toThrow(
        expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
      )
    }
    expect(() => ConformalInterval.fromJSON({ ...json, options: { ...json.options, window: 1e9 } })).toThrow(/"window"/)
  })

  test('bad input is refused and changes nothing', () => {
    const interval = new ConformalInterval()
    interval.learn(1, 1, NaN)
    const before = JSON.stringify(interval)
    expect(() => interval.learn(NaN, 1, 1)).toThrow(/"residual"/)
    expect(() => interval.learn(1, 0, 1)).toThrow(/"scale"/)
    expect(() => interval.learn(1, 1, -1)).toThrow(/"halfWidthAtPrediction"/)
    expect(() => interval.halfWidth(-1)).toThrow(/"scale"/)
    expect(JSON.stringify(interval)).toBe(before)
    expect(() => new ConformalInterval({ window: 10, minSamples: 20 })).toThrow(/"window"/)
  })
})
