import { TradeLearnError } from '../../core/errors.ts'
import type { MondrianTree } from './tree.ts'

type Shape = { readonly features: number; readonly maxNodes: number; readonly task: 'binary' | 'regression' }

/** Throws unless a tree read from a snapshot is one: every node reached once, every number what it must be. */
export function checkTree(tree: MondrianTree, { features, maxNodes, task }: Shape): void {
  const { slots, hand, nodes, parent, lows, highs } = tree
  const { length } = parent
  const rest = [tree.left, tree.feature, tree.threshold, tree.time, tree.weight, tree.mean, tree.prior, tree.trust]
  must(length === slots && slots >= 1 && slots <= maxNodes, 'slots', slots)
  must(
    [...rest, tree.passed].every((array) => array.length === slots),
    'slots for every array',
    slots,
  )
  must(lows.length === slots * features && highs.length === slots * features, 'a box for every node', lows.length)
  must(Number.isSafeInteger(hand) && hand >= 0 && hand < slots, 'a hand inside', hand)

  const reached = countReached(tree)
  must(reached === nodes, 'nodes that hang together', `${reached} of ${nodes}`)
  const freed = countFree(tree)
  must(nodes + freed === slots, 'its other slots on the free list', freed)
  for (let v = 0; v < slots; v++) if (parent[v] !== -2) checkNode(tree, v, features, task)
}

/** Nodes that are reached from the root by links which agree in both directions. */
function countReached({ slots, parent, left }: MondrianTree): number {
  must(parent[0] === -1, 'a root', parent[0])
  const open = [0]
  let reached = 0
  for (let v = open.pop(); v !== undefined; v = open.pop()) {
    reached++
    const child = left[v]!
    if (child === 0) continue
    // pairs begin at odd slots; two nodes cannot own the same pair as its parent is one of them
    must(child > 0 && child % 2 === 1 && child + 1 < slots, 'children inside', child)
    must(parent[child] === v && parent[child + 1] === v, 'children that know their parent', child)
    open.push(child, child + 1)
  }
  return reached
}

function countFree({ slots, free, parent, left }: MondrianTree): number {
  let freed = 0
  for (let pair = free; pair !== 0; pair = left[pair]!) {
    must(pair > 0 && pair % 2 === 1 && pair + 1 < slots && freed < slots, 'a free list inside', pair)
    must(parent[pair] === -2 && parent[pair + 1] === -2, 'free slots without a parent', pair)
    freed += 2
  }
  return freed
}

function checkNode(tree: MondrianTree, v: number, features: number, task: 'binary' | 'regression'): void {
  const { left, feature, threshold, time, weight, mean, prior, trust, lows, highs } = tree
  const isLabel = (y: number): boolean => (task === 'binary' ? y >= 0 && y <= 1 : Math.abs(y) < Infinity)
  must(weight[v]! >= 0 && weight[v]! < Infinity, 'weights of at least 0', weight[v])
  must(isLabel(mean[v]!) && isLabel(prior[v]!), 'means that labels can have', mean[v])
  must(time[v]! >= 0 && time[v]! < Infinity, 'times of at least 0', time[v])
  if (left[v] !== 0) {
    must(feature[v]! >= 0 && feature[v]! < features, 'features that exist', feature[v])
    must(Math.abs(threshold[v]!) < Infinity, 'finite thresholds', threshold[v])
    must(trust[v]! > 0 && trust[v]! < 1, 'trust between 0 and 1', trust[v])
  }
  for (let at = v * features; at < (v + 1) * features; at++) {
    const isEmpty = lows[at] === Infinity && highs[at] === -Infinity
    const isBox = lows[at]! <= highs[at]! && lows[at]! > -Infinity && highs[at]! < Infinity
    must(isEmpty || isBox, 'boxes that are finite or empty', lows[at])
  }
}

function must(holds: boolean, wanted: string, got: number | string | undefined): void {
  if (holds) return
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `A tree of a Mondrian forest must have ${wanted}, got ${got}.`)
}
