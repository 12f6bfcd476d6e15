import { normalCdf } from '../core/math.ts'

/** Up to so many differences, none of them 0 and no two of one size, chances are counted out, as in scipy. */
const EXACT = 50
/** Up to so many they are counted out with ties and zeros, too, as in scipy. */
const EXACT_WITH_TIES = 13

/**
 * P-value of Wilcoxon's signed-rank test that paired differences tend to be above 0: the chance of ranks as large where
 * either sign is equally likely. A difference of 0 counts half to either side. NaN of none.
 *
 * Counted out over all signs for few differences, else by the normal distribution with its variance corrected for ties.
 * Agrees with `scipy.stats.wilcoxon(differences, alternative='greater', zero_method='zsplit')`. O(n^3) up to 50
 * differences, then O(n log n).
 *
 * @see F. Wilcoxon (1945), "Individual comparisons by ranking methods", Biometrics Bulletin 1
 *
 * @example
 * ```ts
 * wilcoxonGreater([0.3, 0.1, -0.2, 0.5, 0.4]) // 0.09375
 * ```
 */
export function wilcoxonGreater(differences: ArrayLike<number>): number {
  const n = differences.length
  if (n === 0) return NaN
  const order = Array.from({ length: n }, (_, i) => i)
  order.sort((a, b) => Math.abs(differences[a]!) - Math.abs(differences[b]!))
  // twice the mean ranks, which are whole numbers
  const ranks = new Float64Array(n)
  let ties = 0
  for (let i = 0; i < n; ) {
    let end = i + 1
    while (end < n && Math.abs(differences[order[end]!]!) === Math.abs(differences[order[i]!]!)) end++
    for (let j = i; j < end; j++) ranks[order[j]!] = i + end + 1
    const tied = end - i
    ties += tied * tied * tied - tied
    i = end
  }
  let above = 0
  let zeros = 0
  for (let i = 0; i < n; i++) {
    if (differences[i]! > 0) above += ranks[i]!
    else if (differences[i] === 0) zeros += ranks[i]!
  }
  const plain = ties === 0 && zeros === 0
  if (n <= (plain ? EXACT : EXACT_WITH_TIES)) {
    return tailOf(
      above,
      ranks.filter((_, i) => differences[i] !== 0),
    )
  }
  const mean = (n * (n + 1)) / 4
  const deviation = Math.sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24)
  return normalCdf(-((above / 2 + zeros / 4 - mean) / deviation))
}

/** P(sum >= `least`) where each rank is in the sum or not, equally likely. */
function tailOf(least: number, ranks: Float64Array): number {
  const total = ranks.reduce((sum, rank) => sum + rank, 0)
  const chances = new Float64Array(total + 1)
  chances[0] = 1
  let reach = 0
  for (const rank of ranks) {
    reach += rank
    for (let sum = reach; sum >= 0; sum--) {
      chances[sum] = (chances[sum]! + (sum >= rank ? chances[sum - rank]! : 0)) / 2
    }
  }
  let tail = 0
  for (let sum = total; sum >= least; sum--) tail += chances[sum]!
  return Math.min(tail, 1)
}
