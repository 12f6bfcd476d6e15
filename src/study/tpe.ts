import type { Rng, Snapshot } from '../contracts.ts'
import { integer, oneOf, openFraction, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Past } from './history.ts'
import { Parzen } from './parzen.ts'
import { drawPoint } from './random-sampler.ts'
import type { Sampler } from './sampler.ts'

/** Options of {@link TPE}. */
export type TPEOptions = {
  /** Trials that are drawn at random, to begin with. @defaultValue 10 */
  readonly startup: number
  /** Points drawn for every suggestion, of which the best is taken. @defaultValue 24 */
  readonly candidates: number
  /** Share of the finished trials that are good "gamma". @defaultValue 0.15 */
  readonly good: number
  /** Most trials that are good. @defaultValue 25 */
  readonly mostGood: number
  /** Weight of the prior beside that of a trial. @defaultValue 1 */
  readonly priorWeight: number
  /** `'sharp'`: good trials weigh what they are better, kernels are narrow where trials are few and wide where they are
   *  many. `'optuna'`: weights, kernels and start of Optuna 5, which also has `good` at 0.1. @defaultValue 'sharp' */
  readonly rules: 'sharp' | 'optuna'
}

/** Least width of kernels as a share of the range: about good trials it falls further once there are more than 8 of them;
 *  about the others it stays, so that single failures leave no holes. Measured: docs/adr/0030-study.md. */
const FLOOR = 0.1
/** Optuna's kernels are at least 1 / 100 of the range wide; Bergstra's "magic clip". */
const NARROWEST = 100

/** More would take seconds a suggestion, and a file could ask for any amount of memory. */
const MOST_CANDIDATES = 10_000

const BAD = 0
const GOOD = 1
const OUT = 2

/**
 * Tries what is likely among the good trials and unlikely among the rest: the search to use unless there is a reason for
 * another.
 *
 * Finished trials are split into a good share and the rest, a density is fitted to each ({@link Parzen}), and of some
 * points drawn from the good one that is taken which has the largest
 *
 *     log l(x) - log g(x)        l: density of the good trials, g: of the others
 *
 * Densities are of all parameters together, so that it learns which of them belong together. Trials that are not
 * finished count among the others, so that those at work at the same time stay apart. Pruned trials rank behind
 * complete ones, those that came furthest first; failed ones are left out.
 *
 * A suggestion costs O((n + candidates x n) x parameters), about 0.3 ms after 100 trials of 8 parameters.
 *
 * @see J. Bergstra et al. (2011), "Algorithms for hyper-parameter optimization", NIPS 24
 * @see S. Watanabe (2023), "Tree-structured Parzen estimator: understanding its algorithm components and their roles for
 *   better empirical performance", arXiv:2304.11127
 *
 * @example
 * ```ts
 * const study = new Study({ space: { rate: float({ low: 0.01, high: 0.3, log: true }) }, sampler: new TPE({ startup: 20 }) })
 * ```
 */
export class TPE implements Sampler {
  static readonly type: string = 'tpe'
  static readonly version: number = 1

  readonly options: TPEOptions
  /** Room to work in, of no meaning between calls. */
  #room: { readonly dimensions: Past['dimensions']; readonly good: Parzen; readonly bad: Parzen } | undefined
  #marks: Uint8Array = new Uint8Array(0)
  #weights: Float64Array = new Float64Array(0)
  #points: Float64Array = new Float64Array(0)
  readonly #l: Float64Array
  readonly #g: Float64Array

  constructor({
    startup = 10,
    candidates = 24,
    good = 0.15,
    mostGood = 25,
    priorWeight = 1,
    rules = 'sharp',
  }: Partial<TPEOptions> = {}) {
    this.options = Object.freeze({
      startup: integer('startup', startup),
      candidates: checkCandidates(candidates),
      good: openFraction('good', good),
      mostGood: integer('mostGood', mostGood),
      priorWeight: positive('priorWeight', priorWeight),
      rules: oneOf('rules', rules, ['sharp', 'optuna']),
    })
    this.#l = new Float64Array(this.options.candidates)
    this.#g = new Float64Array(this.options.candidates)
  }

