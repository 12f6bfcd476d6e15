import { integer } from '../../core/check.ts'
import { createRing, pushRing, type Ring } from '../../core/ring.ts'
import type { Indicator } from '../indicator.ts'
import { createMovingExtreme, extremeIn, type MovingExtreme, pushExtreme } from './moving-extreme.ts'

/** State of {@link volumeProfile}. */
export type VolumeProfileState = {
  close: number
  readonly highs: MovingExtreme
  readonly lows: MovingExtreme
  readonly typicals: Ring
  readonly volumes: Ring
}

/**
 * Volume profile: how much of the recent volume was traded at the present price, and where most of it was.
 *
 *     the range of the last `bars` candles in `buckets` of equal height; a candle's volume lies where its typical price is
 *     bucket = the close's, from 0 at the bottom to 1 at the top
 *     share  = volume in that bucket times `buckets` over all volume: 1 is as elsewhere, 0 a price that nobody traded at
 *     below  = share of the volume in lower buckets, and half of its own
 *     control = (close - middle of the bucket with most volume, the lower of equal ones) / close
 *
 * Where nothing moved there is one price: 0.5, `buckets`, 0.5, 0. NaN where a candle of the window has no volume, or none
 * traded. First values at candle `bars`. O(1) a candle; a read goes through the window once.
 *
 * @see J. P. Steidlmayer (1984), "Market Profile"
 */
export function volumeProfile(
  bars = 100,
  buckets = 12,
): Indicator<VolumeProfileState, 'bucket' | 'share' | 'below' | 'control'> {
  integer('bars', bars, 2)
  integer('buckets', buckets, 2)
  // where volumes are added up while they are read; holds nothing from one read to the next
  const profile = new Float64Array(buckets)
  return {
    kind: `volumeProfile(${bars},${buckets})`,
    outputs: ['bucket', 'share', 'below', 'control'],
    init: () => ({
      close: NaN,
      highs: createMovingExtreme(bars),
      lows: createMovingExtreme(bars),
      typicals: createRing(bars),
      volumes: createRing(bars),
    }),
    update(state, { high, low, close, volume = NaN }) {
      state.close = close
      pushExtreme(state.highs, high)
      pushExtreme(state.lows, -low)
      pushRing(state.typicals, close + (high - close + (low - close)) / 3)
      pushRing(state.volumes, volume)
    },
    read({ close, highs, lows, typicals, volumes }, out, at) {
      const bottom = -extremeIn(lows)
      const range = extremeIn(highs) - bottom
      const bucketOf = (price: number): number =>
        range === 0 ? 0 : Math.min(Math.floor(((price - bottom) / range) * buckets), buckets - 1)
      profile.fill(0)
      let total = Number.isNaN(range) ? NaN : 0
      if (total === 0) {
        for (let i = 0; i < bars; i++) {
          profile[bucketOf(typicals.values[i]!)]! += volumes.values[i]!
          total += volumes.values[i]!
        }
      }
      if (!(total > 0)) {
        for (let i = 0; i < 4; i++) out[at + i] = NaN
        return
      }
      const own = bucketOf(close)
      let below = profile[own]! / 2
      let most = 0
      for (let i = 0; i < buckets; i++) {
        if (i < own) below += profile[i]!
        if (profile[i]! > profile[most]!) most = i
      }
      const height = range / buckets
      out[at] = range === 0 ? 0.5 : own / (buckets - 1)
      out[at + 1] = (profile[own]! * buckets) / total
      out[at + 2] = below / total
      out[at + 3] = range === 0 ? 0 : (close - (bottom + (most + 0.5) * height)) / close
    },
  }
}
