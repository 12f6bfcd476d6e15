import type { Sized, Snapshot, Vector } from '../contracts.ts'
import { bytesOf } from '../core/bytes-of.ts'
import { checkVector, integer, nonNegative, text } from '../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../core/decayed-moments.ts'
import { TradeLearnError } from '../core/errors.ts'
import { SeededRng } from '../core/rng.ts'
import { checkSnapshot, nested, snapshot } from '../core/snapshot.ts'
import { countBelow, countUpTo, createSortedWindow, pushSorted, type SortedWindow } from '../core/sorted-window.ts'
import { type State as Plain, unpackState } from '../core/state.ts'
import type { AnomalyScorer } from './half-space-trees/anomaly-scorer.ts'

/** Options of {@link PrototypeNovelty}. */
export type PrototypeNoveltyOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Observations that are kept to compare with. @defaultValue 200 */
  readonly prototypes: number
  /** Distances of newest observations that a new one's is ranked among. @defaultValue 1000 */
  readonly window: number
  /** Observations before it judges; until then all is usual. @defaultValue 50 */
  readonly minSamples: number
  /** Chooses which observation makes room for a new one. @defaultValue 'seed' */
  readonly seed: string
}

type Options = Partial<PrototypeNoveltyOptions> & Pick<PrototypeNoveltyOptions, 'features'>

/** `held` counts the prototypes that are filled. */
type State = {
  seen: number
  held: number
  readonly prototypes: Float64Array
  readonly moments: readonly DecayedMoments[]
  distances: SortedWindow
}

/** A feature counts as no further away than this many deviations: one broken feature must not stand for all. */
const FARTHEST = 10
/** Values count as no larger, so that their squares stay finite. */
const LARGEST = 1e150
/** Scales follow the market at this pace: after 1000 observations what was counts half. */
const SCALE_DECAY: number = decayOf(1000)

/**
 * Says how unlike the past a signal is: its distance to the nearest of a bounded set of past signals, as a rank.
 *
 * A model's answer far from everything that it has learned from is a guess, whatever its probability. The distance is the
 * root mean square over the features that both have, in each feature's own deviations, at most ten of them:
 *
 *     d(x) = min over prototypes of sqrt(mean of ((x_i - p_i) / sigma_i)²)
 *     score = share of the newest distances, each measured before its observation was learned, that are smaller
 *
 * So a score of 0.99 is exceeded by one usual signal in a hundred, in whatever number of features. A new observation
 * takes the place of one that is drawn, so that old ones fade and rare ones have a chance to stay. A missing value is
 * left out; a vector with nothing in common with a prototype lies as far from it as can be.
 *
 * O(prototypes features): some 10 µs for 200 prototypes of 50 features. Memory: as many numbers.
 *
 * @see C. C. Aggarwal (2006), "On biased reservoir sampling in the presence of stream evolution", VLDB
 *
 * @example
 * ```ts
 * const novelty = new PrototypeNovelty({ features: 2 })
 * for (const x of past) novelty.learn(x)
 * novelty.scoreOf(Float64Array.of(0.1, 99)) // 1: never seen
 * ```
 */
export class PrototypeNovelty implements AnomalyScorer, Sized {
  static readonly type: string = 'prototype-novelty'
  static readonly version: number = 1

  readonly options: PrototypeNoveltyOptions
  #rng: SeededRng
  #state: State

