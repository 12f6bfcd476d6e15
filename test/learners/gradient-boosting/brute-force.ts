import type { TreeOptions } from '../../../src/learners/gradient-boosting/options.ts'

/** What a split must respect. */
export type SplitRules = Pick<TreeOptions, 'l2' | 'minSamplesLeaf' | 'minHessianLeaf'>

/** A table in the plainest form: rows, and an integer gradient and hessian each, so that sums are exact. */
export type PlainTable = {
  readonly rows: readonly (readonly number[])[]
  readonly gradients: readonly number[]
  readonly hessians: readonly number[]
}

/** A split found by trying everything. */
export type PlainSplit = {
  readonly feature: number
  readonly threshold: number
  readonly missingLeft: boolean
  readonly gain: number
  readonly left: readonly number[]
  readonly right: readonly number[]
}

const sum = (values: readonly number[], members: readonly number[]): number =>
  members.reduce((total, i) => total + values[i]!, 0)

/** Halfway points between the distinct values of a whole column, and one above all of them. */
function thresholdsOf(rows: PlainTable['rows'], feature: number): number[] {
  const values = [...new Set(rows.map((row) => row[feature]!).filter((v) => !Number.isNaN(v)))].sort((a, b) => a - b)
  return values.map((v, i) => (i + 1 < values.length ? (v + values[i + 1]!) / 2 : Number.MAX_VALUE))
}

/** The best split of the rows `members` by definition: every feature, threshold and missing direction, from rows. */
export function bestSplit(table: PlainTable, members: readonly number[], rules: SplitRules): PlainSplit | undefined {
  const { rows, gradients, hessians } = table
  const score = (part: readonly number[]): number => {
    const g = sum(gradients, part)
    return (g * g) / (sum(hessians, part) + rules.l2)
  }
  // rows are estimated from their share of the hessians, as the option says
  const estimate = (part: readonly number[]): number => (sum(hessians, part) * members.length) / sum(hessians, members)
  const allowed = (part: readonly number[]): boolean =>
    estimate(part) >= rules.minSamplesLeaf - 0.5 && sum(hessians, part) >= rules.minHessianLeaf
  let best: PlainSplit | undefined
  let most = 1e-10
  for (let feature = 0; feature < rows[0]!.length; feature++) {
    const numberOf = (i: number): number => rows[i]![feature]!
    const anyMissing = members.some((i) => Number.isNaN(numberOf(i)))
    const present = members.filter((i) => !Number.isNaN(numberOf(i)))
    let below = 0
    for (let threshold of thresholdsOf(rows, feature)) {
      // a threshold that moves none of these rows is the one before it over again
      const now = present.filter((i) => numberOf(i) <= threshold).length
      if (now === below) continue
      below = now
      if (now === present.length) threshold = Number.MAX_VALUE
      for (const side of anyMissing ? ['right', 'left'] : ['none']) {
        const goesLeft = (i: number): boolean =>
          Number.isNaN(numberOf(i)) ? side === 'left' : numberOf(i) <= threshold
        const left = members.filter(goesLeft)
        const right = members.filter((i) => !goesLeft(i))
        if (!allowed(left) || !allowed(right)) continue
        const gain = score(left) + score(right) - score(members)
        // equal but for rounding is equal
        if (gain <= most * (1 + 1e-9)) continue
        most = gain
        const missingLeft = anyMissing ? side === 'left' : sum(hessians, left) >= sum(hessians, right)
        best = { feature, threshold, missingLeft, gain, left, right }
      }
    }
  }
  return best
}
