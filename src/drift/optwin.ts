import type { DriftDetector, DriftLevel, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { oneOf, openFraction, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { createRing, pushRing, type Ring, ringAt } from '../core/ring.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { OPTWIN_CONFIDENCE, OPTWIN_ERRORS } from './calibration.ts'
import { checkValue } from './check-value.ts'
import { checkWindow } from './check-window.ts'
import { DIRECTIONS, type Direction } from './direction.ts'
import {
  atRate,
  type FalseAlarmOption,
  kept,
  readOptions,
  refuseBeside,
  thresholdFor,
  thresholdsFor,
} from './false-alarms.ts'
import { type Cut, OptwinCuts } from './optwin-cuts.ts'
import { isCount, isRing, isSum, isSumOfSquares, isValue, readState } from './read-state.ts'

/** Options of {@link OPTWIN}. */
export type OPTWINOptions = {
  /** How sure "delta" all tests of a window together are that a drift is one. @defaultValue 0.999 */
  readonly confidence: number
  /** The same for a warning. @defaultValue 0.98 */
  readonly warningConfidence: number
  /** The rise "rho", in deviations of the older values, that is to be found. @defaultValue 0.5 */
  readonly rigor: number
  /** Values "w min" before the first test, and again after each drift; at least 6. @defaultValue 30 */
  readonly minWindow: number
  /** Values "w max" that it remembers, at most 25,000 as in the paper. @defaultValue 1000 */
  readonly maxWindow: number
  /** Which change of the mean to report. @defaultValue 'up' */
  readonly direction: Direction
}

/**
 * Sums of the values and of their squares on either side of the cut, with `origin` taken off each value. `errors` is
 * whether all values since the start were 0 or 1, kept where thresholds follow from the false alarms.
 */
type State = {
  level: DriftLevel
  ring: Ring
  origin: number
  older: number
  olderSum: number
  olderSquares: number
  newerSum: number
  newerSquares: number
  errors: boolean
}

const fresh = (level: DriftLevel, window: number): State => ({
  level,
  ring: createRing(window),
  origin: 0,
  older: 0,
  olderSum: 0,
  olderSquares: 0,
  newerSum: 0,
  newerSquares: 0,
  errors: true,
})

/**
 * Optimal windows: cuts its window where a rise of the stated size is found soonest, and alarms when the newer side
 * lies higher, or varies more while it rises, than the older one lets expect.
 *
 *     drift: (mean_new - mean_old) / sqrt(var_new / n_new + var_old / n_old) > t
 *        or: var_new / var_old > f  and  mean_new > mean_old
 *
 * The cut and the critical values of Student's t and of the ratio of variances are worked out once for each window
 * length (`OptwinCuts`), for a chance of (1 - confidence^(1/4)) each. O(1) a value and memory for one window.
 * Use it on losses and other values that are roughly normal. After a drift the window starts empty; after a more
 * variable fall too, without an alarm, where only rises are asked for.
 *
 * `falseAlarmEvery` sets `confidence` for the defaults of the other options, in any direction: true within a factor of
 * 1.5 for normal values. As long as all values are errors, 0 or 1, their variance is p (1 - p) on both sides, so that it is
 * no second sign of a drift, and the rise of the mean in deviations is compared with what their rate p asks for: true
 * within 1.5 for rates from 0.1 to 0.9.
 *
 * The means are compared by their variances, as in the paper; the authors' program divides deviations by n, which makes
 * the test depend on the unit of the values. A side that does not vary takes no part in the ratio.
 *
 * @see M. D. L. Tosi, M. Theobald (2024), "OPTWIN: drift identification with optimal sub-windows", ICDEW
 *
 * @example
 * ```ts
 * const detector = new OPTWIN({ falseAlarmEvery: 10_000 })
 * for (const loss of [0.6, 0.7, 0.6]) if (detector.update(loss) === 'drift') retrain()
 * ```
 */
export class OPTWIN implements DriftDetector, Sized {
  static readonly type: string = 'optwin'
  /** 2: `falseAlarmEvery` and `errors` came. */
  static readonly version: number = 2

  readonly options: OPTWINOptions & FalseAlarmOption
  /** Deviations of a rise that is a drift, at each rate of errors, where they follow from the false alarms. */
  readonly #ofErrors: Float64Array | undefined
  readonly #cuts: OptwinCuts
  #state: State

  constructor({ falseAlarmEvery, direction = 'up', ...options }: Partial<OPTWINOptions> & FalseAlarmOption = {}) {
    let { confidence = 0.999, warningConfidence = 0.98 } = options
    const { rigor = 0.5, minWindow = 30, maxWindow = 1000 } = options
    if (falseAlarmEvery !== undefined) {
      refuseBeside(options)
      confidence = 1 - Math.exp(-thresholdFor(falseAlarmEvery, OPTWIN_CONFIDENCE, direction))
      this.#ofErrors = thresholdsFor(falseAlarmEvery, OPTWIN_ERRORS, direction)
      // 20 times the chance, the ratio of the two defaults
      warningConfidence = Math.max(1 - 20 * (1 - confidence), confidence / 2)
    }
    this.options = {
      confidence: openFraction('confidence', confidence),
      warningConfidence: openFraction('warningConfidence', warningConfidence),
      rigor: positive('rigor', rigor),
      minWindow: checkWindow('minWindow', minWindow, 6, maxWindow),
      maxWindow: checkWindow('maxWindow', maxWindow, 6, 25_000),
      direction: oneOf('direction', direction, DIRECTIONS),
      ...kept(falseAlarmEvery),
    }
    if (warningConfidence > confidence) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"warningConfidence" must be at most "confidence", ${confidence}, got ${warningConfidence}.`,
      )
    }
    this.#cuts = new OptwinCuts(rigor, tailOf(confidence), tailOf(warningConfidence), maxWindow)
    this.#state = fresh('stable', maxWindow)
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state) + this.#cuts.sizeInBytes
  }

  update(value: number): DriftLevel {
    checkValue(value)
    const { minWindow, maxWindow } = this.options
    const state = this.#state
    state.level = 'stable'
    if (this.#ofErrors && value !== 0 && value !== 1) state.errors = false
    insert(state, value)
    const { size } = state.ring
    if (size < minWindow) return 'stable'
    const cut = this.#cuts.at(size)
    shift(state, cut.older)
    const level = this.#ofErrors && state.errors ? this.#judgeErrors(cut, this.#ofErrors) : this.#judge(cut)
    if (level === 'drift' || level === 'fresh') this.#state = fresh(level === 'drift' ? 'drift' : 'stable', maxWindow)
    else state.level = level
    return this.#state.level
  }

  /** What the two sides of the window say; `'fresh'` to start again without an alarm. */
  #judge({ ratio, t, warning }: Cut): DriftLevel | 'fresh' {
    const { direction } = this.options
    const { ring, older, olderSum, olderSquares, newerSum, newerSquares } = this.#state
    const newer = ring.size - older
    const olderVariance = varianceOf(older, olderSum, olderSquares)
    const newerVariance = varianceOf(newer, newerSum, newerSquares)
    const rise = newerSum / newer - olderSum / older
    const wanted = direction === 'both' ? Math.abs(rise) : direction === 'up' ? rise : -rise
    // infinite where two constants differ, NaN where they do not
    const score = wanted / Math.sqrt(newerVariance / newer + olderVariance / older)
    if (score > t) return 'drift'
    if (olderVariance > 0 && newerVariance > ratio * olderVariance) return wanted > 0 ? 'drift' : 'fresh'
    return score > warning ? 'warning' : 'stable'
  }

  /** The same of errors, whose variance is known from their rate and so no second sign of a drift. */
  #judgeErrors({ t, warning }: Cut, thresholds: Float64Array): DriftLevel {
    const { direction } = this.options
    const { ring, origin, older, olderSum, newerSum } = this.#state
    const newer = ring.size - older
    const rise = newerSum / newer - olderSum / older
    if (direction === 'up' ? rise < 0 : direction === 'down' && rise > 0) return 'stable'
    const rate = origin + (olderSum + newerSum) / ring.size
    const score = Math.abs(rise) / Math.sqrt(rate * (1 - rate) * (1 / older + 1 / newer))
    const drift = atRate(thresholds, rise > 0 ? rate : 1 - rate)
    if (score > drift) return 'drift'
    return score * t > drift * warning ? 'warning' : 'stable'
  }

  toJSON(): Snapshot {
    return snapshot(OPTWIN, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): OPTWIN {
    const { version, options, state } = checkSnapshot(OPTWIN, json)
    const detector = new OPTWIN(readOptions(options, { ...new OPTWIN().options }, ['direction']))
    const current = version > 1 ? state : { ...state, errors: true }
    const template = fresh('stable', detector.options.maxWindow)
    detector.#state = readState(OPTWIN.type, current, template, ({ ring, origin, older, ...sums }) => {
      // rounding may take squares a little below 0
      const squares = isSumOfSquares(Math.abs(sums.olderSquares)) && isSumOfSquares(Math.abs(sums.newerSquares))
      const bounded = isValue(origin) && ring.values.every(isValue) && isSum(sums.olderSum) && isSum(sums.newerSum)
      return isRing(ring) && isCount(older) && older <= ring.size && squares && bounded
    })
    return detector
  }
}

/** The chance that each of the four tests may take: mean and variance, each at the window's two uses of them. */
function tailOf(confidence: number): number {
  return 1 - Math.sqrt(Math.sqrt(confidence))
}

/** Adds a value to the newer side; where the window is full, its oldest value leaves the older side. */
function insert(state: State, value: number): void {
  const { ring } = state
  if (ring.size === 0) state.origin = value
  const gone = pushRing(ring, value) - state.origin
  const x = value - state.origin
  state.newerSum += x
  state.newerSquares += x * x
  if (Number.isNaN(gone)) return
  state.older--
  state.olderSum -= gone
  state.olderSquares -= gone * gone
  // once a window, the sums are taken afresh: what leaves never takes its rounding along
  if (ring.head === 0) recount(state)
}

/** Moves values across the cut until the older side holds `older`. */
function shift(state: State, older: number): void {
  const { ring, origin } = state
  while (state.older !== older) {
    const grows = state.older < older
    const x = ringAt(ring, ring.size - (grows ? state.older + 1 : state.older)) - origin
    const sign = grows ? 1 : -1
    state.older += sign
    state.olderSum += sign * x
    state.olderSquares += sign * x * x
    state.newerSum -= sign * x
    state.newerSquares -= sign * x * x
  }
}

/** Adds both sides up anew, from the middle of the window's values. */
function recount(state: State): void {
  const { ring, older } = state
  const n = ring.size
  state.origin = ringAt(ring, n >> 1)
  state.olderSum = state.olderSquares = state.newerSum = state.newerSquares = 0
  for (let i = 0; i < n; i++) {
    const x = ringAt(ring, n - 1 - i) - state.origin
    if (i < older) {
      state.olderSum += x
      state.olderSquares += x * x
    } else {
      state.newerSum += x
      state.newerSquares += x * x
    }
  }
}

/** Sample variance; rounding must not make it less than 0. */
function varianceOf(n: number, sum: number, squares: number): number {
  return Math.max(squares - (sum * sum) / n, 0) / (n - 1)
}
