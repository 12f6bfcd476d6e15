import type { Forgetful, Learner, Sized, Snapshot, Vector } from '../contracts.ts'
import { checkObservation, checkVector, integer, oneOf } from '../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../core/decayed-moments.ts'
import { clamp } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { checkAmount, checkAmounts, checkCount, checkNumber, checkNumbers, corrupt, count } from './checks.ts'

/** Options of {@link KNearestNeighbours}. */
export type KNearestNeighboursOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** What the labels are. @defaultValue 'binary' */
  readonly task: 'binary' | 'regression'
  /** How many of the nearest rows speak, k. @defaultValue 5 */
  readonly neighbours: number
  /** Rows that are remembered, the newest ones. @defaultValue 1000 */
  readonly window: number
  /** Whether near ones speak louder: by the inverse of their distance. @defaultValue 'distance' */
  readonly weighting: 'uniform' | 'distance'
}

type Input = Partial<KNearestNeighboursOptions> & Pick<KNearestNeighboursOptions, 'features'>

type State = {
  seen: number
  /** Rows that are there, and where the next one goes. */
  size: number
  head: number
  rows: Float64Array
  labels: Float64Array
  weights: Float64Array
  moments: readonly DecayedMoments[]
}

/** 512 MB of rows, so that no snapshot can ask for all memory. */
const MOST_NUMBERS = 67_108_864
/** Values and labels beyond this count as this large: squares and their sums stay finite. */
const LARGEST = 1e75
/** Weights count as no more than this and no less than its inverse. */
const LARGEST_WEIGHT = 1e12
/** Squared distance, in variances, of a value that is missing: what two rows taken at random differ by. */
const MISSING_DISTANCE = 2
/** The nearest row speaks at most this much louder than the farthest of the k: 1 / distance has no bound of its own. */
const LOUDEST = 100

/**
 * Answers with the labels of the most similar rows among the newest ones.
 *
 * Similar means close in Euclidean distance, every feature measured in its own deviations, which fade with the window.
 * The probability is a weighted vote in which the window's base rate has the voice of one average neighbour, so it is
 * never 0 or 1 by chance; a regression's answer is the weighted mean. Ties go to the newer row. A value missing on
 * either side counts as far as a random pair of rows is apart.
 *
 * O(window · d) time for `predict`, O(d) for `learn`; 8 · window · (d + 2) bytes. Features that say nothing drown those
 * that do: give it few.
 *
 * @see T. M. Cover, P. E. Hart (1967), "Nearest neighbor pattern classification", IEEE Transactions on Information
 *   Theory 13
 * @see S. A. Dudani (1976), "The distance-weighted k-nearest-neighbor rule", IEEE Transactions on Systems, Man, and
 *   Cybernetics 6
 *
 * @example
 * ```ts
 * const learner = new KNearestNeighbours({ features: 2, neighbours: 10, window: 2000 })
 * learner.learn(Float64Array.of(0.3, -12), 1)
 * learner.predict(Float64Array.of(0.2, -11))
 * ```
 */
export class KNearestNeighbours implements Learner, Forgetful, Sized {
  static readonly type: string = 'k-nearest-neighbours'
  static readonly version: number = 1

  readonly options: KNearestNeighboursOptions
  readonly #decay: number
  /** 1 / variance of each feature, as the moments have it; 0 for a constant. */
  readonly #precisions: Float64Array
  readonly #probe: Float64Array
  /** A heap of the nearest so far and how old they are; the farthest on top, of equally far ones the oldest. */
  readonly #distances: Float64Array
  readonly #ages: Int32Array
  #state: State

  constructor({ features, task = 'binary', neighbours = 5, window = 1000, weighting = 'distance' }: Input) {
    this.options = {
      features: count('features', features),
      task: oneOf('task', task, ['binary', 'regression']),
      neighbours: count('neighbours', neighbours, 1, window),
      window: count('window', window, 1, Math.floor(MOST_NUMBERS / features)),
      weighting: oneOf('weighting', weighting, ['uniform', 'distance']),
    }
    this.#decay = decayOf(window)
    this.#precisions = new Float64Array(features)
    this.#probe = new Float64Array(features)
    this.#distances = new Float64Array(neighbours)
    this.#ages = new Int32Array(neighbours)
    this.#state = fresh(this.options)
  }

