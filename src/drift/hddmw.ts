import type { DriftDetector, DriftLevel, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { oneOf, openFraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { HDDMW_CONFIDENCE } from './calibration.ts'
import { checkError } from './check-value.ts'
import { DIRECTIONS, type Direction } from './direction.ts'
import {
  atRate,
  directedThresholds,
  type FalseAlarmOption,
  HALF,
  kept,
  readOptions,
  refuseBeside,
  warningStrictness,
} from './false-alarms.ts'
import { isCount, isShare, readState } from './read-state.ts'

/** Options of {@link HDDMW}. */
export type HDDMWOptions = {
  /** Chance "alpha D" of a false drift that the bound allows. @defaultValue 0.001 */
  readonly confidence: number
  /** Chance "alpha W" of a false warning that the bound allows. @defaultValue 0.005 */
  readonly warningConfidence: number
  /** Weight "lambda" of the newest value in the averages. @defaultValue 0.05 */
  readonly newest: number
  /** Which change of the mean to report, and to forget the past after. @defaultValue 'up' */
  readonly direction: Direction
}

/**
 * An average of exponentially falling weights and the sum of its squared weights, which is 0 before its first value.
 */
type Average = { mean: number; squares: number }

/** The averages of one direction: up to the cut and since then. `best` is the bound that moved the cut. */
type Side = { best: number; before: Average; after: Average }

/**
 * `rate` is the mean of all values, or of some {@link MEMORY} where there were more: `n` counts to there. Kept where the
 * bounds follow it.
 */
type State = { level: DriftLevel; n: number; rate: number; total: Average; rise: Side; fall: Side }

/** Values over which a rate is known to about 0.01, yet follows slow changes. */
const MEMORY = 1000

const none = (): Average => ({ mean: 0, squares: 0 })
const fresh = (level: DriftLevel): State => ({
  level,
  n: 0,
  rate: 0,
  total: none(),
  rise: { best: Infinity, before: none(), after: none() },
  fall: { best: Infinity, before: none(), after: none() },
})

/**
 * Hoeffding drift detection with weighted averages: as {@link HDDMA}, but the newest values count most, so that it
 * hears gradual changes.
 *
 * The average z of all values moves the cut whenever z + e(z) reaches a new low; x is the average up to the cut and y
 * that since then. By McDiarmid's inequality
 *
 *     e(z) = sqrt(q_z ln(1 / confidence) / 2)        q = sum of the squared weights of an average
 *     drift: y - x > sqrt((q_x + q_y) ln(1 / confidence) / 2)
 *
 * and the mirror image for falls. O(1) time and memory. Use it on errors or losses in [0, 1].
 *
 * `falseAlarmEvery` sets `confidence`, and `warningConfidence` to five times it (0.5 at most), for the default
 * `newest`. They follow the rate of the last thousand errors or so; the options show those of a half. True within a
 * factor of 1.5 for error rates from 0.1 to 0.9, in any direction; 50 times as rare at 0.05. Losses between 0 and 1 vary
 * less than errors of their mean do, and alarm more rarely.
 *
 * q is 1 after the first value of an average, as in the paper and in MOA; River starts a step ahead, at
 * lambda² + (1 - lambda)², with a bound that is a little too small.
 *
 * @see I. Frías-Blanco et al. (2015), "Online and non-parametric drift detection methods based on Hoeffding's bounds",
 *   IEEE TKDE 27
 *
 * @example
 * ```ts
 * const detector = new HDDMW({ falseAlarmEvery: 10_000 })
 * for (const wrong of [0, 1, 0, 0]) if (detector.update(wrong) === 'drift') retrain()
 * ```
 */
export class HDDMW implements DriftDetector, Sized {
  static readonly type: string = 'hddm-w'
  /** 2: `falseAlarmEvery`, `n` and `rate` came. */
  static readonly version: number = 2

  readonly options: HDDMWOptions & FalseAlarmOption
  /** -ln(confidence) at each error rate, where it follows from the false alarms. */
  readonly #strictness: Float64Array | undefined
  /**
   * ln(1 / confidence) / 2 and ln(1 / warningConfidence) / 2; cuts are moved by the first of them that was, because bounds
   * are compared with older ones.
   */
  readonly #cut: number
  #drift: number
  #warning: number
  #state: State = fresh('stable')

  constructor({ falseAlarmEvery, direction = 'up', ...options }: Partial<HDDMWOptions> & FalseAlarmOption = {}) {
    let { confidence = 0.001, warningConfidence = 0.005 } = options
    const { newest = 0.05 } = options
    if (falseAlarmEvery !== undefined) {
      refuseBeside(options)
      this.#strictness = directedThresholds(falseAlarmEvery, HDDMW_CONFIDENCE, direction)
      const strictness = atRate(this.#strictness, HALF)
      confidence = Math.exp(-strictness)
      warningConfidence = Math.exp(-warningStrictness(strictness))
    }
    this.options = {
      confidence: openFraction('confidence', confidence),
      warningConfidence: openFraction('warningConfidence', warningConfidence),
      newest: openFraction('newest', newest),
      direction: oneOf('direction', direction, DIRECTIONS),
      ...kept(falseAlarmEvery),
    }
    if (warningConfidence < confidence) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"warningConfidence" must be at least "confidence", ${confidence}, got ${warningConfidence}.`,
      )
    }
    this.#cut = Math.log(1 / confidence) / 2
    this.#drift = this.#cut
    this.#warning = Math.log(1 / warningConfidence) / 2
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(value: number): DriftLevel {
    checkError(value)
    const { newest, direction } = this.options
    const state = this.#state
    add(state.total, value, newest)
    if (this.#strictness) this.#follow(value, this.#strictness)
    const { mean, squares } = state.total
    const bound = Math.sqrt(squares * this.#cut)
    let level: DriftLevel = 'stable'
    if (direction !== 'down') {
      follow(state.rise, state.total, mean + bound, value, newest)
      level = this.#judge(state.rise, 1)
    }
    if (direction !== 'up') {
      follow(state.fall, state.total, bound - mean, value, newest)
      const fall = this.#judge(state.fall, -1)
      if (level === 'stable' || fall === 'drift') level = fall
    }
    if (level === 'drift') this.#state = fresh('drift')
    else state.level = level
    return level
  }

  /** Takes a value into the rate, and sets the bounds for it. */
  #follow(value: number, thresholds: Float64Array): void {
    const state = this.#state
    if (state.n < MEMORY) state.n++
    state.rate += (value - state.rate) / state.n
    const strictness = atRate(thresholds, state.rate)
    this.#drift = strictness / 2
    this.#warning = warningStrictness(strictness) / 2
  }

  /** What the averages of one direction say; `sign` is 1 for rises and -1 for falls. */
  #judge({ before, after }: Side, sign: number): DriftLevel {
    if (after.squares === 0) return 'stable'
    const gap = sign * (after.mean - before.mean)
    const squares = before.squares + after.squares
    if (!(gap > Math.sqrt(squares * this.#warning))) return 'stable'
    return gap > Math.sqrt(squares * this.#drift) ? 'drift' : 'warning'
  }

  toJSON(): Snapshot {
    return snapshot(HDDMW, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): HDDMW {
    const { version, options, state } = checkSnapshot(HDDMW, json)
    const detector = new HDDMW(readOptions(options, { ...new HDDMW().options }, ['direction']))
    const sane = ({ mean, squares }: Average): boolean => isShare(mean) && isShare(squares)
    const current = version > 1 ? state : { ...state, n: 0, rate: 0 }
    detector.#state = readState(HDDMW.type, current, fresh('stable'), ({ n, rate, total, rise, fall }) => {
      const bounds = !Number.isNaN(rise.best) && !Number.isNaN(fall.best)
      return (
        isCount(n) &&
        n <= MEMORY &&
        isShare(rate) &&
        bounds &&
        [total, rise.before, rise.after, fall.before, fall.after].every(sane)
      )
    })
    return detector
  }
}

/** Takes a value into an average. */
function add(average: Average, value: number, newest: number): void {
  if (average.squares === 0) {
    average.mean = value
    average.squares = 1
    return
  }
  const kept = 1 - newest
  average.mean = newest * value + kept * average.mean
  average.squares = newest * newest + kept * kept * average.squares
}

/** Moves the cut of one direction to the newest value where its bound is the lowest so far, else takes the value in. */
function follow(side: Side, total: Average, bound: number, value: number, newest: number): void {
  if (bound < side.best) {
    side.best = bound
    side.before.mean = total.mean
    side.before.squares = total.squares
    side.after.mean = 0
    side.after.squares = 0
  } else add(side.after, value, newest)
}
