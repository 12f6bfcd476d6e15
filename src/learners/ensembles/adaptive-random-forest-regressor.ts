import type { Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkHalfLife, checkObservation, checkVector, oneOf, positive } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { Restore } from '../members.ts'
import { AdaptiveCrew } from './adaptive-crew.ts'
import { Crew, type CrewInput, type CrewOptions, type CrewSettings, complete, ofTask } from './crew.ts'
import { plantRegressionTree } from './plant.ts'
import { checkRenewal, type RenewalOptions } from './renewal.ts'
import { COMBINATIONS, type Combination, ValueJudge } from './value-judge.ts'

/** Options of {@link AdaptiveRandomForestRegressor}. */
export type AdaptiveRandomForestRegressorOptions = CrewOptions & {
  /** Mean of the counts with which members learn, λ. @defaultValue 6 */
  readonly rate: number
  /** ADWIN's "delta" for a warning, which starts a learner in the background. @defaultValue 0.01 */
  readonly warningConfidence: number
  /** ADWIN's "delta" for a drift, which puts that learner in place. @defaultValue 0.001 */
  readonly driftConfidence: number
  /** What the members say together. @defaultValue 'median' */
  readonly combine: Combination
  /** Observations after which a squared error counts half in the weights of `'weighted'`. @defaultValue 100 */
  readonly halfLife: number
}

type Settings = CrewSettings &
  RenewalOptions &
  Pick<AdaptiveRandomForestRegressorOptions, 'rate' | 'combine' | 'halfLife'>

/**
 * Regression trees that see different weights and features of a drifting stream, and are renewed one by one.
 *
 * The regression counterpart of {@link AdaptiveRandomForest}: each member learns with weight k ~ Poisson(6); two ADWINs
 * watch its errors of before the label, put on a scale of their own as |e| / (|e| + mean |e|), and a successor takes
 * over when they have risen for sure. The forest says the median of its members, their mean, or their mean with
 * weights 1 / e² of recent squared errors.
 *
 * Costs what the members cost, up to twice that while all have successors. Members default to
 * {@link HoeffdingTreeRegressor} with `confidence` 0.01 and 64 leaves, each of which splits on √M + 1 of the M features;
 * give a `create` for others. The linear models in its leaves see all features: for members that are blind to some take
 * {@link StreamingRandomPatches}.
 *
 * @see H. M. Gomes and others (2018), "Adaptive random forests for data stream regression", ESANN
 *
 * @example
 * ```ts
 * const forest = new AdaptiveRandomForestRegressor({ features: 2 })
 * forest.learn(Float64Array.of(1, -1), 0.02)
 * ```
 */
export class AdaptiveRandomForestRegressor implements Learner {
  static readonly type: string = 'adaptive-random-forest-regressor'
  static readonly version: number = 1

  readonly task = 'regression'
  readonly options: Settings
  #members: AdaptiveCrew

  constructor(input: CrewInput & Partial<Omit<AdaptiveRandomForestRegressorOptions, 'seed'>>) {
    const crew = ofTask('regression', Crew.of(input, input.create ?? plantRegressionTree))
    const { rate = 6, combine = 'median', halfLife = 100, warningConfidence = 0.01, driftConfidence = 0.001 } = input
    this.options = {
      ...crew.settings,
      rate: positive('rate', rate),
      ...checkRenewal({ warningConfidence, driftConfidence }),
      combine: oneOf('combine', combine, COMBINATIONS),
      halfLife: checkHalfLife('halfLife', halfLife),
    }
    this.#members = assemble(crew, this.options)
    this.#members.lendRefits(this)
  }

  get seen(): number {
    return this.#members.counts.seen
  }

  /** Members replaced so far. */
  get replaced(): number {
    return this.#members.counts.replaced
  }

  /** Members that have a successor growing. */
  get waiting(): number {
    return this.#members.waiting
  }

  get sizeInBytes(): number {
    return this.#members.sizeInBytes
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#members.predict(x)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('regression', x, this.options.features, y, weight)
    this.#members.learn(x, y, weight)
  }

  toJSON(): Snapshot {
    return snapshot(AdaptiveRandomForestRegressor, this.options, this.#members.pack())
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): AdaptiveRandomForestRegressor {
    const { options: saved, state } = checkSnapshot(AdaptiveRandomForestRegressor, json)
    const options = unpackState(saved, TEMPLATE, 'options') as Settings
    const owner = AdaptiveRandomForestRegressor.type
    const crew = complete(ofTask('regression', Crew.restore(options, state, owner, restore)), owner)
    const forest = new AdaptiveRandomForestRegressor({ ...options, create: crew.create })
    forest.#members = assemble(crew, forest.options).restore(state, owner, restore)
    forest.#members.lendRefits(forest)
    return forest
  }
}

const TEMPLATE = {
  features: 0,
  members: 0,
  seed: '',
  rate: 0,
  warningConfidence: 0,
  driftConfidence: 0,
  combine: '',
  halfLife: 0,
}

const assemble = (crew: Crew, { members, rate, combine, halfLife, ...renewal }: Settings): AdaptiveCrew =>
  new AdaptiveCrew(crew, new ValueJudge(members, combine, halfLife), rate, renewal, 'before learning')
