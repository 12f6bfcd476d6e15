import type { SplitCriterion } from './options.ts'

/**
 * How well branches tell the classes apart; what a split gains is its merit less that of a single branch.
 *
 * Information gain is the fall of entropy in bits, so the merit is the negative entropy of the branches; for Gini it is
 * their purity; for Hellinger the greatest distance between the branches that a class takes and those that the others
 * take, sqrt(sum over branches of (sqrt P(branch | class) - sqrt P(branch | others))²), which is 0 for one branch.
 *
 * `counts` holds the class weights of branch b from `classes` x b on.
 *
 * @see D. A. Cieslak, T. R. Hoens, N. V. Chawla, W. P. Kegelmeyer (2012), "Hellinger distance decision trees are robust
 * and skew-insensitive", Data Mining and Knowledge Discovery 24
 */
export function meritOf(how: SplitCriterion, counts: Float64Array, branches: number, classes: number): number {
  if (how === 'information-gain') return negativeEntropy(counts, branches, classes)
  return how === 'gini' ? purity(counts, branches, classes) : hellingerDistance(counts, branches, classes)
}

/** The range of a gain where `present` classes have been seen: what Hoeffding's bound is in units of. */
export function rangeOf(how: SplitCriterion, present: number): number {
  if (how === 'information-gain') return Math.log2(Math.max(2, present))
  // 1 bounds Gini's impurity for any number of classes, as in River and MOA
  return how === 'gini' ? 1 : Math.SQRT2
}

/** n log n, 0 at 0. */
const nLogN = (n: number): number => (n > 0 ? n * Math.log(n) : 0)

/** (sum of n log n - sum of branch log branch) / total, the branches' mean negative entropy. */
function negativeEntropy(counts: Float64Array, branches: number, classes: number): number {
  let total = 0
  let sum = 0
  for (let b = 0; b < branches; b++) {
    let branch = 0
    for (let c = 0; c < classes; c++) {
      const n = counts[classes * b + c]!
      branch += n
      sum += nLogN(n)
    }
    sum -= nLogN(branch)
    total += branch
  }
  return (sum / total) * Math.LOG2E
}

/** The sum of the squared class shares, mean of the branches. */
function purity(counts: Float64Array, branches: number, classes: number): number {
  let total = 0
  let sum = 0
  for (let b = 0; b < branches; b++) {
    let branch = 0
    let squares = 0
    for (let c = 0; c < classes; c++) {
      const n = counts[classes * b + c]!
      branch += n
      squares += n * n
    }
    if (branch > 0) sum += squares / branch
    total += branch
  }
  return sum / total
}

function hellingerDistance(counts: Float64Array, branches: number, classes: number): number {
  let total = 0
  for (let i = 0; i < branches * classes; i++) total += counts[i]!
  let greatest = 0
  for (let c = 0; c < classes; c++) {
    let own = 0
    for (let b = 0; b < branches; b++) own += counts[classes * b + c]!
    const others = total - own
    if (!(own > 0 && others > 0)) continue
    let squares = 0
    for (let b = 0; b < branches; b++) {
      let branch = 0
      for (let k = 0; k < classes; k++) branch += counts[classes * b + k]!
      const n = counts[classes * b + c]!
      const gap = Math.sqrt(n / own) - Math.sqrt(Math.max(0, branch - n) / others)
      squares += gap * gap
    }
    greatest = Math.max(greatest, squares)
  }
  return Math.sqrt(greatest)
}
