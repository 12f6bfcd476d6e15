import type { Vector } from '../contracts.ts'
import { integer, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { Candle } from '../market.ts'
import { type FeatureSource, freshFeatures, plainSignal, runFeatures, type SignalAt } from './feature-run.ts'

/** Options of {@link assertWarm}. */
export type WarmOptions = {
  /** Largest difference that counts as none, as a fraction of the feature's size at that candle. @defaultValue 1e-6 */
  readonly tolerance: number
  /** Candles that every feature must be content with. @defaultValue half of those given */
  readonly within: number
  /** Candles at whose close the features are compared. @defaultValue 5 */
  readonly ends: number
  /** Signal whose features are looked at; needed where the declaration asks for `meta`. @defaultValue a long */
  readonly signal: SignalAt
  /** Called now and then with the fraction done. */
  readonly onProgress?: (done: number) => void
}

/** What {@link assertWarm} found. */
export type WarmReport = {
  /** Candles that each feature needs until its value no longer depends on where the series starts, by name. */
  readonly needed: { readonly [feature: string]: number }
  /** The most that any feature needs: feed so many before the first decision. */
  readonly candles: number
}

/**
 * Finds out how many candles each feature needs until its value no longer depends on where the series starts.
 *
 * An average that is fed back, as in RSI or an EMA, never quite forgets its first value, and a live bot starts its series
 * elsewhere than the backtest did. So features of the same candle are computed from the last k candles, for growing k,
 * and compared with those from all candles; k is enough once they agree within `tolerance` there and for all larger k
 * that were tried. A running total such as OBV never agrees, and is no feature for this reason.
 *
 * Every k is tried up to 64, and beyond that those 5 % apart. Costs some hundred runs over parts of the candles. Candles
 * of all symbols start at the same time; k counts those of the last candle's symbol.
 *
 * @throws `NOT_WARM` that names the features that need more than `within`, `NOT_ENOUGH_DATA`
 *
 * @example
 * ```ts
 * const { candles } = assertWarm(new FeatureEngineer(defaultFeatures()), history)
 * // keep that many candles for a restart without a snapshot
 * ```
 */
export function assertWarm(
  features: FeatureSource,
  candles: readonly Candle[],
  { tolerance = 1e-6, within, ends = 5, signal = plainSignal, onProgress }: Partial<WarmOptions> = {},
): WarmReport {
  positive('tolerance', tolerance)
  integer('ends', ends)
  const symbol = candles.at(-1)?.symbol
  const own = candles.flatMap((candle, i) => (candle.symbol === symbol ? [i] : []))
  const most = within ?? Math.floor(own.length / 2)
  integer('within', most)
  if (own.length < most + ends) {
    throw new TradeLearnError(
      'NOT_ENOUGH_DATA',
      `"candles" must be at least ${most + ends} of the last one's symbol, got ${own.length}.`,
    )
  }
  const { names } = freshFeatures(features, candles).schema
  const needed = new Float64Array(names.length)
  // the last candles of the symbol that have `most` before them, spread over what there is
  const step = Math.max(1, Math.floor((own.length - most) / ends))
  const tried = sizesUpTo(most)
  for (let end = 0; end < ends; end++) {
    const last = own.length - 1 - end * step
    const upTo = candles.slice(0, own[last]! + 1)
    const full = lastOf(features, upTo, signal)
    // from the largest down: the first that differs says that what is larger is needed
    const open = new Set(names.keys())
    for (let t = tried.length - 1; t >= 0 && open.size > 0; t--) {
      const start = own[last - tried[t]! + 1]!
      const short = lastOf(
        features,
        upTo.filter((_, i) => i >= start),
        signal,
      )
      for (const k of open) {
        if (agree(short[k]!, full[k]!, tolerance)) continue
        needed[k] = Math.max(needed[k]!, tried[t + 1] ?? Number.POSITIVE_INFINITY)
        open.delete(k)
      }
    }
    for (const k of open) needed[k] = Math.max(needed[k]!, 1)
    onProgress?.((end + 1) / ends)
  }
  const cold = names.filter((_, k) => needed[k]! > most)
  if (cold.length > 0) {
    throw new TradeLearnError(
      'NOT_WARM',
      `Features must not depend on where the series starts after ${most} candles; these do: ${cold.join(', ')}.`,
    )
  }
  return { needed: Object.fromEntries(names.map((name, k) => [name, needed[k]!])), candles: Math.max(...needed) }
}

/** 1 to 64, then in steps of 5 %, and the largest. */
function sizesUpTo(most: number): number[] {
  const sizes: number[] = []
  for (let size = 1; size < most; size = size < 64 ? size + 1 : Math.ceil(size * 1.05)) sizes.push(size)
  return [...sizes, most]
}

/** The features after the last of some candles. */
function lastOf(features: FeatureSource, candles: readonly Candle[], signal: SignalAt): Vector {
  let last: Vector = new Float64Array(0)
  runFeatures(freshFeatures(features, candles), candles, signal, [candles.length - 1], (x) => {
    last = x.slice()
  })
  return last
}

function agree(a: number, b: number, tolerance: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) === Number.isNaN(b)
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b), tolerance)
}
