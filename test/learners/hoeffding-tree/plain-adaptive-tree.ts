import { ADWIN } from '../../../src/drift/adwin.ts'
import {
  labelAt,
  leafOf,
  type Node,
  newLeaf,
  nextOf,
  type PlainOptions,
  type Setting,
  sharesAt,
  take,
} from './plain-node.ts'
import { sum } from './plain-observers.ts'
import { attempt } from './plain-split.ts'

/** Errors that both windows must exceed, the chance that is left to chance, and the least error of any weight. */
const PATIENCE = 300
const SIGNIFICANCE = 0.05
const LEAST_ERROR = 0.01

type Watched = { node: Node; watch?: ADWIN; alternate?: Watched }

/** `HoeffdingAdaptiveTree` written a second time, with objects in place of flat arrays, to hold it against. */
export class PlainAdaptiveTree {
  switched = 0
  readonly #setting: Setting
  readonly #root: Watched
  /** What stands at a node below the root. */
  readonly #watched = new WeakMap<Node, Watched>()

  constructor(options: PlainOptions) {
    this.#setting = { ...options, rules: 'ours' }
    this.#root = { node: newLeaf(this.#setting, 0) }
  }

  predict(x: Float64Array): number {
    const votes: [p: number, trust: number][] = []
    const way = this.#way(x)
    for (const { alternate } of way) {
      if (alternate !== undefined) votes.push([this.#answer(alternate.node, x), trustIn(alternate)])
    }
    votes.push([this.#answer(way.at(-1)!.node, x), trustIn(way.at(-1)!)])
    return sum(votes.map(([p, trust]) => p * trust)) / sum(votes.map(([, trust]) => trust))
  }

  learn(x: Float64Array, y: number, weight: number): void {
    const way = this.#way(x)
    const leaf = way.at(-1)!
    for (const { node } of way.slice(0, -1)) node.stats[y]! += weight
    const wrong = this.#take(leaf.node, x, y, weight)
    for (const [i, watched] of way.entries()) {
      const rose = watchOf(watched).update(wrong) === 'drift'
      const { alternate } = watched
      if (alternate !== undefined) {
        this.#teach(alternate, x, y, weight)
        const lead = leadOf(watched, alternate)
        if (lead === 0) continue
        delete watched.alternate
        if (lead > 0) {
          this.switched++
          this.#put(way[i - 1], watched, alternate.node)
          watched.watch = watchOf(alternate)
        }
        return
      }
      if (rose) watched.alternate = { node: newLeaf(this.#setting, 0) }
    }
    const split = attempt(this.#setting, leaf.node)
    if (split === undefined) return
    this.#put(way.at(-2), leaf, split)
    delete leaf.watch
  }

  #teach(alternate: Watched, x: Float64Array, y: number, weight: number): void {
    let parent: Node | undefined
    let leaf = alternate.node
    while (leaf.question !== undefined) {
      parent = leaf
      leaf.stats[y]! += weight
      leaf = nextOf(this.#setting, leaf, x)
    }
    watchOf(alternate).update(this.#take(leaf, x, y, weight))
    const split = attempt(this.#setting, leaf)
    if (split === undefined) return
    if (parent === undefined) alternate.node = split
    else parent.children[parent.children.indexOf(leaf)] = split
  }

  /** Puts another node where one stands below its parent. */
  #put(parent: Watched | undefined, watched: Watched, by: Node): void {
    if (parent !== undefined) parent.node.children[parent.node.children.indexOf(watched.node)] = by
    watched.node = by
    this.#watched.set(by, watched)
  }

  /** The nodes from the root to the leaf of `x`. */
  #way(x: Float64Array): Watched[] {
    const way = [this.#root]
    for (let at = this.#root; at.node.question !== undefined; way.push(at)) {
      const node = nextOf(this.#setting, at.node, x)
      at = this.#watched.get(node) ?? { node }
      this.#watched.set(node, at)
    }
    return way
  }

  #answer(node: Node, x: Float64Array): number {
    return sharesAt(this.#setting, leafOf(this.#setting, node, x), x)[1]!
  }

  /** Takes an observation in along a tree; 1 if its answer would have been wrong. */
  #take(leaf: Node, x: Float64Array, y: number, weight: number): number {
    const wrong = labelAt(this.#setting, leaf, sharesAt(this.#setting, leaf, x)) === y ? 0 : 1
    take(this.#setting, leaf, x, y, weight)
    return wrong
  }
}

function watchOf(watched: Watched): ADWIN {
  watched.watch ??= new ADWIN({ direction: 'up' })
  return watched.watch
}

function trustIn({ watch }: Watched): number {
  return watch === undefined ? 1 : 1 / Math.max(watch.mean, LEAST_ERROR) ** 2
}

/** By how much an alternate errs less where that is no chance, negative where it errs more; else 0. */
function leadOf(watched: Watched, alternate: Watched): number {
  const [live, other] = [watchOf(watched), watchOf(alternate)]
  if (live.width <= PATIENCE || other.width <= PATIENCE) return 0
  const scatter = 2 * live.mean * (1 - live.mean) * Math.log(2 / SIGNIFICANCE)
  const lead = live.mean - other.mean
  return Math.abs(lead) > Math.sqrt(scatter * (1 / live.width + 1 / other.width)) ? lead : 0
}
