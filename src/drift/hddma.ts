import type { DriftDetector, DriftLevel, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { checkHalfLife, oneOf, openFraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { HDDMA_CONFIDENCE } from './calibration.ts'
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

/** Options of {@link HDDMA}. */
export type HDDMAOptions = {
  /** Chance "alpha D" of a false drift that the bound allows. @defaultValue 0.001 */
  readonly confidence: number
  /** Chance "alpha W" of a false warning that the bound allows. @defaultValue 0.005 */
  readonly warningConfidence: number
  /** Which change of the mean to report, and to forget the past after. @defaultValue 'up' */
  readonly direction: Direction
  /**
   * Values after which it starts again without an alarm: its hearing fades as it grows older. @defaultValue Infinity
   */
  readonly restartEvery: number
}

/** The golden section: its multiples, without their whole parts, fill 0 to 1 evenly from the first few on. */
const GOLDEN = 0.6180339887498949

/** Mean and length of all values, and of those up to the cut for rises (`low`) and for falls (`high`). */
type State = {
  level: DriftLevel
  n: number
  mean: number
  lowN: number
  low: number
  highN: number
  high: number
}

const fresh = (level: DriftLevel): State => ({ level, n: 0, mean: 0, lowN: 0, low: 0, highN: 0, high: 0 })

/**
 * Hoeffding drift detection with averages: alarms when the mean of all values lies further above the mean of the
 * quietest beginning than chance allows, whatever the distribution.
 *
 * The cut x is moved to the newest value z as long as mean_x + e(n_x) >= mean_z + e(n_z). Then
 *
 *     e(n) = sqrt(ln(1 / confidence) / (2 n))
 *     drift: mean_z - mean_x >= sqrt((n_z - n_x) / (n_x n_z) / 2 ln(2 / confidence))
 *
 * and the mirror image for falls. O(1) time and memory. Use it on errors or losses in [0, 1] that change abruptly.
 *
 * `falseAlarmEvery` sets `confidence`, `warningConfidence` to five times it (0.5 at most), and `restartEvery` to
 * itself: without restarts alarms come ever less often, and the mean time between them has no end. `confidence` follows
 * the rate of errors since the start, the options show that of a half; and something from none to one error is taken off
 * each rise or fall, evenly over successive values, because whole errors would let a run of three be an alarm or not. True
 * within a factor of 1.5 for error rates from 0.1 to 0.9, in any direction. Losses between 0 and 1 vary less than
 * errors of their mean do, and alarm more rarely.
 *
 * MOA's two-sided test starts again after a fall without saying so; this one reports it, as River does.
 *
 * @see I. Frías-Blanco et al. (2015), "Online and non-parametric drift detection methods based on Hoeffding's bounds",
 *   IEEE TKDE 27
 *
 * @example
 * ```ts
 * const detector = new HDDMA({ falseAlarmEvery: 10_000 })
 * for (const wrong of [0, 1, 0, 0]) if (detector.update(wrong) === 'drift') retrain()
 * ```
 */
export class HDDMA implements DriftDetector, Sized {
  static readonly type: string = 'hddm-a'
  /** 2: `falseAlarmEvery` came. */
  static readonly version: number = 2

  readonly options: HDDMAOptions & FalseAlarmOption
  /** -ln(confidence) at each error rate, where it follows from the false alarms. */
  readonly #strictness: Float64Array | undefined
  /** ln(1 / confidence) / 2, ln(2 / confidence) / 2, ln(2 / warningConfidence) / 2. */
  #cut: number
  #drift: number
  #warning: number
  #state: State = fresh('stable')

  constructor({ falseAlarmEvery, direction = 'up', ...options }: Partial<HDDMAOptions> & FalseAlarmOption = {}) {
    let { confidence = 0.001, warningConfidence = 0.005, restartEvery = Infinity } = options
    if (falseAlarmEvery !== undefined) {
      refuseBeside(options)
      this.#strictness = directedThresholds(falseAlarmEvery, HDDMA_CONFIDENCE, direction)
      const strictness = atRate(this.#strictness, HALF)
      confidence = Math.exp(-strictness)
      warningConfidence = Math.exp(-warningStrictness(strictness))
      restartEvery = falseAlarmEvery
    }
    this.options = {
      confidence: openFraction('confidence', confidence),
      warningConfidence: openFraction('warningConfidence', warningConfidence),
      direction: oneOf('direction', direction, DIRECTIONS),
      restartEvery: checkHalfLife('restartEvery', restartEvery),
      ...kept(falseAlarmEvery),
    }
    if (warningConfidence < confidence) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"warningConfidence" must be at least "confidence", ${confidence}, got ${warningConfidence}.`,
      )
    }
    this.#cut = Math.log(1 / confidence) / 2
    this.#drift = Math.log(2 / confidence) / 2
    this.#warning = Math.log(2 / warningConfidence) / 2
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(value: number): DriftLevel {
    checkError(value)
    const { restartEvery, direction } = this.options
    let state = this.#state
    if (state.n >= restartEvery) state = this.#state = fresh('stable')
    const n = ++state.n
    const mean = (state.mean += (value - state.mean) / n)
    state.level = 'stable'
    if (this.#strictness) this.#follow(atRate(this.#strictness, mean))
    let level: DriftLevel = 'stable'
    const part = this.#strictness ? ((n * GOLDEN) % 1) / n : 0
    const bound = Math.sqrt(this.#cut / n)
    if (direction !== 'down') {
      if (state.lowN === 0 || state.low + Math.sqrt(this.#cut / state.lowN) >= mean + bound) {
        state.low = mean
        state.lowN = n
      }
      level = this.#judge(mean - state.low - part, state.lowN, n)
    }
    if (direction !== 'up') {
      if (state.highN === 0 || state.high - Math.sqrt(this.#cut / state.highN) <= mean - bound) {
        state.high = mean
        state.highN = n
      }
      const fall = this.#judge(state.high - mean - part, state.highN, n)
      if (level === 'stable' || fall === 'drift') level = fall
    }
    if (level === 'drift') this.#state = fresh('drift')
    else state.level = level
    return level
  }

  /** Sets the bounds for a rate. */
  #follow(strictness: number): void {
    this.#cut = strictness / 2
    this.#drift = (strictness + Math.LN2) / 2
    this.#warning = (warningStrictness(strictness) + Math.LN2) / 2
  }

  /** What a mean that has moved by `gap` since the cut says. */
  #judge(gap: number, cut: number, n: number): DriftLevel {
    if (cut === n) return 'stable'
    const m = (n - cut) / (cut * n)
    if (gap < Math.sqrt(m * this.#warning)) return 'stable'
    return gap >= Math.sqrt(m * this.#drift) ? 'drift' : 'warning'
  }

  toJSON(): Snapshot {
    return snapshot(HDDMA, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): HDDMA {
    const { options, state } = checkSnapshot(HDDMA, json)
    const detector = new HDDMA(readOptions(options, { ...new HDDMA().options }, ['direction']))
    detector.#state = readState(HDDMA.type, state, fresh('stable'), ({ n, mean, lowN, low, highN, high }) => {
      const counts = isCount(n) && isCount(lowN) && isCount(highN) && lowN <= n && highN <= n
      return counts && isShare(mean) && isShare(low) && isShare(high)
    })
    return detector
  }
}
