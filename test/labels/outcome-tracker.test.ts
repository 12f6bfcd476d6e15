import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { fixedBracket, OutcomeTracker, type TrackedDecision, TripleBarrier } from '../../src/labels/index.ts'
import type { Candle } from '../../src/market.ts'

const T0 = 1_700_000_000_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const bar = (i: number, close: number, symbol = 'X'): Candle => ({
  symbol,
  time: T0 + i * HOUR,
  open: close,
  high: close + 1,
  low: close - 1,
  close,
})
const decision = (id: string, over: Partial<TrackedDecision> = {}): TrackedDecision => ({
  ...fixedBracket({ id, symbol: 'X', side: 'long', time: T0, price: 100 }, { stop: 0.05, target: 0.05 }),
  kind: 'taken',
  x: Float64Array.of(1, 2),
  ...over,
})
const idsOf = (tracker: OutcomeTracker): string[] => tracker.rows().map(({ bracket }) => bracket.id)

test('taken, skipped and shadow decisions are settled alike, by the candles that follow', () => {
  const tracker = new OutcomeTracker({ costs: 0 })
  const plain = new TripleBarrier({ costs: 0 })
  for (const kind of ['taken', 'skipped', 'shadow'] as const) {
    tracker.track(decision(kind, { kind }))
    plain.open(decision(kind))
  }
  expect(tracker.advance(bar(0, 101))).toEqual([])
  plain.advance(bar(0, 101))
  const rows = tracker.advance(bar(1, 105))
  expect(rows.map(({ kind }) => kind)).toEqual(['taken', 'skipped', 'shadow'])
  expect(rows.map(({ label }) => label)).toEqual(plain.advance(bar(1, 105)))
  expect(rows.every(({ source, label }) => source === 'candles' && label.y === 1)).toBe(true)
  expect(idsOf(tracker)).toEqual(['shadow', 'skipped', 'taken'])
})

test('rows wait until every decision made before them has settled', () => {
  const tracker = new OutcomeTracker()
  tracker.track(decision('slow', { symbol: 'SLOW' }))
  tracker.track(decision('fast', { time: T0 + HOUR }))
  tracker.advance(bar(1, 94))
  expect(tracker.openCount).toBe(1)
  expect(idsOf(tracker), 'the fast loser alone would be a biased sample').toEqual([])
  tracker.advance({ ...bar(2, 120, 'SLOW') })
  expect(idsOf(tracker)).toEqual(['slow', 'fast'])
})

test('complete cohorts show the win rate of the market where closed trades alone do not', () => {
  // a fair game whose losers are out on the next day and whose winners take 20
  const rng = new SeededRng('cohorts')
  const tracker = new OutcomeTracker({ maxBars: 20, costs: 0 })
  const closed: number[] = []
  for (let day = 0; day < 120; day++) {
    for (let k = 0; k < 5; k++) {
      const symbol = `S${day}-${k}`
      const wins = rng.next() < 0.5
      const time = T0 + day * DAY
      tracker.track({ ...decision(symbol, { symbol, time }), stop: wins ? 1 : 99.5, target: 1000 })
    }
    for (let back = 1; back <= 20; back++) {
      for (let k = 0; k < 5 && day - back >= 0; k++) {
        const symbol = `S${day - back}-${k}`
        // a stop of 99.5 is out at once; the others rise to the end of patience
        for (const row of tracker.advance({ ...bar(0, 100 + back / 10, symbol), time: T0 + day * DAY, low: 99.2 })) {
          closed.push(row.label.y)
        }
      }
    }
  }
  const rate = (wins: readonly number[]): number => wins.reduce((sum, y) => sum + y, 0) / wins.length
  const naive = rate(closed.slice(0, 150))
  const honest = rate(tracker.rows().map(({ label }) => label.y))
  expect(naive).toBeLessThan(0.4)
  expect(Math.abs(honest - 0.5)).toBeLessThan(0.06)
})

test("the bot's report has the last word on a taken decision, before or after the candles", () => {
  for (const when of ['before', 'after'] as const) {
    const tracker = new OutcomeTracker({ costs: 0.001 })
    tracker.track(decision('a'))
    tracker.advance(bar(0, 101))
    if (when === 'after') tracker.advance(bar(1, 105))
    const row = tracker.report('a', { exitPrice: 103, exitTime: T0 + HOUR, exitReason: 'exit', fees: 0.002 })
    expect(row).toMatchObject({ source: 'report', label: { exitPrice: 103, exitReason: 'exit' } })
    expect(row.label.netReturn).toBeCloseTo(0.028, 12)
    expect(tracker.rows()).toEqual([row])
    expect(tracker.advance(bar(5, 90))).toEqual([])
  }
})

test('a cancelled order leaves no row', () => {
  const tracker = new OutcomeTracker()
  tracker.track(decision('a'))
  tracker.cancel('a')
  tracker.cancel('unknown')
  tracker.advance(bar(0, 90))
  expect(tracker.openCount).toBe(0)
  expect(tracker.rows()).toEqual([])
})

