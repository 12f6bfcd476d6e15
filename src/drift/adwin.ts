import type { DriftDetector, DriftLevel, Sized, Snapshot, Windowed } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer, oneOf } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { ADWIN_CONFIDENCE } from './calibration.ts'
import { checkValue } from './check-value.ts'
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
import { isCount, readState } from './read-state.ts'

/** Options of {@link ADWIN}. */
export type ADWINOptions = {
  /**
   * Chance "delta" of a false cut that each test may take: smaller is more patient. The bound is so wide that true
   * chances are far smaller, so up to 4 is allowed, and up to 2 ln(2 `minSubWindow`) below that. @defaultValue 0.002
   */
  readonly confidence: number
  /** Values from one test to the next, the paper's and River's "clock". @defaultValue 32 */
  readonly testEvery: number
  /** Buckets "M" of each size, up to 1000: more cut more finely and cost more. @defaultValue 5 */
  readonly maxBuckets: number
  /** Values that the window must exceed before it is tested. @defaultValue 10 */
  readonly minWindow: number
  /** Values that either side of a cut must have. @defaultValue 5 */
  readonly minSubWindow: number
  /** Which change of the mean to report. The window is cut either way. @defaultValue 'both' */
  readonly direction: Direction
}

/** Row r of the histogram holds `counts[r]` buckets of 2^r values each, oldest first, in `maxBuckets` + 1 slots. */
type State = {
  level: DriftLevel
  /** Values since the last test. */
  tick: number
  width: number
  total: number
  /** Sum of squared deviations from the mean. */
  m2: number
  counts: Int32Array
  /** Sum of each bucket. */
  sums: Float64Array
  /** Sum of squared deviations of each bucket from its own mean. */
  spreads: Float64Array
}

const fresh = (slots: number): State => ({
  level: 'stable',
  tick: 0,
  width: 0,
  total: 0,
  m2: 0,
  counts: new Int32Array(1),
  sums: new Float64Array(slots),
  spreads: new Float64Array(slots),
})

/**
 * Adaptive windowing: keeps as much of the recent past as has one mean, and drops the rest.
 *
 * The window is held as a histogram whose buckets double in size towards the past. Every `testEvery` values each border
 * between buckets is tried as a cut; while the older side 0 and the newer side 1 differ too much, the oldest bucket is
 * dropped and the search begins again:
 *
 *     |mean0 - mean1| > sqrt(2 m v d) + 2/3 m d       v = variance of the window of W values
 *     m = 1/(n0 - s + 1) + 1/(n1 - s + 1)             s = minSubWindow
 *     d = ln(2 ln W / confidence)
 *
 * After a drift the newer side stays, as in the paper and in MOA, so the detector knows the new regime at once; a large
 * change is cut off in several steps and may be reported several times while it clears. It never says `"warning"`: for
 * one, run a second ADWIN with a looser `confidence`.
 *
 * O(1) per value on average, O(M log W) at a test, O((M log W)²) when it cuts; 53 (M + 1) buckets at most.
 *
 * Use it on numbers in [0, 1]: errors, log losses over their bound, ranks. The second term of the bound counts in units
 * of that range, so returns of 1e-4 can never exceed it: put {@link ScaleFree} before it for those.
 *
 * Buckets double in the number of their values, as in MOA; in the paper's example for bits, in the number of their
 * ones, where a run of zeros could not be cut. The smallest sides are River's, at least `minSubWindow` values (0.22 and
 * later); MOA wants more than 6. The smaller one is an option rather than a constant, and on all 14 recorded streams
 * both cut at the same values.
 *
 * `falseAlarmEvery` sets `confidence` for the defaults of the other options, in any direction: at each test that for
 * errors which vary as much as the values of the window do. True within a factor of 1.5 for error rates from 0.1 to 0.9;
 * rarer beyond, 2.5 times at 0.02, and for other numbers whose deviation is less than 0.3. The option shows the
 * `confidence` of a rate of a half.
 *
 * False alarms per 10,000 values of a stationary coin, mean of 100 streams (`test/drift/false-alarms.test.ts`): 0.00
 * at p = 0.45 and 0.00 at p = 0.5.
 *
 * @see A. Bifet, R. Gavaldà (2007), "Learning from time-changing data with adaptive windowing", SDM
 *
 * @example
 * ```ts
 * const detector = new ADWIN({ direction: 'up' })
 * for (const wrong of [0, 1, 0, 0]) if (detector.update(wrong) === 'drift') retrain()
 * ```
 */
export class ADWIN implements DriftDetector, Windowed, Sized {
  static readonly type: string = 'adwin'
  /** 2: `falseAlarmEvery` came. */
  static readonly version: number = 2

