import {
  type Criterion,
  logDensity,
  merit,
  type Numeric,
  normalUpTo,
  type Observer,
  observeNumber,
  type Rules,
  shareUpTo,
  sum,
} from './plain-observers.ts'

export type PlainOptions = {
  readonly gracePeriod: number
  readonly confidence: number
  readonly leafPrediction: 'majority' | 'naive-bayes' | 'adaptive'
  readonly thresholds: number
  readonly criterion?: Criterion
  readonly nominal?: readonly number[]
  readonly nominalSplits?: 'one-against-rest' | 'multiway'
  readonly maxDepth?: number
  readonly poorFeatures?: 'keep' | 'remove'
  /** River's histograms in place of normal distributions; `thresholds` of them are tried. */
  readonly histogram?: number
  /** Set for an extremely fast decision tree. */
  readonly reevaluateEvery?: number
  /** Classes, 2 unless given. */
  readonly classes?: number
}

type Question = { readonly feature: number; readonly kind: 'up to' | 'equals' | 'which'; readonly value: number[] }

type Node = {
  stats: number[]
  observers: Map<number, (Observer | undefined)[]>
  disabled: Set<number>
  active: boolean
  depth: number
  arrived: number
  last: number
  mc: number
  nb: number
  question?: Question
  children: Node[]
}

const has = (weights: readonly number[]): number => weights.filter((weight) => weight > 0).length
const first = (weights: readonly number[]): number => weights.indexOf(Math.max(...weights))

type Option = { merit: number; question: Question | undefined; sides: number[][] }

/**
 * A Hoeffding tree, or an extremely fast one, written a second time, with objects and recursion in place of flat arrays,
 * to hold the kernel against. By `'river'` rules it does what River 0.24.2 does, its defects included; by `'ours'` what
 * the class docs say we do otherwise.
 */
export class PlainTree {
  root: Node
  readonly #rules: Rules
  readonly #options: PlainOptions

  constructor(rules: Rules, options: PlainOptions) {
    this.#rules = rules
    this.#options = options
    this.root = this.#newLeaf(this.#empty(), 0)
  }

  #classes<T>(of: (c: number) => T): T[] {
    return Array.from({ length: this.#options.classes ?? 2 }, (_, c) => of(c))
  }

  #empty(): number[] {
    return this.#classes(() => 0)
  }

