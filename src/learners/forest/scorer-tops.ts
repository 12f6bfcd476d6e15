import { endOfTree, type Forest } from './forest.ts'
import { entryOf, type ScorerNodes } from './scorer-nodes.ts'

/**
 * The upper parts of all trees as tables of bits, after QuickScorer.
 *
 * A top of `width` exits is `width` bits of a word, and a word holds the tops of 32 / width trees. For each feature and
 * each rank that a value can have among the thresholds asked for, a row of words says which exits that value leaves
 * open. The rows of all features, and-ed, leave one exit to each tree: no walking, and no branches.
 *
 * @see C. Lucchese et al. (2015), "QuickScorer: a fast algorithm to rank documents with additive ensembles of regression
 * trees", SIGIR
 */
export type ScorerTops = {
  /** Exits of one top: 4, 8 or 16. */
  readonly width: number
  /** Words of one row. */
  readonly words: number
  /** Features asked for. */
  readonly columns: number
  /** Thresholds in breadth-first order of a balanced search tree, from index 1, filled up with Infinity. */
  readonly cuts: Float64Array
  /**
   * All else in one array: from 0 on, for each column, its feature, where its thresholds begin in `cuts`, where its
   * ranks begin here, and its levels; then what the following say.
   */
  readonly ints: Int32Array
  /** Scratch: where the row of each column's value begins. */
  readonly pointers: number
  /** Scratch: the exits which all rows leave open. */
  readonly open: number
  /** For each tree and exit, the entry with which its walk begins. */
  readonly exits: number
  /** A row with every exit there is; then the rows of each column by rank, the last for missing values. */
  readonly table: number
}

/** The likeliest branches of each tree, in the order in which a growing top takes them in. */
export type TopOrder = {
  /** At most 15 branches a tree, from `15 * tree` on; -1 beyond the last. */
  readonly branches: Int32Array
  /** How likely a row comes by at each node, judged by the covers. */
  readonly share: Float64Array
  /** Steps expected from the roots to the leaves of all trees. */
  readonly steps: number
}

const MOST_BRANCHES = 15

/** Ranks branches by likelihood; categorical questions, and what is below them, are left to the walk. O(nodes). */
export function orderTops(forest: Forest): TopOrder {
  const { roots, feature, set, left, right, cover } = forest
  const share = new Float64Array(feature.length)
  const branches = new Int32Array(MOST_BRANCHES * roots.length).fill(-1)
  const open = new Int32Array(MOST_BRANCHES + 1)
  let steps = 0
  for (let t = 0; t < roots.length; t++) {
    const root = roots[t]!
    share[root] = 1
    for (let i = root; i < endOfTree(forest, t); i++) {
      if (feature[i]! < 0) continue
      const l = left[i]!
      const r = right[i]!
      const sum = cover[l]! + cover[r]!
      const toLeft = sum > 0 ? cover[l]! / sum : 0.5
      share[l] = share[i]! * toLeft
      share[r] = share[i]! * (1 - toLeft)
      steps += share[i]!
    }
    let count = 0
    const offer = (node: number): void => {
      if (feature[node]! >= 0 && set[node]! < 0) open[count++] = node
    }
    offer(root)
    for (let b = 0; b < MOST_BRANCHES && count > 0; b++) {
      let best = 0
      for (let i = 1; i < count; i++) if (share[open[i]!]! > share[open[best]!]!) best = i
      const node = open[best]!
      branches[MOST_BRANCHES * t + b] = node
      open[best] = open[--count]!
      offer(left[node]!)
      offer(right[node]!)
    }
  }
  return { branches, share, steps }
}

/** What tops of a width would cost: their size, and the steps which they save. */
export type TopPlan = {
  readonly columns: number
  readonly words: number
  readonly levels: number
  readonly saved: number
  readonly cells: number
}

/** Looks ahead without building; `levels` and `cells` are upper bounds. */
export function planTops(forest: Forest, { branches, share }: TopOrder, width: number): TopPlan {
  const asked = new Int32Array(forest.features)
  let saved = 0
  for (let t = 0; t < forest.roots.length; t++) {
    for (let b = 0; b < width - 1; b++) {
      const node = branches[MOST_BRANCHES * t + b]!
      if (node < 0) break
      asked[forest.feature[node]!]!++
      saved += share[node]!
    }
  }
  const words = Math.ceil((forest.roots.length * width) / 32)
  let columns = 0
  let levels = 0
  let cells = words
  for (const questions of asked) {
    if (questions === 0) continue
    columns++
    levels += levelsFor(questions)
    cells += (questions + 2) * words
  }
  return { columns, words, levels, saved, cells }
}

