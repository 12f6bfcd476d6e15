import { clamp } from '../../core/math.ts'
import { endOfTree, type Forest, leafOf, VALUE_LIMIT } from '../forest/forest.ts'
import { SET_L2 } from './categorical-split.ts'
import { constraintsOf, outputOf, renewedValue } from './constraints.ts'
import { fillMeans } from './grow.ts'
import { keepOrder } from './keep-order.ts'
import type { Loss } from './loss.ts'
import type { GradientBoostingOptions } from './options.ts'
import { quantileLeft } from './quantile.ts'
import type { Table } from './window.ts'

/**
 * Keeps all questions and moves each leaf by `refreshRate` towards the value that it would get from the given rows,
 * tree by tree: an exponentially fading memory in the leaves. Leaves that none of the rows reach stay as they are.
 *
 * Leaves move one by one, so that new values may break monotone constraints that the old ones kept to: with them the
 * tree is then put in order again.
 */
export function* refreshLeaves(
  table: Table,
  start: Forest,
  options: GradientBoostingOptions,
  loss: Loss,
): Generator<number, Forest, void> {
  const { x, y } = table
  const { features, base, roots, output } = start
  const forest: Forest = { ...start, value: start.value.slice() }
  const { direction } = constraintsOf(options, features)
  const rows = y.length
  const margins = new Float64Array(rows * base.length)
  for (let k = 0; k < base.length; k++) margins.fill(base[k]!, k * rows, (k + 1) * rows)
  const g = new Float64Array(margins.length)
  const h = new Float64Array(margins.length)
  const leaves = new Int32Array(rows)
  const extraL2 = extraL2Of(forest)
  for (let t = 0; t < roots.length; t++) {
    const k = output[t]!
    const [at, end] = [k * rows, (k + 1) * rows]
    // trees of one round share their derivatives, as in training
    if (t === 0 || k <= output[t - 1]!) loss.derive(table, margins, g, h, 0, rows)
    for (let i = 0; i < rows; i++) leaves[i] = leafOf(forest, roots[t]!, x, i * features)
    for (const [leaf, members] of membersOf(leaves)) {
      const wanted = loss.renewal
        ? renewedValue(quantileLeft(y, margins, h.subarray(at, end), at, members, loss.renewal(k)), options)
        : stepOf(g.subarray(at, end), h.subarray(at, end), members, options, extraL2[leaf]!)
      forest.value[leaf]! += options.refreshRate * (wanted - forest.value[leaf]!)
    }
    settle(forest, roots[t]!, endOfTree(forest, t), direction)
    for (let i = 0; i < rows; i++) margins[at + i]! += forest.value[leaves[i]!]!
    if (t + 1 < roots.length) yield (t + 1) / roots.length
  }
  return forest
}

/** What training added to l2 in each node: something below a question about a set of categories. */
function extraL2Of({ feature, set, left, right }: Forest): Float64Array {
  const extra = new Float64Array(feature.length)
  for (let node = 0; node < feature.length; node++) {
    if (feature[node]! < 0) continue
    extra[left[node]!] = extra[right[node]!] = set[node]! < 0 ? 0 : SET_L2
  }
  return extra
}

/** The rows in each leaf. */
function membersOf(leaves: Int32Array): Map<number, Int32Array> {
  const lists = new Map<number, number[]>()
  for (let i = 0; i < leaves.length; i++) {
    const list = lists.get(leaves[i]!)
    if (list) list.push(i)
    else lists.set(leaves[i]!, [i])
  }
  return new Map([...lists].map(([leaf, list]) => [leaf, Int32Array.from(list)]))
}

function stepOf(
  g: Float64Array,
  h: Float64Array,
  members: Int32Array,
  options: GradientBoostingOptions,
  extraL2: number,
): number {
  let gradient = 0
  let hessian = 0
  for (const row of members) {
    gradient += g[row]!
    hessian += h[row]!
  }
  const output = outputOf(gradient, hessian, options.l2 + extraL2, options, -Infinity, Infinity)
  return clamp(output * options.learningRate, -VALUE_LIMIT, VALUE_LIMIT)
}

/** Puts a tree in order and gives its branches their means. */
function settle(forest: Forest, root: number, end: number, direction: Int8Array): void {
  fillMeans(forest, root, end)
  if (direction.every((one) => one === 0)) return
  keepOrder(forest, root, end, direction)
  fillMeans(forest, root, end)
}
