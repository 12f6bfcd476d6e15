import { normalQuantile } from '../core/math.ts'
import { ratioQuantile, studentQuantile } from '../core/quantiles.ts'

/** Where a window of one length is cut, and what the tests of its two sides must exceed. */
export type Cut = {
  /** Older values. */
  readonly older: number
  /** Ratio of variances that is a drift. */
  readonly ratio: number
  /** Student's t that is a drift, and that is a warning. */
  readonly t: number
  readonly warning: number
}

/** Values that a side needs before its variance means anything. */
const LEAST = 2
/** Critical values of each length: ratio, t, warning. */
const CRITICAL = 3

/**
 * The optimal cuts of {@link OPTWIN}: for each window length the latest cut at which a rise of the mean by `rigor`
 * deviations is significant even if the newer side varies as much more as its test lets pass:
 *
 *     rigor >= t sqrt(1/n_old + f/n_new)        f, t = critical values of the variance and the mean
 *
 * Where a window is too short for any such cut, it is cut in the middle. Lengths are worked out once each, when the
 * window first reaches them: some 50 µs each, and a few ms where a restored window is already long.
 */
export class OptwinCuts {
  readonly #rigor: number
  readonly #tail: number
  readonly #warningTail: number
  /** What a standard normal number exceeds with the chance `tail`. */
  readonly #z: number
  /** What is known of each length: the older values, 0 while not worked out, and the three critical values. */
  readonly #older: Int32Array
  readonly #critical: Float64Array
  readonly #cut: { -readonly [K in keyof Cut]: Cut[K] } = { older: 0, ratio: 0, t: 0, warning: 0 }

  /** `tail` and `warningTail` are the chances that each test may take; windows are up to `longest` values long. */
  constructor(rigor: number, tail: number, warningTail: number, longest: number) {
    this.#rigor = rigor
    this.#tail = tail
    this.#warningTail = warningTail
    this.#z = -normalQuantile(tail)
    this.#older = new Int32Array(longest + 1)
    this.#critical = new Float64Array((longest + 1) * CRITICAL)
  }

  get sizeInBytes(): number {
    return this.#older.byteLength + this.#critical.byteLength
  }

  /** The cut of a window of `length` values; the next call writes over it. */
  at(length: number): Cut {
    if (this.#older[length] === 0) this.#learn(this.#find(length), length)
    const cut = this.#cut
    const critical = this.#critical
    const from = length * CRITICAL
    cut.older = this.#older[length]!
    cut.ratio = critical[from]!
    cut.t = critical[from + 1]!
    cut.warning = critical[from + 2]!
    return cut
  }

  /** The number of older values. */
  #find(length: number): number {
    const known = this.#older[length - 1]!
    // what the newer side needs shrinks slowly as the older one grows: begin beside the last answer
    let older = known > 0 && this.#isFine(known, length) ? known : this.#best(length)
    if (!this.#isFine(older, length)) return (length >> 1) + 1
    // in growing steps, then by halves, to the last cut that is fine
    let step = 1
    while (older + step <= length - LEAST && this.#isFine(older + step, length)) {
      older += step
      step *= 2
    }
    for (; step >= 1; step >>= 1) {
      if (older + step <= length - LEAST && this.#isFine(older + step, length)) older += step
    }
    return older
  }

  #isFine(older: number, length: number): boolean {
    // no cut needs less than one in the middle would with variances known and equal
    if ((2 * this.#z) / Math.sqrt(length) > this.#rigor) return false
    return this.#needed(older, length) <= this.#rigor
  }

  /** The rise, in deviations of the older side, that a cut can tell from noise. */
  #needed(older: number, length: number): number {
    const newer = length - older
    const ratio = ratioQuantile(this.#tail, older - 1, newer - 1)
    return this.#t(this.#tail, older, newer, ratio) * Math.sqrt(1 / older + ratio / newer)
  }

  /** The cut that needs the smallest rise, by thirds: there is one valley. */
  #best(length: number): number {
    if ((2 * this.#z) / Math.sqrt(length) > this.#rigor) return length >> 1
    let low = LEAST
    let high = length - LEAST
    while (high - low > 2) {
      const third = (high - low) / 3
      const a = Math.floor(low + third)
      const b = Math.ceil(high - third)
      if (this.#needed(a, length) < this.#needed(b, length)) high = b
      else low = a
    }
    return (low + high) >> 1
  }

  /** Works out what the tests of a cut must exceed. */
  #learn(older: number, length: number): void {
    const newer = length - older
    const ratio = ratioQuantile(this.#tail, older - 1, newer - 1)
    const t = this.#t(this.#tail, older, newer, ratio)
    this.#critical.set([ratio, t, this.#t(this.#warningTail, older, newer, ratio)], length * CRITICAL)
    this.#older[length] = older
  }

  /** Student's t with Welch's degrees of freedom for variances in that ratio. */
  #t(tail: number, older: number, newer: number, ratio: number): number {
    const a = 1 / older
    const b = ratio / newer
    const freedom = ((a + b) * (a + b)) / ((a * a) / (older - 1) + (b * b) / (newer - 1))
    return studentQuantile(tail, freedom)
  }
}
