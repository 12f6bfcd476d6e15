import type { Rng } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { Candle, Side } from '../market.ts'
import { type PriceWalk, stepCandle } from './price-walk.ts'

/** A bracket that the path is to end in a chosen way. */
export type PathGoal = {
  readonly side: Side
  readonly stop: number
  readonly target: number
  /** 1: the target is touched first. 0: the stop. */
  readonly y: 0 | 1
  /** Bars within which it happens. */
  readonly maxBars: number
}

/** Attempts before the bracket is called out of reach; a sensible one takes about 2. */
const PATIENCE = 10_000

/**
 * Draws candles until the bracket is settled as wished, by rejection: a walk that settles it the other way, in both
 * ways within one candle, or not in time, is thrown away and drawn anew from the same start.
 *
 * What is left is the random walk given its outcome, so nothing but the outcome sets it apart. Moves `walk` on to
 * the end of the path. `firstTime` is the open time of the first candle.
 */
export function drawPath(
  walk: PriceWalk,
  rng: Rng,
  usual: number,
  goal: PathGoal,
  symbol: string,
  firstTime: number,
  timeframe: number,
): Candle[] {
  const { price, heat } = walk
  for (let attempt = 0; attempt < PATIENCE; attempt++) {
    const path: Candle[] = []
    walk.price = price
    walk.heat = heat
    for (let bar = 0; bar < goal.maxBars; bar++) {
      const candle = stepCandle(walk, rng, usual, symbol, firstTime + bar * timeframe)
      path.push(candle)
      const long = goal.side === 'long'
      const won = long ? candle.high >= goal.target : candle.low <= goal.target
      const lost = long ? candle.low <= goal.stop : candle.high >= goal.stop
      if (!won && !lost) continue
      if (won !== lost && won === (goal.y === 1)) return path
      break
    }
  }
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"stop" and "target" must be within reach in ${goal.maxBars} bars, and not both in one: ` +
      `no path in ${PATIENCE} settled the bracket.`,
  )
}
