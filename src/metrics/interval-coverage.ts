import type { Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { openFraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { addMoment, createMoments, type Moments } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkValue, checkWeight, LARGEST_VALUE } from './check-score.ts'
import { checkMoments, corrupt } from './check-sums.ts'

/** Options of {@link IntervalCoverage}. */
export type IntervalCoverageOptions = {
  /** Share of values that the intervals should hold ("1 - alpha"). @defaultValue 0.9 */
  readonly coverage: number
}

type State = { readonly inside: Moments; readonly width: Moments; readonly score: Moments }

/**
 * Whether predicted intervals hold what they promise, and how wide they had to be.
 *
 *     coverage  share of y inside, ends included
 *     width     mean of high - low
 *     score     mean of (high - low) + 2 / (1 - coverage) times how far y lies outside
 *
 * Wide intervals hold everything; the score, which only the true quantiles minimise, is what to compare by. O(1) time and
 * memory. NaN before the first observation.
 *
 * @see R. L. Winkler (1972), "A decision-theoretic approach to interval estimation", JASA 67
 *
 * @example
 * ```ts
 * const intervals = new IntervalCoverage({ coverage: 0.9 })
 * intervals.update(0.01, -0.02, 0.03)
 * intervals.coverage // 1
 * ```
 */
export class IntervalCoverage implements Serializable, Sized {
  static readonly type: string = 'interval-coverage'
  static readonly version: number = 1

  readonly options: IntervalCoverageOptions
  #state: State = fresh()

  constructor({ coverage = 0.9 }: Partial<IntervalCoverageOptions> = {}) {
    this.options = { coverage: openFraction('coverage', coverage) }
  }

  /** Share of values inside their intervals. */
  get coverage(): number {
    return meanOf(this.#state.inside)
  }

  /** Mean width of the intervals. */
  get width(): number {
    return meanOf(this.#state.width)
  }

  /** Mean interval score; lower is better. */
  get score(): number {
    return meanOf(this.#state.score)
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** Takes in a value and the interval that was predicted for it. */
  update(y: number, low: number, high: number, weight = 1): void {
    const [value, from, to] = [checkValue('y', y), checkValue('low', low), checkValue('high', high)]
    if (from > to) {
      throw new TradeLearnError('INVALID_INPUT', `"low" must not be above "high", which is ${high}, got ${low}.`)
    }
    const counted = checkWeight(weight)
    const outside = Math.max(0, from - value, value - to)
    addMoment(this.#state.inside, Number(outside === 0), counted)
    addMoment(this.#state.width, to - from, counted)
    addMoment(this.#state.score, to - from + (2 / (1 - this.options.coverage)) * outside, counted)
  }

  toJSON(): Snapshot {
    return snapshot(IntervalCoverage, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): IntervalCoverage {
    const { options, state } = checkSnapshot(IntervalCoverage, json)
    const metric = new IntervalCoverage(unpackState(options, { coverage: 0 }, 'options'))
    const read = unpackState(state, fresh())
    checkMoments(read.inside, 0, 1)
    checkMoments(read.width, 0, 2 * LARGEST_VALUE)
    checkMoments(read.score, 0, 2 * LARGEST_VALUE * (1 + 2 / (1 - metric.options.coverage)))
    for (const { n } of [read.width, read.score]) if (n !== read.inside.n) corrupt('n', String(read.inside.n), n)
    metric.#state = read
    return metric
  }
}

const meanOf = ({ n, mean }: Moments): number => (n > 0 ? mean : NaN)

const fresh = (): State => ({ inside: createMoments(), width: createMoments(), score: createMoments() })
