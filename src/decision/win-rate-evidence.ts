/** Wins and losses so far, and the logarithm of the evidence against a win rate. */
export type WinRateEvidence = { n: number; wins: number; logE: number }

/** No trades yet. */
export function createWinRateEvidence(): WinRateEvidence {
  return { n: 0, wins: 0, logE: 0 }
}

/**
 * Takes in one trade. O(1).
 *
 * The evidence is the likelihood ratio of "some win rate, all equally likely beforehand" against "exactly `rate`",
 *
 *     E = B(1 + k, 1 + n - k) / (rate^k (1 - rate)^(n - k))        k wins of n, B the beta function
 *
 * which grows by one factor a trade: what the rule of succession, (k + 1) / (n + 2), gave the outcome, over what
 * `rate` gave it. If `rate` is the truth, E ever reaches 1/alpha with probability alpha at most, however often one
 * looks (Ville). With fewer wins than `rate` so far the same holds for every true rate above it, whose likelihood
 * is smaller still.
 *
 * @see S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic
 *   confidence sequences", Annals of Statistics 49
 */
export function addTrade(evidence: WinRateEvidence, won: boolean, rate: number): void {
  const { n, wins } = evidence
  const given = won ? (wins + 1) / (n + 2) : (n - wins + 1) / (n + 2)
  evidence.logE += Math.log(given / (won ? rate : 1 - rate))
  evidence.n = n + 1
  if (won) evidence.wins = wins + 1
}

/** Whether the win rate has fallen below `rate`, wrongly with probability `alpha` at most over all time. */
export function isBelow({ n, wins, logE }: WinRateEvidence, rate: number, alpha: number): boolean {
  return wins < rate * n && logE >= -Math.log(alpha)
}
