/** Exponentially weighted count, mean and variance of a stream. */
export type DecayedMoments = { n: number; mean: number; variance: number }

/** No numbers yet. */
export function createDecayedMoments(): DecayedMoments {
  return { n: 0, mean: 0, variance: 0 }
}

/** The share of weight that is kept from one number to the next when weights halve every `halfLife` numbers. */
export function decayOf(halfLife: number): number {
  return Math.exp(-Math.LN2 / halfLife)
}

/**
 * Takes in one number, with the weights of the past multiplied by `decay`. O(1).
 *
 * `n` is the sum of the weights, so the first numbers count as a plain average and there is no start-up bias. The
 * variance is that of the weighted population.
 *
 * @see T. Finch (2009), "Incremental calculation of weighted mean and variance"
 */
export function addDecayed(moments: DecayedMoments, value: number, decay: number): void {
  const n = moments.n * decay + 1
  const share = 1 / n
  const delta = value - moments.mean
  moments.mean += share * delta
  moments.variance = (1 - share) * (moments.variance + share * delta * delta)
  moments.n = n
}
