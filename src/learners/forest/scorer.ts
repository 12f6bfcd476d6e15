import { type Forest, leafOf } from './forest.ts'
import { marginsInto } from './margins.ts'
import { BLOCK, enterRoots, entryOf, fillSlots, layOutNodes, type ScorerNodes, walk, walkSets } from './scorer-nodes.ts'
import {
  andRows,
  buildTops,
  findRows,
  leaveTops,
  orderTops,
  planTops,
  type ScorerTops,
  type TopOrder,
} from './scorer-tops.ts'

/**
 * A forest made ready for fast prediction, with the scratch memory that this takes: one call at a time.
 *
 * The upper parts of the trees are answered by tables of bits, the rest by walking down all trees at once; how much goes
 * into tables, if anything, is what a small model of the costs finds cheapest for the forest at hand. Sums run in the
 * order of the trees, so margins are to the bit those of the plain walk.
 *
 * Memory: 20 bytes a node, 25 where there are categorical questions, and tables of at most 4 MB.
 *
 * @see C. Lucchese et al. (2015), "QuickScorer", SIGIR
 */
export type Scorer = {
  readonly forest: Forest
  /** Undefined where the forest is empty, or too large for the layout: it is then walked the plain way. */
  readonly fast: FastScorer | undefined
  readonly out: Float64Array
}

type FastScorer = {
  readonly nodes: ScorerNodes
  /** Undefined where walking all the way is cheaper. */
  readonly tops: ScorerTops | undefined
  /** The entries of the roots that ask anything, and where in them each block of trees begins and the last one ends. */
  readonly roots: Int32Array
  readonly blocks: Int32Array
}

/** Tables beyond this are not worth the cache that they take, nor the time to fill them. */
const MOST_CELLS = 1 << 20

/**
 * Nanoseconds measured with Node 20 on a 2.6 GHz server: only their proportions matter. A column's rank takes `column`
 * and `level` for each comparison; and-ing takes `word`, leaving a top `exit`, entering at a root `root`, a `step`
 * stands for one question on the way down, and a `slot` for one feature copied before that.
 */
const COST = { column: 2, level: 1.8, word: 0.6, exit: 2.4, root: 1, step: 3.5, slot: 2 } as const

/** Makes a forest ready for {@link scoreInto}. O(nodes + cells of the tables); the forest must not change afterwards. */
export function createScorer(forest: Forest): Scorer {
  return { forest, fast: makeFast(forest), out: new Float64Array(forest.base.length) }
}

function makeFast(forest: Forest): FastScorer | undefined {
  const { roots } = forest
  const nodes = roots.length === 0 ? undefined : layOutNodes(forest)
  if (nodes === undefined) return undefined
  const order = orderTops(forest)
  const width = cheapestWidth(forest, order)
  const tops = width === 0 ? undefined : buildTops(forest, order, nodes, width)
  const entries: number[] = []
  const blocks = [0]
  for (let t = 0; t < roots.length; t++) {
    const root = roots[t]!
    const asksOn = forest.feature[root]! >= 0
    const entry = entryOf(t, nodes.place[root]!, asksOn)
    if (asksOn) entries.push(entry)
    // a tree of one leaf never walks: it is at its end once and for all
    else nodes.ints[nodes.ends + t] = entry
    if ((t + 1) % BLOCK === 0 || t + 1 === roots.length) blocks.push(entries.length)
  }
  return { nodes, tops, roots: Int32Array.from(entries), blocks: Int32Array.from(blocks) }
}

/** The width of tops that promises the least work, 0 for none. */
function cheapestWidth(forest: Forest, order: TopOrder): number {
  const trees = forest.roots.length
  const walking = (steps: number): number => (steps > 1e-9 ? steps * COST.step + forest.features * COST.slot : 0)
  let best = 0
  let least = trees * COST.root + walking(order.steps)
  for (const width of [4, 8, 16]) {
    const { columns, words, levels, saved, cells } = planTops(forest, order, width)
    if (cells > MOST_CELLS) break
    const cost =
      columns * COST.column +
      levels * COST.level +
      columns * words * COST.word +
      trees * COST.exit +
      walking(order.steps - saved)
    if (cost >= least) continue
    best = width
    least = cost
  }
  return best
}