/** Comparisons that tell `cuts` thresholds apart, with one more to keep the last rank for missing values. */
function levelsFor(cuts: number): number {
  return 32 - Math.clz32(cuts + 1)
}

/** Builds the tables. O(branches in tops × thresholds of one feature). */
export function buildTops(forest: Forest, { branches }: TopOrder, { place }: ScorerNodes, width: number): ScorerTops {
  const { roots, feature, threshold, missingLeft, left, right } = forest
  const trees = roots.length
  const words = Math.ceil((trees * width) / 32)
  const exits = new Int32Array(32 * words)
  const chosen: number[] = []
  // the exits that are below each node of a top, as bits of its tree's word
  const below = new Int32Array(feature.length)
  const isTop = new Uint8Array(feature.length)
  const wordOf = new Int32Array(feature.length)
  const openExits = new Int32Array(words)
  for (let t = 0; t < trees; t++) {
    const top: number[] = []
    for (let b = 0; b < width - 1 && branches[MOST_BRANCHES * t + b]! >= 0; b++) {
      top.push(branches[MOST_BRANCHES * t + b]!)
    }
    for (const node of top) {
      isTop[node] = 1
      wordOf[node] = (t * width) >>> 5
    }
    const shift = (t * width) & 31
    let exit = 0
    const leave = (node: number): void => {
      if (isTop[node] === 1) return
      below[node] = 1 << (shift + exit)
      exits[t * width + exit] = entryOf(t, place[node]!, feature[node]! >= 0)
      exit++
    }
    if (top.length === 0) leave(roots[t]!)
    for (const node of top) {
      leave(left[node]!)
      leave(right[node]!)
    }
    // children were taken in after their parents
    for (let b = top.length - 1; b >= 0; b--) {
      const node = top[b]!
      below[node] = below[left[node]!]! | below[right[node]!]!
      chosen.push(node)
    }
    openExits[(t * width) >>> 5]! |= below[roots[t]!]!
  }

  // where the last word has room for more trees, their first exit is open, which leads nowhere
  for (let at = trees * width; at < 32 * words; at += width) openExits[words - 1]! |= 1 << (at & 31)

  // columns: the thresholds of each feature, and the questions that share them
  const byFeature = new Map<number, number[]>()
  for (const node of chosen) {
    const list = byFeature.get(feature[node]!)
    if (list) list.push(node)
    else byFeature.set(feature[node]!, [node])
  }
  const columns = [...byFeature].map(([f, questions]) => {
    questions.sort((a, b) => threshold[a]! - threshold[b]! || 0)
    const cuts: number[] = []
    const ranks = questions.map((node) => {
      if (cuts.length === 0 || threshold[node] !== cuts[cuts.length - 1]) cuts.push(threshold[node]!)
      return cuts.length - 1
    })
    return { f, questions, ranks, cuts, levels: levelsFor(cuts.length) }
  })
  columns.sort((a, b) => a.levels - b.levels || a.f - b.f)
  const ranksOf = (levels: number): number => 1 << levels
  const allRanks = columns.reduce((sum, { levels }) => sum + ranksOf(levels), 0)
  const rowCount = columns.reduce((sum, { cuts }) => sum + cuts.length + 2, 1)
  const allCuts = new Float64Array(allRanks)
  const ranksAt = 4 * columns.length
  const pointers = ranksAt + allRanks
  const open = pointers + columns.length + COLUMNS
  const exitsAt = open + words
  const tableAt = exitsAt + exits.length
  const ints = new Int32Array(tableAt + rowCount * words).fill(-1, tableAt)
  ints.set(exits, exitsAt)
  ints.set(openExits, tableAt)
  ints.fill(tableAt, pointers, open)
  let row = tableAt + words
  let at = 0
  for (const [c, { f, questions, ranks, cuts, levels }] of columns.entries()) {
    // a rank is found as a place of the search tree's last level, ranksOf(levels) too high
    ints.set([f, at, ranksAt + at - ranksOf(levels), levels], 4 * c)
    layOutCuts(allCuts, at, cuts, levels)
    const missing = cuts.length + 1
    for (let r = 0; r < ranksOf(levels); r++) ints[ranksAt + at + r] = row + Math.min(r, missing) * words
    for (const [i, node] of questions.entries()) {
      const leftBits = below[left[node]!]!
      const rightBits = below[right[node]!]!
      let cell = row + wordOf[node]!
      for (let r = 0; r <= missing; r++, cell += words) {
        const goesLeft = r === missing ? missingLeft[node] === 1 : r <= ranks[i]!
        ints[cell]! &= ~(goesLeft ? rightBits : leftBits)
      }
    }
    row += (missing + 1) * words
    at += ranksOf(levels)
  }
  return { width, words, columns: columns.length, cuts: allCuts, ints, pointers, open, exits: exitsAt, table: tableAt }
}

