import type { Learner, Snapshot, Vector } from '../../../src/contracts.ts'
import { normalCdf } from '../../../src/core/math.ts'
import golden from '../../golden/ensembles-river.json' with { type: 'json' }
import { exactErf } from '../hoeffding-tree/exact-erf.ts'

/** A normal distribution per class of one feature, as River's observers keep it. */
type Observer = { n: number; mean: number; s: number; min: number; max: number }
type Node = {
  stats: [number, number]
  /** Classes that stand in the leaf's table; at a share that rounds to 0 one is in it with no weight. */
  known: [boolean, boolean]
  /** The class that came into the table first, which wins ties. */
  first: number
  observers: Map<number, (Observer | undefined)[]>
  /** Features that a leaf looks at; all where there are none. */
  wanted: readonly number[]
  last: number
  mc: number
  nb: number
  feature: number
  threshold: number
  children: Node[]
}

/** Where that library's erf is not rounded correctly, of the splits of the recorded runs. */
const LAST_BITS = new Map(golden.erf.split(' ').map((pair) => pair.split(':').map(Number) as [number, number]))

const PERIOD = 50
const CONFIDENCE = 0.01
const nothing = (n = 0): Observer => ({ n, mean: 0, s: 0, min: Infinity, max: -Infinity })
const leafOf = (stats: [number, number], known: [boolean, boolean]): Node => ({
  stats,
  known,
  first: known[0] || !known[1] ? 0 : 1,
  observers: new Map(),
  wanted: [],
  last: stats[0] + stats[1],
  mc: 0,
  nb: 0,
  feature: -1,
  threshold: 0,
  children: [],
})

function entropy(...weights: [number, number]): number {
  const total = weights[0] + weights[1]
  const bits = weights.reduce((h, w) => (w > 0 ? h - w * Math.log2(w) : h), 0)
  return total > 0 ? (bits + total * Math.log2(total)) / total : 0
}

/** How a tree of River's bags and forests differs from the others. */
export type RiverTreeOptions = {
  readonly leaves?: 'majority' | 'adaptive'
  /** Where each leaf takes the features it looks at when it first learns. */
  readonly subsets?: Iterator<readonly number[]>
  /** Whether a weight of k is one call, as in River's forests, or k of them, as in its bags. */
  readonly weights?: 'one call' | 'many calls'
}

/**
 * A member for the replays: River's Hoeffding tree for two classes and known numbers, with a grace period of 50 and a
 * delta of 0.01, as its rules are written down in docs/adr/0008. It cannot be saved.
 */
export class RiverTree implements Learner {
  readonly task: 'binary' = 'binary'
  seen = 0
  #root: Node = leafOf([0, 0], [false, false])
  readonly #options: RiverTreeOptions

  constructor(options: RiverTreeOptions = {}) {
    this.#options = options
  }

  predict(x: Vector): number {
    const { leaf } = this.#route(x)
    const p = this.#options.leaves !== 'majority' && leaf.nb >= leaf.mc ? bayes(leaf, x) : majority(leaf)
    // a tie is class 0 in River, while one half of ours stands for no answer, as before the first label
    return p === 0.5 && this.seen > 0 ? 0.5 - 1e-12 : p
  }

  learn(x: Vector, y: number, weight = 1): void {
    this.seen++
    if (this.#options.weights === 'one call') this.#learnOnce(x, y, weight)
    else for (let i = 0; i < weight; i++) this.#learnOnce(x, y, 1)
  }

  toJSON(): Snapshot {
    return { type: 'river-tree', version: 1, options: {}, state: {} }
  }

  #route(x: Vector): { leaf: Node; parent: Node | undefined } {
    let parent: Node | undefined
    let leaf = this.#root
    while (leaf.children.length > 0) {
      parent = leaf
      leaf = leaf.children[x[leaf.feature]! <= leaf.threshold ? 0 : 1]!
    }
    return { leaf, parent }
  }

  #learnOnce(x: Vector, y: number, weight: number): void {
    const { leaf } = this.#route(x)
    const empty = leaf.stats[0] + leaf.stats[1] === 0
    if (empty) leaf.first = y
    if (empty || labelOf(majority(leaf), leaf) === y) leaf.mc += weight
    if (!empty && labelOf(bayes(leaf, x), leaf) === y) leaf.nb += weight

    leaf.stats[y]! += weight
    leaf.known[y] = true
    if (leaf.wanted.length === 0) leaf.wanted = this.#options.subsets?.next().value ?? [...x.keys()]
    for (const f of leaf.wanted) {
      const classes = leaf.observers.get(f) ?? [undefined, undefined]
      leaf.observers.set(f, classes)
      const o = (classes[y] ??= nothing())
      o.min = Math.min(o.min, x[f]!)
      o.max = Math.max(o.max, x[f]!)
      o.n += weight
      const before = o.mean
      o.mean += (weight / o.n) * (x[f]! - before)
      o.s += weight * (x[f]! - before) * (x[f]! - o.mean)
    }

