import type { ScoredWindow } from './scored-window.ts'

/**
 * The order of a window's predictions, kept from one reading to the next.
 *
 * It can be had from the window alone, so it is no state: `order` is empty before the first reading, and `pending` counts
 * what was pushed since the last.
 */
export type Ranking = { order: Uint32Array; pending: number }

/** Nothing ranked yet. */
export function createRanking(): Ranking {
  return { order: new Uint32Array(0), pending: 0 }
}

/**
 * The positions of the window's predictions in ascending order of prediction, ties in order of position.
 *
 * O(window + k log k) for k predictions since the last reading: what is still there keeps its order, and the new ones,
 * sorted, are merged into it. Read after every update it takes a pass, not a sort.
 */
export function rank(ranking: Ranking, { predictions, head, size }: ScoredWindow): Uint32Array {
  const known = ranking.order
  const k = known.length === 0 ? size : Math.min(ranking.pending, size)
  if (k === 0) return known
  const before = (a: number, b: number): number => predictions[a]! - predictions[b]! || a - b
  // the newest stand before the head; only a full window wraps
  const added = new Uint32Array(k)
  for (let i = 0; i < k; i++) added[i] = head - 1 - i < 0 ? head - 1 - i + size : head - 1 - i
  added.sort(before)

  const order = new Uint32Array(size)
  let next = 0
  let at = 0
  for (let i = 0; i < known.length; i++) {
    const old = known[i]!
    // its place has been taken by a newer one
    const age = head - 1 - old
    if ((age < 0 ? age + size : age) < k) continue
    while (next < k && before(added[next]!, old) < 0) order[at++] = added[next++]!
    order[at++] = old
  }
  while (next < k) order[at++] = added[next++]!
  ranking.order = order
  ranking.pending = 0
  return order
}
