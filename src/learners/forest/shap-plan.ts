import type { Forest } from './forest.ts'
import { layOut } from './shap-layout.ts'
import { gaussLegendre, type Points } from './shap-points.ts'

/** Points that are worked on at once, and numbers in a vector of them. */
const WIDTH = 4
/** Two vectors: of a node its means and its chances, of a feature A and B (see `shapFromDecisions`). */
const PAIR = 8

/** What TreeSHAP knows about a forest before it sees a row, and the scratch paper that it works on. */
export type Shap = {
  readonly forest: Forest
  /** Numbers that a call of `shapInto` writes: outputs × (features + 1). */
  readonly size: number
  /** What to expect of each output before looking at any feature. */
  readonly bias: Float64Array
  /**
   * Eight entries a question, tree by tree, those between two leaves last in each tree:
   * - where the means of the child that the row takes stand in `numbers`, and those of the other
   * - where A and B of its feature stand; 0 when it is asked for the first time
   * - where its feature's part of the output stands
   * - where the means of the left child stand, and of the right one
   * - where the value of its feature stands
   * - the node
   */
  readonly steps: Int32Array
  /** Questions whose feature was asked above, four each: number, that question's, the side, where A and B stand. */
  readonly again: Int32Array
  /** Runs over one tree at up to four points each, 7 entries; the kernel names them. */
  readonly runs: Int32Array
  readonly trees: number
  /** Where each tree begins among questions, in `categorical`, in `again` and in `runs`; four more end the last. */
  readonly begins: Int32Array
  /** Constants and scratch paper in one array, which the compiler handles better than several. */
  readonly numbers: Float64Array
  /** Where A and B stand of a feature that is hidden for certain, and of one that is shown for certain. */
  readonly hidden: number
  readonly shown: number
  /** 1 while the row took every turn of the feature so far. */
  readonly alive: Uint8Array
  /**
   * Where four numbers a question begin: its threshold, the shares of the cover that go left and right, and that of
   * the child that the row does not take.
   */
  readonly asked: number
  /** Where the parts begin that are being added up, `size` of them. */
  readonly parts: number
  /** Where the row's values begin, two a feature: as it is, and with -Infinity where it is missing, which goes left. */
  readonly values: number
  /** Categorical questions, two entries each: their number and where their set begins. */
  readonly categorical: Int32Array
}

/** Entries of a question. */
export const STEP = 8
/**
 * Prepares exact TreeSHAP for a forest, once a model; best when the first explanation is asked for. O(nodes), and
 * O(depth) more for each question whose feature was asked above it. The forest must not change afterwards.
 */
