import { type Criterion, logDensity, type Observer, observeNumber, type Rules, sum } from './plain-observers.ts'

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
  /** Weight that a leaf must have before it answers by naive Bayes; 0 unless given. */
  readonly bayesFrom?: number
  /** Classes, 2 unless given. */
  readonly classes?: number
}

/** Options, and whose rules go with them. */
export type Setting = PlainOptions & { readonly rules: Rules }

export type Question = {
  readonly feature: number
  readonly kind: 'up to' | 'equals' | 'which'
  readonly value: number[]
}

/** A leaf, or a branch if it has a question. */
export type Node = {
  stats: number[]
  observers: Map<number, (Observer | undefined)[]>
  disabled: Set<number>
  active: boolean
  depth: number
  arrived: number
  last: number
  mc: number
  nb: number
  /** Classes as they came, the first of which wins ties in River. */
  order: number[]
  question?: Question
  children: Node[]
}

export const has = (weights: readonly number[]): number => weights.filter((weight) => weight > 0).length

/** The class that a node would name: of equal ones the lowest, in River the one that came first. */
export function labelAt({ rules }: Setting, { order }: Node, weights: readonly number[]): number {
  const most = Math.max(...weights)
  return (rules === 'river' ? order.find((c) => weights[c] === most) : undefined) ?? weights.indexOf(most)
}

export function eachClass<T>({ classes = 2 }: Setting, of: (c: number) => T): T[] {
  return Array.from({ length: classes }, (_, c) => of(c))
}

export function newLeaf(
  setting: Setting,
  depth: number,
  stats: number[] = eachClass(setting, () => 0),
  order: number[] = [],
): Node {
  const last = setting.rules === 'river' ? sum(stats) : 0
  const maps = { observers: new Map(), disabled: new Set<number>(), children: [] }
  return { stats, ...maps, active: true, depth, arrived: 0, last, mc: 0, nb: 0, order }
}

/** The weight that came through a node; in River's Hoeffding trees, that of its leaves. */
export function weightOf(setting: Setting, node: Node): number {
  return node.question !== undefined && setting.rules === 'river' && setting.reevaluateEvery === undefined
    ? sum(node.children.map((child) => weightOf(setting, child)))
    : sum(node.stats)
}

/** The child for `x`; where the value is missing or new, the one that most has gone to. */
export function nextOf(setting: Setting, node: Node, x: Float64Array): Node {
  const { feature, kind, value } = node.question!
  const v = x[feature]!
  if (!Number.isNaN(v)) {
    if (kind === 'up to') return node.children[v <= value[0]! ? 0 : 1]!
    if (kind === 'equals') return node.children[v === value[0]! ? 0 : 1]!
    const at = value.indexOf(v)
    if (at >= 0) return node.children[at]!
  }
  const weights = node.children.map((child) => weightOf(setting, child))
  return node.children[weights.indexOf(Math.max(...weights))]!
}

export function leafOf(setting: Setting, node: Node, x: Float64Array): Node {
  let leaf = node
  while (leaf.question !== undefined) leaf = nextOf(setting, leaf, x)
  return leaf
}

/** Whether `x` has a category that a question for all categories has not met. */
export function isNew({ question }: Node, x: Float64Array): boolean {
  const { feature, kind, value } = question!
  return kind === 'which' && !Number.isNaN(x[feature]!) && !value.includes(x[feature]!)
}

/** A leaf's probability of each class. */
export function sharesAt(setting: Setting, leaf: Node, x: Float64Array): number[] {
  const { leafPrediction: how, bayesFrom = 0 } = setting
  const asksBayes =
    leaf.active && sum(leaf.stats) >= bayesFrom && (how === 'adaptive' ? leaf.nb >= leaf.mc : how === 'naive-bayes')
  return asksBayes ? bayes(setting, leaf, x) : majority(leaf)
}

function majority({ stats }: Node): number[] {
  return stats.map((weight) => (sum(stats) === 0 ? 1 / stats.length : weight / sum(stats)))
}

function bayes(setting: Setting, node: Node, x: Float64Array): number[] {
  const { rules } = setting
  const { stats, observers } = node
  if (has(stats) < 2) return majority(node)
  const votes = stats.map((weight) => Math.log(weight / sum(stats)))
  for (const [f, classes] of observers) {
    if (Number.isNaN(x[f]!)) continue
    const nominal = setting.nominal?.includes(f)
    const logs = eachClass(setting, (c) => {
      const observer = classes[c] ?? (nominal ? new Map() : undefined)
      return stats[c]! > 0 ? logDensity(rules, observer, x[f]!) : Number.NaN
    })
    const blind = logs.map((log, c) => Number.isNaN(log) && stats[c]! > 0)
    if (rules === 'ours' && blind.includes(true)) {
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

/** Takes an observation in at a leaf. */
export function take(setting: Setting, leaf: Node, x: Float64Array, y: number, weight: number): void {
  score(setting, leaf, x, y, weight)
  observe(setting, leaf, x, y, weight)
}

function score(setting: Setting, leaf: Node, x: Float64Array, y: number, weight: number): void {
  if (!leaf.active) return
  const empty = sum(leaf.stats) === 0
  if (empty || labelAt(setting, leaf, leaf.stats) === y) leaf.mc += weight
  if (!empty && labelAt(setting, leaf, bayes(setting, leaf, x)) === y) leaf.nb += weight
}

/** What a node sees of an observation. */
export function observe(setting: Setting, node: Node, x: Float64Array, y: number, weight: number): void {
  const { nominal = [], histogram = 0 } = setting
  node.stats[y]! += weight
  node.arrived += weight
  if (!node.order.includes(y)) node.order.push(y)
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

/** Nodes in River's order: the branch, then its subtrees. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const child of node.children) yield* nodesOf(child)
}
