import { eachClass, has, type Node, newLeaf, type Question, type Setting } from './plain-node.ts'
import { merit, type Numeric, normalUpTo, type Observer, shareUpTo, sum } from './plain-observers.ts'

/** Something to do with a node: to ask a question, or nothing. */
export type Option = { merit: number; question: Question | undefined; sides: number[][] }

/** The branch that a leaf should become now, if any; what the leaf has seen may be dropped on the way. */
export function attempt(setting: Setting, leaf: Node): Node | undefined {
  const { gracePeriod, maxDepth = Number.POSITIVE_INFINITY, leafPrediction, poorFeatures, reevaluateEvery } = setting
  const river = setting.rules === 'river'
  if (!leaf.active) return undefined
  if (river && leaf.depth >= maxDepth) {
    leaf.active = false
    return undefined
  }
  const weighed = river ? sum(leaf.stats) : leaf.arrived
  if (weighed - leaf.last < gracePeriod) return undefined
  leaf.last = weighed
  if (has(leaf.stats) < 2 || leaf.depth >= maxDepth) return undefined
  if (river && Math.max(...leaf.stats) / sum(leaf.stats) > 0.99) {
    leaf.observers.clear()
    return undefined
  }
  const options = ranked(setting, leaf)
  const best = options.at(-1)!
  const second = reevaluateEvery === undefined ? options.at(-2) : { merit: 0 }
  const bound = boundAt(setting, leaf)
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
  return splits && (river || best.merit > 0) ? splitOf(setting, leaf, best) : undefined
}

/** The branch that asks what an option says. */
export function splitOf(setting: Setting, node: Node, { question, sides }: Option): Node {
  const children = sides.map((stats) => {
    const order = node.order.filter((c) => stats[c]! > 0)
    return newLeaf(setting, node.depth + 1, [...stats], order)
  })
  // the weight at the last look: of the branch that it becomes
  const last = setting.rules === 'river' ? sum(node.stats) : node.last
  return { ...node, question: question!, children, last }
}

/** Hoeffding's bound at a node. */
export function boundAt(setting: Setting, { stats }: Node): number {
  const { confidence, criterion } = setting
  const bits = Math.log2(Math.max(2, has(stats)))
  const range =
    criterion === 'hellinger' && setting.rules === 'ours'
      ? Math.SQRT2
      : (criterion ?? 'information-gain') === 'information-gain'
        ? bits
        : 1
  return Math.sqrt((range ** 2 * Math.log(1 / confidence)) / (2 * sum(stats)))
}

/** Not splitting and the best question on every feature, the best last; of equal ones River's last, our lowest. */
export function ranked(setting: Setting, node: Node): Option[] {
  const river = setting.rules === 'river'
  const none: Option = { merit: river ? Number.NEGATIVE_INFINITY : 0, question: undefined, sides: [] }
  const features = [...node.observers.keys()]
  if (!river) features.sort((a, b) => b - a)
  return [none, ...features.flatMap((f) => bestOn(setting, node, f) ?? [])].sort((a, b) => a.merit - b.merit)
}

function bestOn(setting: Setting, node: Node, f: number): Option | undefined {
  const questions = setting.nominal?.includes(f) ? categories(setting, node, f) : thresholds(setting, node, f)
  let best: Option | undefined
  for (const question of questions) {
    const sides = sidesOf(setting, node, question)
    const total = sum(sides.map(sum))
    if (sides.filter((side) => sum(side) / total > 0.01).length < 2) continue
    const gain = gainOf(setting, node, question, sides)
    if (best === undefined || gain > best.merit) best = { merit: gain, question, sides }
  }
  return best
}

function thresholds({ thresholds, histogram = 0 }: Setting, node: Node, feature: number): Question[] {
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

function categories({ rules, nominalSplits }: Setting, node: Node, feature: number): Question[] {
  const seen = node.observers.get(feature)!.flatMap((o) => [...((o as Map<number, number> | undefined)?.keys() ?? [])])
  const values = [...new Set(seen)].sort((a, b) => a - b)
  const single: Question[] = values.map((v) => ({ feature, kind: 'equals', value: [v] }))
  if (nominalSplits !== 'multiway') return single
  const all: Question = { feature, kind: 'which', value: [...values] }
  return rules === 'river' ? [all, ...single] : [...single, all]
}

function sidesOf(setting: Setting, node: Node, { feature, kind, value }: Question): number[][] {
  const classes = eachClass(setting, (c) => node.observers.get(feature)?.[c])
  const count = (o: Observer | undefined, v: number): number => (o as Map<number, number> | undefined)?.get(v) ?? 0
  if (kind === 'which') return value.map((v) => classes.map((o) => count(o, v)))
  const known = classes.map(weightKnown)
  if (kind === 'equals') {
    const own = classes.map((o) => count(o, value[0]!))
    return [own, known.map((n, c) => n - own[c]!)]
  }
  const numbers = classes as (Numeric | undefined)[]
  if (setting.histogram) {
    const shares = numbers.map((o) => (o === undefined ? 0 : shareUpTo(o, value[0]!)))
    const total = sum(node.stats)
    // as River rounds: a few rows depend on it
    const weights = numbers.map((o, c) => (o === undefined ? 0 : total * (node.stats[c]! / total)))
    return [shares.map((s, c) => weights[c]! * s), shares.map((s, c) => weights[c]! * (1 - s))]
  }
  const left = numbers.map((o) => normalUpTo(setting.rules, o, value[0]!))
  return [left, known.map((n, c) => n - left[c]!)]
}

const weightKnown = (o: Observer | undefined): number => (o instanceof Map ? sum([...o.values()]) : (o?.n ?? 0))

/** What a question is worth at a node. */
export function gainOf(
  setting: Setting,
  node: Node,
  question: Question,
  sides: readonly number[][] = sidesOf(setting, node, question),
): number {
  const { criterion = 'information-gain' } = setting
  if (setting.rules === 'river') return merit(criterion, 'river', node.stats, sides)
  const known = eachClass(setting, (c) => weightKnown(node.observers.get(question.feature)?.[c]))
  return merit(criterion, 'ours', known, sides) * Math.min(1, sum(known) / node.arrived)
}
