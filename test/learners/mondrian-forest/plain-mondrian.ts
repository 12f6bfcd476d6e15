import type { Rng } from '../../../src/contracts.ts'

/** A node that remembers every label it was given. */
type Node = {
  time: number
  low: number[]
  high: number[]
  labels: { y: number; weight: number }[]
  split: { feature: number; threshold: number; children: [Node, Node] } | undefined
}

const leafAt = (time: number, features: number): Node => ({
  time,
  low: new Array<number>(features).fill(Infinity),
  high: new Array<number>(features).fill(-Infinity),
  labels: [],
  split: undefined,
})

/**
 * One Mondrian tree for labels of 0 and 1, written to be read: it averages over its prunings by listing them all, each with
 * the likelihood of every label that its leaves were given.
 */
export class PlainMondrianTree {
  readonly root: Node
  readonly #features: number
  readonly #step: number
  readonly #smoothing: number
  readonly #rng: Rng

  constructor(features: number, step: number, smoothing: number, rng: Rng) {
    this.root = leafAt(0, features)
    this.#features = features
    this.#step = step
    this.#smoothing = smoothing
    this.#rng = rng
  }

  predict(x: Float64Array): number {
    let [above, below] = [0, 0]
    for (const { prior, leaves } of prunings(this.root)) {
      let weight = prior
      for (const leaf of leaves) weight *= Math.exp(-this.#step * this.#lossOf(leaf))
      const leaf = leaves.find((node) => this.#contains(node, x))!
      above += weight * this.#estimate(leaf, leaf.labels.length)
      below += weight
    }
    return above / below
  }

  learn(x: Float64Array, y: number, weight: number): void {
    for (let node = this.root; ; ) {
      const isPure = node.labels.length > 0 && node.labels.every((label) => label.y === y)
      const gaps = Array.from({ length: this.#features }, (_, j) => gapOf(node, j, x[j]!))
      const reach = gaps.reduce((sum, gap) => sum + gap, 0)
      if (!isPure && node.labels.length > 0 && reach > 0) {
        const time = node.time - Math.log(1 - this.#rng.next()) / reach
        if (time < (node.split?.children[0].time ?? Infinity)) {
          const fresh = this.#cut(node, x, time, gaps, reach)
          this.#give(node, x, y, weight)
          this.#give(fresh, x, y, weight)
          return
        }
      }
      if (isPure && !node.split) node.labels.push({ y, weight })
      else this.#give(node, x, y, weight)
      if (!node.split) return
      node = childOf(node, x)
    }
  }

  /** The estimate after the first `n` labels. */
  #estimate(node: Node, n: number): number {
    let [ones, all] = [this.#smoothing / 2, this.#smoothing]
    for (const { y, weight } of node.labels.slice(0, n)) {
      ones += y * weight
      all += weight
    }
    return ones / all
  }

  #lossOf(node: Node): number {
    return node.labels.reduce((sum, { y, weight }, n) => {
      const p = this.#estimate(node, n)
      return sum - weight * Math.log(y === 1 ? p : 1 - p)
    }, 0)
  }

  #give(node: Node, x: Float64Array, y: number, weight: number): void {
    node.labels.push({ y, weight })
    for (const [j, value] of x.entries()) {
      if (value < node.low[j]!) node.low[j] = value
      if (value > node.high[j]!) node.high[j] = value
    }
  }

  #cut(node: Node, x: Float64Array, time: number, gaps: number[], reach: number): Node {
    let rest = this.#rng.next() * reach
    const feature = gaps.findIndex((gap) => {
      rest -= gap
      return gap > 0 && rest < 0
    })
    const isRight = x[feature]! > node.high[feature]!
    const [from, to] = isRight ? [node.high[feature]!, x[feature]!] : [x[feature]!, node.low[feature]!]
    const u = this.#rng.next()
    const old: Node = { ...node, time, low: [...node.low], high: [...node.high], labels: [...node.labels] }
    const fresh = leafAt(time, this.#features)
    const threshold = from * (1 - u) + to * u
    node.split = { feature, threshold, children: isRight ? [old, fresh] : [fresh, old] }
    return fresh
  }

  #contains(target: Node, x: Float64Array): boolean {
    for (let node = this.root; ; node = childOf(node, x)) {
      if (node === target) return true
      if (!node.split) return false
    }
  }
}

function childOf({ split }: Node, x: Float64Array): Node {
  const { feature, threshold, children } = split!
  const value = x[feature]!
  if (value <= threshold) return children[0]
  if (value > threshold) return children[1]
  const [left, right] = children.map(({ labels }) => labels.reduce((sum, { weight }) => sum + weight, 0))
  return left! >= right! ? children[0] : children[1]
}

function gapOf({ low, high }: Node, j: number, value: number): number {
  if (value < low[j]! && low[j]! < Infinity) return low[j]! - value
  if (value > high[j]! && high[j]! > -Infinity) return value - high[j]!
  return 0
}

/** Every tree that can be cut out of the one below `node`: whole with ½, else any pruning of either side. */
function prunings(node: Node): { prior: number; leaves: Node[] }[] {
  if (!node.split) return [{ prior: 1, leaves: [node] }]
  const [left, right] = node.split.children.map(prunings)
  const both = left!.flatMap((a) =>
    right!.map((b) => ({ prior: (a.prior * b.prior) / 2, leaves: [...a.leaves, ...b.leaves] })),
  )
  return [{ prior: 1 / 2, leaves: [node] }, ...both]
}
