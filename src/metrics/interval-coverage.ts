import type { Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { openFraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkValue, checkWeight, LARGEST_VALUE } from './check-score.ts'
import { corrupt } from './check-sums.ts'
import { addLoss, checkLosses, createLosses, type Losses, meanLoss } from './losses.ts'

/** Options of {@link IntervalCoverage}. */
export type IntervalCoverageOptions = {
  /** Share of values that the intervals should hold ("1 - alpha"). @defaultValue 0.9 */
  readonly coverage: number
}

/**
 * A running score of predicted intervals against outcomes: a `Metric` that takes two ends.
 *
 * Law: an interval whose ends are the wrong way round is an error that leaves it as it was, as for anything not finite.
 */
export interface IntervalMetric extends Serializable {
  /** Which direction is an improvement. */
  readonly better: 'higher' | 'lower'
  /** The score so far; `NaN` while there is too little data to define it. */
  readonly value: number
  /** Scores one interval against what happened. */
  update(y: number, low: number, high: number, weight?: number): void
}

type State = { readonly inside: Losses; readonly width: Losses; readonly score: Losses }

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
export class IntervalCoverage implements IntervalMetric, Sized {
  static readonly type: string = 'interval-coverage'
  static readonly version: number = 1

  readonly better = 'lower'
  readonly options: IntervalCoverageOptions
  #state: State = fresh()

  constructor({ coverage = 0.9 }: Partial<IntervalCoverageOptions> = {}) {
    this.options = { coverage: openFraction('coverage', coverage) }
  }

  /** Share of values inside their intervals. */
  get coverage(): number {
    return meanLoss(this.#state.inside)
  }

  /** Mean width of the intervals. */
  get width(): number {
    return meanLoss(this.#state.width)
  }

  /** Mean interval score; lower is better. */
  get score(): number {
    return meanLoss(this.#state.score)
  }

  /** The score: coverage and width each can be had for nothing at the other's expense. */
  get value(): number {
    return this.score
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
    addLoss(this.#state.inside, Number(outside === 0), counted)
    addLoss(this.#state.width, to - from, counted)
    addLoss(this.#state.score, to - from + (2 / (1 - this.options.coverage)) * outside, counted)
  }

  toJSON(): Snapshot {
    return snapshot(IntervalCoverage, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): IntervalCoverage {
    const { options, state } = checkSnapshot(IntervalCoverage, json)
    const metric = new IntervalCoverage(unpackState(options, { coverage: 0 }, 'options'))
    const read = unpackState(state, fresh())
    checkLosses(read.inside, 1)
    checkLosses(read.width, 2 * LARGEST_VALUE)
    checkLosses(read.score, 2 * LARGEST_VALUE * (1 + 2 / (1 - metric.options.coverage)))
    const { total } = read.inside
    for (const sums of [read.width, read.score]) if (sums.total !== total) corrupt('total', String(total), sums.total)
    metric.#state = read
    return metric
  }
}

const fresh = (): State => ({ inside: createLosses(), width: createLosses(), score: createLosses() })
