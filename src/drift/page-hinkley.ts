import type { DriftDetector, DriftLevel, JsonObject, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer, nonNegative, oneOf, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { checkSize, checkValue } from './check-value.ts'
import { DIRECTIONS, type Direction } from './direction.ts'
import { atRate, checkEvery, type FalseAlarmOption, kept, readOptions, refuseBeside } from './false-alarms.ts'
import { isCount, isSum, isSumOfSquares, isValue, readState } from './read-state.ts'
import { takeScore } from './self-starting.ts'
import { checkTolerance, cusumThreshold, cusumThresholdsOfErrors } from './siegmund.ts'
import { UNITS, type Unit } from './unit.ts'

/** Options of {@link PageHinkley}. */
export type PageHinkleyOptions = {
  /** Deviation "delta" that is tolerated as noise. @defaultValue 0.005, or 0.1 deviations */
  readonly tolerance: number
  /** Alarm level "lambda". @defaultValue 50, or 25 deviations: one false alarm in about 10,000 values each way */
  readonly threshold: number
  /** What both count in. With `'deviation'` the scale of the stream does not matter. @defaultValue 'value' */
  readonly unit: Unit
  /** Values before the first alarm, and again after each. @defaultValue 30 */
  readonly minSamples: number
  /** Share "alpha" of each sum that is kept from one value to the next, above 0 to 1. @defaultValue 0.9999, or 1 */
  readonly retain: number
  /** Which change of the mean to report. @defaultValue 'both' */
  readonly direction: Direction
}

/**
 * `rise` and `fall` are the two sums, `lowest` and `highest` their extremes; `m2` is the sum of squared deviations,
 * kept where the unit needs it; `errors` is whether all values were 0 or 1, kept where thresholds follow from the false
 * alarms.
 */
type State = {
  level: DriftLevel
  n: number
  mean: number
  m2: number
  rise: number
  lowest: number
  fall: number
  highest: number
  errors: boolean
}

const fresh = (level: DriftLevel): State => ({
  level,
  n: 0,
  mean: 0,
  m2: 0,
  rise: 0,
  lowest: 0,
  fall: 0,
  highest: 0,
  errors: true,
})

/** What may be given beside `falseAlarmEvery`. */
const FREE = ['tolerance', 'minSamples', 'direction'] as const

/**
 * The Page–Hinkley test: alarms when the mean of a stream has moved for good.
 *
 * It adds up how far values lie above their running mean, less the tolerated noise, and alarms once that sum has
 * climbed lambda above its lowest point; a second sum watches for a fall in the same way:
 *
 *     rise ← alpha rise + (x - mean - delta)      up:   rise - min(rise) > lambda
 *     fall ← alpha fall + (x - mean + delta)      down: max(fall) - fall > lambda
 *
 * O(1) time and memory. A change of size c is noticed after about lambda / c values. With unit `'value'`, `tolerance`
 * and `threshold` are in the unit of the values, right for errors in [0, 1]. With `'deviation'` each value is first
 * measured against the values before it (see {@link CUSUM}), so that they hold on any scale.
 *
 * `falseAlarmEvery` sets the unit to `'deviation'`, `retain` to 1, and lambda as in {@link CUSUM}: true within a factor of
 * 1.5 for normal values and tolerances up to 2, and for errors of rates from 0.1 to 0.9 and tolerances up to 0.25.
 *
 * After an alarm it starts again with no past. River does the same one value later, so both alarm at the same values.
 * It never says `"warning"`.
 *
 * False alarms per 10,000 values of a stationary coin, mean of 100 streams (`test/drift/false-alarms.test.ts`): 0.78 at
 * p = 0.45 and 0.95 at p = 0.5 with the usual defaults; 0.01 and 0.00 with `tolerance` 0.05.
 *
 * @see E. S. Page (1954), "Continuous inspection schemes", Biometrika 41
 *
 * @example
 * ```ts
 * const detector = new PageHinkley({ threshold: 20, direction: 'up' })
 * for (const loss of [0.6, 0.7, 0.6]) if (detector.update(loss) === 'drift') retrain()
 * ```
 */
export class PageHinkley implements DriftDetector, Sized {
  static readonly type: string = 'page-hinkley'
  /** 2: `unit` and `m2` came. 3: `falseAlarmEvery` and `errors` came. */
  static readonly version: number = 3

  readonly options: PageHinkleyOptions & FalseAlarmOption
  /** Thresholds of rises at each rate of errors, where they follow from the false alarms. */
  readonly #ofErrors: Float64Array | undefined
  /** What each sum must climb or fall by; Infinity where that is not asked for. */
  #upper: number
  #lower: number
  #state: State = fresh('stable')

  constructor(options: Partial<PageHinkleyOptions> & FalseAlarmOption = {}) {
    const { falseAlarmEvery, minSamples = 30, direction = 'both' } = options
    let { unit = 'value', tolerance, threshold, retain } = options
    if (falseAlarmEvery !== undefined) {
      refuseBeside({ threshold, retain, unit: options.unit === 'deviation' ? undefined : options.unit })
      unit = 'deviation'
    }
    tolerance ??= unit === 'value' ? 0.005 : 0.1
    nonNegative('tolerance', tolerance)
    checkSize('tolerance', tolerance)
    oneOf('direction', direction, DIRECTIONS)
    if (falseAlarmEvery !== undefined) {
      checkTolerance(tolerance)
      threshold = cusumThreshold(checkEvery(falseAlarmEvery), tolerance, direction)
      this.#ofErrors = cusumThresholdsOfErrors(falseAlarmEvery, tolerance, direction)
    }
    threshold ??= unit === 'value' ? 50 : 25
    retain ??= unit === 'value' ? 0.9999 : 1
    if (!(retain > 0 && retain <= 1)) {
      throw new TradeLearnError('INVALID_OPTION', `"retain" must be a number above 0 and up to 1, got ${retain}.`)
    }
    this.options = {
      tolerance,
      threshold: positive('threshold', threshold),
      unit: oneOf('unit', unit, UNITS),
      minSamples: integer('minSamples', minSamples),
      retain,
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
    const { tolerance, retain, minSamples } = options
    const state = this.#state
    const { n: before, mean: past } = state
    const n = before + 1
    // each value waits for the mean before it, and a product keeps it waiting for a third of what a quotient would
    const share = 1 / n
    const mean = past + (value - past) * share
    state.n = n
    state.mean = mean
    const deviation = options.unit === 'deviation' ? takeScore(state, before, past, value) : value - mean
    const rise = retain * state.rise + deviation - tolerance
    const fall = retain * state.fall + deviation + tolerance
    let { lowest, highest } = state
    state.rise = rise
    state.fall = fall
    if (rise < lowest) state.lowest = lowest = rise
    if (fall > highest) state.highest = highest = fall
    if (state.level === 'drift') state.level = 'stable'
    if (this.#ofErrors) this.#follow(value, this.#ofErrors)
    if (!(rise - lowest > this.#upper || highest - fall > this.#lower) || n < minSamples) return 'stable'
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
    return snapshot(PageHinkley, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): PageHinkley {
    const { options, state } = migrate(checkSnapshot(PageHinkley, json))
    const detector = new PageHinkley(readOptions(options, { ...new PageHinkley().options }, FREE))
    detector.#state = readState(PageHinkley.type, state, fresh('stable'), ({ n, m2, mean, ...sums }) => {
      const bounded = isValue(mean) && [sums.rise, sums.lowest, sums.fall, sums.highest].every(isSum)
      return isCount(n) && isSumOfSquares(m2) && bounded && sums.lowest <= 0 && sums.highest >= 0
    })
    return detector
  }
}

/** A snapshot of an older layout as one of this: the first knew values only, the second nothing of errors. */
function migrate({ version, options, state }: Snapshot): { options: JsonObject; state: JsonObject } {
  if (version > 2) return { options, state }
  if (version > 1) return { options, state: { ...state, errors: true } }
  return { options: { ...options, unit: 'value' }, state: { ...state, m2: 0, errors: true } }
}
