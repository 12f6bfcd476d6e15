import { expect, test } from 'vitest'
import { rsiMacdRule } from '../../src/cli/rules.ts'

test('the rule waits until its indicators have settled, then signals at the close with the time of the candle', () => {
  const rule = rsiMacdRule()
  const candles = Array.from({ length: 500 }, (_, i) => {
    const close = 100 + 5 * Math.sin(i / 9) + 3 * Math.sin(i / 31)
    return { symbol: 'A', time: 1.7e12 + i * 3_600_000, open: close, high: close + 1, low: close - 1, close }
  })
  const found = candles.flatMap((candle, i) => {
    const signal = rule(candle)
    return signal ? [{ i, signal, candle }] : []
  })
  expect(found.length).toBeGreaterThan(5)
  expect(found[0]!.i).toBeGreaterThanOrEqual(249)
  expect(new Set(found.map(({ signal }) => signal.side))).toEqual(new Set(['long', 'short']))
  for (const { signal, candle } of found) expect(signal).toMatchObject({ time: candle.time, price: candle.close })
})
