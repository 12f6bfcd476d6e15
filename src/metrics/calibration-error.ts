import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { ascending, checkScoredWindow, createScoredWindow, pushScored, type ScoredWindow } from './scored-window.ts'

/** Options of {@link CalibrationError}. */
export type CalibrationErrorOptions = {
  /** Most bins. @defaultValue 10 */
  readonly bins: number
  /** Newest observations that count. @defaultValue 10000 */
  readonly window: number
}

/** One point of the reliability diagram. */
export type ReliabilityBin = {
  /** Mean prediction in the bin. */
  readonly predicted: number
  /** Share of 1s in the bin. */
  readonly observed: number
  /** Sum of the weights in the bin. */
  readonly count: number
}

/** The parts that a Brier score is made of. */
export type BrierParts = {
  /** Mean squared gap between a bin's mean prediction and its share of 1s; 0 is perfectly calibrated. */
  readonly reliability: number
  /** Mean squared gap between the bins' shares of 1s and that of all; larger is better. */
  readonly resolution: number
  /** Variance of the labels: what nobody can do anything about. */
  readonly uncertainty: number
  /** What bins hide: the variance of predictions within them, less twice their covariance with the labels. */
  readonly within: number
  /** reliability - resolution + uncertainty + within: the mean squared error itself. */
  readonly brier: number
}

/** Far more than a diagram shows; all are made whenever the value is read. */
const MOST_BINS = 65_536

/**
 * How far probabilities are from the frequencies that follow them: the expected calibration error.
 *
 * The newest predictions are sorted and cut into bins of equal weight, because those of trading models crowd around
 * the base rate and would all fall into one of ten bins of equal width. Equal predictions stay together, so a constant
 * prediction makes one bin.
 *
 *     ECE = sum over bins of (count / total) |mean prediction - share of 1s|
 *
 * An update is O(1); value and bins are computed when read, in O(window log window). Chance alone makes it positive: bins
 * of m observations each show about 0.4 / sqrt(m) even when every probability is right. NaN before the first.
 *
 * @see M. P. Naeini, G. F. Cooper, M. Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian
 *   binning", AAAI
 *
 * @example
 * ```ts
 * const calibration = new CalibrationError()
 * for (const { probability, y } of closed) calibration.update(y, probability)
 * calibration.bins // [{ predicted: 0.41, observed: 0.38, count: 52 }, ...]
 * ```
 */
export class CalibrationError implements Metric, Sized {
  static readonly type: string = 'calibration-error'
  static readonly version: number = 1

  readonly better = 'lower'
  readonly options: CalibrationErrorOptions
  #state: ScoredWindow = createScoredWindow()

  constructor({ bins = 10, window = 10_000 }: Partial<CalibrationErrorOptions> = {}) {
    this.options = { bins: integer('bins', bins), window: integer('window', window) }
    if (bins > MOST_BINS) {
      throw new TradeLearnError('INVALID_OPTION', `"bins" must be at most ${MOST_BINS}, got ${bins}.`)
    }
  }

  get value(): number {
    let total = 0
    let error = 0
    for (const { predicted, observed, count } of this.bins) {
      total += count
      error += count * Math.abs(predicted - observed)
    }
    return total > 0 ? error / total : NaN
  }

  /** The reliability diagram, ascending; bins that no prediction fell into are left out. */
  get bins(): readonly ReliabilityBin[] {
    const { predictions, labels, weights, size } = this.#state
    const order = ascending(this.#state)
    let total = 0
    for (let i = 0; i < size; i++) total += weights[i]!

    const { bins } = this.options
    const sums = Array.from({ length: bins }, () => ({ predicted: 0, observed: 0, count: 0 }))
    let below = 0
    for (let i = 0; i < size; ) {
      // a group of equal predictions goes where its middle falls
      const prediction = predictions[order[i]!]!
      let weight = 0
      let ones = 0
      for (; i < size && predictions[order[i]!] === prediction; i++) {
        const at = order[i]!
        weight += weights[at]!
        if (labels[at] === 1) ones += weights[at]!
      }
      const sum = sums[Math.min(bins - 1, Math.floor((bins * (below + weight / 2)) / total))]!
      below += weight
      sum.predicted += weight * prediction
      sum.observed += ones
      sum.count += weight
    }
    return sums
      .filter(({ count }) => count > 0)
      .map(({ predicted, observed, count }) => ({ predicted: predicted / count, observed: observed / count, count }))
  }

  /**
   * The Brier score of the window in parts, by the bins of the diagram; they add up to it exactly. NaN before the first.
   *
   * @see A. H. Murphy (1973), "A new vector partition of the probability score", Journal of Applied Meteorology 12
   * @see D. B. Stephenson, C. A. S. Coelho, I. T. Jolliffe (2008), "Two extra components in the Brier score decomposition",
   *   Weather and Forecasting 23
   */
  get brierParts(): BrierParts {
    const { predictions, labels, weights, size } = this.#state
    let total = 0
    let ones = 0
    let brier = 0
    for (let i = 0; i < size; i++) {
      const miss = predictions[i]! - labels[i]!
      total += weights[i]!
      ones += weights[i]! * labels[i]!
      brier += weights[i]! * miss * miss
    }
    const base = ones / total
    let reliability = 0
    let resolution = 0
    for (const { predicted, observed, count } of this.bins) {
      reliability += count * (predicted - observed) * (predicted - observed)
      resolution += count * (observed - base) * (observed - base)
    }
    const parts = {
      reliability: reliability / total,
      resolution: resolution / total,
      uncertainty: base * (1 - base),
      brier: brier / total,
    }
    return { ...parts, within: parts.brier - parts.reliability + parts.resolution - parts.uncertainty }
  }

  /** Memory that its window takes, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  update(y: number, prediction: number, weight = 1): void {
    const counted = checkScore(y, prediction, weight)
    pushScored(this.#state, this.options.window, y, prediction, counted)
  }

  toJSON(): Snapshot {
    return snapshot(CalibrationError, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): CalibrationError {
    const { options, state } = checkSnapshot(CalibrationError, json)
    const metric = new CalibrationError(unpackState(options, { bins: 0, window: 0 }, 'options'))
    metric.#state = checkScoredWindow(unpackState(state, createScoredWindow()), metric.options.window)
    return metric
  }
}
