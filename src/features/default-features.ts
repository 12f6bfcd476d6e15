import type { DecayedMoments } from '../core/decayed-moments.ts'
import { type HistoryFeature, recentWinRate } from './history.ts'
import { adx } from './indicators/adx.ts'
import { atr } from './indicators/atr.ts'
import { bollinger } from './indicators/bollinger.ts'
import { emaDistance } from './indicators/ema-distance.ts'
import { macd } from './indicators/macd.ts'
import { returns } from './indicators/returns.ts'
import { rsi } from './indicators/rsi.ts'
import { rsiMomentum } from './indicators/rsi-momentum.ts'
import { trendStrength } from './indicators/trend-strength.ts'
import { volatility } from './indicators/volatility.ts'
import { volumeRatio } from './indicators/volume-ratio.ts'
import { volumeSurge } from './indicators/volume-surge.ts'
import { vwapDistance } from './indicators/vwap-distance.ts'
import { dayOfWeek, hourOfDay, type SignalFeature, tradeSide } from './signal-features.ts'

/** What {@link defaultFeatures} declares. */
export type DefaultFeatures = {
  readonly candles: {
    readonly rsi: ReturnType<typeof rsi>
    readonly adx: ReturnType<typeof adx>
    readonly atr: ReturnType<typeof atr>
    readonly bollinger: ReturnType<typeof bollinger>
    readonly volumeRatio: ReturnType<typeof volumeRatio>
    readonly volumeSurge: ReturnType<typeof volumeSurge>
    readonly trendStrength: ReturnType<typeof trendStrength>
    readonly volatility: ReturnType<typeof volatility>
  }
  readonly directed: {
    readonly macd: ReturnType<typeof macd>
    readonly ema: ReturnType<typeof emaDistance>
    readonly vwap: ReturnType<typeof vwapDistance>
    readonly rsiMomentum: ReturnType<typeof rsiMomentum>
    readonly returns: ReturnType<typeof returns<readonly [1, 5, 10]>>
  }
  readonly history: { readonly winRate: HistoryFeature<DecayedMoments, 'value'> }
  readonly signal: {
    readonly side: SignalFeature<'value'>
    readonly hour: SignalFeature<'sin' | 'cos'>
    readonly weekday: SignalFeature<'sin' | 'cos'>
  }
}

/**
 * A set to start from: 28 numbers from candles, from the symbol's own trades, and from the signal's side and time.
 *
 * What has a direction is seen from the trade (`directed`), so that a model can learn from longs and shorts together.
 *
 * All are free of scale, so that symbols and years compare. The slowest needs 34 candles to be defined and some 250
 * until its starting point no longer shows.
 *
 * @example
 * ```ts
 * const engineer = new FeatureEngineer({
 *   ...defaultFeatures(),
 *   context: { market: trendOf('SPY'), vix: levelOf('VIX') },
 *   meta: { aiConfidence: numeric(), source: category('rules', 'ai') },
 * })
 * ```
 */
export function defaultFeatures(): DefaultFeatures {
  return {
    candles: {
      rsi: rsi(14),
      adx: adx(14),
      atr: atr(14),
      bollinger: bollinger(20, 2),
      volumeRatio: volumeRatio(20),
      volumeSurge: volumeSurge(5, 20),
      trendStrength: trendStrength(20),
      volatility: volatility(20),
    },
    directed: {
      macd: macd(12, 26, 9),
      ema: emaDistance(9, 21),
      vwap: vwapDistance(20),
      rsiMomentum: rsiMomentum(14, 5),
      returns: returns(1, 5, 10),
    },
    history: { winRate: recentWinRate(20) },
    signal: { side: tradeSide(), hour: hourOfDay(), weekday: dayOfWeek() },
  }
}
