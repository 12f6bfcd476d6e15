/** Rows in the order in which their labels become known, as plain data; `next` is the first that is still open. */
export type Settlement = {
  readonly order: Uint32Array
  readonly labelEnds: ArrayLike<number>
  next: number
}

/** The rows of a dataset by the end of their labels, ties by row; none is settled yet. */
export function createSettlement(labelEnds: ArrayLike<number>): Settlement {
  const order = Uint32Array.from({ length: labelEnds.length }, (_, i) => i)
  order.sort((a, b) => labelEnds[a]! - labelEnds[b]! || a - b)
  return { order, labelEnds, next: 0 }
}

/**
 * The next row whose label is known by `time`, or -1 if there is none; rows from `asked` on have not been asked yet and
 * cannot be settled.
 */
export function settleNext(settlement: Settlement, time: number, asked: number): number {
  const { order, labelEnds, next } = settlement
  if (next === order.length) return -1
  const row = order[next]!
  // a row that was not asked yet ends at `time` at the earliest, and so do all that follow it here
  if (labelEnds[row]! > time || row >= asked) return -1
  settlement.next++
  return row
}
