import type { DriftDetector, DriftLevel, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer, nonNegative, oneOf, positive } from '../core/check.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { checkSize, checkValue } from './check-value.ts'
import { DIRECTIONS, type Direction } from './direction.ts'
import { atRate, checkEvery, type FalseAlarmOption, kept, readOptions, refuseBeside } from './false-alarms.ts'
import { isCount, isSum, isSumOfSquares, isValue, readState } from './read-state.ts'
import { takeScore } from './self-starting.ts'
import { checkTolerance, cusumThreshold, cusumThresholdsOfErrors } from './siegmund.ts'
import { UNITS, type Unit } from './unit.ts'

/** Options of {@link CUSUM}. */
export type CUSUMOptions = {
  /**
   * Deviation "k" that is tolerated as noise: best half of the change to find. @defaultValue 0.005, or 0.25 deviations
   */
  readonly tolerance: number
  /** Alarm level "h". @defaultValue 50, or 13 deviations: one false alarm in about 10,000 values each way */
  readonly threshold: number
  /** What both count in. With `'deviation'` the scale of the stream does not matter. @defaultValue 'value' */
  readonly unit: Unit
  /** Values before the first alarm, and again after each. @defaultValue 30 */
  readonly minSamples: number
  /** Which change of the mean to report. @defaultValue 'both' */
  readonly direction: Direction
}

/**
 * `rise` and `fall` are the two sums; `m2` is the sum of squared deviations, kept where the unit needs it; `errors` is
 * whether all values were 0 or 1, kept where thresholds follow from the false alarms.
 */
type State = { level: DriftLevel; n: number; mean: number; m2: number; rise: number; fall: number; errors: boolean }

const fresh = (level: DriftLevel): State => ({ level, n: 0, mean: 0, m2: 0, rise: 0, fall: 0, errors: true })

/** What may be given beside `falseAlarmEvery`. */
const FREE = ['tolerance', 'minSamples', 'direction'] as const

/**
 * Cumulative sums: alarms when values have lain above, or below, their mean by more than noise for long enough.
 *
 *     rise ← max(0, rise + z - k)        up:   rise > h
 *     fall ← max(0, fall - z - k)        down: fall > h
 *
 * With unit `'value'`, z is the value less the running mean, the rule of MOA's `CusumDM`. With `'deviation'`, z is how
 * far the value lies from the values before it on the scale of a standard normal (a self-starting CUSUM), so that k
 * and h hold for errors, losses and returns alike.
 *
 * O(1) time and memory. The quickest test there is for a lasting change of about 2 k: it takes about h / (change - k)
 * values. It never says `"warning"`. After an alarm it starts again with no past.
 *
 * `falseAlarmEvery` sets the unit to `'deviation'` and h by Siegmund's formula for any k up to 2: true within a factor of
 * 1.5 for normal values. As long as all values are errors, 0 or 1, h is that for errors of their rate: true within 1.5
 * for rates from 0.1 to 0.9 and tolerances up to 0.25, rarer beyond (2.7 times at 0.05). Errors that are mostly 1 never rise
 * by much: tolerances above sqrt((1 - rate) / rate) hide all rises, and half of the alarms of both directions.
 *
 * @see E. S. Page (1954), "Continuous inspection schemes", Biometrika 41
 *
 * @example
 * ```ts
 * const detector = new CUSUM({ falseAlarmEvery: 10_000, tolerance: 0.5 })
 * for (const r of [2e-4, -1e-4, 3e-4]) if (detector.update(r) === 'drift') retrain()
 * ```
 */
export class CUSUM implements DriftDetector, Sized {
  static readonly type: string = 'cusum'
  /** 2: `falseAlarmEvery` and `errors` came. */
  static readonly version: number = 2

  readonly options: CUSUMOptions & FalseAlarmOption
  /** Thresholds of rises at each rate of errors, where they follow from the false alarms. */
  readonly #ofErrors: Float64Array | undefined
  /** What each sum must pass; Infinity where that is not asked for. */
  #upper: number
  #lower: number
  #state: State = fresh('stable')

  constructor(options: Partial<CUSUMOptions> & FalseAlarmOption = {}) {
    const { falseAlarmEvery, minSamples = 30, direction = 'both' } = options
    let { unit = 'value', tolerance, threshold } = options
    if (falseAlarmEvery !== undefined) {
      refuseBeside({ threshold, unit: options.unit === 'deviation' ? undefined : options.unit })
      unit = 'deviation'
    }
    tolerance ??= unit === 'value' ? 0.005 : 0.25
    nonNegative('tolerance', tolerance)
    checkSize('tolerance', tolerance)
    oneOf('direction', direction, DIRECTIONS)
    if (falseAlarmEvery !== undefined) {
      checkTolerance(tolerance)
      threshold = cusumThreshold(checkEvery(falseAlarmEvery), tolerance, direction)
      this.#ofErrors = cusumThresholdsOfErrors(falseAlarmEvery, tolerance, direction)
    }
    threshold ??= unit === 'value' ? 50 : 13
    this.options = {
      tolerance,
      threshold: positive('threshold', threshold),
      unit: oneOf('unit', unit, UNITS),
      minSamples: integer('minSamples', minSamples),
      direction,
      ...kept(falseAlarmEvery),
    }
    this.#upper = direction === 'down' ? Infinity : threshold
    this.#lower = direction === 'up' ? Infinity : threshold
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(value: number): DriftLevel {
    checkValue(value)
    const { options } = this
    const { tolerance, minSamples } = options
    const state = this.#state
    const { n: before, mean: past } = state
    const n = before + 1
    // each value waits for the mean before it, and a product keeps it waiting for a third of what a quotient would
    const share = 1 / n
    const mean = past + (value - past) * share
    state.n = n
    state.mean = mean
    const z = options.unit === 'deviation' ? takeScore(state, before, past, value) : value - mean
    const rise = Math.max(0, state.rise + z - tolerance)
    const fall = Math.max(0, state.fall - z - tolerance)
    state.rise = rise
    state.fall = fall
    if (state.level === 'drift') state.level = 'stable'
    if (this.#ofErrors) this.#follow(value, this.#ofErrors)
    if (!(rise > this.#upper || fall > this.#lower) || n < minSamples) return 'stable'
    this.#state = fresh('drift')
    return 'drift'
  }

  /** Sets the thresholds for the rate of errors, or for what is no error. */
  #follow(value: number, thresholds: Float64Array): void {
    const { direction, threshold } = this.options
    const state = this.#state
    if (value !== 0 && value !== 1) state.errors = false
    if (direction !== 'down') this.#upper = state.errors ? atRate(thresholds, state.mean) : threshold
    if (direction !== 'up') this.#lower = state.errors ? atRate(thresholds, 1 - state.mean) : threshold
  }

  toJSON(): Snapshot {
    return snapshot(CUSUM, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): CUSUM {
    const { version, options, state } = checkSnapshot(CUSUM, json)
    const current = version > 1 ? state : { ...state, errors: true }
    const detector = new CUSUM(readOptions(options, { ...new CUSUM().options }, FREE))
    detector.#state = readState(CUSUM.type, current, fresh('stable'), ({ n, mean, m2, rise, fall }) => {
      const sums = rise >= 0 && fall >= 0 && isSum(rise) && isSum(fall)
      return isCount(n) && isValue(mean) && isSumOfSquares(m2) && sums
    })
    return detector
  }
}
