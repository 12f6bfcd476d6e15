import type { DriftDetector, DriftLevel, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { oneOf, openFraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { normalCdf, normalQuantile } from '../core/math.ts'
import { createRing, pushRing, type Ring, ringAt } from '../core/ring.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { STEPD_DEVIATIONS } from './calibration.ts'
import { checkMistake } from './check-value.ts'
import { checkWindow } from './check-window.ts'
import { DIRECTIONS, type Direction } from './direction.ts'
import {
  atRate,
  directedThresholds,
  type FalseAlarmOption,
  HALF,
  kept,
  readOptions,
  refuseBeside,
} from './false-alarms.ts'
import { isCount, isRing, readState } from './read-state.ts'

/** Options of {@link STEPD}. */
export type STEPDOptions = {
  /** Newest values "W" that are held against all older ones. @defaultValue 30 */
  readonly window: number
  /** Chance "alpha d" of a false drift that each test may take. @defaultValue 0.003 */
  readonly confidence: number
  /** Chance "alpha w" of a false warning that each test may take. @defaultValue 0.05 */
  readonly warningConfidence: number
  /** Which change of the error rate to report. @defaultValue 'both' */
  readonly direction: Direction
  /**
   * How the test makes up for errors being whole numbers: `'half'` an error, or `'spread'` evenly from none to one over
   * successive tests, which lets every `falseAlarmEvery` be met. @defaultValue 'half'
   */
  readonly correction: 'half' | 'spread'
}

/** Counts of the older values, and the newest ones. */
type State = { level: DriftLevel; older: number; olderErrors: number; recentErrors: number; recent: Ring }

const fresh = (level: DriftLevel, window: number): State => ({
  level,
  older: 0,
  olderErrors: 0,
  recentErrors: 0,
  recent: createRing(window),
})

/** The golden section: its multiples, without their whole parts, fill 0 to 1 evenly from the first few on. */
const GOLDEN = 0.6180339887498949

/**
 * Statistical test of equal proportions: alarms when the newest errors are more, or fewer, than all before them let
 * expect.
 *
 *     Z = (|p_old - p_new| - c/2) / sqrt(p (1 - p) c)        c = 1/n_old + 1/n_new,  p = rate of both together
 *     warning: 2 (1 - Φ(Z)) < 0.05        drift: 2 (1 - Φ(Z)) < 0.003
 *
 * O(1) time, memory for one window. Use it for abrupt changes of an error rate; each test takes the stated chance anew,
 * so the defaults alarm every few hundred values (`npm run bench:drift`). After a drift it starts again with no past.
 *
 * `falseAlarmEvery` sets `confidence`, `warningConfidence` to 17 times it as in the paper (0.5 at most), and the
 * correction to `'spread'`: with whole errors in 30 values, one threshold alarms three times as often as the next. They
 * follow the rate of errors since the start; the options show those of a half. True within a factor of 1.5 for the
 * default window and error rates from 0.1 to 0.9; of rises alone from 0.1 to 0.6, of falls alone from 0.4 to 0.9, and
 * rarer beyond, where 30 errors in 30 values are nothing much.
 *
 * MOA takes the test of |Z|, so that an error-free stream, where Z is minus infinity, is a drift after 60 values. Here
 * a negative Z is no change.
 *
 * @see K. Nishida, K. Yamauchi (2007), "Detecting concept drift using statistical testing", Discovery Science
 *
 * @example
 * ```ts
 * const detector = new STEPD({ falseAlarmEvery: 10_000, direction: 'up' })
 * for (const wrong of [0, 1, 0, 0]) if (detector.update(wrong) === 'drift') retrain()
 * ```
 */
export class STEPD implements DriftDetector, Sized {
  static readonly type: string = 'stepd'
  /** 2: `falseAlarmEvery` came. */
  static readonly version: number = 2

  readonly options: STEPDOptions & FalseAlarmOption
  /** The Z of a drift at each error rate, where it follows from the false alarms. */
  readonly #drifts: Float64Array | undefined
  /** The Z of `confidence` and of `warningConfidence`. */
  readonly #drift: number
  readonly #warning: number
  #state: State

  constructor({ falseAlarmEvery, direction = 'both', ...options }: Partial<STEPDOptions> & FalseAlarmOption = {}) {
    let { confidence = 0.003, warningConfidence = 0.05, correction = 'half' } = options
    const { window = 30 } = options
    if (falseAlarmEvery !== undefined) {
      refuseBeside(options)
      this.#drifts = directedThresholds(falseAlarmEvery, STEPD_DEVIATIONS, direction)
      confidence = 2 * normalCdf(-atRate(this.#drifts, HALF))
      // the ratio of the paper's two levels
      warningConfidence = Math.min((0.05 / 0.003) * confidence, 0.5)
      correction = 'spread'
    }
    this.options = {
      window: checkWindow('window', window),
      confidence: openFraction('confidence', confidence),
      warningConfidence: openFraction('warningConfidence', warningConfidence),
      direction: oneOf('direction', direction, DIRECTIONS),
      correction: oneOf('correction', correction, ['half', 'spread']),
      ...kept(falseAlarmEvery),
    }
    if (warningConfidence < confidence) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"warningConfidence" must be at least "confidence", ${confidence}, got ${warningConfidence}.`,
      )
    }
    this.#drift = -normalQuantile(confidence / 2)
    this.#warning = -normalQuantile(warningConfidence / 2)
    this.#state = fresh('stable', window)
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(value: number): DriftLevel {
    checkMistake(value)
    const { window, direction, correction } = this.options
    const state = this.#state
    const gone = pushRing(state.recent, value)
    state.recentErrors += value
    if (gone === 0 || gone === 1) {
      state.older++
      state.olderErrors += gone
      state.recentErrors -= gone
    }
    state.level = 'stable'
    const { older, olderErrors, recentErrors } = state
    if (older < window) return 'stable'

    const rise = recentErrors / window - olderErrors / older
    if (direction === 'up' ? rise < 0 : direction === 'down' && rise > 0) return 'stable'
    const c = 1 / older + 1 / window
    const gap = Math.abs(rise) - (correction === 'half' ? c / 2 : ((older * GOLDEN) % 1) * c)
    if (gap <= 0) return 'stable'
    const p = (olderErrors + recentErrors) / (older + window)
    const z = gap / Math.sqrt(p * (1 - p) * c)
    const drift = this.#drifts ? atRate(this.#drifts, p) : this.#drift
    if (z > drift) this.#state = fresh('drift', window)
    // as far below a drift as at a rate of a half
    else if (z > drift - this.#drift + this.#warning) state.level = 'warning'
    return this.#state.level
  }

  toJSON(): Snapshot {
    return snapshot(STEPD, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): STEPD {
    const { options, state } = checkSnapshot(STEPD, json)
    const detector = new STEPD(readOptions(options, { ...new STEPD().options }, ['direction']))
    const { window } = detector.options
    detector.#state = readState(STEPD.type, state, fresh('stable', window), (read) => {
      const { older, olderErrors, recentErrors, recent } = read
      if (!isRing(recent) || !isCount(older) || !isCount(olderErrors) || olderErrors > older) return false
      let errors = 0
      for (const value of recent.values) {
        if (value !== 0 && value !== 1) return false
      }
      for (let i = 0; i < recent.size; i++) errors += ringAt(recent, i)
      return errors === recentErrors && (older === 0 || recent.size === window)
    })
    return detector
  }
}