  get task(): 'binary' | 'regression' {
    return this.options.task
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that the learnt state takes, in bytes. */
  get sizeInBytes(): number {
    const { rows, labels, weights, moments } = this.#state
    return rows.byteLength + labels.byteLength + weights.byteLength + 24 * moments.length + 24
  }

  predict(x: Vector): number {
    const { task, features } = this.options
    checkVector(x, features)
    const found = this.#search(x)
    return task === 'binary' ? this.#vote(found) : this.#mean(found)
  }

  learn(x: Vector, y: number, weight = 1): void {
    const { features, window, task } = this.options
    checkObservation(task, x, features, y, weight)
    const s = this.#state
    const at = s.head * features
    for (let i = 0; i < features; i++) {
      const value = x[i]!
      s.rows[at + i] = value === value ? clamp(value, -LARGEST, LARGEST) : NaN
      if (value === value) addDecayed(s.moments[i]!, s.rows[at + i]!, this.#decay)
    }
    s.labels[s.head] = clamp(y, -LARGEST, LARGEST)
    s.weights[s.head] = clamp(weight, 1 / LARGEST_WEIGHT, LARGEST_WEIGHT)
    s.head = s.head + 1 === window ? 0 : s.head + 1
    s.size = Math.min(s.size + 1, window)
    s.seen++
    this.#measure()
  }

  /** Drops all but the newest `keep` rows. */
  forget(keep: number): void {
    const s = this.#state
    s.size = Math.min(s.size, integer('keep', keep, 0, 'INVALID_INPUT'))
    for (const moments of s.moments) moments.n = Math.min(moments.n, keep)
  }

  toJSON(): Snapshot {
    return snapshot(KNearestNeighbours, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): KNearestNeighbours {
    const { options, state } = checkSnapshot(KNearestNeighbours, json)
    const template = { features: 0, task: '', neighbours: 0, window: 0, weighting: '' }
    const settings = unpackState(options, template, 'options') as KNearestNeighboursOptions
    const { task, window, features } = settings
    const empty = { rows: new Float64Array(0), labels: new Float64Array(0), weights: new Float64Array(0) }
    const s = unpackState(state, { seen: 0, size: 0, head: 0, ...empty, moments: [createDecayedMoments()] })
    // before anything of that size is made
    if (s.rows.length !== window * features) corrupt('state.rows', `an array of ${window * features}`, s.rows)
    if (s.moments.length !== features) corrupt('state.moments', `a list of ${features}`, s.moments)
    for (const value of s.rows) if (Math.abs(value) > LARGEST) corrupt('state.rows', `at most ${LARGEST}`, value)
    checkNumbers('state.labels', s.labels, window, LARGEST)
    if (task === 'binary' && s.labels.some((y) => y !== 0 && y !== 1)) corrupt('state.labels', '0 or 1', 'others')
    checkAmounts('state.weights', s.weights, window, LARGEST_WEIGHT)
    for (const { n, mean, variance } of s.moments) {
      checkAmount('state.moments.n', n, s.seen)
      // a little more, for the last bits
      checkNumber('state.moments.mean', mean, 2 * LARGEST)
      checkAmount('state.moments.variance', variance, 2 * LARGEST * LARGEST)
    }
    for (const key of ['seen', 'size', 'head'] as const) checkCount(`state.${key}`, s[key])
    if (s.size > Math.min(window, s.seen)) corrupt('state.size', `at most ${Math.min(window, s.seen)}`, s.size)
    if (s.head >= window) corrupt('state.head', `below ${window}`, s.head)
    for (let ago = 1; ago <= s.size; ago++) {
      const weight = s.weights[(s.head - ago + window) % window]!
      if (weight < 1 / LARGEST_WEIGHT) corrupt('state.weights', `at least ${1 / LARGEST_WEIGHT}`, weight)
    }
    const learner = new KNearestNeighbours(settings)
    learner.#state = s
    learner.#measure()
    return learner
  }

  #measure(): void {
    const { moments } = this.#state
    for (let i = 0; i < moments.length; i++) {
      const { variance } = moments[i]!
      // squares of the largest values over a smaller variance would overflow
      this.#precisions[i] = variance > 1e-150 ? 1 / variance : 0
    }
  }

  /** Fills the heap with the nearest rows and returns how many there are. */
  #search(x: Vector): number {
    const { features, neighbours, window } = this.options
    const { rows, head, size } = this.#state
    const precisions = this.#precisions
    const distances = this.#distances
    const ages = this.#ages
    const probe = this.#probe
    for (let i = 0; i < features; i++) probe[i] = clamp(x[i]!, -LARGEST, LARGEST)

    let found = 0
    for (let ago = 0, row = head; ago < size; ago++) {
      row = row === 0 ? window - 1 : row - 1
      const bound = found < neighbours ? Infinity : distances[0]!
      const at = row * features
      let sum = 0
      for (let i = 0; i < features && sum < bound; i++) {
        const gap = probe[i]! - rows[at + i]!
        const precision = precisions[i]!
        if (gap === gap) sum += gap * gap * precision
        else if (precision > 0) sum += MISSING_DISTANCE
      }
      // the newer of two that are equally far was here first
      if (!(sum < bound)) continue
      if (found < neighbours) found = rise(distances, ages, found, sum, ago)
      else sink(distances, ages, sum, ago)
    }
    return found
  }

  /** The row that stands at a place of the heap. */
  #rowAt(place: number): number {
    const row = this.#state.head - 1 - this.#ages[place]!
    return row < 0 ? row + this.options.window : row
  }

