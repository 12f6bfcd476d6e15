import { endOfTree, type Forest, inSet } from './forest.ts'

/**
 * A forest laid out for walking down many trees at once, with the scratch that this takes.
 *
 * The two children of a branch stand side by side, right one first, so that a step is an addition:
 * `node + distance + (value <= threshold)`.
 *
 * All of it is one piece of memory with two views, because what slows such loops down is the number of arrays, each
 * with an address and a length to keep in a register. A node has the same index in both views.
 */
export type ScorerNodes = {
  /**
   * At a branch: its slot in bits 0 to 15, in 16 and 17 whether the right and the left child ask on, and above the
   * distance to them. Before the nodes: the list of walkers, and the leaves which they came to.
   */
  readonly ints: Int32Array
  /** At a branch its threshold, at a leaf what it adds. At the start: the slots, where the vector goes. */
  readonly floats: Float64Array
  /** The features asked for, where they stand as they are in slots from 1 on; then those where NaN is to go left. */
  readonly plain: Int32Array
  readonly leftward: Int32Array
  /** Where the list, the leaves by tree, and the nodes begin in `ints`. */
  readonly list: number
  readonly ends: number
  readonly first: number
  /** By node from the first on, where a categorical question's set begins; -1 elsewhere. Empty without such questions. */
  readonly set: Int32Array
  readonly missingLeft: Uint8Array
  readonly sets: Uint32Array
  /** Where each node of the forest went. */
  readonly place: Int32Array
}

/** Bits 18 to 31 of a word. */
const MOST_DISTANCE = 0x3fff
/** Bits 0 to 15. */
const MOST_SLOTS = 0x10000
/** An entry of the list of walkers holds the node from bit 9 on, and in bit 8 whether it asks on; below is the tree within its block. */
const MOST_NODES = 1 << 23

/** Trees walked at once: so many that the processor always has something to do, so few that their list stays near. */
export const BLOCK = 256

/** Lays out a forest, or returns undefined where it does not fit the bits above. O(nodes). */
export function layOutNodes(forest: Forest): ScorerNodes | undefined {
  const { roots, feature, threshold, set, left, right, missingLeft, value } = forest
  const nodes = feature.length
  // which features need a slot, and in which of the two forms
  const isLeftward = (i: number): boolean => set[i]! < 0 && missingLeft[i] === 1
  const slotOf = new Int32Array(2 * forest.features)
  for (let i = 0; i < nodes; i++) if (feature[i]! >= 0) slotOf[2 * feature[i]! + Number(isLeftward(i))] = 1
  const plain: number[] = []
  const leftward: number[] = []
  for (let i = 0; i < slotOf.length; i++) if (slotOf[i] === 1) (i % 2 === 0 ? plain : leftward).push(i >> 1)
  for (const [i, f] of plain.entries()) slotOf[2 * f] = 1 + i
  for (const [i, f] of leftward.entries()) slotOf[2 * f + 1] = 1 + plain.length + i
  const slots = 1 + plain.length + leftward.length
  const list = 2 * slots
  // a word of exits may have room for trees that there are not
  const ends = list + BLOCK
  // for one index in both views, the words of all nodes must end where their numbers begin, at twice the offset
  const first = Math.max(nodes, ends + roots.length + 32)
  if (slots > MOST_SLOTS || first + nodes > MOST_NODES) return undefined
  const floats = new Float64Array(first + nodes)
  const ints = new Int32Array(floats.buffer)
  floats[0] = Number.NEGATIVE_INFINITY
  const place = new Int32Array(nodes)
  const categorical = set.some((start) => start >= 0)
  const sets = new Int32Array(categorical ? nodes : 0).fill(-1)
  const missing = new Uint8Array(categorical ? nodes : 0)
  for (let t = 0; t < roots.length; t++) {
    const root = roots[t]!
    const end = endOfTree(forest, t)
    // parents come before children, so their places are known
    place[root] = first + root
    let next = first + root + 1
    for (let i = root; i < end; i++) {
      const at = place[i]!
      const f = feature[i]!
      if (f < 0) {
        floats[at] = value[i]!
        continue
      }
      const distance = next - at
      if (distance > MOST_DISTANCE) return undefined
      place[right[i]!] = next
      place[left[i]!] = next + 1
      next += 2
      const slot = slotOf[2 * f + Number(isLeftward(i))]!
      const askOn = Number(feature[right[i]!]! >= 0) | (Number(feature[left[i]!]! >= 0) << 1)
      ints[at] = slot | (askOn << 16) | (distance << 18)
      floats[at] = threshold[i]!
      if (set[i]! < 0) continue
      sets[at - first] = set[i]!
      missing[at - first] = missingLeft[i]!
    }
  }
  const sources = { plain: Int32Array.from(plain), leftward: Int32Array.from(leftward) }
  return { ints, floats, ...sources, list, ends, first, set: sets, missingLeft: missing, sets: forest.sets, place }
}

