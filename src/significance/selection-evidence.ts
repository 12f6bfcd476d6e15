import type { Serializable, Snapshot } from '../contracts.ts'
import { finite, fraction, time } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { BETS, createBets, logCapital } from './capital.ts'

/** A signal whose outcome is known, and how much of it was chosen. */
export type ChosenSignal = {
  /** Share of the whole size that was chosen: 0 for none, 1 for all. */
  readonly share: number
  /** Share that whoever it is compared with chose of it. @defaultValue 1: all of every signal, as a bot without a model does */
  readonly others?: number
  /** 1 where it paid. */
  readonly y: 0 | 1
  /** Net return of the whole signal, whatever was chosen. */
  readonly netReturn: number
  readonly time: number
  /** When its outcome was known. */
  readonly labelEnd: number
}

/** One side of a pair that waits for the other. */
type Waiting = { y: number; netReturn: number }

type State = {
  n: number
  /** Sums over all signals, and over those of which more than usual was chosen. */
  shares: number
  wins: number
  kept: number
  keptWins: number
  /** The same of whoever it is compared with. */
  others: number
  othersKept: number
  othersKeptWins: number
  /** Sum of net returns, whole and as chosen. */
  returns: number
  chosenReturns: number
  pairs: number
  /** Longest time from a signal to its outcome so far. */
  longest: number
  more: Waiting[]
  less: Waiting[]
  /** The bet being gathered: pairs whose outcomes may be one and the same event. */
  bet: { until: number; pairs: number; wins: number; returns: number }
  /** Bets settled, and the sums of their squares. */
  bets: number
  winSquares: number
  returnSquares: number
  /** ln of what a stake of 1 has become, for each boldness. */
  winLogs: Float64Array
  returnLogs: Float64Array
  /** The largest evidence so far, as a logarithm. */
  peak: number
}

const fresh = (): State => ({
  n: 0,
  shares: 0,
  wins: 0,
  kept: 0,
  keptWins: 0,
  others: 0,
  othersKept: 0,
  othersKeptWins: 0,
  returns: 0,
  chosenReturns: 0,
  pairs: 0,
  longest: 0,
  more: [],
  less: [],
  bet: { until: 0, pairs: 0, wins: 0, returns: 0 },
  bets: 0,
  winSquares: 0,
  returnSquares: 0,
  winLogs: createBets(1),
  returnLogs: createBets(1),
  peak: 0,
})
const SAVED: State = { ...fresh(), more: [{ y: 0, netReturn: 0 }], less: [{ y: 0, netReturn: 0 }] }

/** Unpaired signals kept of either kind. Pairs far apart in time would compare two markets. */
const MOST_WAITING = 200
/** A bet of returns is cut off at so many of its own deviations, so that no single outlier decides. */
const DEVIATIONS = 2

/**
 * Evidence that a chooser picks signals that do better than those it leaves, valid however often one looks.
 *
 * Taking less of a losing market pays without any skill, so returns as they were earned prove nothing. What proves something
 * is what was taken beside what was left: each signal of which more than usual was chosen is paired with the newest unpaired
 * one of which less was, and a gambler bets that the chosen one did better. If choosing has nothing to do with how signals
 * end, either of the two is as likely the better one: the bets are fair, and a stake of 1 ever becomes 1/alpha with
 * probability alpha at most (Ville). Two stakes are played, on who won and on who returned more, six boldnesses each; the
 * evidence is their mean.
 *
 *     E = (mean_b prod (1 + b w) + mean_b prod (1 + b r)) / 2        w, r in [-1, 1], which one was better, by wins and returns
 *
 * Who is compared with a chooser that is no blind one itself is paired by where the two differ: a signal counts as chosen where
 * it took more of it than the other did, each measured by what it usually takes. Where they agree nothing is proved. Beside
 * one that has chosen nothing so far, all is compared with all.
 *
 *     lean = share mean(others) - others mean(share)        chosen where above 0, left where below
 *
 * Pairing neighbours keeps what the market does as a whole out of it. Signals that are open at the same time may owe their
 * ends to one event; so all pairs that come in within the longest label so far are one bet.
 *
 * O(1) time and memory a signal. For a test at one fixed time see `compareTakenAndSkipped`.
 *
 * @see G. Shafer (2021), "Testing by betting", Journal of the Royal Statistical Society A 184
 * @see A. Ramdas, P. Grünwald, V. Vovk, G. Shafer (2023), "Game-theoretic statistics and safe anytime-valid inference",
 *   Statistical Science 38
 *
 * @example
 * ```ts
 * const evidence = new SelectionEvidence()
 * evidence.update({ share: 1, y: 1, netReturn: 0.012, time, labelEnd })
 * if (evidence.evidence >= 20) console.log('better than chance, at a level of 5 %')
 * ```
 */
