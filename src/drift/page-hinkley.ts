import type { DriftDetector, DriftLevel, Snapshot } from '../contracts.ts'
import { integer, nonNegative, oneOf, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkValue } from './check-value.ts'
import { DIRECTIONS, type Direction } from './direction.ts'

/** Options of {@link PageHinkley}. */
export type PageHinkleyOptions = {
  /** Deviation "delta" that is tolerated as noise, in the unit of the values. @defaultValue 0.005 */
  readonly tolerance: number
  /** Alarm level "lambda", in the unit of the values. @defaultValue 50 */
  readonly threshold: number
  /** Values before the first alarm, and again after each. @defaultValue 30 */
  readonly minSamples: number
  /** Share "alpha" of each sum that is kept from one value to the next, above 0 to 1. @defaultValue 0.9999 */
  readonly retain: number
  /** Which change of the mean to report. @defaultValue 'both' */
  readonly direction: Direction
}

/** `rise` and `fall` are the two sums, `lowest` and `highest` their extremes. */
type State = {
  level: DriftLevel
  n: number
  mean: number
  rise: number
  lowest: number
  fall: number
  highest: number
}

const fresh = (level: DriftLevel): State => ({ level, n: 0, mean: 0, rise: 0, lowest: 0, fall: 0, highest: 0 })

/**
 * The Page–Hinkley test: alarms when the mean of a stream has moved for good.
 *
 * It adds up how far values lie above their running mean, less the tolerated noise, and alarms once that sum has
 * climbed lambda above its lowest point; a second sum watches for a fall in the same way:
 *
 *     rise ← alpha rise + (x - mean - delta)      up:   rise - min(rise) > lambda
 *     fall ← alpha fall + (x - mean + delta)      down: max(fall) - fall > lambda
 *
 * O(1) time and memory. A change of size c is noticed after about lambda / c values. `tolerance` and `threshold` are in the
 * unit of the values, so put {@link ScaleFree} before it for anything but errors in [0, 1].
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
export class PageHinkley implements DriftDetector {
  static readonly type: string = 'page-hinkley'
  static readonly version: number = 1

  readonly options: PageHinkleyOptions
  #state: State = fresh('stable')

  constructor({
    tolerance = 0.005,
    threshold = 50,
    minSamples = 30,
    retain = 0.9999,
    direction = 'both',
  }: Partial<PageHinkleyOptions> = {}) {
    if (!(retain > 0 && retain <= 1)) {
      throw new TradeLearnError('INVALID_OPTION', `"retain" must be a number above 0 and up to 1, got ${retain}.`)
    }
    this.options = {
      tolerance: nonNegative('tolerance', tolerance),
      threshold: positive('threshold', threshold),
      minSamples: integer('minSamples', minSamples),
      retain,
      direction: oneOf('direction', direction, DIRECTIONS),
    }
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  update(value: number): DriftLevel {
    checkValue(value)
    const { tolerance, threshold, minSamples, retain, direction } = this.options
    const state = this.#state
    state.n++
    state.mean += (value - state.mean) / state.n
    const deviation = value - state.mean
    state.rise = retain * state.rise + deviation - tolerance
    state.fall = retain * state.fall + deviation + tolerance
    state.lowest = Math.min(state.lowest, state.rise)
    state.highest = Math.max(state.highest, state.fall)
    state.level = 'stable'

    if (state.n < minSamples) return 'stable'
    const up = direction !== 'down' && state.rise - state.lowest > threshold
    const down = direction !== 'up' && state.highest - state.fall > threshold
    if (up || down) this.#state = fresh('drift')
    return this.#state.level
  }

  toJSON(): Snapshot {
    return snapshot(PageHinkley, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): PageHinkley {
    const { options, state } = checkSnapshot(PageHinkley, json)
    const detector = new PageHinkley(unpackState(options, { ...new PageHinkley().options }, 'options'))
    detector.#state = unpackState(state, fresh('stable'))
    return detector
  }
}
