import { expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import { parseSnapshot, restore } from '../../../src/core/snapshot.ts'
import { BracketProbe, type ProbedReturns } from '../../../src/decision/adaptive-parameters/index.ts'
import { TripleBarrier } from '../../../src/labels/index.ts'
import type { Candle, Side } from '../../../src/market.ts'
import { damageLaws } from '../../../src/testing/damage-laws.ts'

const START = 1_700_000_000_000
const HOUR = 3_600_000
const distances = { stopAtr: [0.5, 1, 2, 4], targetAtr: [0.5, 1, 2, 4] }
const settings = { maxBars: 12, costs: 0.001 }

function walk(seed: number, bars: number): Candle[] {
  const rng = new SeededRng(seed)
  let price = 100
  return Array.from({ length: bars }, (_, i) => {
    const open = price * (1 + 0.01 * (rng.next() - 0.5))
    const close = open * (1 + 0.02 * (rng.next() - 0.5))
    const [high, low] = [
      Math.max(open, close) * (1 + 0.004 * rng.next()),
      Math.min(open, close) * (1 - 0.004 * rng.next()),
    ]
    price = close
    return { symbol: 'X', time: START + i * HOUR, open, high, low, close }
  })
}
const decided = (candles: readonly Candle[], i: number) => ({
  id: `d-${i}`,
  symbol: 'X',
  side: (i % 2 === 0 ? 'long' : 'short') as Side,
  time: candles[i]!.time,
  price: candles[i]!.open,
  atr: 1,
  stopAtr: 2,
  targetAtr: 2,
})

test('every distance, near or far, returns what a labeler with that bracket says', () => {
  const candles = walk(1, 80)
  const probe = new BracketProbe({ ...distances, ...settings })
  const got: ProbedReturns[] = []
  for (const [i, candle] of candles.entries()) {
    if (i < 60) probe.open(decided(candles, i))
    got.push(...probe.advance(candle))
  }
  expect(got).toHaveLength(60)
  expect(probe.openCount).toBe(0)
  const alone = (i: number, stop: number, target: number): number => {
    const labeler = new TripleBarrier(settings)
    const { id, symbol, side, time, price } = decided(candles, i)
    const sign = side === 'long' ? 1 : -1
    labeler.open({ id, symbol, side, time, price, stop: price - sign * stop, target: price + sign * target })
    for (const candle of candles.slice(i)) for (const label of labeler.advance(candle)) return label.netReturn
    throw new Error('not settled')
  }
  for (const { id, stopReturns, targetReturns } of got) {
    const i = Number(id.slice(2))
    for (const [k, distance] of distances.stopAtr.entries()) {
      expect(stopReturns[k]).toBe(alone(i, distance, 2))
      expect(targetReturns[k]).toBe(alone(i, 2, distance))
    }
  }
})

test('one that is read back half-way goes on as if it had not been', () => {
  const candles = walk(2, 60)
  const whole = new BracketProbe({ ...distances, ...settings })
  let split = new BracketProbe({ ...distances, ...settings })
  for (const [i, candle] of candles.entries()) {
    if (i < 40 && i % 3 === 0) for (const probe of [whole, split]) probe.open(decided(candles, i))
    expect(split.advance(candle)).toEqual(whole.advance(candle))
    if (i % 7 === 0) split = restore(parseSnapshot(JSON.stringify(split)), [BracketProbe])
  }
  expect(JSON.stringify(split) === JSON.stringify(whole)).toBe(true)
})

test('what is cancelled is not followed, and what cannot be is refused', () => {
  const candles = walk(3, 30)
  const probe = new BracketProbe({ ...distances, ...settings, maxOpen: 2 })
  const codeOf = (act: () => unknown) => {
    try {
      act()
    } catch (error) {
      return (error as { code: string }).code
    }
    return 'none'
  }
  probe.open(decided(candles, 0))
  expect(codeOf(() => probe.open(decided(candles, 0)))).toBe('INVALID_INPUT')
  expect(codeOf(() => probe.open({ ...decided(candles, 1), atr: 0 }))).toBe('INVALID_INPUT')
  probe.open(decided(candles, 1))
  expect(codeOf(() => probe.open(decided(candles, 2)))).toBe('TOO_MANY_OPEN')
  probe.cancel('d-0')
  probe.cancel('nobody')
  expect(candles.flatMap((candle) => probe.advance(candle)).map(({ id }) => id)).toEqual(['d-1'])
  expect(codeOf(() => new BracketProbe({ stopAtr: [], targetAtr: [] }))).toBe('INVALID_OPTION')
  expect(codeOf(() => new BracketProbe({ stopAtr: [-1], targetAtr: [1] }))).toBe('INVALID_OPTION')
})

const half = (): BracketProbe => {
  const candles = walk(4, 12)
  const probe = new BracketProbe({ ...distances, ...settings })
  for (const [i, candle] of candles.entries()) {
    probe.open(decided(candles, i))
    probe.advance(candle)
  }
  return probe
}
const use = (probe: BracketProbe) => {
  for (const candle of walk(5, 20)) probe.advance({ ...candle, time: candle.time + 12 * HOUR })
}
test.each(damageLaws(half, (json) => BracketProbe.fromJSON(json), use))('$name', ({ run }) => run())
