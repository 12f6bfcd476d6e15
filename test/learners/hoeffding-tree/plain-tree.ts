import {
  has,
  isNew,
  leafOf,
  type Node,
  newLeaf,
  nextOf,
  nodesOf,
  observe,
  type PlainOptions,
  type Setting,
  sharesAt,
  take,
} from './plain-node.ts'
import { type Rules, sum } from './plain-observers.ts'
import { attempt, boundAt, gainOf, ranked, splitOf } from './plain-split.ts'

/**
 * A Hoeffding tree, or an extremely fast one, written a second time, with objects and recursion in place of flat arrays,
 * to hold the kernel against. By `'river'` rules it does what River 0.24.2 does, its defects included; by `'ours'` what
 * the class docs say we do otherwise.
 */
export class PlainTree {
  root: Node
  readonly #setting: Setting

  constructor(rules: Rules, options: PlainOptions) {
    this.#setting = { ...options, rules }
    this.root = newLeaf(this.#setting, 0)
  }

  predict(x: Float64Array): number {
    return this.shares(x)[1]!
  }

  /** The probability of each class. */
  shares(x: Float64Array): number[] {
    return sharesAt(this.#setting, leafOf(this.#setting, this.root, x), x)
  }

  /** Nodes in River's order: the branch, then its subtrees. */
  nodes(): Generator<Node> {
    return nodesOf(this.root)
  }

  learn(x: Float64Array, y: number, weight: number): void {
    if (this.#setting.reevaluateEvery === undefined) this.#learnOnce(x, y, weight)
    else this.#learnFast(x, y, weight)
  }

  #learnOnce(x: Float64Array, y: number, weight: number): void {
    const setting = this.#setting
    const river = setting.rules === 'river'
    let parent: Node | undefined
    let node = this.root
    let guessed = false
    while (node.question !== undefined) {
      parent = node
      node.stats[y]! += weight
      guessed ||= Number.isNaN(x[node.question.feature]!) || isNew(node, x)
      if (river) openBranch(setting, node, x)
      node = nextOf(setting, node, x)
    }
    take(setting, node, x, y, weight)
    if (river && guessed) return
    const split = attempt(setting, node)
    if (split !== undefined) this.#replace(parent, node, split)
  }

  #learnFast(x: Float64Array, y: number, weight: number): void {
    const setting = this.#setting
    const river = setting.rules === 'river'
    // River's leaf learns before the branches look at themselves, ours after
    if (river) this.#takeFirst(x, y, weight)
    let parent: Node | undefined
    let node = this.root
    while (node.question !== undefined) {
      observe(setting, node, x, y, weight)
      if (this.#reconsider(parent, node)) return
      parent = node
      node = nextOf(setting, node, x)
    }
    if (!river) take(setting, node, x, y, weight)
    const split = attempt(setting, node)
    if (split !== undefined) this.#replace(parent, node, split)
  }

  #takeFirst(x: Float64Array, y: number, weight: number): void {
    const setting = this.#setting
    let node = this.root
    while (node.question !== undefined) {
      openBranch(setting, node, x)
      node = nextOf(setting, node, x)
    }
    take(setting, node, x, y, weight)
  }

  #replace(parent: Node | undefined, old: Node, by: Node): void {
    if (parent === undefined) this.root = by
    else parent.children[parent.children.indexOf(old)] = by
  }

  /** Looks at a branch of an extremely fast tree; tells whether it was replaced. */
  #reconsider(parent: Node | undefined, node: Node): boolean {
    const setting = this.#setting
    const river = setting.rules === 'river'
    const weighed = river ? sum(node.stats) : node.arrived
    if (weighed - node.last < setting.reevaluateEvery!) return false
    // River forgets to note that it has looked
    if (!river) node.last = weighed
    if (has(node.stats) < 2) return false
    const options = ranked(setting, node).filter(({ question }) => question !== undefined)
    const best = options.at(-1)
    const bound = boundAt(setting, node)
    if (best === undefined) return river
    const { feature } = node.question!
    const same = feature === best.question!.feature
    if (river) {
      const current = options.find(({ question }) => question!.feature === feature)
      if (current === undefined || !(best.merit - current.merit > bound || bound < 0.05)) return false
      // with the same feature the children stay, but what they do in this round is lost: they hang below the old branch
      const split = splitOf(setting, node, best)
      this.#replace(parent, node, same ? { ...split, children: [...node.children] } : split)
      return !same
    }
    const lead = best.merit - gainOf(setting, node, node.question!)
    if (!(lead > bound || (bound < 0.05 && lead > 0.005))) return false
    if (same && best.question!.kind === 'up to') {
      node.question = best.question!
      return false
    }
    this.#replace(parent, node, splitOf(setting, node, best))
    return true
  }
}

/** River opens a branch for a category that a question for all categories has not met. */
export function openBranch(setting: Setting, node: Node, x: Float64Array): void {
  if (!isNew(node, x)) return
  node.children.push(newLeaf(setting, node.depth + 1))
  node.question!.value.push(x[node.question!.feature]!)
}
