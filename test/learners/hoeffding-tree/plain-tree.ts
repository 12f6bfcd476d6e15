import { erfc } from '../../../src/core/math.ts'
import { exactErf } from './exact-erf.ts'

/**
 * A Hoeffding tree written a second time, with objects and recursion in place of flat arrays, to hold the kernel
 * against. By `'river'` rules it does what River 0.24.2 does; by `'ours'` what the class doc says we do otherwise.
 */
export type Rules = 'ours' | 'river'

export type PlainOptions = {
  readonly gracePeriod: number
  readonly confidence: number
  readonly leafPrediction: 'majority' | 'naive-bayes' | 'adaptive'
  readonly thresholds: number
}

type Observer = { n: number; mean: number; s: number; min: number; max: number }
type Leaf = {
  stats: number[]
  observers: Map<number, (Observer | undefined)[]>
  arrived: number
  last: number
  mc: number
  nb: number
}
type Branch = { feature: number; threshold: number; children: Node[]; stats: number[] }
type Node = Leaf | Branch
type Option = { merit: number; feature: number; threshold: number; sides: number[][] }

const isBranch = (node: Node): node is Branch => 'feature' in node
const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0)
const newLeaf = (stats: number[], rules: Rules): Leaf => {
  return { stats, observers: new Map(), arrived: 0, last: rules === 'river' ? sum(stats) : 0, mc: 0, nb: 0 }
}

function entropy(weights: number[]): number {
  const total = sum(weights)
  const bits = weights.reduce((h, w) => (w > 0 ? h - w * Math.log2(w) : h), 0)
  return total > 0 ? (bits + total * Math.log2(total)) / total : 0
}

export class PlainTree {
  root: Node
  readonly #rules: Rules
  readonly #options: PlainOptions

  constructor(rules: Rules, options: PlainOptions) {
    this.#rules = rules
    this.#options = options
    this.root = newLeaf([0, 0], rules)
  }

  #weight(node: Node): number {
    return isBranch(node) && this.#rules === 'river'
      ? sum(node.children.map((child) => this.#weight(child)))
      : sum(node.stats)
  }

  #next({ feature, threshold, children }: Branch, x: Float64Array): number {
    if (Number.isNaN(x[feature]!)) return this.#weight(children[0]!) < this.#weight(children[1]!) ? 1 : 0
    return x[feature]! <= threshold ? 0 : 1
  }

  predict(x: Float64Array): number {
    let node = this.root
    while (isBranch(node)) node = node.children[this.#next(node, x)]!
    const { leafPrediction: how } = this.#options
    const asksBayes = how === 'adaptive' ? node.nb >= node.mc : how === 'naive-bayes'
    return asksBayes ? this.#bayes(node, x) : this.#majority(node)
  }

  #majority({ stats }: Leaf): number {
    return sum(stats) === 0 ? 0.5 : stats[1]! / sum(stats)
  }

