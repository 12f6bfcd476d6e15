import { corrupt } from './check-series.ts'

/**
 * Shares of the capital that are bet, from cautious to bold: bold ones win on few outcomes far from the candidate,
 * cautious ones on many outcomes near it.
 */
export const BETS: readonly number[] = [0.05, 0.1, 0.2, 0.35, 0.6, 0.9]

/** Candidate means lie at 1/500, 2/500, ... of the way from bound to bound. */
export const CELLS = 500

/** Capitals of 1, as logarithms, for so many candidates: all candidates of the first bet, then of the next. */
export function createBets(candidates: number): Float64Array {
  return new Float64Array(BETS.length * candidates)
}

/**
 * Takes in the outcome `x`, 0 to 1, for the candidates from `from` to before `to`: each capital grows by
 * 1 + share (x / m - 1), at which a mean of m or less lets none grow on average.
 */
export function addBets(
  logs: Float64Array,
  meanAt: (candidate: number) => number,
  x: number,
  from: number,
  to: number,
): void {
  const candidates = logs.length / BETS.length
  for (let c = from; c < to; c++) {
    const gain = x / meanAt(c) - 1
    for (let b = 0; b < BETS.length; b++) logs[b * candidates + c]! += Math.log1p(BETS[b]! * gain)
  }
}

/** ln of the mean of all bets' capitals against one candidate. */
export function logCapital(logs: Float64Array, candidate: number): number {
  const candidates = logs.length / BETS.length
  let most = -Infinity
  for (let b = 0; b < BETS.length; b++) most = Math.max(most, logs[b * candidates + candidate]!)
  let sum = 0
  for (let b = 0; b < BETS.length; b++) sum += Math.exp(logs[b * candidates + candidate]! - most)
  return most + Math.log(sum / BETS.length)
}

/** Throws unless `n` outcomes can have led to such capitals. */
export function checkBets(name: string, logs: Float64Array, meanAt: (candidate: number) => number, n: number): void {
  const candidates = logs.length / BETS.length
  for (const [b, share] of BETS.entries()) {
    // a little room for rounding
    const least = n * Math.log1p(-share) * (1 + 1e-9)
    for (let c = 0; c < candidates; c++) {
      const value = logs[b * candidates + c]!
      const mean = meanAt(c)
      const most = mean > 0 ? n * Math.log1p(share * (1 / mean - 1)) * (1 + 1e-9) : 0
      if (!(value >= least && value <= most))
        corrupt(`${name}[${b * candidates + c}]`, `from ${least} to ${most}`, value)
    }
  }
}
