import type { Serializable, Sized, Snapshot } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { openFraction, positive } from '../core/check.ts'
import { logGamma } from '../core/distributions.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Interval } from '../market.ts'
import { corrupt } from './check-series.ts'

/** Options of {@link WinRateConfidenceSequence}. */
export type WinRateConfidenceSequenceOptions = {
  /** Probability with which the interval holds the win rate at all times together ("1 - alpha"). @defaultValue 0.95 */
  readonly coverage: number
  /** The win rate that the evidence speaks against ("p0"). @defaultValue 0.5 */
  readonly against: number
  /**
   * Wins and losses that are imagined beforehand ("a", "b"): 1 each holds all win rates equally likely. @defaultValue
   * 1
   */
  readonly priorWins: number
  /** @defaultValue 1 */
  readonly priorLosses: number
}

type State = {
  n: number
  wins: number
  /** ln of the probability that the mixture of all win rates gave to what happened. */
  logMixture: number
  /** Ends of the intersected interval, and the largest ln E so far. */
  low: number
  high: number
  peak: number
}

/**
 * Evidence about a win rate that stays valid however often one looks, from the first trade on.
 *
 * It bets against "the win rate is p" by what the wins so far suggest, and counts the winnings:
 *
 *     E(p) = B(a + k, b + n - k) / B(a, b) / (p^k (1 - p)^(n - k))        k wins of n, B the beta function
 *
 * If p is the truth, E(p) ever reaches 1/alpha with probability alpha at most (Ville). So 1/E is a p-value, its
 * smallest too, and the interval of all p that never were at 1/alpha holds the truth for all time. Exact at every n, no
 * approximation. `low` comes above `high` where the win rate has moved. O(1) time and memory; an update some 120
 * logarithms, for the ends of the interval.
 *
 * @see S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence
 *   sequences", Annals of Statistics 49
 *
 * @example
 * ```ts
 * const rate = new WinRateConfidenceSequence({ against: 0.5 })
 * for (const { y } of labels) rate.update(y === 1)
 * rate.interval // { low: 0.51, high: 0.74, coverage: 0.95 }
 * rate.evidence // 11.5: of a coin, such evidence comes once in 11 times at most
 * ```
 */
export class WinRateConfidenceSequence implements Serializable, Sized {
  static readonly type: string = 'win-rate-confidence-sequence'
  static readonly version: number = 1

  readonly options: WinRateConfidenceSequenceOptions
  #state: State = fresh()

  constructor({
    coverage = 0.95,
    against = 0.5,
    priorWins = 1,
    priorLosses = 1,
  }: Partial<WinRateConfidenceSequenceOptions> = {}) {
    this.options = {
      coverage: openFraction('coverage', coverage),
      against: openFraction('against', against),
      priorWins: positive('priorWins', priorWins),
      priorLosses: positive('priorLosses', priorLosses),
    }
  }

  /** Trades so far. */
  get n(): number {
    return this.#state.n
  }

  /** Share of wins; NaN before the first trade. */
  get value(): number {
    return this.#state.wins / this.#state.n
  }

  /** Where the win rate lies. */
  get interval(): Interval {
    const { low, high } = this.#state
    return { low, high, coverage: this.options.coverage }
  }

  /** E now, against the win rate `against`: 20 is as rare as 1 in 20, or rarer. */
  get evidence(): number {
    return Math.exp(logEvidence(this.#state, this.options.against))
  }

  /** Always-valid p-value of the win rate being `against`: the smallest so far. */
  get p(): number {
    return Math.exp(-this.#state.peak)
  }

  /** Memory that its counts take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  /** Takes in how the next trade ended. */
  update(won: boolean): void {
    if (typeof won !== 'boolean') {
      throw new TradeLearnError('INVALID_INPUT', `"won" must be true or false, got ${typeof won}.`)
    }
    const s = this.#state
    const { coverage, against, priorWins, priorLosses } = this.options
    // the mixture's own forecast of this trade
    const ahead = won ? priorWins + s.wins : priorLosses + s.n - s.wins
    s.logMixture += Math.log(ahead / (priorWins + priorLosses + s.n))
    s.n++
    if (won) s.wins++
    const limit = -Math.log(1 - coverage)
    s.low = Math.max(s.low, endOf(s, 0, limit))
    s.high = Math.min(s.high, endOf(s, 1, limit))
    s.peak = Math.max(s.peak, logEvidence(s, against))
  }

  toJSON(): Snapshot {
    return snapshot(WinRateConfidenceSequence, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): WinRateConfidenceSequence {
    const { options, state } = checkSnapshot(WinRateConfidenceSequence, json)
    const template = new WinRateConfidenceSequence().options
    const sequence = new WinRateConfidenceSequence(unpackState(options, { ...template }, 'options'))
    sequence.#state = checkState(unpackState(state, fresh()), sequence.options)
    return sequence
  }
}

const fresh = (): State => ({ n: 0, wins: 0, logMixture: 0, low: 0, high: 1, peak: 0 })

/** ln E(p). */
function logEvidence({ n, wins, logMixture }: State, p: number): number {
  const losses = n - wins
  // 0 ln 0 is 0
  return logMixture - (wins > 0 ? wins * Math.log(p) : 0) - (losses > 0 ? losses * Math.log1p(-p) : 0)
}

/**
 * Between `end` (0 or 1) and the share of wins, the p at which ln E falls to `limit`; `end` where it nowhere exceeds
 * it.
 */
function endOf(state: State, end: 0 | 1, limit: number): number {
  if (logEvidence(state, end) < limit) return end
  let outside: number = end
  let inside = state.wins / state.n
  // halves the gap down to the last bits of a double; the outer end is the safe one
  for (let i = 0; i < 60; i++) {
    const middle = (outside + inside) / 2
    if (logEvidence(state, middle) >= limit) outside = middle
    else inside = middle
  }
  return outside
}

/** Throws unless trades can have led there. */
function checkState(state: State, { priorWins: a, priorLosses: b }: WinRateConfidenceSequenceOptions): State {
  const { n, wins, logMixture, low, high, peak } = state
  if (!(Number.isSafeInteger(n) && n >= 0)) corrupt('n', 'a whole number of at least 0', n)
  if (!(Number.isSafeInteger(wins) && wins >= 0 && wins <= n)) corrupt('wins', `a whole number up to ${n}`, wins)
  const logBeta = (x: number, y: number): number => logGamma(x) + logGamma(y) - logGamma(x + y)
  const wanted = logBeta(a + wins, b + n - wins) - logBeta(a, b)
  // rounding of both grows with the number of trades
  if (!(Math.abs(logMixture - wanted) <= 1e-9 * (1 + n + a + b))) corrupt('logMixture', String(wanted), logMixture)
  if (!(low >= 0 && low <= 1)) corrupt('low', 'from 0 to 1', low)
  if (!(high >= 0 && high <= 1)) corrupt('high', 'from 0 to 1', high)
  if (!(peak >= 0 && peak < Infinity)) corrupt('peak', 'a number of at least 0', peak)
  return state
}
