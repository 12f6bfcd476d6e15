/**
 * One Mondrian tree as plain data: node 0 is the root, and the two children of a split stand side by side, left first.
 *
 * A node keeps the box of what it has seen, its own estimate, and how far that estimate is trusted over the split below
 * it. `lows` and `highs` are +Infinity and -Infinity for a feature that was always missing.
 */
export type MondrianTree = {
  /** Nodes in use. */
  nodes: number
  /** Slots handed out so far; those on the free list are not in use. */
  slots: number
  /** Left slot of the first free pair, 0 where there is none; the next one stands in its `left`. */
  free: number
  /** Where the search for a leaf to forget goes on. */
  hand: number
  /** -1 for the root, -2 for a free slot. */
  parent: Int32Array
  /** Left child, 0 for a leaf. */
  left: Int32Array
  /** Feature of the split. */
  feature: Int32Array
  /** Values up to here go left. */
  threshold: Float64Array
  /** When the node was born, in the time of the Mondrian process. */
  time: Float64Array
  /** Weight of the labels seen. */
  weight: Float64Array
  /** Mean of the labels seen. */
  mean: Float64Array
  /** What it said before its first label. */
  prior: Float64Array
  /** Posterior probability that the node is better left whole than split. */
  trust: Float64Array
  /** 1 where the node was passed since the search for a leaf to forget last came by. */
  passed: Uint8Array
  /** Box of what the node has seen, feature by feature. */
  lows: Float64Array
  highs: Float64Array
}

/** A tree that has seen nothing, with room for `capacity` nodes. */
export function createTree(features: number, capacity: number, prior: number): MondrianTree {
  return {
    nodes: 1,
    slots: 1,
    free: 0,
    hand: 0,
    parent: new Int32Array(capacity).fill(-1),
    left: new Int32Array(capacity),
    feature: new Int32Array(capacity),
    threshold: new Float64Array(capacity),
    time: new Float64Array(capacity),
    weight: new Float64Array(capacity),
    mean: new Float64Array(capacity),
    prior: new Float64Array(capacity).fill(prior),
    trust: new Float64Array(capacity),
    passed: new Uint8Array(capacity),
    lows: new Float64Array(capacity * features).fill(Infinity),
    highs: new Float64Array(capacity * features).fill(-Infinity),
  }
}

/** The child of `v` that `x` belongs to; where the value is missing, the one that has seen more, else the left. */
export function childOf(tree: MondrianTree, v: number, x: Float64Array): number {
  const child = tree.left[v]!
  const value = x[tree.feature[v]!]!
  const threshold = tree.threshold[v]!
  if (value <= threshold) return child
  if (value > threshold) return child + 1
  return tree.weight[child]! >= tree.weight[child + 1]! ? child : child + 1
}

/** A node's own estimate: the mean of its labels and of `smoothing` imagined ones that say what it started from. */
export function estimateOf(tree: MondrianTree, v: number, smoothing: number): number {
  const share = smoothing / (tree.weight[v]! + smoothing)
  return tree.mean[v]! * (1 - share) + tree.prior[v]! * share
}

/** What the tree says: the average over all its prunings, each weighted by how well it has done. O(depth). */
export function predictTree(tree: MondrianTree, x: Float64Array, smoothing: number): number {
  const { left, parent, trust } = tree
  let v = 0
  while (left[v] !== 0) v = childOf(tree, v, x)
  let said = estimateOf(tree, v, smoothing)
  for (v = parent[v]!; v >= 0; v = parent[v]!) {
    const own = trust[v]!
    said = own * estimateOf(tree, v, smoothing) + (1 - own) * said
  }
  return said
}

/** Left slot of two new children. The caller has seen to it that the tree may grow to `maxNodes`. */
export function takePair(tree: MondrianTree, features: number, maxNodes: number): number {
  tree.nodes += 2
  const { free } = tree
  if (free !== 0) {
    tree.free = tree.left[free]!
    return free
  }
  const pair = tree.slots
  tree.slots += 2
  if (tree.slots > tree.parent.length) makeRoom(tree, features, maxNodes)
  return pair
}