  #newLeaf(stats: number[], depth: number): Node {
    const last = this.#rules === 'river' ? sum(stats) : 0
    const maps = { observers: new Map(), disabled: new Set<number>(), children: [] }
    return { stats, ...maps, active: true, depth, arrived: 0, last, mc: 0, nb: 0 }
  }

  get #fast(): boolean {
    return this.#options.reevaluateEvery !== undefined
  }

  #weight(node: Node): number {
    return node.question !== undefined && this.#rules === 'river' && !this.#fast
      ? sum(node.children.map((child) => this.#weight(child)))
      : sum(node.stats)
  }

  /** The child for `x`; where the value is missing or new, the one that most has gone to. */
  #next(node: Node, x: Float64Array): Node {
    const { feature, kind, value } = node.question!
    const v = x[feature]!
    if (!Number.isNaN(v)) {
      if (kind === 'up to') return node.children[v <= value[0]! ? 0 : 1]!
      if (kind === 'equals') return node.children[v === value[0]! ? 0 : 1]!
      const at = value.indexOf(v)
      if (at >= 0) return node.children[at]!
    }
    const weights = node.children.map((child) => this.#weight(child))
    return node.children[weights.indexOf(Math.max(...weights))]!
  }

  #isNew(node: Node, x: Float64Array): boolean {
    const { feature, kind, value } = node.question!
    return kind === 'which' && !Number.isNaN(x[feature]!) && !value.includes(x[feature]!)
  }

  predict(x: Float64Array): number {
    return this.shares(x)[1]!
  }

  /** The probability of each class. */
  shares(x: Float64Array): number[] {
    let node = this.root
    while (node.question !== undefined) node = this.#next(node, x)
    const { leafPrediction: how } = this.#options
    const asksBayes = node.active && (how === 'adaptive' ? node.nb >= node.mc : how === 'naive-bayes')
    return asksBayes ? this.#bayes(node, x) : this.#majority(node)
  }

  #majority({ stats }: Node): number[] {
    return stats.map((weight) => (sum(stats) === 0 ? 1 / stats.length : weight / sum(stats)))
  }

  #bayes(node: Node, x: Float64Array): number[] {
    const { stats, observers } = node
    if (has(stats) < 2) return this.#majority(node)
    const votes = stats.map((weight) => Math.log(weight / sum(stats)))
    for (const [f, classes] of observers) {
      if (Number.isNaN(x[f]!)) continue
      const nominal = this.#options.nominal?.includes(f)
      const logs = this.#classes((c) => {
        const observer = classes[c] ?? (nominal ? new Map() : undefined)
        return stats[c]! > 0 ? logDensity(this.#rules, observer, x[f]!) : Number.NaN
      })
      const blind = logs.map((log, c) => Number.isNaN(log) && stats[c]! > 0)
      if (this.#rules === 'ours' && blind.includes(true)) {
        // who has no density gets the mean of the others'
        const told = stats.map((weight, c) => (Number.isNaN(logs[c]!) ? 0 : weight))
        const most = Math.max(...logs.filter((log) => !Number.isNaN(log)))
        const mean = sum(told.map((weight, c) => (weight > 0 ? weight * Math.exp(logs[c]! - most) : 0))) / sum(told)
        for (const [c, is] of blind.entries()) if (is) logs[c] = most + Math.log(mean)
      }
      for (const [c, log] of logs.entries()) if (!Number.isNaN(log)) votes[c]! += log
    }
    const most = Math.max(...votes)
    const odds = votes.map((vote) => Math.exp(vote - most))
    return odds.map((share) => share / sum(odds))
  }

  learn(x: Float64Array, y: number, weight: number): void {
    if (this.#fast) this.#learnFast(x, y, weight)
    else this.#learnOnce(x, y, weight)
  }

  #learnOnce(x: Float64Array, y: number, weight: number): void {
    const path: Node[] = []
    let node = this.root
    let guessed = false
    while (node.question !== undefined) {
      path.push(node)
      node.stats[y]! += weight
      guessed ||= Number.isNaN(x[node.question.feature]!) || this.#isNew(node, x)
      // River opens a branch for a category that a multiway question has not met
      if (this.#rules === 'river' && this.#isNew(node, x)) {
        node.children.push(this.#newLeaf(this.#empty(), node.depth + 1))
        node.question.value.push(x[node.question.feature]!)
      }
      node = this.#next(node, x)
    }
    this.#take(node, x, y, weight)
    const river = this.#rules === 'river'
    if (river && guessed) return
    this.#attempt(node, (split) => this.#replace(path.at(-1), node, split))
  }

  #learnFast(x: Float64Array, y: number, weight: number): void {
    const leafOf = (from: Node): Node => (from.question === undefined ? from : leafOf(this.#next(from, x)))
    // River's leaf learns before the branches look at themselves, ours after
    if (this.#rules === 'river') this.#take(leafOf(this.root), x, y, weight)
    let parent: Node | undefined
    let node = this.root
    while (node.question !== undefined) {
      this.#observe(node, x, y, weight)
      if (this.#reconsider(parent, node)) return
      parent = node
      node = this.#next(node, x)
    }
    if (this.#rules === 'ours') this.#take(node, x, y, weight)
    const above = parent
    this.#attempt(node, (split) => this.#replace(above, node, split))
  }

  #replace(parent: Node | undefined, old: Node, by: Node): void {
    if (parent === undefined) this.root = by
    else parent.children[parent.children.indexOf(old)] = by
  }

  #take(leaf: Node, x: Float64Array, y: number, weight: number): void {
    this.#score(leaf, x, y, weight)
    this.#observe(leaf, x, y, weight)
  }

  #score(leaf: Node, x: Float64Array, y: number, weight: number): void {
    if (!leaf.active) return
    const empty = sum(leaf.stats) === 0
    if (empty || first(leaf.stats) === y) leaf.mc += weight
    if (!empty && first(this.#bayes(leaf, x)) === y) leaf.nb += weight
  }

  #observe(node: Node, x: Float64Array, y: number, weight: number): void {
    const { nominal = [], histogram = 0 } = this.#options
    node.stats[y]! += weight
    node.arrived += weight
    if (!node.active) return
    for (const [f, value] of x.entries()) {
      if (Number.isNaN(value) || node.disabled.has(f)) continue
      const classes = node.observers.get(f) ?? []
      node.observers.set(f, classes)
      if (nominal.includes(f)) {
        const counts = (classes[y] as Map<number, number> | undefined) ?? new Map<number, number>()
        counts.set(value, (counts.get(value) ?? 0) + weight)
        classes[y] = counts
      } else classes[y] = observeNumber(classes[y], value, weight, histogram)
    }
  }

  #attempt(leaf: Node, replace: (split: Node) => void): void {
    const { gracePeriod, maxDepth = Number.POSITIVE_INFINITY, leafPrediction, poorFeatures } = this.#options
    const river = this.#rules === 'river'
    if (!leaf.active) return
    if (river && leaf.depth >= maxDepth) {
      leaf.active = false
      return
    }
    const weighed = river ? sum(leaf.stats) : leaf.arrived
    if (weighed - leaf.last < gracePeriod) return
    leaf.last = weighed
    if (has(leaf.stats) < 2 || leaf.depth >= maxDepth) return
    if (river && Math.max(...leaf.stats) / sum(leaf.stats) > 0.99) {
      leaf.observers.clear()
      return
    }
    const options = this.#ranked(leaf)
    const best = options.at(-1)!
    const second = this.#fast ? { merit: 0 } : options.at(-2)
    const bound = this.#bound(leaf)
    const splits =
      best.question !== undefined && second !== undefined && (best.merit - second.merit > bound || bound < 0.05)
    // River lets only leaves without naive Bayes drop features, also while they split
    if (poorFeatures === 'remove' && (!river || leafPrediction === 'majority') && !splits) {
      const found = new Map(options.map((option) => [option.question?.feature, option.merit]))
      for (const f of leaf.observers.keys()) {
        const reached = found.get(f)
        const lost = reached === undefined ? !river && best.merit > bound : best.merit - reached > bound
        if (lost) {
          leaf.observers.delete(f)
          leaf.disabled.add(f)
        }
      }
    }
    if (splits && (river || best.merit > 0)) replace(this.#split(leaf, best))
  }

  #split(node: Node, { question, sides }: Option): Node {
    const children = sides.map((stats) => this.#newLeaf([...stats], node.depth + 1))
    // the weight at the last look: of the branch that it becomes
    const last = this.#rules === 'river' ? sum(node.stats) : node.last
    return { ...node, question: question!, children, last }
  }

  /** Looks at a branch of an extremely fast tree; tells whether it was replaced. */
  #reconsider(parent: Node | undefined, node: Node): boolean {
    const river = this.#rules === 'river'
    const weighed = river ? sum(node.stats) : node.arrived
    if (weighed - node.last < this.#options.reevaluateEvery!) return false
    // River forgets to note that it has looked
    if (!river) node.last = weighed
    if (has(node.stats) < 2) return false
    const options = this.#ranked(node).filter(({ question }) => question !== undefined)
    const best = options.at(-1)
    const bound = this.#bound(node)
    if (best === undefined) return river
    const { feature } = node.question!
    const same = feature === best.question!.feature
    if (river) {
      const current = options.find(({ question }) => question!.feature === feature)
      if (current === undefined || !(best.merit - current.merit > bound || bound < 0.05)) return false
      // with the same feature the children stay, but what they do in this round is lost: they hang below the old branch
      const split = this.#split(node, best)
      this.#replace(parent, node, same ? { ...split, children: [...node.children] } : split)
      return !same
    }
    const lead = best.merit - this.#gainOf(node, node.question!)
    if (!(lead > bound || (bound < 0.05 && lead > 0.005))) return false
    if (same && best.question!.kind === 'up to') {
      node.question = best.question!
      return false
    }
    this.#replace(parent, node, this.#split(node, best))
    return true
  }

  #bound({ stats }: Node): number {
    const { confidence, criterion } = this.#options
    const bits = Math.log2(Math.max(2, has(stats)))
    const range =
      criterion === 'hellinger' && this.#rules === 'ours'
        ? Math.SQRT2
        : (criterion ?? 'information-gain') === 'information-gain'
          ? bits
          : 1
    return Math.sqrt((range ** 2 * Math.log(1 / confidence)) / (2 * sum(stats)))
  }

  /** Not splitting and the best question on every feature, the best last; of equal ones River's last, our lowest. */
  #ranked(node: Node): Option[] {
    const river = this.#rules === 'river'
    const none: Option = { merit: river ? Number.NEGATIVE_INFINITY : 0, question: undefined, sides: [] }
    const features = [...node.observers.keys()]
    if (!river) features.sort((a, b) => b - a)
    return [none, ...features.flatMap((f) => this.#bestOn(node, f) ?? [])].sort((a, b) => a.merit - b.merit)
  }

  #bestOn(node: Node, f: number): Option | undefined {
    const questions = this.#options.nominal?.includes(f) ? this.#categories(node, f) : this.#thresholds(node, f)
    let best: Option | undefined
    for (const question of questions) {
      const sides = this.#sides(node, question)
      const total = sum(sides.map(sum))
      if (sides.filter((side) => sum(side) / total > 0.01).length < 2) continue
      const gain = this.#gainOf(node, question)
      if (best === undefined || gain > best.merit) best = { merit: gain, question, sides }
    }
    return best
  }

  #thresholds(node: Node, feature: number): Question[] {
    const { thresholds, histogram = 0 } = this.#options
    const seen = (node.observers.get(feature) as (Numeric | undefined)[]).filter((o) => o !== undefined)
    // River's histograms try what lies between the least first and the least last right end
    const low = Math.min(...seen.map(({ min, bins }) => (histogram > 0 ? bins[0]!.right : min)))
    const high =
      histogram > 0 ? Math.min(...seen.map(({ bins }) => bins.at(-1)!.right)) : Math.max(...seen.map(({ max }) => max))
    const n = histogram > 0 ? Math.min(thresholds, Math.max(...seen.map(({ bins }) => bins.length)) - 1) : thresholds
    const step = (high - low) / (n + 1)
    const values: number[] = []
    for (let k = 1, sum = low; k <= n; k++) {
      sum += step
      values.push(histogram > 0 ? sum : low + step * k)
    }
    return values.filter((t) => low < t && t < high).map((t) => ({ feature, kind: 'up to', value: [t] }))
  }

  #categories(node: Node, feature: number): Question[] {
    const seen = node.observers
      .get(feature)!
      .flatMap((o) => [...((o as Map<number, number> | undefined)?.keys() ?? [])])
    const values = [...new Set(seen)].sort((a, b) => a - b)
    const single: Question[] = values.map((v) => ({ feature, kind: 'equals', value: [v] }))
    if (this.#options.nominalSplits !== 'multiway') return single
    const all: Question = { feature, kind: 'which', value: [...values] }
    return this.#rules === 'river' ? [all, ...single] : [...single, all]
  }

  #sides(node: Node, { feature, kind, value }: Question): number[][] {
    const classes = this.#classes((c) => node.observers.get(feature)?.[c])
    const count = (o: Observer | undefined, v: number): number => (o as Map<number, number> | undefined)?.get(v) ?? 0
    if (kind === 'which') return value.map((v) => classes.map((o) => count(o, v)))
    const known = classes.map((o) => this.#known(o))
    if (kind === 'equals') {
      const own = classes.map((o) => count(o, value[0]!))
      return [own, known.map((n, c) => n - own[c]!)]
    }
    const numbers = classes as (Numeric | undefined)[]
    if (this.#options.histogram) {
      const shares = numbers.map((o) => (o === undefined ? 0 : shareUpTo(o, value[0]!)))
      const seen = numbers.map((o) => (o === undefined ? 0 : 1))
      return [shares.map((s, c) => node.stats[c]! * s), shares.map((s, c) => node.stats[c]! * seen[c]! * (1 - s))]
    }
    const left = numbers.map((o) => normalUpTo(this.#rules, o, value[0]!))
    return [left, known.map((n, c) => n - left[c]!)]
  }

  #known(o: Observer | undefined): number {
    return o instanceof Map ? sum([...o.values()]) : (o?.n ?? 0)
  }

  #gainOf(node: Node, question: Question): number {
    const { criterion = 'information-gain' } = this.#options
    const sides = this.#sides(node, question)
    if (this.#rules === 'river') return merit(criterion, 'river', node.stats, sides)
    const known = this.#classes((c) => this.#known(node.observers.get(question.feature)?.[c]))
    return merit(criterion, 'ours', known, sides) * Math.min(1, sum(known) / node.arrived)
  }

  /** Nodes in River's order: the branch, then its subtrees. */
  *nodes(node: Node = this.root): Generator<Node> {
    yield node
    for (const child of node.children) yield* this.nodes(child)
  }
}