  #bayes({ stats, observers }: Leaf, x: Float64Array): number {
    if (stats.includes(0)) return sum(stats) === 0 ? 0.5 : stats[1]! / sum(stats)
    const votes = stats.map((weight) => Math.log(weight / sum(stats)))
    for (const [f, classes] of observers) {
      if (Number.isNaN(x[f]!)) continue
      const logs = [0, 1].map((c) => {
        const { n, mean, s } = classes[c] ?? { n: 0, mean: 0, s: 0 }
        const variance = n > 1 ? s / (n - 1) : 0
        if (variance === 0) return Number.NaN
        const far = (x[f]! - mean) ** 2 / variance
        return -(this.#rules === 'ours' ? Math.min(far, 1400) : far) / 2 - Math.log(2 * Math.PI * variance) / 2
      })
      if (this.#rules === 'ours' && logs.some(Number.isNaN)) continue
      for (const c of [0, 1]) if (!Number.isNaN(logs[c]!)) votes[c]! += logs[c]!
    }
    return 1 / (1 + Math.exp(votes[0]! - votes[1]!))
  }

  learn(x: Float64Array, y: number, weight: number): void {
    const path: Branch[] = []
    let node = this.root
    let guessed = false
    while (isBranch(node)) {
      path.push(node)
      guessed ||= Number.isNaN(x[node.feature]!)
      node = node.children[this.#next(node, x)]!
    }
    const leaf = node

    // bookkeeping before learning
    const empty = sum(leaf.stats) === 0
    if (empty || Number(this.#majority(leaf) > 0.5) === y) leaf.mc += weight
    if (!empty && Number(this.#bayes(leaf, x) > 0.5) === y) leaf.nb += weight

    leaf.stats[y]! += weight
    leaf.arrived += weight
    for (const branch of path) branch.stats[y]! += weight
    for (const [f, value] of x.entries()) {
      if (Number.isNaN(value)) continue
      const classes = leaf.observers.get(f) ?? []
      leaf.observers.set(f, classes)
      classes[y] ??= { n: 0, mean: 0, s: 0, min: value, max: value }
      const o = classes[y]
      o.min = Math.min(o.min, value)
      o.max = Math.max(o.max, value)
      o.n += weight
      const before = o.mean
      o.mean += (weight / o.n) * (value - before)
      o.s += weight * (value - before) * (value - o.mean)
    }

    // attempts
    const river = this.#rules === 'river'
    const weighed = river ? sum(leaf.stats) : leaf.arrived
    if (weighed - leaf.last < this.#options.gracePeriod || (river && guessed)) return
    leaf.last = weighed
    if (leaf.stats.includes(0)) return
    if (river && Math.max(...leaf.stats) / sum(leaf.stats) > 0.99) {
      leaf.observers.clear()
      return
    }
    const winner = this.#winner(leaf)
    if (winner === undefined) return
    const children = winner.sides.map((stats) => newLeaf(stats, this.#rules))
    const branch = { feature: winner.feature, threshold: winner.threshold, children, stats: leaf.stats }
    const parent = path.at(-1)
    if (parent === undefined) this.root = branch
    else parent.children[parent.children.indexOf(leaf)] = branch
  }

  #winner(leaf: Leaf): Option | undefined {
    const river = this.#rules === 'river'
    const none = { merit: river ? -Infinity : 0, feature: -1, threshold: 0, sides: [] }
    const features = [...leaf.observers.keys()]
    if (!river) features.sort((a, b) => b - a) // the last of equals wins
    const options = [none, ...features.flatMap((f) => this.#bestOn(leaf, f) ?? [])].sort((a, b) => a.merit - b.merit)
    const [best, second] = [options.at(-1)!, options.at(-2)]
    const { confidence } = this.#options
    const bound = Math.sqrt(Math.log(1 / confidence) / (2 * sum(leaf.stats)))
    if (best.feature < 0 || second === undefined) return undefined
    return best.merit - second.merit > bound || bound < 0.05 ? best : undefined
  }

  #bestOn(leaf: Leaf, f: number): Option | undefined {
    const river = this.#rules === 'river'
    const { thresholds } = this.#options
    const classes = leaf.observers.get(f)!
    const seen = [0, 1].map((c) => classes[c]).filter((o) => o !== undefined)
    const low = Math.min(...seen.map(({ min }) => min))
    const high = Math.max(...seen.map(({ max }) => max))
    const known = [0, 1].map((c) => classes[c]?.n ?? 0)
    let best: Option | undefined
    for (let k = 1; k <= thresholds; k++) {
      const threshold = low + ((high - low) / (thresholds + 1)) * k
      if (!(low < threshold && threshold < high)) continue
      const left = [0, 1].map((c) => this.#below(classes[c], threshold))
      const right = known.map((n, c) => n - left[c]!)
      const total = sum(left) + sum(right)
      if (!(sum(left) / total > 0.01 && sum(right) / total > 0.01)) continue
      const after = (sum(left) * entropy(left) + sum(right) * entropy(right)) / total
      const merit = river
        ? entropy(leaf.stats) - after
        : (entropy(known) - after) * Math.min(1, sum(known) / leaf.arrived)
      if (best === undefined || merit > best.merit) best = { merit, feature: f, threshold, sides: [left, right] }
    }
    return best
  }

  #below(o: Observer | undefined, threshold: number): number {
    if (o === undefined || threshold < o.min) return 0
    if (threshold >= o.max) return o.n
    const deviation = Math.sqrt(o.s / (o.n > 1 ? o.n - 1 : o.n))
    const z = (threshold - o.mean) / (deviation * Math.SQRT2)
    return this.#rules === 'river' ? 0.5 * (1 + exactErf(z)) * o.n : (erfc(-z) / 2) * o.n
  }

  /** Nodes in River's order: the branch, its left subtree, its right subtree. */
  *nodes(node: Node = this.root): Generator<Node> {
    yield node
    if (isBranch(node)) for (const child of node.children) yield* this.nodes(child)
  }
}
