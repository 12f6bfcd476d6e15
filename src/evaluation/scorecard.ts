import { logLossOf } from '../core/math.ts'

/** The scores of a set of predictions, in the order of reports. */
export type ScoreName =
  | 'returnCorrelation'
  | 'correlation'
  | 'auc'
  | 'logLoss'
  | 'brier'
  | 'calibrationError'
  | 'accuracy'
  | 'precision'
  | 'recall'
  | 'winRate'
  | 'profitFactor'
  | 'expectancy'
  | 'sharpe'
  | 'maxDrawdown'

/** What a score needs before it says anything. */
export type ScoreRule = {
  readonly name: ScoreName
  /** Which direction is an improvement. */
  readonly better: 'higher' | 'lower'
  /** What it counts: all rows, taken rows, rows with a 1, or rows with the rarer label. */
  readonly counts: 'rows' | 'taken' | 'ones' | 'rarer'
  /** Fewest of them; below it the score is NaN. */
  readonly needs: number
}

/**
 * Directions and floors: 20 trades for figures about trades and 30 for a ratio of mean to deviation, as in
 * `TradeStatistics`; 30 rows for means of losses; 200 for ten bins of 20.
 */
export const SCORES: readonly ScoreRule[] = [
  { name: 'returnCorrelation', better: 'higher', counts: 'rows', needs: 30 },
  { name: 'correlation', better: 'higher', counts: 'rows', needs: 30 },
  { name: 'auc', better: 'higher', counts: 'rarer', needs: 20 },
  { name: 'logLoss', better: 'lower', counts: 'rows', needs: 30 },
  { name: 'brier', better: 'lower', counts: 'rows', needs: 30 },
  { name: 'calibrationError', better: 'lower', counts: 'rows', needs: 200 },
  { name: 'accuracy', better: 'higher', counts: 'rows', needs: 30 },
  { name: 'precision', better: 'higher', counts: 'taken', needs: 20 },
  { name: 'recall', better: 'higher', counts: 'ones', needs: 20 },
  { name: 'winRate', better: 'higher', counts: 'taken', needs: 20 },
  { name: 'profitFactor', better: 'higher', counts: 'taken', needs: 20 },
  { name: 'expectancy', better: 'higher', counts: 'taken', needs: 20 },
  { name: 'sharpe', better: 'higher', counts: 'taken', needs: 30 },
  { name: 'maxDrawdown', better: 'lower', counts: 'taken', needs: 20 },
]

const BINS = 10

/** Predictions beside what happened, made ready for scoring many resamples. */
export type Scorecard = {
  readonly y: Uint8Array
  readonly taken: Uint8Array
  readonly netReturns: Float64Array
  readonly probabilities: Float64Array
  readonly leans: Float64Array
  readonly surprises: Float64Array
  readonly excesses: Float64Array
  readonly losses: Float64Array
  /** Rows by ascending probability; empty for bare decisions, which have no AUC, losses or calibration. */
  readonly order: Uint32Array
  /** Fraction of the equity put into each trade, for the drawdown. */
  readonly stake: number
  /** How often each row was drawn into the resample at hand. */
  readonly drawn: Uint32Array
}

/** What a scorecard is made of. */
export type Scored = {
  readonly y: Uint8Array
  readonly netReturns: Float64Array
  readonly probabilities: Float64Array
  /** How far each probability lies from the mean of those before it. */
  readonly leans: Float64Array
  /** How far each label lies from the share of 1s that was known before it. */
  readonly surprises: Float64Array
  /** How far each net return lies from the mean of those that were known before it. */
  readonly excesses: Float64Array
  readonly times: ArrayLike<number>
  readonly labelEnds: ArrayLike<number>
  /** Whether the probabilities mean something, or only which side of the threshold they lie on. */
  readonly kind: 'probability' | 'decision'
  readonly threshold: number
  readonly stake: number
}

/** Computes once what no resample changes: decisions, losses and the order of probabilities. */
export function createScorecard({
  y,
  netReturns,
  probabilities,
  leans,
  surprises,
  excesses,
  kind,
  threshold,
  stake,
}: Scored): Scorecard {
  const n = y.length
  const order = Uint32Array.from({ length: kind === 'probability' ? n : 0 }, (_, i) => i)
  return {
    y,
    netReturns,
    probabilities,
    leans,
    surprises,
    excesses,
    stake,
    taken: Uint8Array.from(probabilities, (p) => Number(p >= threshold)),
    losses: probabilities.map((p, i) => logLossOf(y[i]!, p)),
    order: order.sort((a, b) => probabilities[a]! - probabilities[b]! || a - b),
    drawn: new Uint32Array(n),
  }
}

/** What the rows of a scorecard offer to each kind of score. */
export function countsOf({ y, taken }: Scorecard): { readonly [counts in ScoreRule['counts']]: number } {
  const ones = y.reduce((sum, label) => sum + label, 0)
  return {
    rows: y.length,
    taken: taken.reduce((sum, flag) => sum + flag, 0),
    ones,
    rarer: Math.min(ones, y.length - ones),
  }
}

