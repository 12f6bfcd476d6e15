import type { Rng } from '../contracts.ts'
import { drawInteger, drawNormal } from '../core/draw.ts'
import { cellAt, coordinateOf, type Dimension, dropInactive, valueAt } from './dimension.ts'
import { gaussMass, isNarrow, narrowMass } from './gauss-mass.ts'
import type { Past } from './history.ts'

/** Newest trials that count in full; the share of older ones falls in a straight line, as in Bergstra's program. */
const NEWEST = 25
/** Draws of a normal number before one that lies in the range is given up for the nearest end: 3 in a row miss by 1 in 3. */
const TRIES = 64
/** Masses are multiplied down to here before their logarithm is taken. */
const TINY = 1e-200
const LOG_ROOT_TWO_PI = 0.5 * Math.log(2 * Math.PI)
const PRIOR_NORM = -Math.log(gaussMass(-0.5, 0.5))

/**
 * A mixture of kernels about trials: how likely parameters are among them, seen together and not one by one.
 *
 *     p(x) = sum over k of w_k  product over d of K_kd(x_d)
 *
 * Kernels are normal along numbers, cut off at the ends of the range and summed over cells where values move in steps,
 * and for choices that of the trial, smoothed. Bandwidths are the wider gap to the neighbours on either side. One more
 * kernel, as wide as the range, is the prior; it also stands in for what a trial has no value of. Parameters that a point
 * does not have are integrated out, which leaves their kernels out.
 *
 * Building costs O(n x dimensions), a density as much; arrays are kept and only grow.
 *
 * @see S. Falkner, A. Klein, F. Hutter (2018), "BOHB: robust and efficient hyperparameter optimization at scale", ICML
 */
export class Parzen {
  readonly #dimensions: readonly Dimension[]
  readonly #priorWeight: number
  /** Kernels, the prior among them, which is the last. */
  #size = 0
  #weight: Float64Array = new Float64Array(0)
  /** By kernel and dimension: middle, 1 / bandwidth, logarithm of what normalizes it. */
  #middle: Float64Array = new Float64Array(0)
  #inverse: Float64Array = new Float64Array(0)
  #norm: Float64Array = new Float64Array(0)
  /** By kernel: logarithm of its weight and of all that normalizes it. */
  #constant: Float64Array = new Float64Array(0)
  #log: Float64Array = new Float64Array(0)
  #mass: Float64Array = new Float64Array(0)
  /** Kernel of each trial, or -1. */
  #kernelOf: Int32Array = new Int32Array(0)
  readonly #cell: Float64Array = new Float64Array(2)

  constructor(dimensions: readonly Dimension[], priorWeight: number) {
    this.#dimensions = dimensions
    this.#priorWeight = priorWeight
  }

