import type { DriftDetector, DriftLevel, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { checkHalfLife, integer, openFraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { addMoment, createMoments, type Moments } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { EDDM_SHARE } from './calibration.ts'
import { checkRestart } from './check-restart.ts'
import { checkMistake } from './check-value.ts'
import { atRate, type FalseAlarmOption, HALF, kept, readOptions, refuseBeside, thresholdsFor } from './false-alarms.ts'
import { isCount, readState } from './read-state.ts'

/** Options of {@link EDDM}. */
export type EDDMOptions = {
  /** Share "alpha" of the best distance below which it warns. @defaultValue 0.95 */
  readonly warning: number
  /** Share "beta" of the best distance below which it alarms. @defaultValue 0.9 */
  readonly drift: number
  /** Values before the best distance is looked for, and errors before it is compared with. @defaultValue 30 */
  readonly minSamples: number
  /** Values after which it starts again without an alarm. @defaultValue Infinity */
  readonly restartEvery: number
}

/** `last` is where the last error was; `distances` are those between errors. */
type State = { level: DriftLevel; n: number; last: number; distances: Moments; longest: number }

const fresh = (level: DriftLevel): State => ({ level, n: 0, last: 0, distances: createMoments(), longest: 0 })

/**
 * Early drift detection method: alarms when errors come closer together than they used to.
 *
 * Of the distances between errors it keeps the mean m and the deviation s, and the most that m + 2 s has been:
 *
 *     warning: m + 2 s < 0.95 longest        drift: m + 2 s < 0.9 longest
 *
 * O(1) time and memory. Made for slow changes of small error rates. With the paper's shares it alarms every few hundred
 * values at error rates near a half (`npm run bench:drift`), so give it `falseAlarmEvery` there, which sets `drift`,
 * `warning` half-way between it and 1, and `restartEvery` to itself. `drift` follows the rate of errors since the start;
 * the options show that of a half. True within a factor of 1.5 for error rates from 0.1 to 0.9 and times of at least 100
 * errors: it takes 31 before the first alarm.
 *
 * The rule and the sample deviation are River's; MOA takes the population's. A warning ends with the next error that is
 * no warning; River's outlives a new `longest`.
 *
 * @see M. Baena-García et al. (2006), "Early drift detection method", ECML PKDD workshop on knowledge discovery from
 *   data streams
 *
 * @example
 * ```ts
 * const detector = new EDDM({ falseAlarmEvery: 10_000 })
 * for (const wrong of [0, 1, 0, 0]) if (detector.update(wrong) === 'drift') retrain()
 * ```
 */
export class EDDM implements DriftDetector, Sized {
  static readonly type: string = 'eddm'
  /** 2: `falseAlarmEvery` came. */
  static readonly version: number = 2

  readonly options: EDDMOptions & FalseAlarmOption
  /** `drift` at each error rate, where it follows from the false alarms. */
  readonly #drifts: Float64Array | undefined
  #state: State = fresh('stable')

  constructor({ falseAlarmEvery, ...options }: Partial<EDDMOptions> & FalseAlarmOption = {}) {
    if (falseAlarmEvery !== undefined) {
      refuseBeside(options)
      this.#drifts = thresholdsFor(falseAlarmEvery, EDDM_SHARE)
      const drift = atRate(this.#drifts, HALF)
      const restartEvery = falseAlarmEvery
      this.options = { warning: (1 + drift) / 2, drift, minSamples: 30, restartEvery, ...kept(falseAlarmEvery) }
      return
    }
    const { warning = 0.95, drift = 0.9, minSamples = 30, restartEvery = Infinity } = options
    this.options = {
      warning: openFraction('warning', warning),
      drift: openFraction('drift', drift),
      minSamples: integer('minSamples', minSamples),
      restartEvery: checkHalfLife('restartEvery', restartEvery),
    }
    checkRestart(restartEvery, minSamples)
    if (warning >= drift) return
    throw new TradeLearnError('INVALID_OPTION', `"warning" must be at least "drift", ${drift}, got ${warning}.`)
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(value: number): DriftLevel {
    checkMistake(value)
    const { minSamples, restartEvery } = this.options
    let state = this.#state
    if (state.n >= restartEvery) state = this.#state = fresh('stable')
    const n = ++state.n
    // a warning lasts until the next error
    if (state.level === 'drift') state.level = 'stable'
    if (value === 0) return state.level

    state.level = 'stable'
    const { distances } = state
    addMoment(distances, n - state.last)
    state.last = n
    if (n <= minSamples) return 'stable'
    const errors = distances.n
    const distance = distances.mean + 2 * (errors > 1 ? Math.sqrt(distances.m2 / (errors - 1)) : 0)
    if (distance > state.longest) state.longest = distance
    else if (errors > minSamples) {
      const share = distance / state.longest
      const drift = this.#drifts ? atRate(this.#drifts, errors / n) : this.options.drift
      const warning = this.#drifts ? (1 + drift) / 2 : this.options.warning
      if (share < drift) this.#state = fresh('drift')
      else if (share < warning) state.level = 'warning'
    }
    return this.#state.level
  }

  toJSON(): Snapshot {
    return snapshot(EDDM, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): EDDM {
    const { options, state } = checkSnapshot(EDDM, json)
    const detector = new EDDM(readOptions(options, { ...new EDDM().options }, []))
    detector.#state = readState(EDDM.type, state, fresh('stable'), ({ n, last, distances, longest }) => {
      // distances add up to no more than the values, and their deviation is no more than the longest of them
      const { mean, m2 } = distances
      const sums = mean >= 0 && mean <= n && m2 >= 0 && m2 <= n * n * n && longest >= 0 && longest <= 3 * n
      return isCount(n) && isCount(last) && last <= n && isCount(distances.n) && distances.n <= n && sums
    })
    return detector
  }
}