export class SelectionEvidence implements Serializable {
  static readonly type: string = 'selection-evidence'
  static readonly version: number = 2

  #state: State = fresh()

  /** Signals so far. */
  get n(): number {
    return this.#state.n
  }

  /** Pairs compared so far. */
  get pairs(): number {
    return this.#state.pairs
  }

  /** Share of all signals that paid; NaN before the first. */
  get winRate(): number {
    return this.#state.wins / this.#state.n
  }

  /** Share that paid of the signals of which more than usual was chosen; NaN before the first. */
  get keptWinRate(): number {
    return this.#state.keptWins / this.#state.kept
  }

  /** Share of signals of which more than usual was chosen; NaN before the first. */
  get keptShare(): number {
    return this.#state.kept / this.#state.n
  }

  /** As `keptWinRate`, of whoever it is compared with: the win rate of all where that one takes everything. */
  get othersWinRate(): number {
    return this.#state.othersKeptWins / this.#state.othersKept
  }

  /** Mean net return of a signal, whole; NaN before the first. */
  get meanReturn(): number {
    return this.#state.returns / this.#state.n
  }

  /** Mean net return of a signal, as much of it as was chosen; NaN before the first. */
  get meanChosenReturn(): number {
    return this.#state.chosenReturns / this.#state.n
  }