/** Puts ascending thresholds at `at` into breadth-first order of a balanced search tree. */
function layOutCuts(target: Float64Array, at: number, cuts: readonly number[], levels: number): void {
  const size = 1 << levels
  for (let k = 1; k < size; k++) {
    // the k-th place is the (2 j + 1)-th odd multiple of its level's half step
    const level = 31 - Math.clz32(k)
    const rank = (((k - (1 << level)) * 2 + 1) << (levels - 1 - level)) - 1
    target[at + k] = cuts[rank] ?? Infinity
  }
}

/** Finds the rank of each column's value, and with it the row. */
export function findRows({ columns, cuts, ints, pointers }: ScorerTops, x: Float64Array, at: number): void {
  for (let c = 0; c < columns; c++) {
    const value = x[at + ints[4 * c]!]!
    const base = ints[4 * c + 1]!
    let k = 1
    // NaN is beyond every threshold and so ends in the last place of all, which no number reaches
    for (let l = ints[4 * c + 3]!; l > 0; l--) k = ((k << 1) + 1 - +(value <= cuts[(base + k) | 0]!)) | 0
    ints[pointers + c] = ints[ints[4 * c + 2]! + k]!
  }
}

/** Columns and-ed in one go: more of them save stores, until the pointers no longer fit the registers. */
const COLUMNS = 10

/** And-s the rows found; pointers beyond the last column name the row that changes nothing. */
export function andRows({ columns, words, ints, pointers, open, table }: ScorerTops): void {
  for (let w = 0; w < words; w++) ints[(open + w) | 0] = ints[(table + w) | 0]!
  for (let i = pointers; i < pointers + columns; i += COLUMNS) {
    const a = ints[i]!
    const b = ints[i + 1]!
    const c = ints[i + 2]!
    const d = ints[i + 3]!
    const e = ints[i + 4]!
    const f = ints[i + 5]!
    const g = ints[i + 6]!
    const h = ints[i + 7]!
    const j = ints[i + 8]!
    const k = ints[i + 9]!
    for (let w = 0; w < words; w++) {
      const first =
        ints[(a + w) | 0]! & ints[(b + w) | 0]! & ints[(c + w) | 0]! & ints[(d + w) | 0]! & ints[(e + w) | 0]!
      const last =
        ints[(f + w) | 0]! & ints[(g + w) | 0]! & ints[(h + w) | 0]! & ints[(j + w) | 0]! & ints[(k + w) | 0]!
      ints[(open + w) | 0]! &= first & last
    }
  }
}

/**
 * Reads the exits of the trees in words `from` to `to`, and puts those trees which ask on on the list of walkers.
 * Returns how many these are.
 */
export function leaveTops(tops: ScorerTops, nodes: ScorerNodes, from: number, to: number): number {
  const { width, ints, open, exits } = tops
  const { ints: out, list, ends } = nodes
  const field = (1 << width) - 1
  let end = (ends + from * (32 / width)) | 0
  // bit 0 of a field is its first exit
  let exit = (exits + 32 * from + 31) | 0
  let free = list
  for (let w = from; w < to; w++) {
    const word = ints[open + w]!
    for (let shift = 0; shift < 32; shift += 2 * width) {
      const entry = ints[(exit - Math.clz32((word >>> shift) & field)) | 0]!
      out[end] = entry
      out[free] = entry
      free = (free + ((entry >>> 8) & 1)) | 0
      const second = ints[(exit + width - Math.clz32((word >>> (shift + width)) & field)) | 0]!
      out[(end + 1) | 0] = second
      out[free] = second
      free = (free + ((second >>> 8) & 1)) | 0
      end = (end + 2) | 0
      exit = (exit + 2 * width) | 0
    }
  }
  return free - list
}
