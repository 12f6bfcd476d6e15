import type { Codec, Vector } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { FeatureEngineer } from '../features/index.ts'
import type { Candle, Signal } from '../market.ts'

/** Features that can be made anew from candles, or copied while they are fresh. */
export type FeatureSource = FeatureEngineer | ((candles: readonly Candle[]) => FeatureEngineer)

/** Makes the signal whose features are looked at once a candle has closed. */
export type SignalAt = (candle: Candle) => Signal

/** A long on the candle's symbol; what `meta` declares cannot be guessed. */
export const plainSignal: SignalAt = ({ symbol, time }) => ({ symbol, side: 'long', time })

/** Fresh features for some candles: made from them, or a copy of fresh ones. */
export function freshFeatures(source: FeatureSource, candles: readonly Candle[]): FeatureEngineer {
  if (typeof source === 'function') return source(candles)
  const codec: Codec<FeatureEngineer> = source.codec()
  if (candles.some(({ symbol }) => source.knows(symbol))) {
    throw new TradeLearnError('INVALID_INPUT', 'The features must be fresh, got some that have seen candles already.')
  }
  return codec.fromJSON(source.toJSON(), () => {
    throw new TradeLearnError('UNKNOWN_SNAPSHOT', 'Features hold no other objects.')
  })
}

/** Feeds candles and hands out the features after each of those at the given positions, in ascending order. */
export function runFeatures(
  engineer: FeatureEngineer,
  candles: readonly Candle[],
  signalAt: SignalAt,
  wanted: Iterable<number>,
  see: (vector: Vector, position: number) => void,
): void {
  const positions = [...wanted]
  const out = new Float64Array(engineer.schema.size)
  let next = 0
  for (let i = 0; i < candles.length && next < positions.length; i++) {
    engineer.update(candles[i]!)
    if (positions[next] !== i) continue
    see(engineer.vector(signalAt(candles[i]!), out), i)
    next++
  }
}