  suggest(past: Past, rng: Rng, out: Float64Array): void {
    const { candidates } = this.options
    const { dimensions } = past
    if (this.#isEarly(past)) {
      drawPoint(dimensions, rng, out)
      return
    }
    const { good, bad } = this.#fit(past)
    const width = dimensions.length
    if (this.#points.length < candidates * width) this.#points = new Float64Array(candidates * width)
    const points = this.#points
    for (let i = 0; i < candidates; i++) good.draw(rng, points, i * width)
    good.logDensities(points, candidates, this.#l)
    bad.logDensities(points, candidates, this.#g)
    let best = 0
    for (let i = 1; i < candidates; i++) {
      if (this.#l[i]! - this.#g[i]! > this.#l[best]! - this.#g[best]!) best = i
    }
    for (let d = 0; d < width; d++) out[d] = points[best * width + d]!
  }

  toJSON(): Snapshot {
    return snapshot(TPE, this.options, {})
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): TPE {
    const { options, state } = checkSnapshot(TPE, json)
    unpackState(state, {})
    return new TPE(unpackState(options, new TPE().options, 'options'))
  }

  /** Splits the past and fits a density to either side. */
  #fit(past: Past): { readonly good: Parzen; readonly bad: Parzen } {
    const { good, mostGood, priorWeight } = this.options
    const { dimensions, size, ranked, finished } = past
    if (this.#room?.dimensions !== dimensions) {
      const parzen = (): Parzen => new Parzen(dimensions, priorWeight)
      this.#room = { dimensions, good: parzen(), bad: parzen() }
    }
    if (this.#marks.length < size) {
      this.#marks = new Uint8Array(2 * size)
      this.#weights = new Float64Array(2 * size)
    }
    const marks = this.#marks
    let others = 0
    for (let i = 0; i < size; i++) {
      marks[i] = past.standing(i) === 'failed' ? OUT : BAD
      if (marks[i] === BAD) others++
    }
    const count = Math.min(Math.ceil(good * finished), mostGood)
    others -= count
    for (let i = 0; i < count; i++) marks[ranked[i]!] = GOOD
    if (this.options.rules === 'optuna') {
      const least = (n: number): number => 1 / Math.min(NARROWEST, n + 2)
      this.#room.good.build(past, marks, GOOD, least(count))
      this.#room.bad.build(past, marks, BAD, least(others))
    } else {
      this.#weigh(past, count)
      this.#room.good.build(past, marks, GOOD, Math.min(FLOOR, 1 / (count + 2)), this.#weights)
      this.#room.bad.build(past, marks, BAD, FLOOR)
    }
    return this.#room
  }

  /** Lets good trials weigh what they are better than the best of the others: equally where that says nothing. */
  #weigh(past: Past, count: number): void {
    const { ranked, finished } = past
    const weights = this.#weights
    // pruned trials, which rank last, have losses of another kind, and gain nothing
    let complete = 0
    while (complete < count && past.standing(ranked[complete]!) === 'complete') complete++
    const next = ranked[Math.min(complete, finished - 1)]!
    const cut = past.loss(past.standing(next) === 'complete' ? next : ranked[Math.max(0, complete - 1)]!)
    let sum = 0
    for (let i = 0; i < count; i++) {
      const trial = ranked[i]!
      weights[trial] = i < complete ? cut - past.loss(trial) : 0
      sum += weights[trial]!
    }
    const usable = sum > 0 && sum < Infinity
    for (let i = 0; i < count; i++) weights[ranked[i]!] = usable ? (weights[ranked[i]!]! / sum) * count : 1
  }

  /** Whether there is too little to learn from. */
  #isEarly({ size, finished }: Past): boolean {
    const { startup, rules } = this.options
    if (rules === 'optuna') return finished < startup
    // trials at work will not be repeated for not being known, but some results there must be
    return size < startup || finished < Math.max(1, startup / 2)
  }
}

function checkCandidates(candidates: number): number {
  if (integer('candidates', candidates) <= MOST_CANDIDATES) return candidates
  throw new TradeLearnError('INVALID_OPTION', `"candidates" must be at most ${MOST_CANDIDATES}, got ${candidates}.`)
}
