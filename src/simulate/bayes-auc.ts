import type { SignalTruth } from './simulate-market.ts'

/** The AUC that a model which knows the truth would reach on these signals; NaN where one class is missing. */
export type BayesAuc = { readonly overall: number; readonly before: number; readonly after: number }

/**
 * The best AUC there is, overall and on the signals before and after the edge's change.
 *
 * Ranking by the true probability is optimal (Neyman and Pearson), so up to luck in the draw no model ranks better.
 * O(n log n).
 */
export function bayesAuc(truth: readonly SignalTruth[]): BayesAuc {
  return {
    overall: aucOf(truth),
    before: aucOf(truth.filter(({ changed }) => !changed)),
    after: aucOf(truth.filter(({ changed }) => changed)),
  }
}

/** The share of pairs of a win and a loss in which the win had the higher probability; ties count half. */
function aucOf(truth: readonly SignalTruth[]): number {
  const ranked = [...truth].sort((a, b) => a.probability - b.probability)
  let pairs = 0
  let wins = 0
  let losses = 0
  for (let i = 0; i < ranked.length; ) {
    // all signals of one probability together
    let [tiedWins, tiedLosses] = [0, 0]
    const { probability } = ranked[i]!
    for (; i < ranked.length && ranked[i]!.probability === probability; i++) {
      if (ranked[i]!.y === 1) tiedWins++
      else tiedLosses++
    }
    pairs += tiedWins * (losses + tiedLosses / 2)
    wins += tiedWins
    losses += tiedLosses
  }
  return wins > 0 && losses > 0 ? pairs / (wins * losses) : NaN
}