  readonly options: ADWINOptions & FalseAlarmOption
  /** -ln(confidence) at each error rate, where it follows from the false alarms. */
  readonly #strictness: Float64Array | undefined
  #state: State

  constructor({ falseAlarmEvery, direction = 'both', ...options }: Partial<ADWINOptions> & FalseAlarmOption = {}) {
    let { confidence = 0.002 } = options
    const { testEvery = 32, maxBuckets = 5, minWindow = 10, minSubWindow = 5 } = options
    if (falseAlarmEvery !== undefined) {
      refuseBeside(options)
      this.#strictness = directedThresholds(falseAlarmEvery, ADWIN_CONFIDENCE, direction)
      confidence = Math.exp(-atRate(this.#strictness, HALF))
    }
    this.options = {
      confidence: checkConfidence(confidence, integer('minSubWindow', minSubWindow)),
      testEvery: integer('testEvery', testEvery),
      maxBuckets: checkBucketLimit(maxBuckets),
      minWindow: integer('minWindow', minWindow),
      minSubWindow,
      direction: oneOf('direction', direction, DIRECTIONS),
      ...kept(falseAlarmEvery),
    }
    this.#state = fresh(maxBuckets + 1)
  }

  get level(): DriftLevel {
    return this.#state.level
  }

  /** Values in the window. */
  get width(): number {
    return this.#state.width
  }

  /** Mean of the window; NaN before the first value. */
  get mean(): number {
    return this.#state.total / this.#state.width
  }

  /** Variance of the window; NaN before the first value. */
  get variance(): number {
    return Math.max(this.#state.m2, 0) / this.#state.width
  }

  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(value: number): DriftLevel {
    checkValue(value)
    const { testEvery, minWindow, direction } = this.options
    const state = this.#state
    insert(state, this.options.maxBuckets, value)
    state.level = 'stable'
    if (++state.tick < testEvery) return 'stable'
    state.tick = 0
    if (state.width <= minWindow) return 'stable'

    const before = this.mean
    const confidence = this.#strictness ? Math.exp(-atRate(this.#strictness, this.#rate)) : this.options.confidence
    while (hasCut(state, confidence, this.options)) dropOldest(state, this.options.maxBuckets)
    const rise = this.mean - before
    if (direction === 'up' ? rise > 0 : direction === 'down' ? rise < 0 : rise !== 0) state.level = 'drift'
    return state.level
  }

  /** The rate of errors that vary as much as the values of the window do. */
  get #rate(): number {
    const rate = (1 - Math.sqrt(Math.max(1 - 4 * this.variance, 0))) / 2
    return this.mean > HALF ? 1 - rate : rate
  }

  toJSON(): Snapshot {
    return snapshot(ADWIN, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): ADWIN {
    const { options, state } = checkSnapshot(ADWIN, json)
    const detector = new ADWIN(readOptions(options, { ...new ADWIN().options }, ['direction']))
    // the arrays grow with the window, so the template leaves their lengths open
    const template = { ...fresh(0), counts: new Int32Array(0) }
    const read = readState(ADWIN.type, state, template, ({ tick, width, total, m2 }) => {
      return isCount(tick) && isCount(width) && Number.isFinite(total) && Number.isFinite(m2)
    })
    detector.#state = checkBuckets(read, detector.options.maxBuckets)
    return detector
  }
}

/**
 * Passes a delta whose bound is real for any window that is cut: above 0, and below 4 and 2 ln W for the shortest, of two
 * sides of `minSubWindow` values.
 */
function checkConfidence(confidence: number, minSubWindow: number): number {
  const most = Math.min(4, 2 * Math.log(2 * minSubWindow))
  if (confidence > 0 && confidence < most) return confidence
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"confidence" must be a number between 0 and ${most} where "minSubWindow" is ${minSubWindow}, got ${String(confidence)}.`,
  )
}

/** Far above what anyone needs, so that a damaged snapshot cannot ask for all memory. */
const MOST_BUCKETS = 1000
/** Sums that a snapshot may hold. */
const LARGEST = 1e140
/** Buckets of row 53 would hold more values than are counted exactly. */
const MOST_ROWS = 54

function checkBucketLimit(maxBuckets: number): number {
  if (integer('maxBuckets', maxBuckets) <= MOST_BUCKETS) return maxBuckets
  throw new TradeLearnError('INVALID_OPTION', `"maxBuckets" must be at most ${MOST_BUCKETS}, got ${maxBuckets}.`)
}

/** Adds a bucket of one value, then merges the two oldest of every row that has one too many. */
function insert(state: State, maxBuckets: number, value: number): void {
  const { width, total } = state
  if (width > 0) {
    const deviation = value - total / width
    state.m2 += (width * deviation * deviation) / (width + 1)
  }
  state.width = width + 1
  state.total = total + value
  append(state, 0, maxBuckets, value, 0)

  const slots = maxBuckets + 1
  for (let row = 0, size = 1; state.counts[row] === slots; row++, size *= 2) {
    if (row + 1 === state.counts.length) addRow(state, slots)
    const { sums, spreads } = state
    const first = row * slots
    const gap = (sums[first]! - sums[first + 1]!) / size
    const spread = spreads[first]! + spreads[first + 1]! + (size * gap * gap) / 2
    append(state, row + 1, maxBuckets, sums[first]! + sums[first + 1]!, spread)
    removeOldest(state, row, maxBuckets, 2)
  }
}

/** Whether some border between buckets splits the window into two whose means differ too much. */
function hasCut(state: State, confidence: number, { maxBuckets, minSubWindow }: ADWINOptions): boolean {
  const { width, total, counts, sums } = state
  const log = Math.log((2 * Math.log(width)) / confidence)
  const noise = (2 * Math.max(state.m2, 0) * log) / width
  const bias = (2 / 3) * log
  let n0 = 0
  let sum0 = 0
  // from the oldest bucket to the newest
  for (let row = counts.length - 1, size = sizeOf(row); row >= 0; row--, size /= 2) {
    const first = row * (maxBuckets + 1)
    const end = first + counts[row]!
    for (let slot = first; slot < end; slot++) {
      n0 += size
      sum0 += sums[slot]!
      const n1 = width - n0
      if (n1 < minSubWindow) return false
      if (n0 < minSubWindow) continue
      const m = 1 / (n0 - minSubWindow + 1) + 1 / (n1 - minSubWindow + 1)
      if (Math.abs(sum0 / n0 - (total - sum0) / n1) > Math.sqrt(noise * m) + bias * m) return true
    }
  }
  return false
}

/** Takes the oldest bucket out of the window. */
function dropOldest(state: State, maxBuckets: number): void {
  const { counts, sums, spreads } = state
  let row = counts.length - 1
  while (counts[row] === 0) row--
  const first = row * (maxBuckets + 1)
  const size = sizeOf(row)
  const sum = sums[first]!
  const width = (state.width -= size)
  const total = (state.total -= sum)
  const gap = sum / size - total / width
  state.m2 -= spreads[first]! + (size * width * gap * gap) / (size + width)
  removeOldest(state, row, maxBuckets, 1)
}

/** Values in a bucket of a row: 2^row. */
function sizeOf(row: number): number {
  let size = 1
  for (let i = 0; i < row; i++) size *= 2
  return size
}

function append({ counts, sums, spreads }: State, row: number, maxBuckets: number, sum: number, spread: number): void {
  const slot = row * (maxBuckets + 1) + counts[row]!
  sums[slot] = sum
  spreads[slot] = spread
  counts[row]!++
}

/** Moves a row's buckets up to close the gap of its oldest, leaving zeros behind so that equal windows look equal. */
function removeOldest({ counts, sums, spreads }: State, row: number, maxBuckets: number, removed: number): void {
  const first = row * (maxBuckets + 1)
  const end = first + counts[row]!
  for (let slot = first; slot < end; slot++) {
    const from = slot + removed
    sums[slot] = from < end ? sums[from]! : 0
    spreads[slot] = from < end ? spreads[from]! : 0
  }
  counts[row]! -= removed
}

/** Makes room for buckets of twice the size: once each time the longest window so far has doubled. */
function addRow(state: State, slots: number): void {
  const rows = state.counts.length + 1
  const grown = <T extends Int32Array | Float64Array>(to: T, from: T): T => {
    to.set(from)
    return to
  }
  state.counts = grown(new Int32Array(rows), state.counts)
  state.sums = grown(new Float64Array(rows * slots), state.sums)
  state.spreads = grown(new Float64Array(rows * slots), state.spreads)
}

/** Passes a state whose histogram adds up to its width. */
function checkBuckets(state: State, maxBuckets: number): State {
  const { counts, sums, spreads, width } = state
  const slots = counts.length * (maxBuckets + 1)
  const bounded = counts.length > 0 && counts.length <= MOST_ROWS
  const values = bounded ? counts.reduce((n, count, row) => n + count * sizeOf(row), 0) : NaN
  const sane = bounded && counts.every((count) => count >= 0 && count <= maxBuckets)
  // larger ones would overflow when squared
  const small = Math.abs(state.total) <= LARGEST && sums.every((sum) => Math.abs(sum) <= LARGEST)
  const spread = state.m2 <= LARGEST * LARGEST && spreads.every((each) => each >= 0 && each <= LARGEST * LARGEST)
  if (sane && small && spread && sums.length === slots && spreads.length === slots && values === width) return state
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `An "adwin" snapshot must have buckets for its ${width} values, got ${counts.length} rows of ${values} values.`,
  )
}