/**
 * Scores the rows given, in their order, without regard to floors. O(rows of the card + rows given).
 *
 * The same formulas as the classes in `tradelearn/metrics`, all in two passes, because a bootstrap asks a thousand
 * times; and two more, the correlations of predictions p with labels y and with net returns r, each about what was usual
 * before it, the mean p̄ of the predictions, the share b of 1s and the mean r̄ of returns so far:
 *
 *     correlation       = sum of (p - p̄)(y - b) / sqrt(sum of (p - p̄)² · sum of (y - b)²)
 *     returnCorrelation = sum of (p - p̄)(r - r̄) / sqrt(sum of (p - p̄)² · sum of (r - r̄)²)
 *
 * Each term is a fair bet placed in advance, so its sign has no bias. AUC compares rows across time, and there slow
 * features such as a price level look skilled on any random walk, whose past lows are low only in hindsight. About p̄
 * rather than b, because a model that only guesses the base rate better than b does knows nothing about signals.
 *
 * @returns `out`, one value for each of {@link SCORES}; NaN where undefined
 */
export function scoreRows(card: Scorecard, rows: Uint32Array, out: Float64Array): Float64Array {
  const {
    y,
    taken,
    netReturns,
    losses,
    probabilities,
    leans: leant,
    surprises: surprised,
    excesses: paid,
    order,
    stake,
    drawn,
  } = card
  const n = rows.length
  let right = 0
  let ones = 0
  let hits = 0
  let loss = 0
  let brier = 0
  let together = 0
  let leans = 0
  let surprises = 0
  let earned = 0
  let excesses = 0
  let trades = 0
  let wins = 0
  let gains = 0
  let lost = 0
  let mean = 0
  let m2 = 0
  let level = 1
  let drawdown = 0

  // rows in order: decisions, losses, equity
  drawn.fill(0)
  for (let i = 0; i < n; i++) {
    const row = rows[i]!
    const label = y[row]!
    const miss = probabilities[row]! - label
    drawn[row]!++
    ones += label
    loss += losses[row]!
    brier += miss * miss
    const lean = leant[row]!
    const surprise = surprised[row]!
    together += lean * surprise
    leans += lean * lean
    surprises += surprise * surprise
    const excess = paid[row]!
    earned += lean * excess
    excesses += excess * excess
    if (taken[row] === label) right++
    if (taken[row] === 0) continue
    const netReturn = netReturns[row]!
    hits += label
    trades++
    if (netReturn > 0) {
      wins++
      gains += netReturn
    } else lost -= netReturn
    const delta = netReturn - mean
    mean += delta / trades
    m2 += delta * (netReturn - mean)
    level = Math.min(1, Math.max(0, level * (1 + stake * netReturn)))
    if (1 - level > drawdown) drawdown = 1 - level
  }

  // rows by probability, one group of equals at a time: ranking and calibration
  let below = 0
  let onesBelow = 0
  let area = 0
  let gap = 0
  let bin = 0
  let binPredicted = 0
  let binOnes = 0
  for (let i = 0; i < order.length; ) {
    const p = probabilities[order[i]!]!
    let count = 0
    let groupOnes = 0
    for (; i < order.length && probabilities[order[i]!] === p; i++) {
      const row = order[i]!
      count += drawn[row]!
      if (y[row] === 1) groupOnes += drawn[row]!
    }
    if (count === 0) continue
    const at = Math.min(BINS - 1, Math.floor((BINS * (below + count / 2)) / n))
    if (at !== bin) {
      gap += Math.abs(binPredicted - binOnes)
      bin = at
      binPredicted = 0
      binOnes = 0
    }
    binPredicted += count * p
    binOnes += groupOnes
    area += groupOnes * (below - onesBelow + (count - groupOnes) / 2)
    below += count
    onesBelow += groupOnes
  }
  gap += Math.abs(binPredicted - binOnes)

  const ranked = order.length > 0 && n > 0
  // who always says the same leans neither way
  const correlation = (sum: number, squares: number): number => {
    return ranked ? (leans > 0 && squares > 0 ? sum / Math.sqrt(leans * squares) : 0) : NaN
  }
  out[0] = correlation(earned, excesses)
  out[1] = correlation(together, surprises)
  out[2] = ranked && ones > 0 && ones < n ? area / (ones * (n - ones)) : NaN
  out[3] = ranked ? loss / n : NaN
  out[4] = ranked ? brier / n : NaN
  out[5] = ranked ? gap / n : NaN
  out[6] = n > 0 ? right / n : NaN
  out[7] = trades > 0 ? hits / trades : NaN
  out[8] = ones > 0 ? hits / ones : NaN
  out[9] = trades > 0 ? wins / trades : NaN
  out[10] = gains / lost
  out[11] = trades > 0 ? mean : NaN
  out[12] = m2 > 0 ? mean / Math.sqrt(m2 / (trades - 1)) : NaN
  out[13] = trades > 0 ? drawdown : NaN
  return out
}
