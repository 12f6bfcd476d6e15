import { meritOf, offer, type Scan } from './candidate.ts'
import { ROUNDED_UP } from './tree.ts'

/** Numbers of a value in the search tree: the value; weight, mean and squared deviations of the targets up to it. */
export const VALUE = 4
/** The children of a value in {@link addToSearchTree}'s links: left, then right; 0 is none, as the root is no child. */
export const LINKS = 2

/**
 * Takes in a value and its target. O(depth).
 *
 * Every value keeps the targets of all values up to it that came through it, so that a walk in order yields the
 * statistics on the left of each possible threshold. When there is no room for another value, the last one on the way
 * takes it in: from then on values are rounded, as in TE-BST, but to those that came first. Returns the values kept.
 *
 * @see E. Ikonomovska, J. Gama, S. Džeroski (2011), "Learning model trees from evolving data streams", DMKD 23
 */
export function addToSearchTree(
  data: Float64Array,
  links: Int32Array,
  first: number,
  used: number,
  room: number,
  x: number,
  y: number,
  weight: number,
): number {
  let node = 0
  if (used > 0) {
    for (;;) {
      const at = (first + node) * VALUE
      const key = data[at]!
      const right = x > key
      const link = (first + node) * LINKS + Number(right)
      const next = links[link]!
      // the last value on the way takes in what there is no room for
      if (!right || (next === 0 && used === room)) addTarget(data, at, y, weight)
      if (x === key || (next === 0 && used === room)) return used
      if (next === 0) {
        links[link] = used
        node = used
        break
      }
      node = next
    }
  }
  const at = (first + node) * VALUE
  data[at] = x
  data[at + 1] = weight
  data[at + 2] = y
  data[at + 3] = 0
  links[(first + node) * LINKS] = 0
  links[(first + node) * LINKS + 1] = 0
  return used + 1
}

function addTarget(data: Float64Array, at: number, y: number, weight: number): void {
  const n = data[at + 1]! + weight
  const deviation = y - data[at + 2]!
  data[at + 1] = n
  data[at + 2] = data[at + 2]! + (weight / n) * deviation
  data[at + 3] = data[at + 3]! + weight * Math.max(0, deviation * (y - data[at + 2]!))
}

/** A walk in order: for every value the targets up to it, among all that the tree has. O(values). */
function walk(
  data: Float64Array,
  links: Int32Array,
  first: number,
  used: number,
  visit: (node: number, n: number, mean: number, m2: number) => void,
): void {
  if (used === 0) return
  // a way down with the targets on the left of it
  const path: { node: number; n: number; mean: number; m2: number }[] = []
  let below = { n: 0, mean: 0, m2: 0 }
  let node = 0
  let down = true
  for (;;) {
    while (down) {
      path.push({ node, ...below })
      const left = links[(first + node) * LINKS]!
      if (left === 0) down = false
      else node = left
    }
    const step = path.pop()
    if (step === undefined) return
    const at = (first + step.node) * VALUE
    const own = data[at + 1]!
    const n = step.n + own
    const gap = data[at + 2]! - step.mean
    const mean = step.mean + (own / n) * gap
    const m2 = step.m2 + data[at + 3]! + (gap * gap * step.n * own) / n
    visit(step.node, n, mean, m2)
    const right = links[(first + step.node) * LINKS + 1]!
    if (right === 0) continue
    below = { n, mean, m2 }
    node = right
    down = true
  }
}

/** Tries every value as a threshold. O(values). */
export function scanSearchTree(data: Float64Array, links: Int32Array, first: number, used: number, scan: Scan): void {
  walk(data, links, first, used, (node, n, mean, m2) => {
    offer(scan, meritOf(scan, n, mean, m2), data[(first + node) * VALUE]!, n, mean, m2)
  })
}

/**
 * Drops values at which a split would take away less than `least`, if all values below them are dropped too. Their
 * targets stay in the values above them. Returns the values kept. O(values).
 */
export function pruneSearchTree(
  data: Float64Array,
  links: Int32Array,
  first: number,
  used: number,
  scan: Scan,
  least: number,
): number {
  if (used === 0) return 0
  const bad = new Uint8Array(used)
  walk(data, links, first, used, (node, n, mean, m2) => {
    if (meritOf(scan, n, mean, m2) < least) bad[node] = 1
  })
  // a subtree goes if all that is in it is bad; children stand behind their parents
  for (let node = used - 1; node >= 0; node--) {
    for (let side = 0; side < LINKS; side++) {
      const to = links[(first + node) * LINKS + side]!
      if (to !== 0 && bad[to] === 0) bad[node] = 0
    }
  }
  // as in River the right side is looked at only where nothing is left on the left
  const visited = new Uint8Array(used)
  visited[0] = 1
  for (let node = 0; node < used; node++) {
    if (visited[node] === 0) continue
    const at = (first + node) * LINKS
    const left = links[at]!
    const right = links[at + 1]!
    if (left !== 0) visited[left] = 1
    if (right !== 0 && (left === 0 || bad[left] === 1)) {
      visited[right] = 1
      if (bad[right] === 1) links[at + 1] = 0
    }
    if (left !== 0 && bad[left] === 1) links[at] = 0
  }
  if (bad[0] === 1) return 0
  return closeRanks(data, links, first, used)
}

/** Numbers what can still be reached from the root anew, parents before their children. */
function closeRanks(data: Float64Array, links: Int32Array, first: number, used: number): number {
  const order = [0]
  for (let i = 0; i < order.length; i++) {
    for (let side = 0; side < LINKS; side++) {
      const to = links[(first + order[i]!) * LINKS + side]!
      if (to !== 0) order.push(to)
    }
  }
  if (order.length === used) return used
  const values = data.slice(first * VALUE, (first + used) * VALUE)
  const old = links.slice(first * LINKS, (first + used) * LINKS)
  let next = 1
  for (const [i, node] of order.entries()) {
    data.set(values.subarray(node * VALUE, (node + 1) * VALUE), (first + i) * VALUE)
    for (let side = 0; side < LINKS; side++)
      links[(first + i) * LINKS + side] = old[node * LINKS + side] === 0 ? 0 : next++
  }
  return order.length
}

/** Whether all values that were read back are numbers, with a weight and moments of targets up to `most`. */
export function areValues(data: Float64Array, most: number): boolean {
  for (let at = 0; at < data.length; at += VALUE) {
    const n = data[at + 1]!
    if (!(Math.abs(data[at]!) < Infinity && n >= 0 && n < Infinity && data[at + 3]! >= 0)) return false
    if (!(Math.abs(data[at + 2]!) <= ROUNDED_UP * most)) return false
  }
  return true
}

/** Whether the links of a tree of `used` values lead from parents to children behind them, each with one parent. */
export function isSearchTree(links: Int32Array, first: number, used: number): boolean {
  const parents = new Uint8Array(used)
  for (let node = 0; node < used; node++) {
    for (let side = 0; side < LINKS; side++) {
      const to = links[(first + node) * LINKS + side]!
      if (to === 0) continue
      if (to <= node || to >= used || ++parents[to]! > 1) return false
    }
  }
  return parents.every((count, node) => count === Number(node > 0))
}
