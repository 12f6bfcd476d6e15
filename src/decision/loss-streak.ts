import { fraction, integer } from '../core/check.ts'

/**
 * Trades until the first run of `losses` losses in a row, on average, at a steady win rate.
 *
 * With q the chance of a loss and k the length of the run,
 *
 *     E = (1 - q^k) / (q^k (1 - q)) = (e^(-k ln q) - 1) / (1 - q)
 *
 * so the switch's default of 3 trips about every 15 trades of a strategy that wins 52 %:
 *
 * | wins   | 45 % | 50 % | 52 % | 55 % | 58 % | 60 % |
 * | ------ | ---: | ---: | ---: | ---: | ---: | ---: |
 * | trades | 11.1 | 14.0 | 15.5 | 18.1 | 21.5 | 24.4 |
 *
 * @see W. Feller (1968), "An Introduction to Probability Theory and Its Applications", volume 1, XIII.7
 */
export function expectedTradesToTrip(winRate: number, losses: number = 3): number {
  fraction('winRate', winRate)
  if (losses !== Infinity) integer('losses', losses)
  // where every trade loses, the run is complete after its own length
  return winRate === 0 ? losses : Math.expm1(-losses * Math.log1p(-winRate)) / winRate
}
