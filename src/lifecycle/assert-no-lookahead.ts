import type { Vector } from '../contracts.ts'
import { integer } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { SeededRng } from '../core/rng.ts'
import type { Candle } from '../market.ts'
import { closingTimes } from './closing-times.ts'
import { type FeatureSource, freshFeatures, plainSignal, runFeatures, type SignalAt } from './feature-run.ts'

/** Options of {@link assertNoLookahead}. */
export type NoLookaheadOptions = {
  /** Moments at which the future is changed. @defaultValue 20 */
  readonly cuts: number
  /** Signal whose features are looked at; needed where the declaration asks for `meta`. @defaultValue a long */
  readonly signal: SignalAt
  /** Chooses the moments and the changes. @defaultValue "no look-ahead" */
  readonly seed: string
  /** Called now and then with the fraction done. */
  readonly onProgress?: (done: number) => void
}

/** What {@link assertNoLookahead} has looked at. */
export type NoLookaheadReport = {
  /** Vectors that were compared with and without the change. */
  readonly compared: number
  readonly cuts: number
  readonly features: number
}

/**
 * Proves on data that no feature knows the future: changes everything that closes after a moment, and compares all
 * features up to that moment, to the bit.
 *
 * It finds features that use later candles of the array they were made from, longer bars that are fed before they have
 * closed (a day's bar among the hours of its day), and indicators that keep state outside their state record. Candles
 * are fed in the order given, which is part of what is tested. Features are those after each candle for a signal at
 * that moment.
 *
 * A proof on these candles and these moments, not for all: give it some hundred candles of every kind that you have.
 * Costs `cuts` + 2 runs over the candles.
 *
 * @param features - fresh features; or, where they are computed from an array of candles beforehand, how they are made
 * @throws `LOOKAHEAD` that names feature, candle and both values; `INVALID_INPUT` for features that are not fresh
 *
 * @example
 * ```ts
 * assertNoLookahead(new FeatureEngineer(defaultFeatures()), candles)
 * ```
 */
export function assertNoLookahead(
  features: FeatureSource,
  candles: readonly Candle[],
  { cuts = 20, signal = plainSignal, seed = 'no look-ahead', onProgress }: Partial<NoLookaheadOptions> = {},
): NoLookaheadReport {
  integer('cuts', cuts)
  if (candles.length < 2) {
    throw new TradeLearnError('NOT_ENOUGH_DATA', `"candles" must be at least two, got ${candles.length}.`)
  }
  const rng = new SeededRng(seed)
  const closes = closingTimes(candles)
  const all = candles.map((_, i) => i)
  const seen: Vector[] = []
  const first = freshFeatures(features, candles)
  const { names } = first.schema
  runFeatures(first, candles, signal, all, (x) => seen.push(x.slice()))

  let compared = 0
  const compare = (given: readonly Candle[], positions: readonly number[], why: string): void => {
    runFeatures(freshFeatures(features, given), given, signal, positions, (x, i) => {
      compared++
      const at = x.findIndex((value, k) => !Object.is(value, seen[i]![k]))
      if (at < 0) return
      const { symbol, time } = candles[i]!
      throw new TradeLearnError(
        'LOOKAHEAD',
        `Feature "${names[at]}" must not ${why}: at candle ${i} (${symbol}, ${new Date(time).toISOString()}) it is ` +
          `${seen[i]![at]}, and ${x[at]} with another future.`,
      )
    })
  }
  compare(candles, all, 'depend on earlier runs')
  onProgress?.(1 / (cuts + 1))
  for (let cut = 0; cut < cuts; cut++) {
    // a moment at which some candle has closed and some is to come
    const now = closes[Math.floor(rng.next() * (candles.length - 1))]!
    const changed = candles.map((candle, i) => (closes[i]! > now ? otherwise(candle, rng.next()) : candle))
    compare(
      changed,
      all.filter((i) => closes[i]! <= now),
      'depend on candles that close later',
    )
    onProgress?.((cut + 2) / (cuts + 1))
  }
  return { compared, cuts, features: names.length }
}

/** A candle that might have been: all prices up or down by up to a third, and another volume. */
function otherwise(candle: Candle, chance: number): Candle {
  const factor = 0.75 + chance * 0.6
  const { open, high, low, close, volume } = candle
  const prices = { open: open * factor, high: high * factor * 1.01, low: low * factor * 0.99, close: close * factor }
  return { ...candle, ...prices, ...(volume !== undefined && { volume: volume * (0.5 + chance) + 1 }) }
}
