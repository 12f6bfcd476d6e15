import type { Grown, Kernel } from './growth.ts'
import { leavePlace, takePlace } from './leaf-statistics.ts'

/**
 * Observations between two looks at which leaves deserve the memory, while there is too little for all; a look costs
 * O(leaves log leaves). MOA looks after 1,000,000 and after every split.
 */
export const REVIEW_EVERY = 10_000

/**
 * Gives the places for statistics to the leaves that promise most, where there are too few for all: leaves with the
 * greatest weight outside their majority, which is what they get wrong and a split might mend. A leaf without a place
 * predicts by majority and cannot split; when it gets one back it starts to observe anew. Branches that keep statistics
 * come after all leaves, and get no place back: their question then stays as it is.
 */
export function shareOutPlaces({ options, layout }: Kernel, { tree, leaves }: Grown): void {
  const { feature, place, counts, nodes } = tree
  const { classes } = layout
  const ranked: number[] = []
  const branches: number[] = []
  let without = 0
  for (let node = 0; node < nodes; node++) {
    if (feature[node]! >= 0) {
      if (place[node]! >= 0) branches.push(node)
      continue
    }
    ranked.push(node)
    if (place[node]! < 0) without++
  }
  if (without === 0) return
  const spare = leaves.taken.reduce((n, taken) => n + 1 - taken, layout.maxPlaces - leaves.taken.length)

  // branches make room, the least promising first, of equal ones the higher node
  const merit = new Map(branches.map((node) => [node, promiseOf(counts, classes, node)]))
  branches.sort((a, b) => merit.get(a)! - merit.get(b)! || b - a)
  const left = branches.slice(0, Math.max(0, without - spare))
  for (const node of left) {
    leavePlace(leaves, place[node]!)
    place[node] = -1
  }

  // of leaves the most promising first, of equal ones those that have a place, then the lower node
  const promise = ranked.map((node) => promiseOf(counts, classes, node))
  const order = ranked.map((_, i) => i)
  const has = (i: number): number => Number(place[ranked[i]!]! >= 0)
  order.sort((a, b) => promise[b]! - promise[a]! || has(b) - has(a) || a - b)
  const affordable = ranked.length - without + spare + left.length
  for (const i of order.slice(affordable)) {
    const node = ranked[i]!
    if (place[node]! < 0) continue
    leavePlace(leaves, place[node]!)
    place[node] = -1
  }
  for (const i of order.slice(0, affordable)) {
    const node = ranked[i]!
    if (place[node]! < 0) place[node] = takePlace(leaves, layout, options.seed)
  }
}

/** Weight of the classes other than the largest. */
function promiseOf(counts: Float64Array, classes: number, node: number): number {
  let total = 0
  let most = 0
  for (let c = 0; c < classes; c++) {
    const n = counts[classes * node + c]!
    total += n
    most = Math.max(most, n)
  }
  return total - most
}
