import type { DriftDetector, DriftLevel, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { checkHalfLife, integer, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { DDM_DEVIATIONS } from './calibration.ts'
import { checkRestart } from './check-restart.ts'
import { checkError } from './check-value.ts'
import { atRate, type FalseAlarmOption, HALF, kept, readOptions, refuseBeside, thresholdsFor } from './false-alarms.ts'
import { isCount, isShare, readState } from './read-state.ts'

/** Options of {@link DDM}. */
export type DDMOptions = {
  /** Deviations of the best state that the error may rise by before a warning. @defaultValue 2 */
  readonly warning: number
  /** Deviations of the best state that the error may rise by before a drift. @defaultValue 3 */
  readonly drift: number
  /** Values before the best state is looked for, and again after each drift. @defaultValue 30 */
  readonly minSamples: number
  /**
   * Values after which it starts again without an alarm: its hearing fades as it grows older. @defaultValue Infinity
   */
  readonly restartEvery: number
}

/** `warning` as a share of `drift`, as in the paper, where both follow from the false alarms. */
const WARNING: number = 2 / 3

/** `lowestRate` and `lowestSpread` are those of the best state so far. */
type State = { level: DriftLevel; n: number; rate: number; lowestRate: number; lowestSpread: number }

const fresh = (level: DriftLevel): State => ({
  level,
  n: 0,
  rate: 0,
  lowestRate: Infinity,
  lowestSpread: Infinity,
})

/**
 * Drift detection method: alarms when the error rate has risen well above the lowest it has been.
 *
 * While nothing changes, the rate p of n errors can only settle. The lowest value of p + s is kept as the best state:
 *
 *     s = sqrt(p (1 - p) / n)
 *     warning: p + s > p_best + 2 s_best        drift: p + s > p_best + 3 s_best
 *
 * O(1) time and memory. Use it for abrupt rises of an error rate; it is slow on gradual ones, and the longer a regime
 * has lasted the more errors it takes to be noticed (`restartEvery` bounds that). Falls are never reported.
 *
 * Until the first error s is taken for that of one error in n values. With s = 0, as in River and MOA, the first
 * error after an error-free start is a drift.
 *
 * `falseAlarmEvery` sets `drift`, `warning` to two thirds of it, and `restartEvery` to itself: without restarts
 * alarms come ever less often, and the mean time between them has no end. `drift` follows the rate of errors since the
 * start; the options show that of a half. True within a factor of 1.5 for error rates from 0.1 to 0.9; at 0.05 alarms come
 * twice as often. They come most often in the first hundreds of values after a start, when the best state is least sure.
 *
 * @see J. Gama, P. Medas, G. Castillo, P. Rodrigues (2004), "Learning with drift detection", SBIA
 *
 * @example
 * ```ts
 * const detector = new DDM({ falseAlarmEvery: 10_000 })
 * for (const wrong of [0, 1, 0, 0]) if (detector.update(wrong) === 'drift') retrain()
 * ```
 */
export class DDM implements DriftDetector, Sized {
  static readonly type: string = 'ddm'
  /** 2: `falseAlarmEvery` came. */
  static readonly version: number = 2

  readonly options: DDMOptions & FalseAlarmOption
  /** `drift` at each error rate, where it follows from the false alarms. */
  readonly #drifts: Float64Array | undefined
  #state: State = fresh('stable')

  constructor({ falseAlarmEvery, ...options }: Partial<DDMOptions> & FalseAlarmOption = {}) {
    if (falseAlarmEvery !== undefined) {
      refuseBeside(options)
      this.#drifts = thresholdsFor(falseAlarmEvery, DDM_DEVIATIONS)
      const drift = atRate(this.#drifts, HALF)
      const restartEvery = falseAlarmEvery
      this.options = { warning: WARNING * drift, drift, minSamples: 30, restartEvery, ...kept(falseAlarmEvery) }
      return
    }
    const { warning = 2, drift = 3, minSamples = 30, restartEvery = Infinity } = options
    this.options = {
      warning: positive('warning', warning),
      drift: positive('drift', drift),
      minSamples: integer('minSamples', minSamples),
      restartEvery: checkHalfLife('restartEvery', restartEvery),
    }
    checkRestart(restartEvery, minSamples)
    if (warning <= drift) return
    throw new TradeLearnError('INVALID_OPTION', `"warning" must be at most "drift", ${drift}, got ${warning}.`)
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(value: number): DriftLevel {
    checkError(value)
    const { options } = this
    let state = this.#state
    if (state.n >= options.restartEvery) state = this.#state = fresh('stable')
    const n = ++state.n
    const rate = (state.rate += (value - state.rate) / n)
    state.level = 'stable'
    if (n <= options.minSamples) return 'stable'

    const p = Math.max(rate, 1 / n)
    const spread = Math.sqrt((p * (1 - p)) / n)
    const risen = rate + spread
    if (risen <= state.lowestRate + state.lowestSpread) {
      state.lowestRate = rate
      state.lowestSpread = spread
    }
    const { lowestRate, lowestSpread } = state
    const drift = this.#drifts ? atRate(this.#drifts, rate) : options.drift
    const warning = this.#drifts ? WARNING * drift : options.warning
    if (risen > lowestRate + drift * lowestSpread) this.#state = fresh('drift')
    else if (risen > lowestRate + warning * lowestSpread) state.level = 'warning'
    return this.#state.level
  }

  toJSON(): Snapshot {
    return snapshot(DDM, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): DDM {
    const { options, state } = checkSnapshot(DDM, json)
    const detector = new DDM(readOptions(options, { ...new DDM().options }, []))
    detector.#state = readState(
      DDM.type,
      state,
      fresh('stable'),
      ({ n, rate, lowestRate, lowestSpread }) => isCount(n) && isShare(rate) && lowestRate >= 0 && lowestSpread >= 0,
    )
    return detector
  }
}