  /** E now: 20 is as rare as 1 in 20 where choosing is blind, or rarer. */
  get evidence(): number {
    return Math.exp(logEvidence(this.#state))
  }

  /** Always-valid p-value of choosing being blind. */
  get p(): number {
    return Math.exp(-this.#state.peak)
  }

  /** Takes in the next signal whose outcome is known. @throws `INVALID_INPUT`, `INVALID_TIME` */
  update({ share, others = 1, y, netReturn, time: at, labelEnd }: ChosenSignal): void {
    fraction('share', share, 'INVALID_INPUT')
    fraction('others', others, 'INVALID_INPUT')
    if (y !== 0 && y !== 1) throw new TradeLearnError('INVALID_INPUT', `"y" must be 0 or 1, got ${String(y)}.`)
    finite('netReturn', netReturn, 'INVALID_INPUT')
    time('time', at)
    time('labelEnd', labelEnd)
    const s = this.#state
    const usual = s.n > 0 ? s.shares / s.n : 0.5
    const usualOthers = s.n > 0 ? s.others / s.n : 0.5
    const lean = s.others > 0 ? share * usualOthers - others * usual : share - usual
    s.n++
    s.shares += share
    s.others += others
    s.wins += y
    s.returns = bounded(s.returns + netReturn)
    s.chosenReturns = bounded(s.chosenReturns + share * netReturn)
    s.longest = Math.max(s.longest, labelEnd - at)
    if (isKept(share, usual)) {
      s.kept++
      s.keptWins += y
    }
    if (isKept(others, usualOthers)) {
      s.othersKept++
      s.othersKeptWins += y
    }
    if (Math.abs(lean) < ROUNDING) return

    const [mine, opposite] = lean > 0 ? [s.more, s.less] : [s.less, s.more]
    const other = opposite.pop()
    if (other === undefined) {
      mine.push({ y, netReturn })
      if (mine.length > MOST_WAITING) mine.shift()
      return
    }
    const sign = lean > 0 ? 1 : -1
    this.#gather(at, sign * (y - other.y), sign * (netReturn - other.netReturn))
  }

  /**
   * Stakes anew what is left of the stakes, where that is less than at the start; the record stays. Whoever does so after every
   * signal finds a change as soon late as early; evidence then passes A once in A bets at most, on average (e-CUSUM), instead of
   * with a chance of 1/A ever.
   *
   * @see J. Shin, A. Ramdas, A. Rinaldo (2024), "E-detectors: a nonparametric framework for sequential change detection"
   */
  restake(): void {
    const s = this.#state
    if (!(logEvidence(s) < 0)) return
    s.winLogs.fill(0)
    s.returnLogs.fill(0)
  }

  /** Adds a pair to the bet that is being gathered, after settling it where it is complete. */
  #gather(at: number, wins: number, returns: number): void {
    const s = this.#state
    s.pairs++
    if (s.bet.pairs > 0 && at >= s.bet.until) this.#settle()
    if (s.bet.pairs === 0) s.bet.until = at + s.longest
    s.bet.pairs++
    s.bet.wins += wins
    s.bet.returns = bounded(s.bet.returns + bounded(returns))
  }

  #settle(): void {
    const s = this.#state
    const { pairs, wins, returns } = s.bet
    // scales come from earlier bets alone; a single pair's wins have one already
    const winScale = pairs === 1 ? 1 : Math.max(1, DEVIATIONS * Math.sqrt(s.bets > 0 ? s.winSquares / s.bets : pairs))
    const returnScale = s.bets > 0 ? DEVIATIONS * Math.sqrt(s.returnSquares / s.bets) : 0
    const w = clamp(wins / winScale, -1, 1)
    const r = returnScale > 0 ? clamp(returns / returnScale, -1, 1) : 0
    for (const [b, share] of BETS.entries()) {
      s.winLogs[b]! += Math.log1p(share * w)
      s.returnLogs[b]! += Math.log1p(share * r)
    }
    s.bets++
    s.winSquares += wins * wins
    // beyond this no market returns anything, and its square must stay a number
    const size = Math.min(Math.abs(returns), 1e100)
    s.returnSquares = Math.min(s.returnSquares + size * size, Number.MAX_VALUE)
    s.bet = { until: 0, pairs: 0, wins: 0, returns: 0 }
    s.peak = Math.max(s.peak, logEvidence(s))
  }

  toJSON(): Snapshot {
    return snapshot(SelectionEvidence, {}, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): SelectionEvidence {
    const { state, version } = checkSnapshot(SelectionEvidence, json)
    const evidence = new SelectionEvidence()
    const { n = null, wins = null } = state
    // version 1 compared with whoever takes everything
    const whole = version < 2 ? { ...state, others: n, othersKept: n, othersKeptWins: wins } : state
    evidence.#state = checkState(unpackState(whole, SAVED))
    return evidence
  }
}

/** A mean is off by rounding. */
const ROUNDING = 1e-9

/** Whether more than usual was chosen, or, of somebody who chooses as much of everything, anything. */
const isKept = (share: number, usual: number): boolean =>
  Math.abs(share - usual) < ROUNDING ? share > ROUNDING : share > usual

/** A sum of nonsense stays a number. */
const bounded = (sum: number): number => clamp(sum, -Number.MAX_VALUE, Number.MAX_VALUE)

/** ln of the mean of both stakes. */
function logEvidence({ winLogs, returnLogs }: State): number {
  const [a, b] = [logCapital(winLogs, 0), logCapital(returnLogs, 0)]
  const most = Math.max(a, b)
  return most + Math.log((Math.exp(a - most) + Math.exp(b - most)) / 2)
}

/** Passes a state whose parts agree. */
function checkState(s: State): State {
  const { n, shares, wins, kept, keptWins, others, othersKept, othersKeptWins, pairs, longest, more, less, bet, bets } =
    s
  const counts = [n, wins, kept, keptWins, othersKept, othersKeptWins, pairs, bets, bet.pairs]
  const most = Math.log1p(BETS.at(-1)!)
  const grown = ([...s.winLogs, ...s.returnLogs] as number[]).every(
    (log, i) => log <= bets * most * (1 + 1e-9) && log >= bets * Math.log1p(-BETS[i % BETS.length]!) * (1 + 1e-9),
  )
  const sane =
    counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
    shares >= 0 &&
    shares <= n &&
    wins <= n &&
    kept <= n &&
    keptWins <= Math.min(kept, wins) &&
    others >= 0 &&
    others <= n &&
    othersKept <= n &&
    othersKeptWins <= Math.min(othersKept, wins) &&
    pairs * 2 <= n &&
    bets + (bet.pairs > 0 ? 1 : 0) <= pairs &&
    longest >= 0 &&
    longest < Infinity &&
    [s.returns, s.chosenReturns, bet.until, bet.returns, bet.wins].every(Number.isFinite) &&
    [s.winSquares, s.returnSquares, s.peak].every((value) => value >= 0 && value < Infinity) &&
    [...more, ...less].every(({ y, netReturn }) => (y === 0 || y === 1) && Number.isFinite(netReturn)) &&
    Math.max(more.length, less.length) <= MOST_WAITING &&
    (more.length === 0 || less.length === 0) &&
    grown
  if (!sane) throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A "selection-evidence" snapshot must agree with itself.')
  return s
}
