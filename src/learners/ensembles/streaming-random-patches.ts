import type { Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkHalfLife, checkObservation, checkVector, integer, oneOf, positive } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import type { Restore } from '../members.ts'
import { AdaptiveCrew } from './adaptive-crew.ts'
import { ClassJudge, VOTES, type Vote } from './class-judge.ts'
import { Crew, type CrewInput, type CrewOptions, type CrewSettings, complete, type Wrap } from './crew.ts'
import { drawSubset } from './draws.ts'
import { FeatureSubset } from './feature-subset.ts'
import { plantTree } from './plant.ts'
import { checkRenewal, type RenewalOptions } from './renewal.ts'
import { COMBINATIONS, type Combination, ValueJudge } from './value-judge.ts'

/** Options of {@link StreamingRandomPatches}. */
export type StreamingRandomPatchesOptions = CrewOptions & {
  /** Features that each member sees. @defaultValue 60 % of them, rounded */
  readonly featuresPerMember: number
  /** Mean of the counts with which members learn, λ. @defaultValue 6 */
  readonly rate: number
  /** ADWIN's "delta" for a warning, which starts a learner in the background. @defaultValue 0.01 */
  readonly warningConfidence: number
  /** ADWIN's "delta" for a drift, which puts that learner in place. @defaultValue 0.001 */
  readonly driftConfidence: number
  /** What a classifier's vote weighs. @defaultValue 'log-loss' */
  readonly vote: Vote
  /** What regressions say together. @defaultValue 'median' */
  readonly combine: Combination
  /** Observations after which an error counts half in the weights. @defaultValue 100 */
  readonly halfLife: number
}

type Settings = CrewSettings &
  RenewalOptions &
  Pick<StreamingRandomPatchesOptions, 'featuresPerMember' | 'rate' | 'vote' | 'combine' | 'halfLife'>

/**
 * Members that see different features and different weights of the same stream, and are renewed one by one.
 *
 * Where a random forest draws features for every leaf, this draws them once for every member, which therefore may be any
 * learner. Each learns with weight k ~ Poisson(6) and is watched, replaced and weighed as in
 * {@link AdaptiveRandomForest}; its successor draws features of its own. As in the paper, in River and in MOA, the
 * detectors see what a member gets wrong after it has learned, the weights what it got wrong before.
 *
 * Costs what the members cost, up to twice that while all have successors. Works for classifiers and regressions alike.
 * Take it where members cannot draw features themselves, or where groups of features fail together. A feature that
 * carries nearly all of the signal is out of sight of 40 % of the members.
 *
 * @see H. M. Gomes, J. Read, A. Bifet (2019), "Streaming random patches for evolving data stream classification", ICDM
 *
 * @example
 * ```ts
 * const patches = new StreamingRandomPatches({
 *   features: 25,
 *   create: (_seed, features) => new LogisticRegression({ features, learningRate: 0.1 }),
 * })
 * patches.learn(new Float64Array(25), 1)
 * ```
 */
export class StreamingRandomPatches implements Learner {
  static readonly type: string = 'streaming-random-patches'
  static readonly version: number = 1

  readonly task: Learner['task']
  readonly options: Settings
  #members: AdaptiveCrew

  constructor(input: CrewInput & Partial<Omit<StreamingRandomPatchesOptions, 'seed'>>) {
    const { features, create = plantTree, featuresPerMember = Math.max(1, Math.round(0.6 * features)) } = input
    checkWidth(featuresPerMember, integer('features', features))
    const crew = Crew.of(input, create, patching(features, featuresPerMember), featuresPerMember)
    const { rate = 6, vote = 'log-loss', combine = 'median', halfLife = 100 } = input
    const { warningConfidence = 0.01, driftConfidence = 0.001 } = input
    this.task = crew.task
    this.options = {
      ...crew.settings,
      featuresPerMember,
      rate: positive('rate', rate),
      ...checkRenewal({ warningConfidence, driftConfidence }),
      vote: oneOf('vote', vote, VOTES),
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

  get sizeInBytes(): number {
    return this.#members.sizeInBytes
  }

  predict(x: Vector): number {
    checkVector(x, this.options.features)
    return this.#members.predict(x)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation(this.task, x, this.options.features, y, weight)
    this.#members.learn(x, y, weight)
  }

  toJSON(): Snapshot {
    return snapshot(StreamingRandomPatches, this.options, this.#members.pack())
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): StreamingRandomPatches {
    const { options: saved, state } = checkSnapshot(StreamingRandomPatches, json)
    const options = unpackState(saved, TEMPLATE, 'options') as Settings
    const owner = StreamingRandomPatches.type
    const { features, featuresPerMember } = options
    checkWidth(featuresPerMember, features)
    const withPatches = knowing(knowing(restore))
    const wrap = patching(features, featuresPerMember)
    const crew = complete(Crew.restore(options, state, owner, withPatches, wrap, featuresPerMember), owner)
    const patches = new StreamingRandomPatches({ ...options, create: crew.create })
    patches.#members = assemble(crew, patches.options).restore(state, owner, withPatches)
    patches.#members.lendRefits(patches)
    return patches
  }
}

const TEMPLATE = {
  features: 0,
  members: 0,
  seed: '',
  featuresPerMember: 0,
  rate: 0,
  warningConfidence: 0,
  driftConfidence: 0,
  vote: '',
  combine: '',
  halfLife: 0,
}

/** Reads the patches as well; twice knowing, those of members that are themselves learners with some of the features. */
const knowing =
  (restore: Restore): Restore =>
  (part) =>
    (part as Snapshot | null)?.type === FeatureSubset.type ? FeatureSubset.fromJSON(part, restore) : restore(part)

/** Gives a fresh learner the features that it will see. */
const patching =
  (features: number, size: number): Wrap =>
  (learner, rng) =>
    new FeatureSubset({ features, columns: drawSubset(rng, features, size), learner })

function assemble(crew: Crew, { members, rate, vote, combine, halfLife, ...renewal }: Settings): AdaptiveCrew {
  const judge =
    crew.task === 'binary' ? new ClassJudge(members, vote, halfLife) : new ValueJudge(members, combine, halfLife)
  return new AdaptiveCrew(crew, judge, rate, renewal, 'after learning')
}

function checkWidth(size: number, features: number): void {
  if (integer('featuresPerMember', size) <= features) return
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"featuresPerMember" must be at most the number of features, ${features}, got ${show(size)}.`,
  )
}