  /**
   * Makes kernels of the trials whose mark is `mark`, none narrower than `least` of the range. They weigh what `weights`
   * says of each trial, which adds up to their number; without it the newest count in full and older ones less.
   */
  build(past: Past, marks: Uint8Array, mark: number, least: number, weights?: Float64Array): void {
    const width = this.#dimensions.length
    let n = 0
    for (let i = 0; i < past.size; i++) if (marks[i] === mark) n++
    this.#reserve(n + 1, past.size)
    this.#size = n + 1
    const kernelOf = this.#kernelOf
    for (let i = 0, k = 0; i < past.size; i++) kernelOf[i] = marks[i] === mark ? k++ : -1
    this.#weigh(n, past.size, weights)
    for (let d = 0; d < width; d++) {
      if (this.#dimensions[d]!.kind === 'categorical') this.#placeChoices(past, d)
      else this.#placeNumbers(past, d, least)
    }
    for (let k = 0; k <= n; k++) {
      let sum = Math.log(this.#weight[k]!)
      for (let d = 0; d < width; d++) sum += this.#norm[k * width + d]!
      this.#constant[k] = sum
    }
  }

  /** Draws the point at `offset` of `points`: a kernel, and a value from each of its dimensions. */
  draw(rng: Rng, points: Float64Array, offset: number): void {
    const dimensions = this.#dimensions
    const width = dimensions.length
    let k = 0
    for (let left = rng.next() - this.#weight[0]!; left >= 0 && k < this.#size - 1; left -= this.#weight[k]!) k++
    for (let d = 0; d < width; d++) {
      const dimension = dimensions[d]!
      const middle = this.#middle[k * width + d]!
      if (dimension.kind === 'categorical') {
        // its own value with all that smoothing leaves it, else any
        const own = middle >= 0 && rng.next() * (1 + dimension.count * this.#smoothing()) < 1
        points[offset + d] = own ? middle : drawInteger(rng, dimension.count)
        continue
      }
      const bandwidth = 1 / this.#inverse[k * width + d]!
      let at = -1
      for (let t = 0; t < TRIES && !(at >= 0 && at <= 1); t++) at = middle + bandwidth * drawNormal(rng)
      at = Math.min(Math.max(at, 0), 1)
      points[offset + d] = dimension.kind === 'discrete' ? coordinateOf(dimension, valueAt(dimension, at)) : at
    }
    dropInactive(dimensions, points, offset)
  }

  /**
   * Writes the logarithms of the densities of `count` points. Along continuous dimensions they are densities of the
   * coordinate, in the others chances of the value.
   */
  logDensities(points: Float64Array, count: number, out: Float64Array): void {
    const width = this.#dimensions.length
    const size = this.#size
    if (this.#log.length < size) {
      this.#log = new Float64Array(2 * size)
      this.#mass = new Float64Array(2 * size)
    }
    const log = this.#log
    const mass = this.#mass
    for (let i = 0; i < count; i++) {
      const offset = i * width
      for (let k = 0; k < size; k++) {
        log[k] = this.#constant[k]!
        mass[k] = 1
      }
      for (let d = 0; d < width; d++) this.#multiply(d, points[offset + d]!)
      // log-sum-exp
      let most = -Infinity
      for (let k = 0; k < size; k++) {
        if (mass[k] !== 1) log[k]! += Math.log(mass[k]!)
        if (log[k]! > most) most = log[k]!
      }
      let sum = 0
      for (let k = 0; k < size; k++) sum += Math.exp(log[k]! - most)
      out[i] = most + Math.log(sum)
    }
  }

  /** Multiplies what is summed up for each kernel by its part in one dimension. */
  #multiply(d: number, at: number): void {
    const width = this.#dimensions.length
    const size = this.#size
    const dimension = this.#dimensions[d]!
    const log = this.#log
    const mass = this.#mass
    const middle = this.#middle
    const inverse = this.#inverse
    if (at !== at) {
      // a parameter that the point does not have: the kernel as a whole, which is 1
      for (let k = 0; k < size; k++) log[k]! -= this.#norm[k * width + d]!
    } else if (dimension.kind === 'continuous') {
      for (let k = 0, j = d; k < size; k++, j += width) {
        const z = (at - middle[j]!) * inverse[j]!
        log[k]! -= 0.5 * z * z
      }
    } else {
      if (dimension.kind === 'categorical') {
        const smoothing = this.#smoothing()
        // relative to the chance of another value, which is in the constant
        for (let k = 0, j = d; k < size; k++, j += width) if (middle[j] === at) mass[k]! *= (1 + smoothing) / smoothing
      } else {
        cellAt(dimension, at, this.#cell, 0)
        const [low, high] = this.#cell as unknown as [number, number]
        const half = (low + high) / 2
        for (let k = 0, j = d; k < size; k++, j += width) {
          const scale = inverse[j]!
          const z = (half - middle[j]!) * scale
          const h = (high - low) * scale
          if (isNarrow(z, h)) {
            log[k]! -= 0.5 * z * z
            mass[k]! *= narrowMass(z, h)
          } else mass[k]! *= gaussMass((low - middle[j]!) * scale, (high - middle[j]!) * scale)
        }
      }
      for (let k = 0; k < size; k++) {
        if (mass[k]! < TINY) {
          log[k]! += Math.log(mass[k]!)
          mass[k] = 1
        }
      }
    }
  }

  /** Weights that add up to 1, the prior's last. */
  #weigh(n: number, trials: number, weights: Float64Array | undefined): void {
    const weight = this.#weight
    const old = Math.max(0, n - NEWEST)
    for (let i = 0; i < trials; i++) {
      const k = this.#kernelOf[i]!
      if (k < 0) continue
      if (weights) weight[k] = weights[i]!
      else weight[k] = k >= old ? 1 : old === 1 ? 1 / n : 1 / n + ((1 - 1 / n) * k) / (old - 1)
    }
    weight[n] = this.#priorWeight
    let sum = 0
    for (let k = 0; k <= n; k++) sum += weight[k]!
    for (let k = 0; k <= n; k++) weight[k]! /= sum
  }

  #placeNumbers(past: Past, d: number, least: number): void {
    const width = this.#dimensions.length
    const n = this.#size - 1
    const discrete = this.#dimensions[d]!.kind === 'discrete'
    const kernelOf = this.#kernelOf
    const order = past.sorted(d)
    // the prior, and what stands in for missing values: half-way, and as wide as the range
    for (let k = 0, j = d; k <= n; k++, j += width) {
      this.#middle[j] = 0.5
      this.#inverse[j] = 1
      this.#norm[j] = discrete ? PRIOR_NORM : PRIOR_NORM - LOG_ROOT_TWO_PI
    }
    // one kernel behind, when the gap on its other side is known
    let before = 0
    let last = -1
    let middle = 0
    let seen = 0
    for (let i = 0; i <= past.size; i++) {
      const trial = i < past.size ? order[i]! : -1
      const k = trial < 0 ? -1 : kernelOf[trial]!
      if (trial >= 0 && k < 0) continue
      const at = trial < 0 ? NaN : past.points[trial * width + d]!
      const ends = at !== at
      if (last >= 0) {
        const after = ends ? 1 - middle : at - middle
        // the outermost kernels do not reach for the ends, unless there is one kernel only
        const gap = seen === 1 ? (ends ? Math.max(before, after) : after) : ends ? before : Math.max(before, after)
        this.#place(last * width + d, middle, Math.min(Math.max(gap, least), 1), discrete)
        before = after
      } else before = at
      if (ends) break
      last = k
      middle = at
      seen++
    }
  }

  #place(j: number, middle: number, bandwidth: number, discrete: boolean): void {
    this.#middle[j] = middle
    this.#inverse[j] = 1 / bandwidth
    const inside = Math.log(gaussMass(-middle / bandwidth, (1 - middle) / bandwidth))
    this.#norm[j] = discrete ? -inside : -inside - Math.log(bandwidth) - LOG_ROOT_TWO_PI
  }

  #placeChoices(past: Past, d: number): void {
    const width = this.#dimensions.length
    const n = this.#size - 1
    const { count } = this.#dimensions[d]!
    const smoothing = this.#smoothing()
    const other = Math.log(smoothing / (1 + count * smoothing))
    for (let i = 0; i < past.size; i++) {
      const k = this.#kernelOf[i]!
      if (k < 0) continue
      const at = past.points[i * width + d]!
      const missing = at !== at
      this.#middle[k * width + d] = missing ? -1 : at
      this.#norm[k * width + d] = missing ? -Math.log(count) : other
    }
    this.#middle[n * width + d] = -1
    this.#norm[n * width + d] = -Math.log(count)
  }

  /** What every value of a choice gets beside the trial's own, which gets 1 more. */
  #smoothing(): number {
    return this.#priorWeight / this.#size
  }

  #reserve(kernels: number, trials: number): void {
    if (this.#weight.length < kernels) {
      const room = Math.max(64, 2 * kernels)
      const cells = room * this.#dimensions.length
      this.#weight = new Float64Array(room)
      this.#constant = new Float64Array(room)
      this.#middle = new Float64Array(cells)
      this.#inverse = new Float64Array(cells)
      this.#norm = new Float64Array(cells)
    }
    if (this.#kernelOf.length < trials) this.#kernelOf = new Int32Array(Math.max(64, 2 * trials))
  }
}
