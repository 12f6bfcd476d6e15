import type { DriftDetector, Explainable, Learner, Serializable, Sized, Snapshot, Vector } from '../contracts.ts'
import { checkObservation, integer, nonNegative, oneOf } from '../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../core/decayed-moments.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { ADWIN } from '../drift/adwin.ts'
import { isExplainable, isForgetful, isRefittable, lend, refitInTurn } from './abilities.ts'
import { misses } from './ensembles/miss.ts'
import { lengthOf } from './length-of.ts'
import { packMember, type Restore, restoreMember, restoreMembers } from './members.ts'
import { checkOneWidth } from './one-width.ts'
import { sizeOf, sizeOfAll } from './size.ts'

/** Options of {@link DriftAware}. */
export type DriftAwareOptions = {
  /** Makes a fresh learner: the same each time, never the same object. */
  readonly create: () => Learner
  /** Watches the learner's losses. @defaultValue an ADWIN for rising errors with an eager one for warnings */
  readonly detector: DriftDetector
  /** A second detector whose warnings and drifts both count as warnings, for a `detector` that never warns. */
  readonly warner: DriftDetector
  /**
   * What the detectors see: `"error"` is 1 for a probability on the wrong side of ½ or on it, else 0; `"loss"` is the squared
   * error of the probability, which rare classes and cautious learners need. Regressions have but one. @defaultValue
   * "error"
   */
  readonly watch: 'error' | 'loss'
  /** Observations after the last warning at which it counts as a false alarm. @defaultValue 1000 */
  readonly patience: number
  /** Observations that a learner may take in before the next drift can replace it. @defaultValue 100 */
  readonly minSamples: number
}

type Settings = Pick<DriftAwareOptions, 'watch' | 'patience' | 'minSamples'>
type Options = Partial<DriftAwareOptions> & Pick<DriftAwareOptions, 'create'>
/** `quiet` counts observations since the last warning, `age` those that the learner in charge has learned from. */
type State = { seen: number; age: number; quiet: number; warnings: number; drifts: number; errors: DecayedMoments }

const fresh = (): State => ({
  seen: 0,
  age: 0,
  quiet: 0,
  warnings: 0,
  drifts: 0,
  errors: createDecayedMoments(),
})

/** Absolute errors after which the weight of the past has halved: slow beside any detection. */
const SCALE_DECAY: number = decayOf(1000)
/** Errors count as no larger, so that their squares stay finite. */
const LARGEST_ERROR = 1e100
/** Chance of a false cut for warnings: ten times ADWIN's own, the ratio of the two in adaptive random forests. */
const EAGER = 0.02

/**
 * Replaces a learner when its losses say that the world has changed.
 *
 * Each prediction is judged before its label is learned. At a warning a second learner starts to learn beside the
 * first; at a drift it takes over, or a fresh one where nothing had warned. A warning that no drift follows within
 * `patience` observations was a false alarm, and the second learner is dropped. The detectors see a number from 0 to 1:
 *
 *     binary:      1 if p lay on the wrong side of ½ or said nothing, else 0; or (y - p)²
 *     regression:  |e| / (|e| + mean |e|), whatever the unit of y, with an exponentially weighted mean
 *
 * Costs the learner, twice while a warning lasts, and the detector. Put it around learners that cannot forget by
 * themselves; around one that adapts anyway it mostly costs. Use detectors for rising values alone (`direction: 'up'`):
 * one that also reports improvements throws good learners away.
 *
 * It can `refit`, `forget` and `explain` when its learners can.
 *
 * @see J. Gama, P. Medas, G. Castillo, P. Rodrigues (2004), "Learning with drift detection", SBIA
 *
 * @example
 * ```ts
 * const learner = new DriftAware({ create: () => new HoeffdingTreeClassifier({ features: 4 }) })
 * learner.learn(Float64Array.of(1, 2, 3, 4), 1)
 * learner.drifts // how often it was replaced
 * ```
 */
export class DriftAware implements Learner, Sized {
  static readonly type: string = 'drift-aware'
  static readonly version: number = 1

  readonly task: 'binary' | 'regression'
  readonly options: Settings
  readonly #create: () => Learner
  /** What `create` made, unused: after a restore new learners start from it. */
  readonly #prototype: Snapshot
  #detector: DriftDetector
  /** None or one. */
  #warners: readonly DriftDetector[]
  #active: Learner
  /** None or one. */
  #background: readonly Learner[] = []
  #state: State = fresh()
  /** Learners that have yet to show that they take the vectors which the one in charge takes; nothing learnt. */
  #unproven: readonly Learner[]

