import type { Fold } from '../contracts.ts'
import type { Dataset } from './dataset.ts'
import { createSettlement, settleNext } from './settlement.ts'

/** The share of 1s in the training rows of a fold by Laplace's rule, (ones + 1) / (rows + 2), never quite 0 or 1. */
export function baseRateOf(y: ArrayLike<number>, train: Fold['train']): number {
  let ones = 0
  let rows = 0
  for (const { start, end } of train) {
    for (let row = start; row < end; row++) ones += y[row]!
    rows += end - start
  }
  return (ones + 1) / (rows + 2)
}

/** For each row the label that was settled last by then: 0 or 1, NaN while there was none. */
export function lastLabels({ y, times, labelEnds }: Dataset): Float64Array {
  const settlement = createSettlement(labelEnds)
  let last = NaN
  return Float64Array.from({ length: y.length }, (_, asked) => {
    for (let row = settleNext(settlement, times[asked]!, asked); row >= 0; ) {
      last = y[row]!
      row = settleNext(settlement, times[asked]!, asked)
    }
    return last
  })
}

/** For each row the share of 1s among the labels that were settled by then, by Laplace's rule. */
export function runningBaseRate({ y, times, labelEnds }: Omit<Dataset, 'rows' | 'netReturns'>): Float64Array {
  const settlement = createSettlement(labelEnds)
  let ones = 0
  let labels = 0
  return Float64Array.from({ length: y.length }, (_, asked) => {
    for (let row = settleNext(settlement, times[asked]!, asked); row >= 0; ) {
      ones += y[row]!
      labels++
      row = settleNext(settlement, times[asked]!, asked)
    }
    return (ones + 1) / (labels + 2)
  })
}
