import type { Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { finite, integer, oneOf, openFraction, positive } from '../core/check.ts'
import { clamp } from '../core/math.ts'
import { addMoment, createMoments, type Moments, variance } from '../core/moments.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Interval } from '../market.ts'
import { asymptoticHalfWidth, asymptoticP, asymptoticRho, SIDES, type Sides } from './asymptotic.ts'
import { corrupt } from './check-series.ts'

/** Options of {@link MeanConfidenceSequence}. */
export type MeanConfidenceSequenceOptions = {
  /** Probability with which the interval holds the mean at all times together ("1 - alpha"). @defaultValue 0.95 */
  readonly coverage: number
  /** Observations at which the interval is to be tightest ("N*"). @defaultValue 400 */
  readonly tunedAt: number
  /** Which ends the interval has. @defaultValue 'both' */
  readonly sides: Sides
  /** The mean that the p-value tests against. @defaultValue 0 */
  readonly against: number
  /** Observations before it says anything: the deviation must be known by then. @defaultValue 20 */
  readonly minSamples: number
}

type State = { values: Moments; low: number; high: number; p: number }

/** Values beyond count as this large, so that all sums stay finite. */
const LARGEST = 1e100

/**
 * An interval for a mean that holds at all times together, so one may look after every trade and stop at will.
 *
 * A usual 95 % interval, looked at after every trade, leaves out the truth sooner or later: in a third of all tests
 * within 400 trades. This one is wider by about half, and what it once has excluded stays excluded:
 *
 *     mean ± deviation · sqrt(2 (n rho² + 1) / (n rho)² · ln(sqrt(n rho² + 1) / alpha)),  intersected over time
 *
 * with rho set by `tunedAt`. It rests on the central limit theorem, as the usual one does: right for many observations
 * of any distribution with a variance, too sure for few that are very skewed. Over 1,000 looks at 95 % it left out the
 * truth in 3 % of 500 streams of normal values, 1 % of Student's t with 3 degrees of freedom, 3 % of wins at 45 %, 5 %
 * of exponential values, but 9 % of wins at 10 %: for rare events use {@link WinRateConfidenceSequence}, for guardrails
 * on less than 50 outcomes {@link BoundedMeanConfidenceSequence}, which are exact. Observations must be one decision
 * each; add up those that depend on each other (a day's) to one. `low` comes above `high` where the mean has moved.
 * While nothing varies it says nothing. O(1) time and memory.
 *
 * @see I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas (2021), "Time-uniform central limit theory and
 *   asymptotic confidence sequences", arXiv 2103.06476
 *
 * @example
 * ```ts
 * const edge = new MeanConfidenceSequence()
 * for (const { netReturn } of labels) edge.update(netReturn)
 * edge.interval // { low: 0.0002, high: 0.0031, coverage: 0.95 }
 * edge.p // 0.02, valid whenever one looks
 * ```
 */
export class MeanConfidenceSequence implements Serializable, Sized {
  static readonly type: string = 'mean-confidence-sequence'
  static readonly version: number = 1

  readonly options: MeanConfidenceSequenceOptions
  readonly #rho: number
  #state: State = fresh()

  constructor({
    coverage = 0.95,
    tunedAt = 400,
    sides = 'both',
    against = 0,
    minSamples = 20,
  }: Partial<MeanConfidenceSequenceOptions> = {}) {
    this.options = {
      coverage: openFraction('coverage', coverage),
      tunedAt: positive('tunedAt', tunedAt),
      sides: oneOf('sides', sides, SIDES),
      against: finite('against', against),
      minSamples: integer('minSamples', minSamples, 2),
    }
    this.#rho = asymptoticRho(1 - coverage, tunedAt, sides)
  }

  /** Observations so far. */
  get n(): number {
    return this.#state.values.n
  }

  /** Their mean; NaN before the first. */
  get value(): number {
    return this.n > 0 ? this.#state.values.mean : NaN
  }

  /** Where the mean lies; infinite ends while it says nothing. */
  get interval(): Interval {
    const { low, high } = this.#state
    return { low, high, coverage: this.options.coverage }
  }

  /** Always-valid p-value of the mean being `against` (or beyond, for one side): the smallest so far. */
  get p(): number {
    return this.#state.p
  }

  /** Memory that its sums take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** Takes in the next value. */
  update(value: number): void {
    const s = this.#state
    const { coverage, sides, against, minSamples } = this.options
    addMoment(s.values, clamp(finite('value', value, 'INVALID_INPUT'), -LARGEST, LARGEST))
    const { n, mean } = s.values
    const deviation = Math.sqrt(variance(s.values))
    // what is left of equal numbers is rounding, not a tight interval
    if (n < minSamples || !(deviation > 1e-12 * Math.abs(mean))) return
    const half = deviation * asymptoticHalfWidth(n, this.#rho, 1 - coverage, sides)
    if (sides !== 'upper') s.low = Math.max(s.low, mean - half)
    if (sides !== 'lower') s.high = Math.min(s.high, mean + half)
    s.p = Math.min(s.p, asymptoticP(n, (mean - against) / deviation, this.#rho, sides))
  }

  toJSON(): Snapshot {
    return snapshot(MeanConfidenceSequence, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): MeanConfidenceSequence {
    const { options, state } = checkSnapshot(MeanConfidenceSequence, json)
    const template = new MeanConfidenceSequence().options
    const sequence = new MeanConfidenceSequence(unpackState(options, { ...template }, 'options'))
    sequence.#state = checkState(unpackState(state, fresh()))
    return sequence
  }
}

const fresh = (): State => ({ values: createMoments(), low: -Infinity, high: Infinity, p: 1 })

/** Throws unless observations can have led there. */
function checkState(state: State): State {
  const { values, low, high, p } = state
  const { n, mean, m2 } = values
  if (!(Number.isSafeInteger(n) && n >= 0)) corrupt('values.n', 'a whole number of at least 0', n)
  if (!(Math.abs(mean) <= LARGEST)) corrupt('values.mean', `at most ${LARGEST} in size`, mean)
  const most = n * LARGEST * LARGEST
  if (!(m2 >= 0 && m2 <= 2 * most)) corrupt('values.m2', `from 0 to ${most}`, m2)
  if (n === 0 && (mean !== 0 || m2 !== 0)) corrupt('values', 'empty', mean)
  if (Number.isNaN(low) || low === Infinity) corrupt('low', 'a number or -Infinity', low)
  if (Number.isNaN(high) || high === -Infinity) corrupt('high', 'a number or Infinity', high)
  if (!(p >= 0 && p <= 1)) corrupt('p', 'from 0 to 1', p)
  return state
}
