import type { Dimension } from './dimension.ts'

/** What a sampler may know of a trial: `'pending'` where its result is not to be used yet, whether told or not. */
export type Standing = 'pending' | 'complete' | 'pruned' | 'failed'

/** What becomes of a trial, as samplers rank it. */
export type Settled = {
  readonly state: Exclude<Standing, 'pending'>
  /** The value of a complete trial, the last report of a pruned one; lower is better, whatever the study's direction. */
  readonly loss: number
  /** Step of the last report of a pruned trial; -1 without one. */
  readonly step: number
}

/** What a sampler chooses from; read-only for samplers. */
export type Past = {
  readonly dimensions: readonly Dimension[]
  /** Trials asked so far. */
  readonly size: number
  /** Coordinates by trial, as many as there are dimensions each; NaN where a parameter does not exist. */
  readonly points: Float64Array
  /** Places of finished trials, best first: the complete ones, then the pruned ones that came furthest. */
  readonly ranked: Uint32Array
  /** Entries of `ranked` that count. */
  readonly finished: number
  /** What is known of a trial. */
  standing(trial: number): Standing
  /** What a finished trial lost: its value, or the last report of a pruned one; lower is better. */
  loss(trial: number): number
  /** The `size` trials in ascending order of a dimension's coordinates, those without one last. */
  sorted(dimension: number): Uint32Array
}

const STANDINGS: readonly Standing[] = ['pending', 'complete', 'pruned', 'failed']

/**
 * Trials in the order in which they were asked, ranked and sorted as results become known.
 *
 * What is inside depends on which trials were added and settled, and not on when: equal losses go by number. Adding costs
 * O(dimensions x log n) and settling O(log n), both with a move of at most n numbers in memory.
 */
export class History implements Past {
  readonly dimensions: readonly Dimension[]
  size = 0
  finished = 0
  points: Float64Array = new Float64Array(0)
  ranked: Uint32Array = new Uint32Array(0)
  #standing: Uint8Array = new Uint8Array(0)
  #loss: Float64Array = new Float64Array(0)
  #step: Float64Array = new Float64Array(0)
  #sorted: Uint32Array[]

  constructor(dimensions: readonly Dimension[]) {
    this.dimensions = dimensions
    this.#sorted = dimensions.map(() => new Uint32Array(0))
  }

  standing(trial: number): Standing {
    return STANDINGS[this.#standing[trial]!]!
  }

  loss(trial: number): number {
    return this.#loss[trial]!
  }

  sorted(dimension: number): Uint32Array {
    return this.#sorted[dimension]!
  }

  /** Takes in the coordinates of the next trial. */
  add(point: Float64Array): void {
    const { dimensions, size } = this
    if (size === this.ranked.length) this.#grow()
    const width = dimensions.length
    this.points.set(point, size * width)
    this.#standing[size] = 0
    for (let d = 0; d < width; d++) {
      // NaN is above every number
      const at = point[d]!
      const order = this.#sorted[d]!
      let low = 0
      let high = size
      while (low < high) {
        const middle = (low + high) >>> 1
        const other = this.points[order[middle]! * width + d]!
        if (other <= at || at !== at) low = middle + 1
        else high = middle
      }
      order.copyWithin(low + 1, low, size)
      order[low] = size
    }
    this.size++
  }

  /** Takes in what became of a trial. */
  settle(trial: number, { state, loss, step }: Settled): void {
    this.#standing[trial] = STANDINGS.indexOf(state)
    if (state === 'failed') return
    this.#loss[trial] = loss
    this.#step[trial] = state === 'complete' ? Infinity : step
    const { ranked, finished } = this
    let low = 0
    let high = finished
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#isBetter(ranked[middle]!, trial)) low = middle + 1
      else high = middle
    }
    ranked.copyWithin(low + 1, low, finished)
    ranked[low] = trial
    this.finished++
  }

  #isBetter(a: number, b: number): boolean {
    const steps = this.#step[a]! - this.#step[b]!
    // two complete trials: infinity less infinity
    if (steps !== 0 && steps === steps) return steps > 0
    const losses = this.#loss[a]! - this.#loss[b]!
    return losses !== 0 ? this.#loss[a]! < this.#loss[b]! : a < b
  }

  #grow(): void {
    const capacity = Math.max(64, 2 * this.ranked.length)
    const grown = <T extends Float64Array | Uint32Array | Uint8Array>(array: T, length: number): T => {
      const larger = new (array.constructor as new (length: number) => T)(length)
      larger.set(array)
      return larger
    }
    this.points = grown(this.points, capacity * this.dimensions.length)
    this.ranked = grown(this.ranked, capacity)
    this.#standing = grown(this.#standing, capacity)
    this.#loss = grown(this.#loss, capacity)
    this.#step = grown(this.#step, capacity)
    this.#sorted = this.#sorted.map((order) => grown(order, capacity))
  }
}
