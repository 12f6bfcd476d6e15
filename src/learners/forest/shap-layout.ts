import { TradeLearnError } from '../../core/errors.ts'
import type { Forest } from './forest.ts'

/** The questions of a forest in the order in which TreeSHAP works: one entry a question, tree by tree. */
export type Layout = {
  /** Where each tree's questions begin, and where those between two leaves do, which come last; a last entry ends it. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly node: Int32Array
  /** Each node's place in this order. */
  readonly number: Int32Array
  /** The question above that asked for the same feature, -1 where there is none, and 1 where it goes left to here. */
  readonly above: Int32Array
  readonly side: Uint8Array
  /** Features asked for from the root to here. */
  readonly distinct: Int32Array
}

/** Orders the questions by walking down every way once, remembering the last question for each feature. O(nodes). */
export function layOut({ features, roots, feature, left, right }: Forest): Layout {
  const nodes = feature.length
  const number = new Int32Array(nodes).fill(-1)
  const starts = new Int32Array(roots.length + 1)
  const ends = new Int32Array(roots.length)
  // as nodes first, for their numbers are not known yet
  const above = new Int32Array(nodes)
  const side = new Uint8Array(nodes)
  const distinct = new Int32Array(nodes)
  const last = new Int32Array(features).fill(-1)
  const lastSide = new Uint8Array(features)
  const seen = new Uint8Array(nodes)
  const order: number[] = []
  const level = new Int32Array(nodes)
  const inner: number[] = []
  const leafOnly: number[] = []
  const leafOnlyAgain: number[] = []
  // nodes to enter, and as -1 - node those to turn right at or to leave
  const stack: number[] = []
  const turned = new Uint8Array(nodes)
  for (let t = 0; t < roots.length; t++) {
    starts[t] = order.length
    let depth = 0
    stack.push(roots[t]!)
    while (stack.length > 0) {
      const top = stack.pop()!
      const node = top >= 0 ? top : -1 - top
      const f = feature[node]!
      if (top >= 0) {
        if (seen[node] === 1) {
          throw new TradeLearnError('CORRUPT_MODEL', `A tree must lead to each node by one way, got two to ${node}.`)
        }
        seen[node] = 1
        if (f < 0) continue
        above[node] = last[f]!
        side[node] = lastSide[f]!
        if (last[f] === -1) depth++
        distinct[node] = depth
        level[left[node]!] = level[right[node]!] = level[node]! + 1
        const between = feature[left[node]!]! < 0 && feature[right[node]!]! < 0
        const list = !between ? inner : last[f] === -1 ? leafOnly : leafOnlyAgain
        list.push(node)
        last[f] = node
        lastSide[f] = 1
        stack.push(-1 - node, left[node]!)
      } else if (turned[node] === 0) {
        turned[node] = 1
        lastSide[f] = 0
        stack.push(top, right[node]!)
      } else {
        last[f] = above[node]!
        lastSide[f] = side[node]!
        if (above[node] === -1) depth--
      }
    }
    // level by level, so that neighbours do not wait for each other
    inner.sort((a, b) => level[a]! - level[b]! || a - b)
    ends[t] = order.length + inner.length
    for (const list of [inner, leafOnly, leafOnlyAgain]) {
      for (const node of list) order.push(node)
      list.length = 0
    }
  }
  starts[roots.length] = order.length
  for (let i = 0; i < order.length; i++) number[order[i]!] = i
  return {
    starts,
    ends,
    node: Int32Array.from(order),
    number,
    above: Int32Array.from(order, (node) => (above[node]! < 0 ? -1 : number[above[node]!]!)),
    side: Uint8Array.from(order, (node) => side[node]!),
    distinct: Int32Array.from(order, (node) => distinct[node]!),
  }
}
