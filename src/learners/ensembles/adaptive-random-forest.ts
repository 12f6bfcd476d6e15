import type { Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkHalfLife, checkObservation, checkVector, oneOf, positive } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { Restore } from '../members.ts'
import { AdaptiveCrew } from './adaptive-crew.ts'
import { ClassJudge, VOTES, type Vote } from './class-judge.ts'
import { Crew, type CrewInput, type CrewOptions, type CrewSettings, complete, ofTask } from './crew.ts'
import { plantRandomTree } from './plant.ts'
import { checkRenewal, type RenewalOptions } from './renewal.ts'

/** Options of {@link AdaptiveRandomForest}. */
export type AdaptiveRandomForestOptions = CrewOptions & {
  /** Mean of the counts with which trees learn, λ. @defaultValue 6 */
  readonly rate: number
  /** ADWIN's "delta" for a warning, which starts a tree in the background. @defaultValue 0.01 */
  readonly warningConfidence: number
  /** ADWIN's "delta" for a drift, which puts that tree in place. @defaultValue 0.001 */
  readonly driftConfidence: number
  /** What a tree's vote weighs. @defaultValue 'log-loss' */
  readonly vote: Vote
  /** Observations after which a loss counts half in the vote by log loss. @defaultValue 100 */
  readonly halfLife: number
}

type Settings = CrewSettings & RenewalOptions & Pick<AdaptiveRandomForestOptions, 'rate' | 'vote' | 'halfLife'>

/**
 * A random forest for streams that drift: trees that see different weights and features, and are regrown one by one.
 *
 * Each tree learns from each observation with weight k ~ Poisson(6), and each of its leaves looks at 60 % of the
 * features. Two ADWINs watch what each tree got wrong before it saw the label: when its errors rise a fresh tree
 * starts to grow in the background, and when they have risen for sure it takes over. Trees vote by their recent log
 * loss l, an exponentially weighted mean:
 *
 *     p = Σ w_i p_i / Σ w_i        w_i = e^(-4 l_i)
 *
 * Costs what the trees cost, up to twice that while all have successors growing. A tree that gets better stays, where
 * River's forest throws it away.
 *
 * The usual first choice of an ensemble: quick, small, good without tuning. Members default to
 * {@link HoeffdingTreeClassifier} with `confidence` 0.01; give a `create` for others.
 *
 * @see H. M. Gomes and others (2017), "Adaptive random forests for evolving data stream classification", Machine
 * Learning 106
 *
 * @example
 * ```ts
 * const forest = new AdaptiveRandomForest({
 *   features: 25,
 *   create: (seed, features) => new HoeffdingTreeClassifier({ features, seed, featuresPerLeaf: 8, maxLeaves: 64 }),
 * })
 * forest.learn(new Float64Array(25), 1)
 * const copy = restore(forest.toJSON(), [AdaptiveRandomForest, HoeffdingTreeClassifier])
 * ```
 */
export class AdaptiveRandomForest implements Learner {
  static readonly type: string = 'adaptive-random-forest'
  static readonly version: number = 1

  readonly task = 'binary'
  readonly options: Settings
  #trees: AdaptiveCrew

  constructor(input: CrewInput & Partial<Omit<AdaptiveRandomForestOptions, 'seed'>>) {
    const { create = plantRandomTree } = input
    const crew = ofTask('binary', Crew.of(input, create))
    const { rate = 6, vote = 'log-loss', halfLife = 100, warningConfidence = 0.01, driftConfidence = 0.001 } = input
    this.options = {
      ...crew.settings,
      rate: positive('rate', rate),
      ...checkRenewal({ warningConfidence, driftConfidence }),
      vote: oneOf('vote', vote, VOTES),
      halfLife: checkHalfLife('halfLife', halfLife),
    }
    this.#trees = assemble(crew, this.options)
    this.#trees.lendRefits(this)
  }

  get seen(): number {
    return this.#trees.counts.seen
  }

  /** Trees replaced so far. */
  get replaced(): number {
    return this.#trees.counts.replaced
  }

  /** Trees that have a successor growing. */
  get waiting(): number {
    return this.#trees.waiting
  }

  get sizeInBytes(): number {
    return this.#trees.sizeInBytes
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#trees.predict(x)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation('binary', x, this.options.features, y, weight)
    this.#trees.learn(x, y, weight)
  }

  toJSON(): Snapshot {
    return snapshot(AdaptiveRandomForest, this.options, this.#trees.pack())
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): AdaptiveRandomForest {
    const { options: saved, state } = checkSnapshot(AdaptiveRandomForest, json)
    const options = unpackState(saved, TEMPLATE, 'options') as Settings
    const owner = AdaptiveRandomForest.type
    const crew = complete(ofTask('binary', Crew.restore(options, state, owner, restore)), owner)
    const forest = new AdaptiveRandomForest({ ...options, create: crew.create })
    forest.#trees = assemble(crew, forest.options).restore(state, owner, restore)
    forest.#trees.lendRefits(forest)
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
  vote: '',
  halfLife: 0,
}

const assemble = (crew: Crew, { members, rate, vote, halfLife, ...renewal }: Settings): AdaptiveCrew =>
  new AdaptiveCrew(crew, new ClassJudge(members, vote, halfLife), rate, renewal, 'before learning')
