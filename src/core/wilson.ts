import { clamp } from './math.ts'

/**
 * Ends of the interval that should hold a true share, of which `share` was seen in `n` independent trials.
 *
 *     (s + z²/2n ± z sqrt(s (1 - s) / n + z²/4n²)) / (1 + z²/n)        s the share
 *
 * It stays within 0 and 1 and keeps its promise down to a few trials. `n` may be a fraction, where trials overlap or have
 * weights; `z` is the normal quantile of the wanted coverage. NaN where there is no trial.
 *
 * @see E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22
 */
export function wilsonEnds(share: number, n: number, z: number): readonly [low: number, high: number] {
  if (!(n > 0)) return [NaN, NaN]
  const half = z * Math.sqrt((share * (1 - share)) / n + ((z / n) * (z / n)) / 4)
  const middle = share + (z * z) / (2 * n)
  const scale = 1 + (z * z) / n
  // rounding must not put the share itself outside
  return [clamp((middle - half) / scale, 0, share), clamp((middle + half) / scale, share, 1)]
}
