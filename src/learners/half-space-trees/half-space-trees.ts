import type { Sized, Snapshot, Vector } from '../../contracts.ts'
import { checkVector, integer, text } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { SeededRng } from '../../core/rng.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { type State, unpackState } from '../../core/state.ts'
import { count } from '../checks.ts'
import type { AnomalyScorer } from './anomaly-scorer.ts'
import { branchesOf, cutHalfSpaces, type HalfSpaces } from './half-spaces.ts'
import { areRanges, createRanges, type Limits, learnRanges, limitsFrom, placeBetween, type Ranges } from './limits.ts'

/** Options of {@link HalfSpaceTrees}. */
export type HalfSpaceTreesOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Trees "t" that are averaged. @defaultValue 25, as in the paper */
  readonly trees: number
  /** Height "h" of each tree, at most 15. @defaultValue 10 */
  readonly height: number
  /** Observations "ψ" that say what is usual, until the next as many have come. @defaultValue 250, as in the paper */
  readonly window: number
  /**
   * Lowest and highest value to expect of each feature; none for limits that are estimated from each window for the
   * next. @defaultValue []
   */
  readonly limits: readonly (readonly [low: number, high: number])[]
  /** Seed of the cuts. @defaultValue "half-space trees" */
  readonly seed: string
}

/** `filled` counts finished windows, `count` the observations of the present one. */
type Memory = {
  seen: number
  filled: number
  count: number
  /** Limits and masses of the last whole window, by which is scored. */
  reference: Window
  /** Those of the window that fills up. */
  latest: Window
  ranges: Ranges
}
type Window = { limits: Limits; masses: Int32Array }

/** Higher trees would take more than a million nodes each dozen. */
const HIGHEST = 15
/** 12 bytes each in the cuts, 16 in the masses: half a gigabyte, so that no snapshot can ask for all memory. */
const MOST_BRANCHES = 16_777_216
/** A node with less than this share of the window is not looked into further, as in the paper. */
const SIZE_LIMIT = 0.1

/**
 * Scores how unlike the last window of observations a new one is, by how few of them fell into the same cells.
 *
 * Each tree cuts the space at random into 2^h cells, before any data; a node's mass is the number of observations of
 * the last whole window that passed it. Going down until a node is nearly empty gives a density, relative to an even
 * one:
 *
 *     density = (mass + 1) / (window + 1) × 2^depth          score = 1 / (1 + geometric mean over the trees)
 *
 * 0.5 is as thin as if values filled the limits evenly, towards 1 is emptier; 0 until the first window is full. What is
 * a high score depends on the data: compare with a high quantile of past scores. Limits are the known ones, or those of
 * the window before; a value outside falls into the outermost cells. Where a value is missing, the child with more mass
 * is taken.
 *
 * O(trees × height) for either call, O(trees × 2^height) once a window; 8 to 12 bytes for each of `trees` × 2^(height +
 * 1) nodes. Use it to stand aside where a model has learned nothing. Anomalies that come in clusters fill cells of
 * their own and look usual a window later.
 *
 * @see S. C. Tan, K. M. Ting, T. F. Liu (2011), "Fast anomaly detection for streaming data", IJCAI
 *
 * @example
 * ```ts
 * const scorer = new HalfSpaceTrees({ features: 2 })
 * const isOdd = scorer.scoreOf(x) > 0.9
 * scorer.learn(x)
 * ```
 */
export class HalfSpaceTrees implements AnomalyScorer, Sized {
  static readonly type: string = 'half-space-trees'
  static readonly version: number = 1

  readonly options: HalfSpaceTreesOptions
  readonly #spaces: HalfSpaces
  readonly #place: Float64Array
  #state: Memory

  constructor({
    features,
    trees = 25,
    height = 10,
    window = 250,
    limits = [],
    seed = 'half-space trees',
  }: Partial<HalfSpaceTreesOptions> & Pick<HalfSpaceTreesOptions, 'features'>) {
    this.options = {
      features: count('features', features),
      trees: count('trees', trees),
      height: integer('height', height),
      window: integer('window', window, 2),
      limits: checkLimits(limits, features),
      seed: text('seed', seed),
    }
    if (height > HIGHEST) {
      throw new TradeLearnError('INVALID_OPTION', `"height" must be at most ${HIGHEST}, got ${height}.`)
    }
    count('trees * 2^height', trees * branchesOf(height), 1, MOST_BRANCHES)
    this.#spaces = cutHalfSpaces(features, trees, height, new SeededRng(seed))
    this.#place = new Float64Array(features)
    this.#state = fresh(this.options)
  }

  get seen(): number {
    return this.#state.seen
  }

  get sizeInBytes(): number {
    const { reference, latest, ranges } = this.#state
    const { feature, cut } = this.#spaces
    const windows = 2 * (latest.limits.low.byteLength + latest.limits.high.byteLength) + 2 * reference.masses.byteLength
    // a quantile: five heights, five positions, its share and its count
    return 3 * 8 + windows + feature.byteLength + cut.byteLength + ranges.length * 12 * 8
  }

