import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import { Alerts, defaultAlertRules, type Health } from '../../../src/lifecycle/alerts/index.ts'
import { createShareWatch, watchShare } from '../../../src/lifecycle/alerts/share-watch.ts'

/** First trade at which the share alarms, and then how often by the end, with `batch` trades a look. */
function alarms(seed: string, rate: number, below: number, limit: number, trades: number, batch = 1) {
  const rng = new SeededRng(seed)
  const watch = createShareWatch()
  let [n, hits, raised, first, low] = [0, 0, 0, Infinity, false]
  while (n < trades) {
    for (let i = 0; i < batch; i++, n++) if (rng.next() < rate) hits++
    const now = watchShare(watch, { n, hits }, below, limit)
    if (now && !low) {
      raised++
      first = Math.min(first, n)
    }
    low = now
  }
  return { raised, first }
}

describe('a share that is watched', () => {
  test.each([
    [0.5, 0.5, 1],
    [0.55, 0.55, 1],
    [0.57, 0.55, 1],
    [0.99, 0.99, 1],
    [0.5, 0.5, 7],
  ])('at %d alarms of less than %d come less often than stated, looked at every %d trades', (rate, below, batch) => {
    let raised = 0
    for (let life = 0; life < 40; life++) raised += alarms(`null ${life}`, rate, below, 10_000, 10_000, batch).raised
    // 0.1 in 1,000 trades are stated, and 400,000 are lived; a count of 40 has a deviation of 6
    expect(raised).toBeLessThan(40 - 6)
  })

  test.each([
    [0.35, 0.5, 150, 300],
    [0.4, 0.5, 200, 500],
    [0.45, 0.55, 200, 500],
    [0.9, 0.99, 40, 150],
  ])('finds %d instead of %d in %d to %d trades, in the median', (rate, below, least, most) => {
    const firsts = Array.from({ length: 51 }, (_, i) => alarms(`bad ${i}`, rate, below, 20_000, 5000).first)
    const median = firsts.sort((a, b) => a - b)[25]!
    expect(median).toBeGreaterThan(least)
    expect(median).toBeLessThan(most)
  })

  test('a good past delays it little', () => {
    const delay = (good: number): number => {
      const rng = new SeededRng('past')
      const watch = createShareWatch()
      let [n, hits] = [0, 0]
      for (; n < good; n++) if (rng.next() < 0.6) hits++
      watchShare(watch, { n, hits }, 0.5, 20_000)
      for (;;) {
        n++
        if (rng.next() < 0.35) hits++
        if (watchShare(watch, { n, hits }, 0.5, 20_000)) return n - good
      }
    }
    expect(delay(100_000)).toBeLessThan(400)
    expect(delay(0)).toBeLessThan(400)
  })

  test('looking again at the same tally changes nothing', () => {
    const watch = createShareWatch()
    watchShare(watch, { n: 100, hits: 40 }, 0.5, 100)
    const before = JSON.stringify(watch)
    for (let i = 0; i < 1000; i++) watchShare(watch, { n: 100, hits: 40 }, 0.5, 100)
    expect(JSON.stringify(watch)).toBe(before)
  })

  test('a tally that has shrunk is another model’s', () => {
    for (const [n, hits] of [
      [50, 20],
      [1000, 100],
      [1200, 1199],
    ] as const) {
      const watch = createShareWatch()
      expect(watchShare(watch, { n: 1000, hits: 200 }, 0.5, 100)).toBe(true)
      const fresh = createShareWatch()
      expect(watchShare(watch, { n, hits }, 0.5, 100)).toBe(watchShare(fresh, { n, hits }, 0.5, 100))
      expect(JSON.stringify(watch)).toBe(JSON.stringify(fresh))
    }
  })
})

/** Share of lives in which a rule ever alarms, with a look after every `batch` observations. */
function everAlarmed(code: string, lives: number, live: (rng: SeededRng) => Generator<Health>): number {
  const rules = defaultAlertRules({ level: 0.05 }).filter((rule) => rule.code === code)
  let wrong = 0
  for (let life = 0; life < lives; life++) {
    const alerts = new Alerts({ rules })
    for (const health of live(new SeededRng(`${code} ${life}`))) {
      if (alerts.update(health, Date.UTC(2026, 0)).length === 0) continue
      wrong++
      break
    }
  }
  return wrong / lives
}

test('probabilities that are true are called off in less than a twentieth of lives, others are found', () => {
  const life = (error: number) =>
    function* (rng: SeededRng): Generator<Health> {
      const bins = Array.from({ length: 10 }, (_, i) => ({ n: 0, hits: 0, mean: 0.25 + 0.05 * i }))
      for (let n = 1; n <= 4000; n++) {
        const bin = bins[Math.floor(rng.next() * 10)]!
        bin.n++
        if (rng.next() < bin.mean + error) bin.hits++
        if (n % 20 === 0) yield { calibration: bins }
      }
    }
  expect(everAlarmed('CALIBRATION_OFF', 200, life(0))).toBeLessThan(0.05)
  expect(everAlarmed('CALIBRATION_OFF', 20, life(0.1))).toBe(1)
})

test('arms that get their share are called off in less than a twentieth of steps, others are found', () => {
  const step = (share: number) =>
    function* (rng: SeededRng): Generator<Health> {
      let challenger = 0
      for (let n = 1; n <= 500; n++) {
        if (rng.next() < share) challenger++
        const arms = [
          { name: 'champion', n: n - challenger, share: 0.9 },
          { name: 'challenger', n: challenger, share: 0.1 },
        ]
        yield { rollout: { paused: null, arms } }
      }
    }
  expect(everAlarmed('SAMPLE_RATIO_MISMATCH', 200, step(0.1))).toBeLessThan(0.05)
  expect(everAlarmed('SAMPLE_RATIO_MISMATCH', 20, step(0.02))).toBe(1)
})
