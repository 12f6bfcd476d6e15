import type { Serializable, Snapshot } from '../contracts.ts'
import { finite, integer, nonNegative, openFraction, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'
import { createRing, pushRing, type Ring } from '../core/ring.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { atMost } from './at-most.ts'

/** Options of {@link ConformalInterval}. */
export type ConformalIntervalOptions = {
  /** Share of outcomes that should lie inside, 1 - α. @defaultValue 0.9 */
  readonly coverage: number
  /** Newest scores that widths are read from. @defaultValue 500 */
  readonly window: number
  /** Step γ by which each outcome moves the level. @defaultValue 0.01, of which Gibbs and Candès tried half and more */
  readonly learningRate: number
  /** Scores before the first interval. @defaultValue 20 */
  readonly minSamples: number
}

/** A longer window would be of a damaged file, and ask for its memory. */
const LONGEST = 1_000_000

type State = { seen: number; alpha: number; scores: Ring }

/**
 * The half-width of an interval around a forecast that holds the stated share of outcomes, whatever their distribution.
 *
 * It keeps the newest scores |r - r̂| / scale and answers with their quantile at 1 - α_t, times the scale now. After
 * each outcome the level moves, up after a hit and down after a miss, so that coverage comes back by itself when the
 * scores' distribution drifts:
 *
 *     α_t+1 = α_t + γ (α - miss)
 *
 * Whether an outcome was a miss is judged by the half-width that was given with the forecast, so labels may come late.
 * Where the theory asks for an infinite interval this one is as wide as the largest score kept; so long-run coverage
 * is near the target rather than equal to it. `halfWidth` is O(1), `learn` O(window) for a shift of sorted numbers.
 *
 * @see I. Gibbs, E. Candès (2021), "Adaptive conformal inference under distribution shift", NeurIPS
 *
 * @example
 * ```ts
 * const interval = new ConformalInterval({ coverage: 0.9 })
 * const width = interval.halfWidth(0.02) // NaN: nothing learned yet
 * interval.learn(0.013, 0.02, width)
 * ```
 */
export class ConformalInterval implements Serializable {
  static readonly type: string = 'conformal-interval'
  static readonly version: number = 1

  readonly options: ConformalIntervalOptions
  /** The ring's scores in ascending order, which follow from the state. */
  readonly #sorted: Float64Array
  #state: State

  constructor({
    coverage = 0.9,
    window = 500,
    learningRate = 0.01,
    minSamples = 20,
  }: Partial<ConformalIntervalOptions> = {}) {
    this.options = {
      coverage: openFraction('coverage', coverage),
      window: atMost('window', integer('window', window, minSamples), LONGEST),
      learningRate: nonNegative('learningRate', learningRate),
      minSamples: integer('minSamples', minSamples),
    }
    this.#sorted = new Float64Array(window)
    this.#state = { seen: 0, alpha: 1 - coverage, scores: createRing(window) }
  }

  /** Number of outcomes learned from. */
  get seen(): number {
    return this.#state.seen
  }

  /** The level α_t that widths are read at now: 1 - coverage at first. */
  get alpha(): number {
    return this.#state.alpha
  }

  /** Half the width of the interval for an outcome of the given scale; NaN until `minSamples` outcomes. */
  halfWidth(scale: number): number {
    positive('scale', scale, 'INVALID_INPUT')
    const { alpha, scores } = this.#state
    const n = scores.size
    if (n < this.options.minSamples) return NaN
    const rank = clamp(Math.ceil((n + 1) * (1 - alpha)), 1, n)
    return Math.min(this.#sorted[rank - 1]! * scale, Number.MAX_VALUE)
  }

  /**
   * Learns from one outcome: its residual r - r̂, the scale that its forecast had, and the half-width that was given
   * with it (NaN where there was none).
   */
  learn(residual: number, scale: number, halfWidthAtPrediction: number): void {
    const { coverage, learningRate } = this.options
    const size = Math.abs(finite('residual', residual, 'INVALID_INPUT'))
    positive('scale', scale, 'INVALID_INPUT')
    if (halfWidthAtPrediction === halfWidthAtPrediction) {
      nonNegative('halfWidthAtPrediction', halfWidthAtPrediction, 'INVALID_INPUT')
      const miss = size > halfWidthAtPrediction ? 1 : 0
      const s = this.#state
      // below 0 the widest is given anyway: going further down would only delay the way back
      s.alpha = clamp(s.alpha + learningRate * (1 - coverage - miss), coverage - 1, 1)
    }
    this.#keep(Math.min(size / scale, Number.MAX_VALUE))
    this.#state.seen++
  }

  toJSON(): Snapshot {
    return snapshot(ConformalInterval, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): ConformalInterval {
    const { options, state } = checkSnapshot(ConformalInterval, json)
    const template = { coverage: 0, window: 0, learningRate: 0, minSamples: 0 }
    const interval = new ConformalInterval(unpackState(options, template, 'options'))
    interval.#state = unpackState(state, interval.#state)
    checkState(interval.#state, interval.options)
    const { values, size } = interval.#state.scores
    // a ring that is not full has never turned, so its first places are the ones in use
    interval.#sorted.set(values.slice(0, size).sort())
    return interval
  }

  /** Puts a score into the ring and into its place among the sorted ones, in place of the oldest once full. */
  #keep(score: number): void {
    const { scores } = this.#state
    const sorted = this.#sorted
    const n = scores.size
    const gone = pushRing(scores, score)
    let count = n
    if (gone === gone) {
      const at = placeOf(sorted, n, gone)
      sorted.copyWithin(at, at + 1, n)
      count = n - 1
    }
    const at = placeOf(sorted, count, score)
    sorted.copyWithin(at + 1, at, count)
    sorted[at] = score
  }
}

/** The first place among the first `n` sorted numbers that holds none smaller than `value`. */
function placeOf(sorted: Float64Array, n: number, value: number): number {
  let low = 0
  let high = n
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Throws unless an interval with these options can get there. */
function checkState({ seen, alpha, scores }: State, { coverage, window }: ConformalIntervalOptions): void {
  const { values, head, size } = scores
  integer('state.seen', seen, size, 'CORRUPT_SNAPSHOT')
  const turned = size === window ? head < window : head === size
  const sound =
    [head, size].every((place) => Number.isInteger(place) && place >= 0) &&
    size <= window &&
    turned &&
    alpha >= coverage - 1 &&
    alpha <= 1 &&
    values.every((score) => score >= 0 && score < Infinity)
  if (sound) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `A "conformal-interval" snapshot must hold up to ${window} scores of at least 0 and a level from ${coverage - 1} to 1, got ${size} up to place ${head} and ${alpha}.`,
  )
}