  scoreOf(x: Vector): number {
    const { features, trees, height, window } = this.options
    checkVector(x, features)
    const { reference, filled } = this.#state
    if (filled < this.#first()) return 0
    placeBetween(reference.limits, x, this.#place)
    const { masses } = reference
    const nodes = 2 * branchesOf(height) + 1
    const limit = SIZE_LIMIT * window
    let sum = 0
    for (let tree = 0; tree < trees; tree++) {
      const first = tree * nodes
      let v = 0
      let depth = 0
      while (depth < height && masses[first + v]! >= limit) {
        v = this.#childOf(tree, v, masses)
        depth++
      }
      sum += Math.log((masses[first + v]! + 1) / (window + 1)) + depth * Math.LN2
    }
    return 1 / (1 + Math.exp(sum / trees))
  }

  learn(x: Vector): void {
    const { features, trees, height, window, limits } = this.options
    checkVector(x, features)
    const s = this.#state
    s.seen++
    if (limits.length === 0) learnRanges(s.ranges, x)
    // without limits the first window serves to find some
    if (s.filled > 0 || limits.length > 0) {
      placeBetween(s.latest.limits, x, this.#place)
      const { masses } = s.latest
      const nodes = 2 * branchesOf(height) + 1
      for (let tree = 0; tree < trees; tree++) {
        let v = 0
        for (let depth = 0; depth < height; depth++) {
          masses[tree * nodes + v]!++
          v = this.#childOf(tree, v, masses)
        }
        masses[tree * nodes + v]!++
      }
    }
    if (++s.count === window) this.#turnOver()
  }

  toJSON(): Snapshot {
    return snapshot(HalfSpaceTrees, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote; the cuts are drawn again from the seed. */
  static fromJSON(json: Snapshot): HalfSpaceTrees {
    const { options, state } = checkSnapshot(HalfSpaceTrees, json)
    const template: HalfSpaceTreesOptions = { features: 0, trees: 0, height: 0, window: 0, limits: [], seed: '' }
    const settings = unpackState(options, template as { readonly [key: string]: State }, 'options') as typeof template
    // the snapshot must hold all that the options promise, before anything of that size is made
    const window = { limits: { low: new Float64Array(0), high: new Float64Array(0) }, masses: new Int32Array(0) }
    const { seen, filled, count } = fresh(template)
    const read = unpackState(state, { seen, filled, count, reference: window, latest: window, ranges: createRanges(1) })
    checkState(read, settings)
    const scorer = new HalfSpaceTrees(settings)
    scorer.#state = read
    return scorer
  }

  /** Windows to fill before there is something to score by. */
  #first(): number {
    return this.options.limits.length > 0 ? 1 : 2
  }

  /** The child of `v` that the place belongs to; where it is unknown, the one with more mass, else the left. */
  #childOf(tree: number, v: number, masses: Int32Array): number {
    const branches = branchesOf(this.options.height)
    const at = tree * branches + v
    const value = this.#place[this.#spaces.feature[at]!]!
    const left = 2 * v + 1
    const cut = this.#spaces.cut[at]!
    if (value < cut) return left
    if (value >= cut) return left + 1
    const first = tree * (2 * branches + 1)
    return masses[first + left]! >= masses[first + left + 1]! ? left : left + 1
  }

  /** The latest window becomes the reference, and a new one begins. */
  #turnOver(): void {
    const s = this.#state
    const { reference, latest } = s
    s.reference = latest
    s.latest = reference
    s.latest.masses.fill(0)
    s.latest.limits = s.reference.limits
    if (this.options.limits.length === 0) {
      s.latest.limits = limitsFrom(s.ranges)
      s.ranges = createRanges(this.options.features)
    }
    s.filled++
    s.count = 0
  }
}

/** Throws unless a state has the sizes that the options ask for, and counts and limits that can be. */
function checkState(state: Memory, { features, trees, height, window }: HalfSpaceTreesOptions): void {
  const { seen, filled, count, ranges, reference, latest } = state
  const size = trees * (2 * branchesOf(clamp(height, 0, HIGHEST)) + 1)
  for (const { limits, masses } of [reference, latest]) {
    must(
      masses.length === size && masses.every((mass) => mass >= 0 && mass <= window),
      `${size} masses up to ${window}`,
    )
    const { low, high } = limits
    must(low.length === features && high.length === features, `${features} limits`)
    must(
      low.every((from, j) => from <= high[j]! && high[j]! - from < Infinity),
      'limits of which the low ones are not above the high ones',
    )
  }
  must(areRanges(ranges, features), `two quantiles for each of ${features} features`)
  must([seen, filled, count].every((n) => Number.isSafeInteger(n) && n >= 0) && count < window, 'sane counts')
}

function must(holds: boolean, wanted: string): void {
  if (holds) return
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `A "half-space-trees" snapshot must have ${wanted}, got others.`)
}

function fresh({ features, trees, height, limits }: HalfSpaceTreesOptions): Memory {
  const size = trees * (2 * branchesOf(height) + 1)
  const window = (): Window => ({
    limits: {
      low: Float64Array.from({ length: features }, (_, j) => limits[j]?.[0] ?? 0),
      high: Float64Array.from({ length: features }, (_, j) => limits[j]?.[1] ?? 0),
    },
    masses: new Int32Array(size),
  })
  return { seen: 0, filled: 0, count: 0, reference: window(), latest: window(), ranges: createRanges(features) }
}

function checkLimits(limits: HalfSpaceTreesOptions['limits'], features: number): HalfSpaceTreesOptions['limits'] {
  const isPair = (pair: readonly [number, number]): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair[0] < pair[1] && pair[1] - pair[0] < Infinity
  if (Array.isArray(limits) && (limits.length === 0 || limits.length === features) && limits.every(isPair)) {
    return limits.map(([low, high]) => [low, high] as const)
  }
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"limits" must be empty or ${features} pairs of low < high a finite width apart, got others.`,
  )
}
