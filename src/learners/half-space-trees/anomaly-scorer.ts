import type { Serializable, Vector } from '../../contracts.ts'

/**
 * Says how unlike the past an observation is, without labels.
 *
 * Laws: `scoreOf` is pure, lies in [0, 1], works before the first `learn`, and allocates nothing; `learn` neither
 * changes nor keeps `x`; NaN in `x` is a missing value, an infinity or a wrong length an error that changes nothing.
 */
export interface AnomalyScorer extends Serializable {
  /** Number of observations learned from. */
  readonly seen: number
  /** From 0, as usual as can be, to 1, never seen. */
  scoreOf(x: Vector): number
  /** Learns what is usual. */
  learn(x: Vector): void
}