/** Writes the margins of the vector that starts at `x[at]`: to the bit what `marginsInto` writes. No allocation. */
export function scoreInto(scorer: Scorer, x: Float64Array, at: number, out: Float64Array): void {
  const { forest, fast } = scorer
  if (fast === undefined) {
    marginsInto(forest, x, at, out)
    return
  }
  findEnds(fast, x, at)
  if (forest.base.length === 1) sumLeaves(forest, fast.nodes, out)
  else addLeaves(forest, fast.nodes, out)
}

// Functions of their own: where a loop is entered by compiled code, the engine never compiles what stands before the loop a
// second time, and every call would then allocate what it hands over.

function sumLeaves({ base, output }: Forest, { ints, floats, ends }: ScorerNodes, out: Float64Array): void {
  const trees = output.length
  let margin = base[0]!
  for (let t = 0; t < trees; t++) margin += floats[ints[(ends + t) | 0]! >>> 9]!
  out[0] = margin
}

function addLeaves({ base, output }: Forest, { ints, floats, ends }: ScorerNodes, out: Float64Array): void {
  for (let k = 0; k < base.length; k++) out[k] = base[k]!
  for (let t = 0; t < output.length; t++) out[output[t]!]! += floats[ints[(ends + t) | 0]! >>> 9]!
}

/** The margin of a forest with one output. */
export function scoreOne(scorer: Scorer, x: Float64Array): number {
  scoreInto(scorer, x, 0, scorer.out)
  return scorer.out[0]!
}

/** Writes the margins of many vectors that stand one after another in `x`, row after row. */
export function scoreMany(scorer: Scorer, x: Float64Array, rows: number, out: Float64Array): void {
  const { features, base } = scorer.forest
  const outputs = base.length
  const margins = scorer.out
  for (let i = 0; i < rows; i++) {
    scoreInto(scorer, x, i * features, margins)
    for (let k = 0; k < outputs; k++) out[i * outputs + k] = margins[k]!
  }
}

/** Finds the leaf of each tree. */
function findEnds({ nodes, tops, roots, blocks }: FastScorer, x: Float64Array, at: number): void {
  if (tops !== undefined) {
    findRows(tops, x, at)
    andRows(tops)
  }
  let filled = false
  for (let block = 0; block + 1 < blocks.length; block++) {
    const from = block * BLOCK
    const count =
      tops === undefined ? enterRoots(nodes, roots, blocks[block]!, blocks[block + 1]!) : leaveBlock(tops, nodes, from)
    if (count === 0) continue
    if (!filled) fillSlots(nodes, x, at)
    filled = true
    if (nodes.set.length === 0) walk(nodes, count, from)
    else walkSets(nodes, count, from)
  }
}

function leaveBlock(tops: ScorerTops, nodes: ScorerNodes, from: number): number {
  const { width, words } = tops
  return leaveTops(tops, nodes, (from * width) >>> 5, Math.min(words, ((from + BLOCK) * width) >>> 5))
}

/** Writes the ordinal of the leaf that the vector ends up in, for each tree: the k-th of the tree's leaves in node order. */
export function leavesInto(forest: Forest, x: Float64Array, at: number, out: Int32Array): void {
  const { roots, feature } = forest
  for (let t = 0; t < roots.length; t++) {
    const root = roots[t]!
    const leaf = leafOf(forest, root, x, at)
    let ordinal = 0
    for (let i = root; i < leaf; i++) ordinal += +(feature[i]! < 0)
    out[t] = ordinal
  }
}

/** Writes the margins after each tree, all outputs of the first tree first. */
export function stagedInto(forest: Forest, x: Float64Array, at: number, out: Float64Array): void {
  const { base, roots, output, value } = forest
  const outputs = base.length
  for (let t = 0; t < roots.length; t++) {
    const row = t * outputs
    for (let k = 0; k < outputs; k++) out[row + k] = t === 0 ? base[k]! : out[row - outputs + k]!
    out[row + output[t]!]! += value[leafOf(forest, roots[t]!, x, at)]!
  }
}
