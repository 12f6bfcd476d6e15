import { ADWIN } from '../../../src/drift/adwin.ts'
import {
  labelAt,
  leafOf,
  type Node,
  newLeaf,
  nextOf,
  nodesOf,
  type PlainOptions,
  type Setting,
  sharesAt,
  take,
} from './plain-node.ts'
import { sum } from './plain-observers.ts'
import { attempt } from './plain-split.ts'
import { openBranch } from './plain-tree.ts'

/** Errors that both must have been asked for before they are compared, and what is left to chance. */
const PATIENCE = 300
const SIGNIFICANCE = 0.05

/** River's public ADWIN: at the value after a change it forgets the whole window. */
class ForgetfulADWIN {
  #adwin = new ADWIN()
  #changed = false

  update(value: number): boolean {
    if (this.#changed) this.#adwin = new ADWIN()
    this.#changed = this.#adwin.update(value) === 'drift'
    return this.#changed
  }
}

/** What River keeps of a node besides: a detector, the mean of its errors, and a second tree. */
class Watch {
  readonly detector = new ForgetfulADWIN()
  n = 0
  error = 0
  alternate: Node | undefined

  /** Whether the errors have changed for certain, in the direction of the last one; where they fell they count anew. */
  update(wrong: number): 'rose' | 'fell' | 'stayed' {
    const before = this.error
    const changed = this.detector.update(wrong)
    this.n++
    this.error += (wrong - this.error) / this.n
    if (!changed) return 'stayed'
    if (before <= this.error) return 'rose'
    this.reset()
    return 'fell'
  }

  reset(): void {
    this.n = 0
    this.error = 0
  }
}

/** Puts a tree where another hangs: below a branch, at the root, or beside a node. */
type Slot = (tree: Node) => void

export type RiverAdaptiveOptions = PlainOptions & {
  /** Counts that multiply the weights in the leaves, in the order of calls; none unless given. */
  readonly draws?: Iterator<number>
  /** Where an alternate's first split goes. River's goes over the live tree. */
  readonly grows?: 'over the live tree' | 'in its own place'
}

/**
 * River's Hoeffding adaptive tree by River's rules, its defects included. With `grows` the worst of them is mended, and
 * nothing else: what grows beside a node stays there until it has won.
 */
export class RiverAdaptiveTree {
  root: Node
  planted = 0
  switched = 0
  /** Times that the first split of an alternate took the place of the live tree, untested. */
  overwritten = 0
  readonly #setting: Setting
  readonly #options: RiverAdaptiveOptions
  readonly #watches = new WeakMap<Node, Watch>()

  constructor(options: RiverAdaptiveOptions) {
    this.#options = options
    this.#setting = { ...options, rules: 'river' }
    this.root = newLeaf(this.#setting, 0)
  }

  /** Nodes of the live tree in River's order. */
  nodes(): Generator<Node> {
    return nodesOf(this.root)
  }

  predict(x: Float64Array): number {
    return this.shares(x)[1]!
  }

  /** The answers of the leaf and of those beside the way to it, each weighted by 1/e² of its leaf. */
  shares(x: Float64Array): number[] {
    const votes = this.#leaves(this.root, x).map((leaf) => {
      const { error } = this.#watch(leaf)
      return sharesAt(this.#setting, leaf, x).map((p) => (error > 0 ? p / (error * error) : p))
    })
    const all = votes[0]!.map((_, c) => sum(votes.map((vote) => vote[c]!)))
    return all.map((vote) => vote / sum(all))
  }

  learn(x: Float64Array, y: number, weight: number): void {
    this.#teach(this.root, x, y, weight, (tree) => {
      this.root = tree
    })
  }

  #watch(node: Node): Watch {
    const watch = this.#watches.get(node) ?? new Watch()
    this.#watches.set(node, watch)
    return watch
  }

  #leaves(node: Node, x: Float64Array): Node[] {
    if (node.question === undefined) return [node]
    const { alternate } = this.#watch(node)
    const beside = alternate === undefined ? [] : this.#leaves(alternate, x)
    return [...beside, ...this.#leaves(nextOf(this.#setting, node, x), x)]
  }

  /** 1 where the leaf alone would have been wrong; an empty one always is. */
  #isWrong(leaf: Node, x: Float64Array, y: number): number {
    if (sum(leaf.stats) === 0) return 1
    return labelAt(this.#setting, leaf, sharesAt(this.#setting, leaf, x)) === y ? 0 : 1
  }

  #teach(node: Node, x: Float64Array, y: number, weight: number, slot: Slot): void {
    if (node.question === undefined) this.#teachLeaf(node, x, y, weight, slot)
    else this.#teachBranch(node, x, y, weight, slot)
  }

  #teachLeaf(leaf: Node, x: Float64Array, y: number, weight: number, slot: Slot): void {
    // a count of 0 is one of 1
    const count = (this.#options.draws?.next().value as number | undefined) || 1
    this.#watch(leaf).update(this.#isWrong(leaf, x, y))
    take(this.#setting, leaf, x, y, weight * count)
    const split = attempt(this.#setting, leaf)
    if (split !== undefined) slot(split)
  }

  #teachBranch(node: Node, x: Float64Array, y: number, weight: number, slot: Slot): void {
    const watch = this.#watch(node)
    const wrong = this.#isWrong(leafOf(this.#setting, node, x), x, y)
    node.stats[y]! += weight
    if (watch.update(wrong) === 'rose') {
      watch.reset()
      watch.alternate = newLeaf(this.#setting, node.depth)
      this.planted++
    } else if (watch.alternate !== undefined) this.#decide(node, watch, slot)
    if (watch.alternate !== undefined) this.#teach(watch.alternate, x, y, weight, this.#slotBeside(watch, slot))

    openBranch(this.#setting, node, x)
    const child = nextOf(this.#setting, node, x)
    const at = node.children.indexOf(child)
    this.#teach(child, x, y, weight, (tree) => {
      node.children[at] = tree
    })
  }

  /** Where the tree that grows beside a node goes when it splits. */
  #slotBeside(watch: Watch, live: Slot): Slot {
    return (tree) => {
      if (this.#options.grows === 'in its own place') {
        this.#watches.set(tree, this.#watch(watch.alternate!))
        watch.alternate = tree
      } else {
        this.overwritten++
        live(tree)
      }
    }
  }

  #decide(node: Node, watch: Watch, slot: Slot): void {
    const beside = this.#watch(watch.alternate!)
    if (watch.n <= PATIENCE || beside.n <= PATIENCE) return
    const scatter = 2 * watch.error * (1 - watch.error) * Math.log(2 / SIGNIFICANCE)
    const lead = watch.error - beside.error
    if (Math.abs(lead) <= Math.sqrt(scatter * (1 / beside.n + 1 / watch.n))) return
    if (lead > 0) {
      const atRoot = node === this.root
      slot(watch.alternate!)
      this.switched++
      // a new root still learns from the row that it won by, another one misses it
      if (atRoot) return
    }
    watch.alternate = undefined
  }
}
