import type { Forgetful, ProbabilityBound, Snapshot } from '../contracts.ts'
import { checkHalfLife, fraction, integer, openFraction, positive } from '../core/check.ts'
import { decayOf } from '../core/decayed-moments.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { clamp, logit, normalQuantile } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { wilsonEnds } from '../core/wilson.ts'
import { checkCount, corrupt } from './checks.ts'

/** Options of {@link ReliabilityBound}. */
export type ReliabilityBoundOptions = {
  /** How sure it is that the true rate lies above the bound. @defaultValue 0.9 */
  readonly confidence: number
  /** Labels after which one counts half; the rate of a market drifts, and more would lag behind it. @defaultValue 100 */
  readonly halfLife: number
  /** How far in log-odds predictions count for each other; at one half 0.4 is 10 percentage points. @defaultValue 0.4 */
  readonly bandwidth: number
  /** Effective number of labels about a probability before anything is said of it. @defaultValue 20 */
  readonly minSamples: number
}

/** Predictions by cells of log-odds, weighted by age: sums of weights, of their squares, of ones, and of what was said. */
type State = {
  seen: number
  readonly weights: Float64Array
  readonly squares: Float64Array
  readonly ones: Float64Array
  readonly said: Float64Array
}

/** Log-odds of a cell: a tenth is 2.5 percentage points at one half. */
const CELL = 0.1
/** Log-odds of the outermost cells, into which falls what is beyond: 0.25 and 99.75 %. */
const OUTERMOST = 6
const CELLS = 121

const fresh = (): State => ({
  seen: 0,
  weights: new Float64Array(CELLS),
  squares: new Float64Array(CELLS),
  ones: new Float64Array(CELLS),
  said: new Float64Array(CELLS),
})

/**
 * What the true rate lies above where a probability is predicted, as nearly surely as is asked for: by what became of such
 * predictions, not by what the model says of itself.
 *
 * It keeps each predicted probability q and its label y by the log-odds of q, with weights that halve every `halfLife` labels.
 * Asked about p it looks at its neighbours, with a kernel K that falls to nothing at `bandwidth`:
 *
 *     n = (Σ w)² / Σ w²        s = Σ w y / Σ w        q̄ = Σ w q / Σ w        w = K(logit q - logit p) 2^(-age / halfLife)
 *     bound = p + wilson(s, n) - q̄, and p at most
 *
 * So a model that promises too much is believed as far as it has kept its word, and one that follows the truth loses no more
 * than what is not known. On simulated streams the truth lay below bounds of 90 % in 6 to 11 % of questions where models
 * promise too much or too little, and in 13 % while the rate fell by ten points in 2,000 labels: a rate that drifts is followed
 * with the delay of the weights, which {@link forget} makes shorter (`test/learners/reliability-bound.test.ts`).
 *
 * Labels are taken for independent. Trades that are open side by side win side by side, which makes the bound too high; more
 * `confidence` answers that.
 *
 * `lowerBound` is O(bandwidth), `learn` is O(1) of 121 cells, memory 4 kB.
 *
 * @see E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22
 * @see J. L. Kelly (1956), for what a bound is wanted for: a stake on what is nearly sure instead of on a promise
 *
 * @example
 * ```ts
 * const bound = new ReliabilityBound({ confidence: 0.9 })
 * bound.lowerBound(0.6) // NaN: nothing is known
 * for (let i = 0; i < 200; i++) bound.learn(0.6, i % 2)
 * bound.lowerBound(0.6) // 0.445: half of them won
 * ```
 */
export class ReliabilityBound implements ProbabilityBound, Forgetful {
  static readonly type: string = 'reliability-bound'
  static readonly version: number = 1

  readonly options: ReliabilityBoundOptions
  readonly #z: number
  readonly #decay: number
  #state: State = fresh()

  constructor({
    confidence = 0.9,
    halfLife = 100,
    bandwidth = 0.4,
    minSamples = 20,
  }: Partial<ReliabilityBoundOptions> = {}) {
    this.options = {
      confidence: openFraction('confidence', confidence),
      halfLife: checkHalfLife('halfLife', halfLife),
      bandwidth: positive('bandwidth', bandwidth),
      minSamples: integer('minSamples', minSamples),
    }
    this.#z = normalQuantile(confidence)
    this.#decay = decayOf(halfLife)
  }