    const total = leaf.stats[0] + leaf.stats[1]
    if (total - leaf.last < PERIOD) return
    leaf.last = total
    if (leaf.stats.includes(0)) return
    // the defect that wipes what a leaf with a rare class has seen
    if (Math.max(...leaf.stats) / total > 0.99) leaf.observers.clear()
    else this.#split(leaf, total)
  }

  #split(leaf: Node, total: number): void {
    const found = [...leaf.observers].flatMap(([f, classes]) => bestOn(leaf.stats, f, classes) ?? [])
    found.sort((a, b) => a.merit - b.merit)
    const best = found.at(-1)
    if (best === undefined) return
    const bound = Math.sqrt(Math.log(1 / CONFIDENCE) / (2 * total))
    if (best.merit - (found.at(-2)?.merit ?? -Infinity) <= bound && bound >= 0.05) return
    leaf.feature = best.feature
    leaf.threshold = best.threshold
    const classes = leaf.observers.get(best.feature)!
    const left = classes.map((o) => upTo(o ?? nothing(), best.threshold, twiceExact)) as [number, number]
    const right = classes.map((o, c) => (o?.n ?? 0) - left[c]!) as [number, number]
    const under = classes.map((o) => o !== undefined && best.threshold >= o.min) as [boolean, boolean]
    const over = classes.map((o) => o !== undefined && best.threshold < o.max) as [boolean, boolean]
    leaf.children = [leafOf(left, under), leafOf(right, over)]
  }
}

const labelOf = (p: number, { first }: Node): number => (p === 0.5 ? first : Number(p > 0.5))

function majority({ stats: [a, b] }: Node): number {
  return a + b === 0 ? 0.5 : b / (a + b)
}

function bayes(leaf: Node, x: Vector): number {
  if (leaf.known.includes(false)) return majority(leaf)
  const total = leaf.stats[0] + leaf.stats[1]
  // another defect: a class with no weight has a likelihood of 1
  const votes = leaf.stats.map((weight) => (weight > 0 ? Math.log(weight / total) : 0))
  for (const [f, classes] of leaf.observers) {
    for (const [c, o] of classes.entries()) {
      const variance = o !== undefined && o.n > 1 ? o.s / (o.n - 1) : 0
      if (o === undefined || variance === 0 || leaf.stats[c] === 0) continue
      const from = x[f]! - o.mean
      votes[c]! -= (from * from) / variance / 2 + Math.log(2 * Math.PI * variance) / 2
    }
  }
  return 1 / (1 + Math.exp(votes[0]! - votes[1]!))
}

type Found = { merit: number; feature: number; threshold: number }

function bestOn(stats: [number, number], feature: number, classes: (Observer | undefined)[]): Found | undefined {
  const [a, b] = [classes[0] ?? nothing(), classes[1] ?? nothing()]
  const low = Math.min(a.min, b.min)
  const high = Math.max(a.max, b.max)
  let best: Found | undefined
  for (let k = 1; k <= 10; k++) {
    const threshold = low + ((high - low) / 11) * k
    if (!(low < threshold && threshold < high)) continue
    const left: [number, number] = [upTo(a, threshold, twiceCdf), upTo(b, threshold, twiceCdf)]
    const right: [number, number] = [a.n - left[0], b.n - left[1]]
    const [l, r] = [left[0] + left[1], right[0] + right[1]]
    if (!(l / (l + r) > 0.01 && r / (l + r) > 0.01)) continue
    const merit = entropy(...stats) - (l * entropy(...left) + r * entropy(...right)) / (l + r)
    if (best === undefined || merit > best.merit) best = { merit, feature, threshold }
  }
  return best
}

function upTo({ n, mean, s, min, max }: Observer, threshold: number, twice: (z: number) => number): number {
  if (n === 0 || threshold < min) return 0
  if (threshold >= max) return n
  return 0.5 * twice((threshold - mean) / (Math.sqrt(s / (n > 1 ? n - 1 : n)) * Math.SQRT2)) * n
}

/** 1 + erf(z), good enough to compare splits by. */
const twiceCdf = (z: number): number => 2 * normalCdf(z * Math.SQRT2)
/** The same to the last bit of the C library that River ran on, as it decides on which row a child tries to split. */
const twiceExact = (z: number): number => 1 + (LAST_BITS.get(z) ?? exactErf(z))
