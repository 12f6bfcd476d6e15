import { SeededRng } from 'tradelearn'

/** A bar of a market that does not exist. */
export type Bar = { time: number; open: number; high: number; low: number; close: number; volume: number }

/** Bars at the given times, prices rounded to cents: a random walk, in which nothing can be foreseen. */
export function randomWalk(seed: string, times: readonly number[], price: number, volatility: number): Bar[] {
  const rng = new SeededRng(seed)
  /** About normal, as the sum of six uniform draws: mean 0, deviation 1. */
  const draw = (): number =>
    Math.SQRT2 * (rng.next() + rng.next() + rng.next() + rng.next() + rng.next() + rng.next() - 3)
  const cents = (value: number): number => Math.round(value * 100) / 100
  let close = price
  return times.map((time) => {
    const open = close
    close = cents(open * Math.exp(volatility * draw()))
    const reach = 0.6 * volatility * open
    const high = cents(Math.max(open, close) + reach * rng.next())
    const low = cents(Math.min(open, close) - reach * rng.next())
    return { time, open, high, low, close, volume: cents(50 + 100 * rng.next()) }
  })
}
