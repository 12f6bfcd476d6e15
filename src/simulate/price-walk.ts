import type { Rng } from '../contracts.ts'
import { drawNormal } from '../core/draw.ts'
import { clamp } from '../core/math.ts'
import type { Candle } from '../market.ts'

/** Where a simulated price stands. */
export type PriceWalk = {
  price: number
  /** Logarithm of the volatility over its usual level. */
  heat: number
}

/** Steps within a bar: enough that high and low look like those of a market with many trades. */
const STEPS = 8
/** Persistence of the volatility from bar to bar: half of a shock is gone after 34 bars. */
const PERSISTENCE = 0.98
/** Shock to the volatility per bar; with the persistence it makes the logarithm's deviation 0.2. */
const SHOCK = 0.04
/** The volatility stays within a factor of 2 of its usual level, so that no bracket is lost in the costs. */
const HOTTEST = Math.LN2

/** The volatility of the next bar, as a fraction of the price. */
export function volatilityOf({ heat }: PriceWalk, usual: number): number {
  return usual * Math.exp(heat)
}

/**
 * Moves a random walk on by one bar: its volatility by a mean-reverting step, its price by a few normal steps.
 *
 * The logarithm of the price has no drift: up and down are equally likely.
 */
export function stepCandle(walk: PriceWalk, rng: Rng, usual: number, symbol: string, time: number): Candle {
  const open = walk.price
  const volatility = volatilityOf(walk, usual)

  // the path within the bar, in logarithms from the open
  const step = volatility / Math.sqrt(STEPS)
  let at = 0
  let top = 0
  let bottom = 0
  for (let i = 0; i < STEPS; i++) {
    at += step * drawNormal(rng)
    if (at > top) top = at
    if (at < bottom) bottom = at
  }

  const close = open * Math.exp(at)
  walk.price = close
  walk.heat = clamp(PERSISTENCE * walk.heat + SHOCK * drawNormal(rng), -HOTTEST, HOTTEST)
  return {
    symbol,
    time,
    open,
    // rounding must not put the extremes inside the body
    high: Math.max(open * Math.exp(top), open, close),
    low: Math.min(open * Math.exp(bottom), open, close),
    close,
    // more is traded in bars that move
    volume: 1000 * Math.exp(0.3 * drawNormal(rng)) * (1 + Math.abs(at) / volatility),
  }
}
