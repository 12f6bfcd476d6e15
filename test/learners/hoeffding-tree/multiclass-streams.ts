import { expect } from 'vitest'
import type { Vector } from '../../../src/contracts.ts'
import type { HoeffdingTreeMulticlass } from '../../../src/learners/hoeffding-tree/index.ts'
import type { Row } from './streams.ts'

/** The class with the largest share, of equal ones the lowest. */
const first = (shares: ArrayLike<number>): number => {
  let best = 0
  for (let c = 1; c < shares.length; c++) if (shares[c]! > shares[best]!) best = c
  return best
}

type Replayed = { predictions: (readonly number[])[]; labels: string; accuracy: number }

/** Test-then-train: all predictions, the labels that they make, and the share that was right. */
function replayAll(
  shares: (x: Vector) => readonly number[],
  learn: (row: Row) => void,
  rows: readonly Row[],
): Replayed {
  const predictions = rows.map((row) => {
    const all = shares(row.x)
    learn(row)
    return all
  })
  const labels = predictions.map((all, i) => (i === 0 ? '_' : String(first(all)))).join('')
  return { predictions, labels, accuracy: rows.filter(({ y }, i) => labels[i] === String(y)).length / rows.length }
}
export const replayTree = (tree: HoeffdingTreeMulticlass, rows: readonly Row[]): Replayed =>
  replayAll(
    (x) => [...tree.predictInto(x, new Float64Array(tree.outputs))],
    ({ x, y, weight }) => tree.learn(x, y, weight),
    rows,
  )
export const replayPlain = (
  tree: { shares(x: Float64Array): number[]; learn(x: Float64Array, y: number, weight: number): void },
  rows: readonly Row[],
): Replayed =>
  replayAll(
    (x) => tree.shares(x),
    ({ x, y, weight }) => tree.learn(x, y, weight),
    rows,
  )

export function expectClose(
  ours: readonly (readonly number[])[],
  theirs: readonly (readonly number[])[],
  within: number,
): void {
  for (const [i, all] of theirs.entries()) {
    for (const [c, p] of all.entries()) expect(Math.abs(ours[i]![c]! - p), `row ${i}, class ${c}`).toBeLessThan(within)
  }
}