  /** How loud it speaks; reads the heap. */
  #loudness(place: number): number {
    const weight = this.#state.weights[this.#rowAt(place)]!
    const farthest = Math.sqrt(this.#distances[0]!)
    if (this.options.weighting === 'uniform' || farthest === 0) return weight
    return (weight * farthest) / (Math.sqrt(this.#distances[place]!) + farthest / LOUDEST)
  }

  #vote(found: number): number {
    const { labels, weights, size, head } = this.#state
    const { window } = this.options
    let ones = 1
    let total = 2
    for (let ago = 0, row = head; ago < size; ago++) {
      row = row === 0 ? window - 1 : row - 1
      total += weights[row]!
      ones += weights[row]! * labels[row]!
    }
    if (found === 0) return ones / total
    let loud = 0
    let forOne = 0
    for (let k = 0; k < found; k++) {
      const loudness = this.#loudness(k)
      loud += loudness
      forOne += loudness * labels[this.#rowAt(k)]!
    }
    return (forOne + (loud / found) * (ones / total)) / (loud + loud / found)
  }

  #mean(found: number): number {
    const { labels } = this.#state
    let loud = 0
    let mean = 0
    for (let k = 0; k < found; k++) {
      const loudness = this.#loudness(k)
      loud += loudness
      mean += (loudness / loud) * (labels[this.#rowAt(k)]! - mean)
    }
    return mean
  }
}

/** Adds a row to a heap of `size` and returns its new size. It is older than all that are there. */
function rise(distances: Float64Array, ages: Int32Array, size: number, distance: number, age: number): number {
  let at = size
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (distances[parent]! > distance) break
    distances[at] = distances[parent]!
    ages[at] = ages[parent]!
    at = parent
  }
  distances[at] = distance
  ages[at] = age
  return size + 1
}

/** Replaces the farthest of a full heap by a row that is older than all that are there. */
function sink(distances: Float64Array, ages: Int32Array, distance: number, age: number): void {
  const size = distances.length
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= size) break
    const gap = child + 1 < size ? distances[child + 1]! - distances[child]! : -1
    if (gap > 0 || (gap === 0 && ages[child + 1]! > ages[child]!)) child++
    if (distances[child]! <= distance) break
    distances[at] = distances[child]!
    ages[at] = ages[child]!
    at = child
  }
  distances[at] = distance
  ages[at] = age
}

function fresh({ features, window }: KNearestNeighboursOptions): State {
  return {
    seen: 0,
    size: 0,
    head: 0,
    rows: new Float64Array(window * features),
    labels: new Float64Array(window),
    weights: new Float64Array(window),
    moments: Array.from({ length: features }, createDecayedMoments),
  }
}
