import type { DriftDetector, DriftLevel, Sized, Snapshot, Windowed } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer, openFraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { createRing, pushRing, type Ring, ringAt, trimRing } from '../core/ring.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { KSWIN_CONFIDENCE } from './calibration.ts'
import { checkValue } from './check-value.ts'
import { checkWindow } from './check-window.ts'
import { type FalseAlarmOption, refuseBeside, thresholdFor } from './false-alarms.ts'
import { criticalSteps } from './kolmogorov-smirnov.ts'
import { isRing, readState } from './read-state.ts'

/** Options of {@link KSWIN}. */
export type KSWINOptions = {
  /** Chance "alpha" of a false drift that each test may take. @defaultValue 0.005 */
  readonly confidence: number
  /** Values "w" that it remembers, at most 2,000. @defaultValue 100 */
  readonly window: number
  /** Newest values "r" that are held against the rest of the window. @defaultValue 30 */
  readonly recent: number
}

type State = { level: DriftLevel; ring: Ring }

const fresh = (level: DriftLevel, window: number): State => ({ level, ring: createRing(window) })

/** Each value costs one pass over the window, and the critical distance one over its square. */
const LONGEST = 2000

/**
 * Kolmogorov–Smirnov windowing: alarms when the newest values are distributed unlike those just before them, be it in
 * mean, spread or shape.
 *
 *     D = largest gap between the distribution functions of the newest r and the older w - r values
 *     drift: the chance of such a D among numbers of one distribution is `confidence` or less
 *
 * The chance is exact for values without ties (with ties it is smaller still), and found once: each test only compares
 * D with a constant. O(w) time a value, memory for three windows. Use it on predictions, losses or returns whose
 * shape may change while their mean does not; it sees only what happens within a window. It never says `"warning"`.
 *
 * It holds the newest values against all older ones. The paper, and River, draw r of them at random: that makes alarms
 * depend on a seed and throws away most of what is known. After a drift the newest r values stay as the start of the
 * new window, as in the paper; River loses them.
 *
 * `falseAlarmEvery` sets `confidence` for the default windows: true within a factor of 1.5 for values of any
 * distribution without ties. Ties make alarms rarer: of errors, which are nothing but ties, 7 times at a rate of 0.5, 20
 * times at 0.3, and at 0.1 there are none (`npm run bench:drift`). No threshold mends that without hearing chance in
 * the order of equal values, so watch errors with another detector.
 *
 * @see C. Raab, M. Heusinger, F.-M. Schleif (2020), "Reactive soft prototype computing for concept drift streams",
 *   Neurocomputing 416
 *
 * @example
 * ```ts
 * const detector = new KSWIN({ falseAlarmEvery: 10_000 })
 * for (const p of [0.52, 0.48, 0.55]) if (detector.update(p) === 'drift') recalibrate()
 * ```
 */
export class KSWIN implements DriftDetector, Windowed, Sized {
  static readonly type: string = 'kswin'
  static readonly version: number = 1

  readonly options: KSWINOptions
  /** D, in steps of 1 / (r (w - r)), from which on it is a drift. */
  readonly #critical: number
  /** The window in ascending order, of equal values the older ones first: derived from the ring. */
  readonly #sorted: Float64Array
  /** What each value of it adds to the gap: w - r for one of the newest, -r for an older one. */
  readonly #steps: Int32Array
  /** Updates in which the distance cannot yet have become critical. */
  #idle = 0
  #state: State

  constructor({ falseAlarmEvery, ...options }: Partial<KSWINOptions> & FalseAlarmOption = {}) {
    let { confidence = 0.005 } = options
    const { window = 100, recent = 30 } = options
    if (falseAlarmEvery !== undefined) {
      refuseBeside(options)
      confidence = Math.exp(-thresholdFor(falseAlarmEvery, KSWIN_CONFIDENCE))
    }
    this.options = {
      confidence: openFraction('confidence', confidence),
      window: checkWindow('window', window, 2, LONGEST),
      recent: integer('recent', recent),
    }
    if (recent >= window) {
      throw new TradeLearnError('INVALID_OPTION', `"recent" must be less than "window", ${window}, got ${recent}.`)
    }
    this.#critical = criticalSteps(confidence, recent, window - recent)
    this.#sorted = new Float64Array(window)
    this.#steps = new Int32Array(window)
    this.#state = fresh('stable', window)
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  /** Values in the window. */
  get width(): number {
    return this.#state.ring.size
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state) + this.#sorted.byteLength + this.#steps.byteLength
  }

