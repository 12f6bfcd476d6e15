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

/** What was known before each row of how signals usually end. */
export type Usual = {
  /** The share of 1s among the labels that were settled by then, by Laplace's rule. */
  readonly baseRates: Float64Array
  /** The mean net return of those signals; 0 before the first. */
  readonly returns: Float64Array
}

/** What was known before each row of a dataset of how signals usually end. */
export function usualOf({ y, netReturns, times, labelEnds }: Omit<Dataset, 'rows'>): Usual {
  const settlement = createSettlement(labelEnds)
  const [baseRates, returns] = [new Float64Array(y.length), new Float64Array(y.length)]
  let ones = 0
  let mean = 0
  for (let asked = 0; asked < y.length; asked++) {
    for (let row = settleNext(settlement, times[asked]!, asked); row >= 0; ) {
      ones += y[row]!
      mean += (netReturns[row]! - mean) / settlement.next
      row = settleNext(settlement, times[asked]!, asked)
    }
    baseRates[asked] = (ones + 1) / (settlement.next + 2)
    returns[asked] = mean
  }
  return { baseRates, returns }
}
