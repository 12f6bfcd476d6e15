import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import type { Candle } from '../../src/market.ts'

export const START: number = Date.UTC(2024, 0, 1)
export const HOUR: number = 3_600_000

export type Bar = { open: number; high: number; low: number; close: number; volume?: number }

/** Bars as hourly candles of a symbol. */
export function candlesOf(bars: readonly Bar[], symbol = 'AAPL'): Candle[] {
  return bars.map((bar, i) => ({ symbol, time: START + i * HOUR, ...bar }))
}

/** A random walk around `price` with steps of about `step`. */
export function walk(
  n: number,
  {
    seed = 'walk',
    price = 100,
    step = 1,
    symbol = 'AAPL',
  }: { seed?: string; price?: number; step?: number; symbol?: string } = {},
): Candle[] {
  const rng = new SeededRng(seed)
  let last = price
  const bars = Array.from({ length: n }, () => {
    const open = last + step * 0.3 * drawNormal(rng)
    const close = Math.max(open + step * drawNormal(rng) + 0.01 * (price - open), price / 10)
    const high = Math.max(open, close) + step * Math.abs(drawNormal(rng))
    const low = Math.max(Math.min(open, close) - step * Math.abs(drawNormal(rng)), price / 20)
    last = close
    return { open: Math.max(open, low), high, low, close, volume: Math.exp(8 + drawNormal(rng)) }
  })
  return candlesOf(bars, symbol)
}

/** A random walk in cents and whole shares, so that another program can be fed the very same numbers. */
export function rounded(n: number): Candle[] {
  const cents = (price: number): number => Math.round(price * 100) / 100
  return walk(n, { seed: 'rounded' }).map(({ open, high, low, close, volume, ...rest }) => ({
    ...rest,
    ...{ open: cents(open), high: cents(high), low: cents(low), close: cents(close), volume: Math.round(volume!) },
  }))
}

/** `n` bars in which nothing happens. */
export function flat(n: number, price = 100, volume = 1000): Bar[] {
  return Array.from({ length: n }, () => ({ open: price, high: price, low: price, close: price, volume }))
}

const tick = fc.integer({ min: 1, max: 40 }).map((ticks) => ticks / 4)

/** Any bars: coarse prices, so that ties and flat stretches are common; volume sometimes 0 or absent. */
export function anyBars(minLength: number, maxLength: number): fc.Arbitrary<Bar[]> {
  const bar = fc
    .tuple(tick, tick, tick, tick, fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 8 }))
    .map(([a, b, c, d, volume]): Bar => {
      const [low, mid, , high] = [a, b, c, d].sort((x, y) => x - y) as [number, number, number, number]
      const bare = { open: mid, high, low, close: Math.min(Math.max(c, low), high) }
      return volume === undefined ? bare : { ...bare, volume }
    })
  return fc.array(bar, { minLength, maxLength, size: 'max' }) // by default arrays stay near ten
}

const file = new URL('../../../shared/data/market/spy_1d.csv', import.meta.url)

/** Whether the daily prices of SPY are at hand. */
export const hasSpy: boolean = existsSync(file)

/** Daily candles of SPY, 1998 to 2021. */
export function spy(): Candle[] {
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => {
    const [date, open, high, low, close, volume] = line.split(',') as [string, string, string, string, string, string]
    return {
      symbol: 'SPY',
      time: Date.parse(date),
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      volume: Number(volume),
    }
  })
}