/**
 * Moves the arrays to ones with room for all slots. Lengths are 1, 3, 7, 15 ... up to `maxNodes`: O(1) copies a node on
 * average, and a tree that was saved has the same room again.
 */
export function makeRoom(tree: MondrianTree, features: number, maxNodes: number): void {
  let capacity = 1
  while (capacity < tree.slots) capacity = 2 * capacity + 1
  const longer = createTree(features, Math.min(capacity, maxNodes), 0)
  longer.parent.set(tree.parent)
  longer.left.set(tree.left)
  longer.feature.set(tree.feature)
  longer.threshold.set(tree.threshold)
  longer.time.set(tree.time)
  longer.weight.set(tree.weight)
  longer.mean.set(tree.mean)
  longer.prior.set(tree.prior)
  longer.trust.set(tree.trust)
  longer.passed.set(tree.passed)
  longer.lows.set(tree.lows)
  longer.highs.set(tree.highs)
  const { nodes, slots, free, hand } = tree
  Object.assign(tree, longer, { nodes, slots, free, hand })
}

/**
 * Forgets one leaf: the first found that was not passed since the search last came by. The split above goes with it, and
 * what hangs on its other side moves up, with its box but not with its estimate: the node knows more labels.
 *
 * A leaf far out, cut off near the root, goes as easily as any. Undoing splits of two leaves alone keeps those for good,
 * and paths grow with the logarithm of all that was seen.
 *
 * This is the clock algorithm of operating systems, close to "the one unused for longest", at O(1) on average.
 */
export function forgetOneLeaf(tree: MondrianTree, features: number): void {
  const { left, passed, parent, lows, highs, slots } = tree
  let { hand } = tree
  for (;;) {
    hand = hand + 1 >= slots ? 0 : hand + 1
    if (left[hand] !== 0 || parent[hand]! < 0) continue
    if (passed[hand] === 0) break
    passed[hand] = 0
  }
  const v = parent[hand]!
  const pair = left[v]!
  const other = hand === pair ? pair + 1 : pair
  const below = left[other]!
  left[v] = below
  if (below !== 0) {
    parent[below] = v
    parent[below + 1] = v
  }
  tree.feature[v] = tree.feature[other]!
  tree.threshold[v] = tree.threshold[other]!
  passed[v] = passed[other]!
  lows.copyWithin(v * features, other * features, (other + 1) * features)
  highs.copyWithin(v * features, other * features, (other + 1) * features)
  parent[pair] = -2
  parent[pair + 1] = -2
  left[pair] = tree.free
  left[pair + 1] = 0
  tree.free = pair
  tree.nodes -= 2
  tree.hand = hand
}

/** The tree with its arrays cut to the slots in use, for snapshots. */
export function trimTree(tree: MondrianTree, features: number): MondrianTree {
  const { slots } = tree
  return {
    ...tree,
    parent: tree.parent.subarray(0, slots),
    left: tree.left.subarray(0, slots),
    feature: tree.feature.subarray(0, slots),
    threshold: tree.threshold.subarray(0, slots),
    time: tree.time.subarray(0, slots),
    weight: tree.weight.subarray(0, slots),
    mean: tree.mean.subarray(0, slots),
    prior: tree.prior.subarray(0, slots),
    trust: tree.trust.subarray(0, slots),
    passed: tree.passed.subarray(0, slots),
    lows: tree.lows.subarray(0, slots * features),
    highs: tree.highs.subarray(0, slots * features),
  }
}

/** Bytes of a tree's arrays. */
export function bytesOfTree(tree: MondrianTree): number {
  // three arrays of 32-bit numbers, six of 64-bit ones, one of bytes, and the two that hold the boxes
  return tree.parent.length * (3 * 4 + 6 * 8 + 1) + 2 * tree.lows.byteLength
}