/**
 * Copies a vector into slots: slot 0 is -Infinity, then come values as they are, where a comparison sends NaN right, and
 * then those with -Infinity for NaN, which goes left at every threshold.
 */
export function fillSlots({ floats, plain, leftward }: ScorerNodes, x: Float64Array, at: number): void {
  for (let i = 0; i < plain.length; i++) floats[1 + i] = x[at + plain[i]!]!
  const next = 1 + plain.length
  for (let i = 0; i < leftward.length; i++) {
    const value = x[at + leftward[i]!]!
    floats[next + i] = value
    // an index instead of a branch: about every tenth value is missing, and nobody can guess which
    floats[next + i] = floats[(next + i) & -+(value >= -Infinity)]!
  }
}

/** The entry of a walker: its tree, whether its node asks on, and that node. */
export function entryOf(tree: number, node: number, asksOn: boolean): number {
  return (node << 9) | (Number(asksOn) << 8) | (tree % BLOCK)
}

/** Puts the trees of a block on the list at their roots: the entries `from` to `to`. Returns how many these are. */
export function enterRoots({ ints, list }: ScorerNodes, roots: Int32Array, from: number, to: number): number {
  for (let i = from; i < to; i++) ints[(list + i - from) | 0] = roots[i]!
  return to - from
}

/**
 * Walks the first `count` entries of the list down to their leaves, for the trees from `from` on. One step for all, then
 * the next step for those which are not yet there: so no branch depends on the data, and the steps of different trees
 * overlap.
 */
export function walk({ ints, floats, list, ends }: ScorerNodes, count: number, from: number): void {
  const leaves = (ends + from) | 0
  // `| 0` spares the processor a test for overflow, here and below
  let end = (list + count) | 0
  while (end > list) {
    let kept = list
    for (let i = list; i < end; i++) {
      const entry = ints[i]!
      const node = entry >>> 9
      const word = ints[node]!
      const left = +(floats[word & 0xffff]! <= floats[node]!)
      const next = (entry + (((word >>> 18) + left) << 9)) | 0
      ints[kept] = next
      ints[(leaves + (next & 255)) | 0] = next
      kept = (kept + ((word >>> (16 + left)) & 1)) | 0
    }
    end = kept
  }
}

/** The same with categorical questions among the others. */
export function walkSets(nodes: ScorerNodes, count: number, from: number): void {
  const { ints, floats, list, ends, first, set, missingLeft, sets } = nodes
  const leaves = (ends + from) | 0
  let end = (list + count) | 0
  while (end > list) {
    let kept = list
    for (let i = list; i < end; i++) {
      const entry = ints[i]!
      const node = entry >>> 9
      const word = ints[node]!
      const value = floats[word & 0xffff]!
      const start = set[node - first]!
      let left = +(value <= floats[node]!)
      if (start >= 0) left = value === value ? +inSet(sets, start, value) : missingLeft[node - first]!
      const next = (entry + (((word >>> 18) + left) << 9)) | 0
      ints[kept] = next
      ints[(leaves + (next & 255)) | 0] = next
      kept = (kept + ((word >>> (16 + left)) & 1)) | 0
    }
    end = kept
  }
}
