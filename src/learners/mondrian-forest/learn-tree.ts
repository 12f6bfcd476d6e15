import type { Rng } from '../../contracts.ts'
import { childOf, estimateOf, forgetOneLeaf, type MondrianTree, takePair } from './tree.ts'

/** What the trees of a forest have in common; `scale`, `rates` and `gaps` change with every observation. */
export type Growth = {
  readonly task: 'binary' | 'regression'
  readonly features: number
  readonly maxNodes: number
  readonly step: number
  readonly smoothing: number
  /** Share of a label's weight that is left after the next label of the same node. */
  readonly keep: number
  /** Root mean square of the forest's errors, for regressions; Infinity while unknown. */
  scale: number
  /** What each feature's values are multiplied by to be comparable. */
  readonly rates: Float64Array
  /** Scratch: how far `x` lies outside a node's box. */
  readonly gaps: Float64Array
}

/** Gaps and losses count as no larger, so that sums of them stay finite. */
const LARGEST = 1e300
/** Trust is kept this far from 0 and 1, so that a choice between leaf and split can always be taken back. */
const DOUBT = 1e-12
/** Beyond weights of 1e300 an estimate may round to 0 or 1, whose log loss is infinite. */
const LEAST_PROBABILITY = 1e-300
/** e^700 is still finite. */
const LARGEST_LOG_ODDS = 700
/** Errors count as no larger, in units of their scale: squares of them stay finite. */
const LARGEST_ERROR = 1e75

/** Teaches one tree one observation: grows the partition on the way down, weighs the forecasts on the way up. */
export function learnTree(tree: MondrianTree, x: Float64Array, y: number, weight: number, g: Growth, rng: Rng): void {
  if (tree.nodes + 2 > g.maxNodes) forgetOneLeaf(tree, g.features)
  learnUpwards(tree, growDownwards(tree, x, y, g, rng), y, weight, g)
}

/** Follows `x` to its leaf, splitting at most one node of the path where the Mondrian process says so. */
function growDownwards(tree: MondrianTree, x: Float64Array, y: number, g: Growth, rng: Rng): number {
  const { features } = g
  const { left, time, passed, mean, weight } = tree
  for (let v = 0; ; v = childOf(tree, v, x)) {
    passed[v] = 1
    if (mean[v] === y && weight[v]! > 0) {
      // labels that are all equal need no split; and a leaf keeps its box, or it would cover all before it needs one
      if (left[v] === 0) return v
    } else {
      const total = reachOf(tree, v, x, g)
      if (total > 0) {
        const when = Math.min(time[v]! - Math.log(1 - rng.next()) / total, Number.MAX_VALUE)
        if (left[v] === 0 || when < time[left[v]!]!) {
          const leaf = split(tree, v, x, when, total, g, rng)
          widenBox(tree, v, x, features)
          widenBox(tree, leaf, x, features)
          return leaf
        }
      }
    }
    widenBox(tree, v, x, features)
    if (left[v] === 0) return v
  }
}

/** Fills `gaps` and returns their sum: how far `x` lies outside the box of `v`. */
function reachOf({ lows, highs }: MondrianTree, v: number, x: Float64Array, g: Growth): number {
  const { features, rates, gaps } = g
  let total = 0
  for (let j = 0, at = v * features; j < features; j++, at++) {
    const value = x[j]!
    const low = lows[at]!
    const high = highs[at]!
    let gap = 0
    // a side that was never seen, or a missing value, is no gap
    if (value < low && low < Infinity) gap = Math.min((low - value) * rates[j]!, LARGEST)
    else if (value > high && high > -Infinity) gap = Math.min((value - high) * rates[j]!, LARGEST)
    gaps[j] = gap
    total += gap
  }
  return total
}

function widenBox({ lows, highs }: MondrianTree, v: number, x: Float64Array, features: number): void {
  for (let j = 0, at = v * features; j < features; j++, at++) {
    const value = x[j]!
    if (value < lows[at]!) lows[at] = value
    if (value > highs[at]!) highs[at] = value
  }
}

/**
 * Puts a split above everything that `v` is: one child takes that over, the other is a new leaf for `x`, whose slot is
 * returned. The cut lies between the box and `x`, in a feature drawn by the gaps.
 */