  constructor({ features, prototypes = 200, window = 1000, minSamples = 50, seed = 'seed' }: Options) {
    this.options = {
      features: integer('features', features),
      prototypes: integer('prototypes', prototypes, 2),
      window: integer('window', window, 2),
      minSamples: integer('minSamples', minSamples, 2),
      seed: text('seed', seed),
    }
    const numbers = features * prototypes
    if (!(numbers <= MOST && window <= MOST)) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"prototypes" times "features", and "window", must be at most ${MOST}, got ${numbers} and ${window}.`,
      )
    }
    this.#rng = new SeededRng(seed)
    this.#state = {
      seen: 0,
      held: 0,
      prototypes: new Float64Array(numbers),
      moments: Array.from({ length: features }, createDecayedMoments),
      distances: createSortedWindow(window),
    }
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Memory that prototypes, scales and distances take, in bytes. */
  get sizeInBytes(): number {
    return bytesOf(this.#state)
  }

  scoreOf(x: Vector): number {
    checkVector(x, this.options.features)
    const { seen, distances } = this.#state
    if (seen < this.options.minSamples) return 0
    const distance = this.#distanceOf(x)
    return (countBelow(distances, distance) + countUpTo(distances, distance)) / (2 * distances.size)
  }

  learn(x: Vector): void {
    const { features, prototypes } = this.options
    checkVector(x, features)
    const state = this.#state
    // the first has nothing to be unlike
    if (state.held > 0) pushSorted(state.distances, this.#distanceOf(x))
    const place = state.held < prototypes ? state.held++ : Math.floor(this.#rng.next() * prototypes)
    for (let i = 0; i < features; i++) {
      const value = Math.min(Math.max(x[i]!, -LARGEST), LARGEST)
      state.prototypes[place * features + i] = value
      if (value === value) addDecayed(state.moments[i]!, value, SCALE_DECAY)
    }
    state.seen++
  }

  toJSON(): Snapshot {
    const { seen, held, prototypes, moments, distances } = this.#state
    const { values, head, size } = distances
    const rng = this.#rng.toJSON() as unknown as Plain
    return snapshot(PrototypeNovelty, this.options, {
      ...{ seen, held, prototypes, moments, rng },
      distances: { values, head, size },
    })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): PrototypeNovelty {
    const { options, state } = checkSnapshot(PrototypeNovelty, json)
    const template = { features: 0, prototypes: 0, window: 0, minSamples: 0, seed: '' }
    const read = unpackState(options, template, 'options')
    const { rng, ...rest } = state
    const { distances, ...own } = unpackState(rest, TEMPLATE)
    const sorted = readWindow(distances, read.window)
    const whole = own.prototypes.length === read.features * read.prototypes && own.moments.length === read.features
    if (!whole || own.prototypes.some((value) => Math.abs(value) > LARGEST)) corrupt('prototypes of the right length')
    const novelty = new PrototypeNovelty(read)
    const { seen, held } = own
    if (integer('held', held, 0, CODE) > read.prototypes || held > integer('seen', seen, 0, CODE))
      corrupt('few prototypes')
    for (const { n, mean, variance } of own.moments) {
      nonNegative('n', n, CODE)
      nonNegative('variance', variance, CODE)
      if (!(Math.abs(mean) <= LARGEST)) corrupt('means that can be')
    }
    novelty.#rng = SeededRng.fromJSON(nested(state, 'rng', PrototypeNovelty.type))
    novelty.#state = { ...own, distances: sorted }
    return novelty
  }

  /** Distance to the nearest prototype, in deviations. */
  #distanceOf(x: Vector): number {
    const { features } = this.options
    const { held, prototypes, moments } = this.#state
    let nearest = FARTHEST * FARTHEST
    for (let p = 0; p < held; p++) {
      let sum = 0
      let known = 0
      const from = p * features
      for (let i = 0; i < features; i++) {
        const gap = x[i]! - prototypes[from + i]!
        if (gap !== gap) continue
        known++
        const { variance } = moments[i]!
        // a constant that changes is as far away as can be
        const squared = gap === 0 ? 0 : (gap * gap) / variance
        sum += squared < FARTHEST * FARTHEST ? squared : FARTHEST * FARTHEST
      }
      if (known > 0 && sum / known < nearest) nearest = sum / known
    }
    return Math.sqrt(nearest)
  }
}

/** 80 MB: more is a slip of the options, or of a file. */
const MOST = 1e7
const CODE = 'CORRUPT_SNAPSHOT'
const TEMPLATE = {
  seen: 0,
  held: 0,
  prototypes: new Float64Array(0),
  moments: [createDecayedMoments()],
  distances: { values: new Float64Array(0), head: 0, size: 0 },
}

/** A window from its saved ring; what is sorted follows from it. */
function readWindow({ values, head, size }: Omit<SortedWindow, 'sorted'>, window: number): SortedWindow {
  integer('head', head, 0, CODE)
  integer('size', size, 0, CODE)
  const sound = values.length === window && size <= window && head < window && (size === window || head === size)
  if (!sound || values.some((value) => !(value >= 0 && value <= FARTHEST))) corrupt('distances that can be')
  const sorted = new Float64Array(window)
  sorted.set(values.slice(0, size).sort())
  return { values, sorted, head, size }
}

function corrupt(wanted: string): never {
  throw new TradeLearnError(CODE, `"prototype-novelty" must hold ${wanted}.`)
}