test('a symbol whose candles have stopped holds nobody up for ever, and makes room first', () => {
  const tracker = new OutcomeTracker({ staleAfter: DAY, maxOpen: 2 })
  tracker.track(decision('gone', { symbol: 'GONE' }))
  tracker.track(decision('a', { time: T0 + HOUR }))
  tracker.advance(bar(1, 94))
  expect(idsOf(tracker)).toEqual([])
  tracker.advance(bar(26, 94))
  expect(idsOf(tracker)).toEqual(['a'])
  for (const id of ['b', 'c']) tracker.track(decision(id, { time: T0 + 26 * HOUR }))
  expect(tracker.openCount, 'the stale one went').toBe(2)
  expect(() => tracker.track(decision('d', { time: T0 + 26 * HOUR }))).toThrow('"maxOpen"')
})

test('no more rows than asked for are remembered', () => {
  const tracker = new OutcomeTracker({ remember: 3 })
  for (let i = 0; i < 10; i++) {
    tracker.track(decision(`d${i}`, { time: T0 + i * HOUR }))
    tracker.advance(bar(i, 94))
  }
  expect(idsOf(tracker)).toEqual(['d7', 'd8', 'd9'])
})

test('what makes no sense is refused and changes nothing', () => {
  const tracker = new OutcomeTracker({ maxOpen: 3 })
  tracker.track(decision('settled'))
  tracker.advance(bar(0, 90))
  tracker.track(decision('open', { time: T0 + HOUR }))
  tracker.track(decision('seen', { kind: 'skipped', time: T0 + HOUR }))
  const before = JSON.stringify(tracker)
  const after = T0 + 2 * HOUR
  const bad: readonly (() => unknown)[] = [
    () => tracker.track(decision('open', { time: after })),
    () => tracker.track(decision('settled', { time: after })),
    () => tracker.track(decision('early', { time: T0 - 1 })),
    () => tracker.track(decision('b', { time: after, x: Float64Array.of(1) })),
    () => tracker.track(decision('b', { time: after, x: [1, 2] as unknown as Float64Array })),
    () => tracker.track(decision('b', { time: after, stop: 120 })),
    () => tracker.track(decision('b', { time: after, kind: 'maybe' as 'taken' })),
    () => tracker.track(null as unknown as TrackedDecision),
    () => tracker.report('unknown', { exitPrice: 1, exitTime: after }),
    () => tracker.report('seen', { exitPrice: 101, exitTime: after }),
    () => tracker.report('open', { exitPrice: 101, exitTime: T0 - 1 }),
    () => tracker.report('open', { exitPrice: Number.NaN, exitTime: after }),
    () => tracker.advance(bar(0, 100)),
    () => tracker.advance({ ...bar(3, 100), high: 1 }),
  ]
  for (const call of bad) {
    expect(call).toThrow(expect.objectContaining({ name: 'TradeLearnError' }))
    expect(JSON.stringify(tracker)).toBe(before)
  }
})

/** A life of signals on two symbols, with reports for some of those taken. */
function live(tracker: OutcomeTracker, from: number, to: number): string {
  const seen: string[] = []
  for (let i = from; i < to; i++) {
    const rng = new SeededRng(`life ${i}`)
    for (const symbol of ['X', 'Y']) {
      const candle = bar(i, 100 + 4 * Math.sin(i / 5) + drawNormal(rng), symbol)
      seen.push(JSON.stringify(tracker.advance(candle)))
      if (i % 3 !== 0) continue
      const side = i % 2 === 0 ? 'long' : 'short'
      const entry = { id: `${symbol}${i}`, symbol, side, time: candle.time + HOUR, price: candle.close } as const
      const kind = (['taken', 'skipped', 'shadow'] as const)[i % 3]!
      tracker.track({ ...fixedBracket(entry, { stop: 0.02, target: 0.03 }), kind, x: Float64Array.of(i, rng.next()) })
      if (i % 4 === 0) tracker.report(entry.id, { exitPrice: candle.close * 1.01, exitTime: candle.time + 2 * HOUR })
    }
    seen.push(idsOf(tracker).join())
  }
  return seen.join('\n')
}

describe('snapshots', () => {
  test('a tracker read back goes on to the bit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 120 }), (stop) => {
        const steady = new OutcomeTracker({ maxBars: 12, remember: 30 })
        live(steady, 0, stop)
        const restored = restore(JSON.parse(JSON.stringify(steady)), [OutcomeTracker])
        expect(live(restored, stop, 130)).toBe(live(steady, stop, 130))
        expect(JSON.stringify(restored)).toBe(JSON.stringify(steady))
      }),
      { numRuns: 20 },
    )
  })

  test('a damaged one gives a coded error or a working tracker', () => {
    const tracker = new OutcomeTracker({ maxBars: 12 })
    live(tracker, 0, 40)
    const text = JSON.stringify(tracker)
    const rng = new SeededRng('damage')
    const words = ['-1', '0', '1e308', 'null', '"x"', '[]', '{}', '1.5']
    let refused = 0
    for (let i = 0; i < 400; i++) {
      const values = [...text.matchAll(/:("[^"]*"|-?\d[\d.e+-]*|true|false|null)/g)]
      const victim = values[Math.floor(rng.next() * values.length)]!
      const word = words[Math.floor(rng.next() * words.length)]!
      const damaged = `${text.slice(0, victim.index)}:${word}${text.slice(victim.index + victim[0].length)}`
      try {
        const restored = restore(JSON.parse(damaged), [OutcomeTracker])
        restored.rows()
        restored.advance(bar(50, 100))
      } catch (error) {
        expect(error).toMatchObject({ name: 'TradeLearnError' })
        refused++
      }
    }
    expect(refused).toBeGreaterThan(200)
  })
})
