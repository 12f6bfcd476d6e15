/**
 * A regression tree by River's rules, written down as plainly as possible, and what changes in it by ours: the yardstick
 * for the recorded runs of River on the one hand, for the quick tree on the other.
 */
export type PlainOptions = {
  /** `'ours'`: what a leaf inherits is no row that its features could split, and left is what is up to the threshold. */
  readonly rules: 'river' | 'ours'
  readonly leaf: 'mean' | 'model' | 'adaptive'
  readonly observer: 'e-bst' | 'te-bst' | 'qo'
  /** Decimals of a TE-BST, or the radius of a QO. */
  readonly unit?: number
  readonly gracePeriod: number
  readonly confidence: number
  readonly decay?: number
  /** Where leaves take the features they look at: River's when they first learn, ours when they are made. */
  readonly subsets?: Iterator<readonly number[]>
}

/** Mean and variance of weighted numbers, with parts that can be added and taken away. */
class Var {
  n = 0
  mean = 0
  s = 0
  add(y: number, w = 1): void {
    const before = this.mean
    this.n += w
    this.mean += (w / this.n) * (y - before)
    this.s += w * (y - before) * (y - this.mean)
  }
  copy(): Var {
    return Object.assign(new Var(), this)
  }
  merge(other: Var): this {
    this.s += other.s + ((this.mean - other.mean) ** 2 * this.n * other.n) / (this.n + other.n)
    this.mean = (this.n * this.mean + other.n * other.mean) / (this.n + other.n)
    this.n += other.n
    return this
  }
  less(other: Var): Var {
    const rest = new Var()
    rest.n = this.n - other.n
    rest.mean = rest.n > 0 ? (this.n * this.mean - other.n * other.mean) / rest.n : 0
    rest.s = this.s - other.s - ((rest.mean - other.mean) ** 2 * rest.n * other.n) / (rest.n + other.n)
    return rest
  }
  get variance(): number {
    return this.n > 1 ? this.s / (this.n - 1) : 0
  }
}

function merit(all: Var, left: Var, right: Var): number {
  if (left.n < 5 || right.n < 5) return 0
  return all.variance - (left.n / all.n) * left.variance - (right.n / all.n) * right.variance
}

type Split = { merit: number; feature: number; threshold: number; left: Var; right: Var }
type Found = Omit<Split, 'feature'> | undefined

interface Observer {
  add(x: number, y: number, w: number): void
  best(all: Var): Found
  prune(all: Var, least: number): void
}

class Node {
  readonly key: number
  readonly est = new Var()
  left: Node | undefined
  right: Node | undefined
  constructor(key: number, y: number, w: number) {
    this.key = key
    this.est.add(y, w)
  }
}

class SearchTree implements Observer {
  root: Node | undefined
  readonly round: (x: number) => number
  constructor(round: (x: number) => number) {
    this.round = round
  }
  add(raw: number, y: number, w: number): void {
    const x = this.round(raw)
    if (!this.root) this.root = new Node(x, y, w)
    else
      for (let node = this.root; ; ) {
        if (x <= node.key) node.est.add(y, w)
        if (x === node.key) return
        const side = x < node.key ? 'left' : 'right'
        const next: Node | undefined = node[side]
        if (!next) {
          node[side] = new Node(x, y, w)
          return
        }
        node = next
      }
  }
  best(all: Var): Found {
    let best: Found
    const visit = (node: Node | undefined, below: Var): void => {
      if (!node) return
      visit(node.left, below)
      const left = node.est.copy().merge(below)
      const right = all.less(left)
      const gain = merit(all, left, right)
      if (!best || gain > best.merit) best = { merit: gain, threshold: node.key, left, right }
      visit(node.right, left)
    }
    visit(this.root, new Var())
    return best
  }
  prune(all: Var, least: number): void {
    const gone = (node: Node, below: Var): boolean => {
      const left = node.est.copy().merge(below)
      let bad = true
      if (node.left) {
        bad = gone(node.left, below)
        if (bad) node.left = undefined
      }
      if (bad && node.right) {
        bad = gone(node.right, left)
        if (bad) node.right = undefined
      }
      return bad && merit(all, left, all.less(left)) < least
    }
    if (this.root && gone(this.root, new Var())) this.root = undefined
  }
}

class Quantizer implements Observer {
  readonly slots = new Map<number, { x: Var; y: Var }>()
  readonly radius: number
  readonly rules: PlainOptions['rules']
  constructor(radius: number, rules: PlainOptions['rules']) {
    this.radius = radius
    this.rules = rules
  }
  add(x: number, y: number, w: number): void {
    const index = Math.floor(x / this.radius)
    const slot = this.slots.get(index) ?? { x: new Var(), y: new Var() }
    slot.x.add(x, w)
    slot.y.add(y, w)
    this.slots.set(index, slot)
  }
  best(all: Var): Found {
    let best: Found
    if (this.slots.size === 1) return undefined
    const sum = new Var()
    let before: number | undefined
    for (const [, { x, y }] of [...this.slots].sort(([a], [b]) => a - b)) {
      // River's sum has the slot above the threshold in it
      if (this.rules === 'river') sum.merge(y)
      if (before !== undefined) {
        const right = all.less(sum)
        const gain = merit(all, sum, right)
        // and its left side is the running sum itself, which in the end holds everything
        const left = this.rules === 'river' ? sum : sum.copy()
        if (!best || gain > best.merit) best = { merit: gain, threshold: (before + x.mean) / 2, left, right }
      }
      if (this.rules === 'ours') sum.merge(y)
      before = x.mean
    }
    return best && { ...best, left: best.left.copy() }
  }
  prune(): void {}
}