  update(value: number): DriftLevel {
    checkValue(value)
    const { window, recent } = this.options
    const state = this.#state
    const { ring } = state
    const { size } = ring
    state.level = 'stable'
    // the oldest of the newest becomes one of the older
    if (size >= recent) this.#steps[this.#border(ringAt(ring, recent - 1))] = -recent
    const gone = pushRing(ring, value)
    const from = size === window ? this.#border(gone) - 1 : size
    this.#put(value, from, ring.size - 1)
    if (ring.size < window || this.#idle-- > 0 || !this.#differs()) return 'stable'
    trimRing(ring, recent)
    this.#sort()
    state.level = 'drift'
    return 'drift'
  }

  /** Whether the distance of the newest values from the older ones is critical. */
  #differs(): boolean {
    const steps = this.#steps
    const sorted = this.#sorted
    const last = this.options.window - 1
    let gap = 0
    let distance = 0
    // after the last value the gap is 0
    for (let i = 0; i < last; i++) {
      gap += steps[i]!
      // among equal values only the gap after the last of them counts
      if (sorted[i + 1] === sorted[i]) continue
      const size = gap < 0 ? -gap : gap
      if (size > distance) distance = size
    }
    // a new value moves one function by 1/r and the other by 1/(w - r) at most: w steps together
    this.#idle = Math.max(0, Math.ceil((this.#critical - distance) / (last + 1)) - 1)
    return distance >= this.#critical
  }

  /** Where the newest of all that equal a value begin, after the older ones. */
  #border(value: number): number {
    const sorted = this.#sorted
    const steps = this.#steps
    let low = 0
    let high = this.#state.ring.size
    while (low < high) {
      const middle = (low + high) >> 1
      const other = sorted[middle]!
      if (other < value || (other === value && steps[middle]! < 0)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Puts a new value at its border, after the gap at `from` has been moved there; `last` is the end. */
  #put(value: number, from: number, last: number): void {
    const sorted = this.#sorted
    const steps = this.#steps
    let at = from
    while (at > 0 && (sorted[at - 1]! > value || (sorted[at - 1] === value && steps[at - 1]! > 0))) {
      sorted[at] = sorted[at - 1]!
      steps[at] = steps[--at]!
    }
    while (at < last && (sorted[at + 1]! < value || (sorted[at + 1] === value && steps[at + 1]! < 0))) {
      sorted[at] = sorted[at + 1]!
      steps[at] = steps[++at]!
    }
    sorted[at] = value
    steps[at] = this.options.window - this.options.recent
  }

  /** Derives the order of the window from its ring. */
  #sort(): void {
    const { ring } = this.#state
    const { window, recent } = this.options
    const ages = Array.from({ length: ring.size }, (_, ago) => ago)
    ages.sort((a, b) => ringAt(ring, a) - ringAt(ring, b) || Number(a < recent) - Number(b < recent))
    ages.forEach((ago, i) => {
      this.#sorted[i] = ringAt(ring, ago)
      this.#steps[i] = ago < recent ? window - recent : -recent
    })
    this.#idle = 0
  }

  toJSON(): Snapshot {
    return snapshot(KSWIN, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): KSWIN {
    const { options, state } = checkSnapshot(KSWIN, json)
    const detector = new KSWIN(unpackState(options, { ...new KSWIN().options }, 'options'))
    const template = fresh('stable', detector.options.window)
    detector.#state = readState(KSWIN.type, state, template, ({ ring }) => {
      return isRing(ring) && ring.values.every((value) => Math.abs(value) <= 1e100)
    })
    detector.#sort()
    return detector
  }
}