  constructor({ create, detector, warner, watch = 'error', patience = 1000, minSamples = 100 }: Options) {
    const sample = create()
    this.#active = create()
    if (sample === this.#active) {
      throw new TradeLearnError('INVALID_OPTION', '"create" must make a new learner each time, got the same one again.')
    }
    this.task = sample.task
    this.options = {
      watch: oneOf('watch', watch, ['error', 'loss']),
      patience: integer('patience', patience),
      minSamples: integer('minSamples', minSamples, 0),
    }
    this.#unproven = [sample]
    this.#create = create
    this.#prototype = sample.toJSON()
    this.#detector = detector ?? new ADWIN({ direction: 'up' })
    if (warner !== undefined) this.#warners = [warner]
    else this.#warners = detector === undefined ? [new ADWIN({ direction: 'up', confidence: EAGER })] : []

    const members = (): readonly Learner[] => [this.#active, ...this.#background]
    if (isRefittable(sample)) lend(this, refitInTurn(members))
    if (isForgetful(sample)) {
      lend(this, {
        forget: (keep) => {
          for (const learner of members()) if (isForgetful(learner)) learner.forget(keep)
        },
      })
    }
    if (isExplainable(sample)) {
      const asked = (): Explainable => this.#active as Learner & Explainable
      lend(this, {
        explains: sample.explains,
        baseValue: (x) => asked().baseValue(x),
        explain: (x) => asked().explain(x),
      })
    }
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Warnings that started a second learner. */
  get warnings(): number {
    return this.#state.warnings
  }

  /** Drifts that replaced the learner. */
  get drifts(): number {
    return this.#state.drifts
  }

  /** Whether a second learner is being prepared. */
  get isWarned(): boolean {
    return this.#background.length > 0
  }

  get sizeInBytes(): number {
    // nine numbers of its own
    return 9 * 8 + sizeOfAll([this.#active, ...this.#background, ...this.#warners]) + sizeOf(this.#detector)
  }

  predict(x: Vector): number {
    return this.#active.predict(x)
  }

  learn(x: Vector, y: number, weight = 1): void {
    // refuses a vector of the wrong length before a detector has seen its error
    const said = this.#active.predict(x)
    checkObservation(this.task, x, lengthOf(x), y, weight)
    if (this.#unproven.length > 0) {
      for (const learner of this.#unproven) learner.predict(x)
      this.#unproven = []
    }
    this.#react(this.task === 'binary' ? this.#judgeSide(y, said) : this.#judgeDistance(y, said))
    this.#active.learn(x, y, weight)
    for (const learner of this.#background) learner.learn(x, y, weight)
    this.#state.age++
    this.#state.seen++
  }

  toJSON(): Snapshot {
    return snapshot(DriftAware, this.options, {
      ...this.#state,
      prototype: { ...this.#prototype },
      detector: packMember(this.#detector),
      warners: this.#warners.map(packMember),
      active: packMember(this.#active),
      background: this.#background.map(packMember),
    })
  }

  /** Reads back what {@link toJSON} wrote; `restore` must know the learner and the detectors. */
  static fromJSON(json: Snapshot, restore: Restore): DriftAware {
    const { options, state } = checkSnapshot(DriftAware, json)
    const { prototype: _, detector: __, warners, active: ___, background: ____, ...own } = state
    const template: Settings = { watch: 'error', patience: 0, minSamples: 0 }
    const owner = DriftAware.type
    const learner = new DriftAware({
      ...unpackState(options, template, 'options'),
      create: () => restoreMember(state, 'prototype', owner, restore),
      detector: asDetector(restore(nested(state, 'detector', owner))),
    })
    if (!Array.isArray(warners) || warners.length > 1) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `"${owner}" must hold a list "warners" of none or one, got ${show(warners)}.`,
      )
    }
    learner.#warners = warners.map((warner: Snapshot) => asDetector(restore(warner)))
    const active = restoreMember(state, 'active', owner, restore)
    const background = restoreMembers(state, 'background', owner, restore)
    checkParts(learner.task, active, background)
    checkOneWidth([active, ...background, ...learner.#unproven], owner)
    learner.#active = active
    learner.#background = background
    learner.#unproven = [...learner.#unproven, ...background]
    learner.#state = checkState(unpackState(own, fresh()))
    return learner
  }

  #judgeSide(y: number, p: number): number {
    if (this.options.watch === 'loss') return (y - p) * (y - p)
    return misses(p, y) ? 1 : 0
  }

  /** Compares an error with those before it. */
  #judgeDistance(y: number, said: number): number {
    const { errors } = this.#state
    const error = Math.min(Math.abs(y - said), LARGEST_ERROR)
    const sum = error + errors.mean
    addDecayed(errors, error, SCALE_DECAY)
    // no error yet and none before: no reason to think it large or small
    return sum > 0 ? error / sum : 0.5
  }

  /** Shows the detectors what the prediction was worth, and acts on what they say. */
  #react(loss: number): void {
    const s = this.#state
    const level = this.#detector.update(loss)
    let isWarning = level === 'warning'
    for (const warner of this.#warners) if (warner.update(loss) !== 'stable') isWarning = true

    if (level === 'drift') {
      // a large change is reported again and again while it clears: what has just begun is left to learn
      if (s.age < this.options.minSamples) return
      this.#active = this.#background[0] ?? this.#create()
      this.#background = []
      s.age = this.#active.seen
      s.errors = createDecayedMoments()
      s.drifts++
    } else if (isWarning) {
      if (this.#background.length === 0) {
        this.#background = [this.#create()]
        s.warnings++
      }
      s.quiet = 0
    } else if (this.#background.length > 0 && ++s.quiet >= this.options.patience) this.#background = []
  }
}

function checkParts(task: Learner['task'], active: Learner, background: readonly Learner[]): void {
  const odd = [active, ...background].find((learner) => learner.task !== task)
  if (odd === undefined && background.length <= 1) return
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `"${DriftAware.type}" must hold at most one ${task} learner beside its own, got ${odd?.task ?? background.length}.`,
  )
}

function checkState(state: State): State {
  const { errors, ...counts } = state
  for (const [name, count] of Object.entries(counts)) integer(`state.${name}`, count, 0, 'CORRUPT_SNAPSHOT')
  for (const [name, value] of Object.entries(errors)) nonNegative(`state.errors.${name}`, value, 'CORRUPT_SNAPSHOT')
  if (errors.mean <= LARGEST_ERROR) return state
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `"state.errors.mean" must be at most ${LARGEST_ERROR}, got ${errors.mean}.`,
  )
}

function asDetector(part: Serializable): DriftDetector {
  if ('update' in part && 'level' in part) return part as DriftDetector
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"drift-aware" must hold detectors, got ${show(part.toJSON().type)}.`)
}
