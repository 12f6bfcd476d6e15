import { type MarketOptions, type SimulatedMarket, simulateMarket } from './simulate-market.ts'

/** Options of {@link simulateRandomWalk}: those of a market without an edge. */
export type RandomWalkOptions = Omit<MarketOptions, 'strength' | 'change' | 'changeAt'>

/**
 * Makes a market in which nothing can be known: {@link simulateMarket} with no edge at all.
 *
 * Every signal wins with the same probability, whatever it says about itself and whatever came before, and with the
 * default `winRate` the candles are a random walk's. An honest validation finds an AUC of 0.5 here; one that finds
 * more has looked into the future.
 *
 * @example
 * ```ts
 * const { candles, signals } = simulateRandomWalk({ seed: 7, signals: 1000 })
 * ```
 */
export function simulateRandomWalk(options: Partial<RandomWalkOptions> = {}): SimulatedMarket {
  return simulateMarket({ ...options, strength: 0, change: 'none' })
}