function split(
  tree: MondrianTree,
  v: number,
  x: Float64Array,
  when: number,
  total: number,
  g: Growth,
  rng: Rng,
): number {
  const { features, gaps } = g
  // draw the feature
  let rest = rng.next() * total
  let feature = -1
  for (let j = 0; j < features && rest >= 0; j++) {
    if (gaps[j] === 0) continue
    feature = j
    rest -= gaps[j]!
  }
  // draw the threshold, from the lower end, included, to the upper, not included, whatever rounding does
  const box = v * features
  const value = x[feature]!
  const isRight = value > tree.highs[box + feature]!
  const low = isRight ? tree.highs[box + feature]! : value
  const high = isRight ? value : tree.lows[box + feature]!
  const u = rng.next()
  const cut = low * (1 - u) + high * u

  // move what v is into one of the new slots
  const pair = takePair(tree, features, g.maxNodes)
  const { parent, left, trust, lows, highs } = tree
  const old = isRight ? pair : pair + 1
  const leaf = isRight ? pair + 1 : pair
  const below = left[v]!
  left[old] = below
  parent[old] = v
  parent[leaf] = v
  if (below !== 0) {
    parent[below] = old
    parent[below + 1] = old
  }
  tree.feature[old] = tree.feature[v]!
  tree.threshold[old] = tree.threshold[v]!
  tree.weight[old] = tree.weight[v]!
  tree.mean[old] = tree.mean[v]!
  tree.prior[old] = tree.prior[v]!
  tree.passed[old] = tree.passed[v]!
  tree.time[old] = when
  trust[old] = trust[v]!
  lows.copyWithin(old * features, box, box + features)
  highs.copyWithin(old * features, box, box + features)

  // a leaf that knows nothing; what it says first is neutral in a classification, else what was said here so far
  left[leaf] = 0
  tree.weight[leaf] = 0
  tree.mean[leaf] = 0
  tree.prior[leaf] = g.task === 'binary' ? 0.5 : estimateOf(tree, v, g.smoothing)
  tree.passed[leaf] = 0
  tree.time[leaf] = when
  trust[leaf] = 0
  lows.fill(Infinity, leaf * features, (leaf + 1) * features)
  highs.fill(-Infinity, leaf * features, (leaf + 1) * features)

  left[v] = pair
  tree.feature[v] = feature
  tree.threshold[v] = cut >= low && cut < high ? cut : low
  // all labels so far lie in the old part: node alone against node as it was, own / (own / 2 + below / 2) = 2 trust
  const odds = below === 0 ? 1 : 2 * trust[v]!
  trust[v] = odds / (1 + odds)
  return leaf
}

/**
 * From leaf `v` to the root: weighs each node's own forecast of `y` against that of the split below it by Bayes' rule,
 * then lets the node's estimate learn.
 */
function learnUpwards(tree: MondrianTree, v: number, y: number, weight: number, g: Growth): void {
  const { parent, trust } = tree
  const rate = Math.min(g.step * weight, LARGEST)
  // a new split is one more choice, by which the weight of all that hangs there is (1 + odds) / 2 times what it was
  const isNew = tree.weight[v] === 0 && parent[v]! >= 0
  const bonus = isNew ? -Math.log(2 * (1 - trust[parent[v]!]!)) : 0
  let below = -lossOf(estimateOf(tree, v, g.smoothing), y, rate, g)
  learnLabel(tree, v, y, weight, g.keep)
  for (let u = parent[v]!; u >= 0; u = parent[u]!) {
    const own = -lossOf(estimateOf(tree, u, g.smoothing), y, rate, g)
    const ratio = Math.exp(Math.max(Math.min(own - below, LARGEST_LOG_ODDS), -LARGEST_LOG_ODDS))
    const t = trust[u]!
    const mixed = t * ratio + (1 - t)
    trust[u] = Math.max(Math.min((t * ratio) / mixed, 1 - DOUBT), DOUBT)
    below += Math.log(mixed)
    if (u === parent[v]) below += bonus
    learnLabel(tree, u, y, weight, g.keep)
  }
}

/** The step times the loss: log loss, or half the squared error over the mean square of the forest's errors. */
function lossOf(estimate: number, y: number, rate: number, g: Growth): number {
  if (g.task === 'binary') return -rate * Math.log(Math.max(y === 1 ? estimate : 1 - estimate, LEAST_PROBABILITY))
  const error = Math.max(Math.min((y - estimate) / g.scale, LARGEST_ERROR), -LARGEST_ERROR)
  return Math.min((rate * error * error) / 2, LARGEST)
}

function learnLabel(tree: MondrianTree, v: number, y: number, weight: number, keep: number): void {
  const total = Math.min(tree.weight[v]! * keep + weight, LARGEST)
  const mean = tree.mean[v]!
  tree.weight[v] = total
  tree.mean[v] = mean + Math.min(weight / total, 1) * (y - mean)
}