  /** Number of labels learned from. */
  get seen(): number {
    return this.#state.seen
  }

  lowerBound(probability: number): number {
    const p = fraction('probability', probability, 'INVALID_INPUT')
    const { bandwidth, minSamples } = this.options
    const { weights, squares, ones, said } = this.#state
    const place = placeOf(p)
    const reach = bandwidth / CELL
    const from = Math.max(0, Math.ceil(place - reach))
    const to = Math.min(CELLS - 1, Math.floor(place + reach))
    let [sum, square, won, told] = [0, 0, 0, 0]
    for (let i = from; i <= to; i++) {
      const k = 1 - Math.abs(i - place) / reach
      sum += k * weights[i]!
      square += k * k * squares[i]!
      won += k * ones[i]!
      told += k * said[i]!
    }
    const n = square > 0 ? (sum / square) * sum : 0
    if (!(n >= minSamples)) return NaN
    const [low] = wilsonEnds(clamp(won / sum, 0, 1), n, this.#z)
    return clamp(p + low - told / sum, 0, p)
  }

  learn(probability: number, y: number): void {
    const p = fraction('probability', probability, 'INVALID_INPUT')
    if (y !== 0 && y !== 1) throw new TradeLearnError('INVALID_INPUT', `"y" must be 0 or 1, got ${show(y)}.`)
    const { weights, squares, ones, said } = this.#state
    const decay = this.#decay
    for (let i = 0; i < CELLS; i++) {
      weights[i]! *= decay
      squares[i]! *= decay * decay
      ones[i]! *= decay
      said[i]! *= decay
    }
    const at = Math.round(placeOf(p))
    weights[at]!++
    squares[at]!++
    ones[at]! += y
    said[at]! += p
    this.#state.seen++
  }

  /** Counts as if no more than `keep` of the labels were left, each cell as much less as the others. */
  forget(keep: number): void {
    integer('keep', keep, 0, 'INVALID_INPUT')
    const { weights, squares, ones, said } = this.#state
    let [sum, square] = [0, 0]
    for (let i = 0; i < CELLS; i++) {
      sum += weights[i]!
      square += squares[i]!
    }
    const n = square > 0 ? (sum / square) * sum : 0
    if (n <= keep) return
    // of a random part both sums are that part
    for (const sums of [weights, squares, ones, said]) for (let i = 0; i < CELLS; i++) sums[i]! *= keep / n
  }

  /** One of the same options that knows nothing. */
  anew(): ReliabilityBound {
    return new ReliabilityBound(this.options)
  }

  toJSON(): Snapshot {
    return snapshot(ReliabilityBound, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): ReliabilityBound {
    const { options, state } = checkSnapshot(ReliabilityBound, json)
    const template = { confidence: 0, halfLife: 0, bandwidth: 0, minSamples: 0 }
    const bound = new ReliabilityBound(unpackState(options, template, 'options'))
    bound.#state = unpackState(state, fresh())
    const { seen, weights, squares, ones, said } = bound.#state
    checkCount('state.seen', seen)
    for (let i = 0; i < CELLS; i++) {
      const weight = weights[i]!
      if (!(weight >= 0 && weight <= seen)) corrupt('state.weights', `from 0 to ${seen}`, weight)
      for (const [name, sums] of [
        ['squares', squares],
        ['ones', ones],
        ['said', said],
      ] as const) {
        const sum = sums[i]!
        if (!(sum >= 0 && sum <= weight)) corrupt(`state.${name}`, `from 0 to ${weight}`, sum)
      }
    }
    return bound
  }
}

/** The place of a probability among the cells, a fraction between two of them. */
function placeOf(p: number): number {
  return (clamp(logit(p, MARGIN), -OUTERMOST, OUTERMOST) + OUTERMOST) / CELL
}

/** How near to 0 and 1 log-odds are taken: beyond the outermost cells. */
const MARGIN = 1e-6
