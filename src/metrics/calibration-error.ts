import type { Metric, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { integer, oneOf, openFraction } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { normalQuantile } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkScore } from './check-score.ts'
import { createRanking, type Ranking, rank } from './ranking.ts'
import {
  type Binned,
  type Binning,
  type BrierParts,
  binScored,
  brierPartsOf,
  type ReliabilityBin,
  reliabilityBins,
} from './reliability.ts'
import { checkScoredWindow, createScoredWindow, pushScored, type ScoredWindow } from './scored-window.ts'

/** Options of {@link CalibrationError}. */
export type CalibrationErrorOptions = {
  /** Most bins. @defaultValue 10 */
  readonly bins: number
  /** Newest observations that count. @defaultValue 10000 */
  readonly window: number
  /** Where bins are cut. @defaultValue 'equal-count' */
  readonly binning: Binning
  /** Chance that a bin's interval should hold the true share of 1s. @defaultValue 0.95 */
  readonly coverage: number
}

/** Far more than a diagram shows; all are made whenever the value is read. */
const MOST_BINS = 65_536

/**
 * How far probabilities are from the frequencies that follow them: the expected calibration error.
 *
 * The newest predictions are sorted and cut into bins of equal weight, because those of trading models crowd around
 * the base rate and would all fall into one of ten bins of equal width, which are there for comparisons with others'.
 * Equal predictions stay together, so a constant prediction makes one bin.
 *
 *     ECE = sum over bins of (count / total) |mean prediction - share of 1s|
 *
 * An update is O(1); value, bins and parts are computed when read, in O(window + bins + k log k) for k updates since the
 * last reading. Chance alone makes it positive: bins of m observations each show about 0.4 / sqrt(m) even when every
 * probability is right, so look whether the bins' intervals hold their predictions. NaN before the first.
 *
 * @see M. P. Naeini, G. F. Cooper, M. Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian
 *   binning", AAAI
 * @see E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22
 *
 * @example
 * ```ts
 * const calibration = new CalibrationError()
 * for (const { probability, y } of closed) calibration.update(y, probability)
 * calibration.bins // [{ predicted: 0.41, observed: 0.38, count: 52, low: 0.26, high: 0.52 }, ...]
 * ```
 */
export class CalibrationError implements Metric, Sized {
  static readonly type: string = 'calibration-error'
  static readonly version: number = 2

  readonly better = 'lower'
  readonly options: CalibrationErrorOptions
  #state: ScoredWindow = createScoredWindow()
  /** Follows from the window. */
  readonly #ranking: Ranking = createRanking()

  constructor({
    bins = 10,
    window = 10_000,
    binning = 'equal-count',
    coverage = 0.95,
  }: Partial<CalibrationErrorOptions> = {}) {
    this.options = {
      bins: integer('bins', bins),
      window: integer('window', window),
      binning: oneOf('binning', binning, ['equal-count', 'equal-width']),
      coverage: openFraction('coverage', coverage),
    }
    if (bins > MOST_BINS) {
      throw new TradeLearnError('INVALID_OPTION', `"bins" must be at most ${MOST_BINS}, got ${bins}.`)
    }
  }

  get value(): number {
    const { sums, total } = this.#binned()
    let error = 0
    for (const { predicted, ones } of sums) error += Math.abs(predicted - ones)
    return total > 0 ? error / total : NaN
  }

  /** The reliability diagram, ascending; bins that no prediction fell into are left out. */
  get bins(): readonly ReliabilityBin[] {
    return reliabilityBins(this.#binned(), -normalQuantile((1 - this.options.coverage) / 2))
  }

  /**
   * The Brier score of the window in parts, by the bins of the diagram; they add up to it but for rounding. NaN before the
   * first.
   *
   * @see A. H. Murphy (1973), "A new vector partition of the probability score", Journal of Applied Meteorology 12
   * @see D. B. Stephenson, C. A. S. Coelho, I. T. Jolliffe (2008), "Two extra components in the Brier score decomposition",
   *   Weather and Forecasting 23
   */
  get brierParts(): BrierParts {
    return brierPartsOf(this.#state, this.#binned())
  }

  #binned(): Binned {
    const { bins, binning } = this.options
    return binScored(this.#state, rank(this.#ranking, this.#state), bins, binning)
  }

  /** Memory that its window takes, in bytes, with the order of its predictions. */
  get sizeInBytes(): number {
    return bytesOf(this.#state) + Uint32Array.BYTES_PER_ELEMENT * this.#state.size
  }

  update(y: number, prediction: number, weight = 1): void {
    const counted = checkScore(y, prediction, weight)
    pushScored(this.#state, this.options.window, y, prediction, counted)
    this.#ranking.pending++
  }

  toJSON(): Snapshot {
    return snapshot(CalibrationError, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): CalibrationError {
    const { options, state } = checkSnapshot(CalibrationError, json)
    // version 1 knew neither
    const whole = json.version === 1 ? { binning: 'equal-count', coverage: 0.95, ...options } : options
    const shape = { bins: 0, window: 0, binning: '', coverage: 0 }
    const metric = new CalibrationError(unpackState(whole, shape, 'options') as CalibrationErrorOptions)
    metric.#state = checkScoredWindow(unpackState(state, createScoredWindow()), metric.options.window)
    return metric
  }
}