/** Python's round to some decimals, exact for the numbers of few decimals in the recorded data. */
function roundLikePython(x: number, decimals: number): number {
  const digits = Math.abs(x).toFixed(20)
  const cut = digits.slice(0, digits.length - 20 + decimals)
  const rest = digits.slice(digits.length - 20 + decimals)
  const half = `5${'0'.repeat(rest.length - 1)}`
  const odd = Number(cut.at(-1)) % 2 === 1
  const up = rest > half || (rest === half && odd)
  const value = (Math.round(Number(cut) * 10 ** decimals) + Number(up)) / 10 ** decimals
  return Math.sign(x) * value
}

class Linear {
  weights: number[] = []
  bias = 0
  predict(x: ArrayLike<number>): number {
    return Array.from(x).reduce((sum, value, i) => sum + value * (this.weights[i] ?? 0), 0) + this.bias
  }
  learn(x: ArrayLike<number>, y: number, w: number): void {
    const gradient = Math.max(-1e12, Math.min(1e12, 2 * w * (this.predict(x) - y)))
    this.bias -= 0.01 * gradient
    this.weights = Array.from(x, (value, i) => (this.weights[i] ?? 0) - 0.01 * gradient * value)
  }
  copy(): Linear {
    return Object.assign(new Linear(), { weights: [...this.weights], bias: this.bias })
  }
}

type Leaf = {
  readonly stats: Var
  /** What came since the leaf was made. */
  readonly own: Var
  attempt: number
  /** Features that the leaf looks at, and what it keeps of each. */
  wanted: readonly number[]
  observers: Observer[]
  readonly model: Linear
  byMean: number
  byModel: number
  split?: { feature: number; threshold: number; children: [Leaf, Leaf] }
}

export class PlainTree {
  readonly options: PlainOptions
  readonly root: Leaf = makeLeaf(new Var(), undefined)

  constructor(options: PlainOptions) {
    this.options = options
  }

  predict(x: ArrayLike<number>): number {
    const leaf = this.#leafOf(x)
    const { leaf: how } = this.options
    const byMean = how === 'mean' || (how === 'adaptive' && leaf.byMean < leaf.byModel)
    return byMean ? leaf.stats.mean : leaf.model.predict(x)
  }

  learn(x: ArrayLike<number>, y: number, w = 1): void {
    const { decay = 0.95, gracePeriod, subsets } = this.options
    const leaf = this.#leafOf(x)
    leaf.byMean = decay * leaf.byMean + (y - leaf.stats.mean) ** 2
    leaf.byModel = decay * leaf.byModel + (y - leaf.model.predict(x)) ** 2
    leaf.stats.add(y, w)
    leaf.own.add(y, w)
    if (leaf.wanted.length === 0) leaf.wanted = subsets?.next().value ?? [...Array.from(x).keys()]
    for (const [i, f] of leaf.wanted.entries()) (leaf.observers[i] ??= this.#observer()).add(x[f]!, y, w)
    leaf.model.learn(x, y, w)
    if (leaf.stats.n - leaf.attempt < gracePeriod) return
    leaf.attempt = leaf.stats.n
    this.#tryToSplit(leaf)
  }

  /** Nodes in order: the feature and threshold of branches, weight and mean of leaves. */
  describe(): { feature?: number; threshold?: number; n?: number; mean?: number }[] {
    const list = (leaf: Leaf): ReturnType<PlainTree['describe']> =>
      leaf.split
        ? [{ feature: leaf.split.feature, threshold: leaf.split.threshold }, ...leaf.split.children.flatMap(list)]
        : [{ n: leaf.stats.n, mean: leaf.stats.mean }]
    return list(this.root)
  }

  #leafOf(x: ArrayLike<number>): Leaf {
    let leaf = this.root
    while (leaf.split) leaf = leaf.split.children[x[leaf.split.feature]! <= leaf.split.threshold ? 0 : 1]
    return leaf
  }

  #observer(): Observer {
    const { observer, unit = 0, rules } = this.options
    if (observer === 'qo') return new Quantizer(unit, rules)
    return new SearchTree(observer === 'e-bst' ? (x) => x : (x) => roundLikePython(x, unit))
  }

  #tryToSplit(leaf: Leaf): void {
    const { rules, confidence, subsets } = this.options
    const all = rules === 'river' ? leaf.stats : leaf.own
    const found: Split[] = []
    for (const [i, observer] of leaf.observers.entries()) {
      const best = observer.best(all)
      if (best) found.push({ ...best, feature: leaf.wanted[i]! })
    }
    found.sort((a, b) => a.merit - b.merit)
    const best = found.at(-1)
    // as in River not splitting takes part, with a merit that nothing falls short of
    const second = found.at(-2)?.merit ?? -Infinity
    const bound = Math.sqrt(Math.log(1 / confidence) / (2 * leaf.stats.n))
    if (!best || !(best.merit > 0)) return
    const ratio = second / best.merit
    if (ratio < 1 - bound || bound < 0.05) {
      const { feature, threshold } = best
      leaf.split = { feature, threshold, children: [makeLeaf(best.left, leaf), makeLeaf(best.right, leaf)] }
      leaf.observers = []
      if (rules === 'ours' && subsets) for (const child of leaf.split.children) child.wanted = subsets.next().value
    } else if (second > 0) {
      for (const observer of leaf.observers) observer.prune(all, best.merit * (ratio - 2 * bound))
    }
  }
}

function makeLeaf(stats: Var, parent: Leaf | undefined): Leaf {
  const { byMean = 0, byModel = 0 } = parent ?? {}
  const model = parent ? parent.model.copy() : new Linear()
  return { stats, own: new Var(), attempt: stats.n, wanted: [], observers: [], model, byMean, byModel }
}