export function createShap(forest: Forest): Shap {
  const { features, base, roots, output, feature, threshold, set, missingLeft, value } = forest
  const { starts, ends, node, number, above, side, distinct } = layOut(forest)
  const questions = node.length
  const share = Float64Array.from(node, (n) => leftShare(forest, n))
  const numbers = new Growing()
  numbers.reserve(PAIR)

  // half as many points as features on the longest way, rounded up, are exact
  const points = new Int32Array(roots.length)
  for (let t = 0; t < roots.length; t++) {
    for (let i = starts[t]!; i < starts[t + 1]!; i++) points[t] = Math.max(points[t]!, (distinct[i]! + 1) >> 1)
  }
  const blocks = Math.ceil(points.reduce((a, b) => Math.max(a, b), 1) / WIDTH)
  const hidden = numbers.reserve(blocks * PAIR)
  for (let b = 0; b < blocks; b++) for (let q = 0; q < WIDTH; q++) numbers.set(hidden + b * PAIR + q, 1)
  const shown = numbers.reserve(blocks * PAIR)
  const values = numbers.reserve(2 * features)
  const parts = numbers.reserve(base.length * (features + 1))
  const rules = new Map<number, Rule>()
  for (const n of points) if (n > 0 && !rules.has(n)) rules.set(n, createRule(n, numbers))

  // features that are asked again: A and B at each point
  const again: number[] = []
  const passed = new Float64Array(questions).fill(1)
  const againBegins: number[] = []
  for (let t = 0; t < roots.length; t++) {
    againBegins.push(again.length)
    // ways lead down through the questions in order, but those between two leaves come after them all
    for (let i = starts[t]!; i < starts[t + 1]!; i++) {
      const a = above[i]!
      if (a < 0) continue
      const z = passed[a]! * (side[i] === 1 ? share[a]! : 1 - share[a]!)
      passed[i] = z
      again.push(i, a, side[i]!, placeAgain(z, rules.get(points[t]!)!, numbers))
    }
  }

  // room for the means and chances of a tree; leaves keep theirs
  let widest = 0
  for (let t = 0; t < roots.length; t++) widest = Math.max(widest, starts[t + 1]! - starts[t]!)
  const room = numbers.reserve(widest * PAIR)
  const bias = base.slice()
  const steps = new Int32Array(8 * questions)
  const mean = new Float64Array(questions)
  const meanOf = (child: number): number => (feature[child]! >= 0 ? mean[number[child]!]! : value[child]!)
  for (let t = 0; t < roots.length; t++) {
    const place = (child: number, between: boolean): number => {
      if (feature[child]! >= 0) return room + (number[child]! - starts[t]!) * PAIR
      const leaf = numbers.reserve(between ? 1 : PAIR)
      for (let q = 0; q < (between ? 1 : WIDTH); q++) numbers.set(leaf + q, value[child]!)
      return leaf
    }
    const prepare = (i: number): void => {
      const n = node[i]!
      const l = forest.left[n]!
      const r = forest.right[n]!
      const between = i >= ends[t]!
      const target = parts + output[t]! * (features + 1) + feature[n]!
      steps.set(
        [0, 0, 0, target, place(l, between), place(r, between), values + 2 * feature[n]! + missingLeft[n]!, n],
        8 * i,
      )
      mean[i] = meanOf(r) + share[i]! * (meanOf(l) - meanOf(r))
    }
    for (let i = ends[t]!; i < starts[t + 1]!; i++) prepare(i)
    for (let i = ends[t]! - 1; i >= starts[t]!; i--) prepare(i)
    bias[output[t]!]! += meanOf(roots[t]!)
  }

  // what is asked
  const asked = numbers.reserve(4 * questions)
  const categorical: number[] = []
  const runs: number[] = []
  const begins: number[] = []
  for (let t = 0; t < roots.length; t++) {
    const [start, end] = [starts[t]!, starts[t + 1]!]
    begins.push(start, categorical.length, againBegins[t]!, runs.length)
    for (let i = start; i < end; i++) {
      const n = node[i]!
      numbers.set(asked + 4 * i, threshold[n]!)
      numbers.set(asked + 4 * i + 1, share[i]!)
      numbers.set(asked + 4 * i + 2, 1 - share[i]!)
      if (set[n]! >= 0) categorical.push(i, set[n]!)
    }
    const rule = rules.get(points[t]!)
    rule?.widths.forEach((width, b) => {
      runs.push(start, ends[t]!, end, width, rule.place + b * PAIR, b * PAIR, room - start * PAIR)
    })
  }
  begins.push(questions, categorical.length, again.length, runs.length)

  return {
    forest,
    size: base.length * (features + 1),
    bias,
    steps,
    again: Int32Array.from(again),
    runs: Int32Array.from(runs),
    trees: roots.length,
    begins: Int32Array.from(begins),
    numbers: numbers.toArray(),
    hidden,
    shown,
    asked,
    parts,
    values,
    categorical: Int32Array.from(categorical),
    alive: new Uint8Array(questions).fill(1),
  }
}

/** The share of a branch's cover on its left; halves where there is none. */
function leftShare({ cover, left, right }: Forest, node: number): number {
  // halves, so that two covers of 1e308 do not add up to infinity; what is no cover counts as nothing
  const l = Math.max(0, cover[left[node]!]! / 2) || 0
  const r = Math.max(0, cover[right[node]!]! / 2) || 0
  return l + r > 0 && l + r < Infinity ? l / (l + r) : 0.5
}

/** Points for one length of way, in blocks of up to four of nearly the same size; 1 - t and weights stand at `place`. */
type Rule = { readonly points: Points; readonly widths: readonly number[]; readonly place: number }

function createRule(n: number, numbers: Growing): Rule {
  const points = gaussLegendre(n)
  const count = Math.ceil(n / WIDTH)
  const widths = Array.from({ length: count }, (_, b) => Math.ceil(((b + 1) * n) / count) - Math.ceil((b * n) / count))
  const place = numbers.reserve(count * PAIR)
  eachPoint(widths, (point, at) => {
    numbers.set(place + at, points.rest[point]!)
    numbers.set(place + at + WIDTH, points.weight[point]!)
  })
  return { points, widths, place }
}

/** A and B of a feature that is asked again where the row took every turn so far, with `z` of the cover. */
function placeAgain(z: number, { points: { t, rest }, widths }: Rule, numbers: Growing): number {
  const place = numbers.reserve(widths.length * PAIR)
  eachPoint(widths, (point, at) => {
    const passes = t[point]! + z * rest[point]!
    numbers.set(place + at, (z * rest[point]!) / passes)
    numbers.set(place + at + WIDTH, z / (passes * passes))
  })
  return place
}

function eachPoint(widths: readonly number[], visit: (point: number, at: number) => void): void {
  let point = 0
  widths.forEach((width, b) => {
    for (let q = 0; q < width; q++) visit(point++, b * PAIR + q)
  })
}

/** Numbers whose count is not known beforehand. */
class Growing {
  #numbers: Float64Array = new Float64Array(1024)
  #length = 0

  /** Makes room for more numbers, all 0, and returns where they begin. */
  reserve(count: number): number {
    const place = this.#length
    this.#length += count
    if (this.#length > this.#numbers.length) {
      const larger = new Float64Array(2 * this.#length)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    return place
  }

  set(place: number, number: number): void {
    this.#numbers[place] = number
  }

  toArray(): Float64Array {
    return this.#numbers.slice(0, this.#length)
  }
}
