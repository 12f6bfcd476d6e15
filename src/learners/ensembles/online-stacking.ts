import type { Learner, Snapshot, Vector } from '../../contracts.ts'
import { checkObservation, integer, oneOf } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp, logit } from '../../core/math.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { isRefittable, lend, refitInTurn } from '../abilities.ts'
import { lengthOf } from '../length-of.ts'
import { packMember, type Restore, restoreMember, restoreMembers } from '../members.ts'
import { checkOneWidth } from '../one-width.ts'
import { sizeOf, sizeOfAll } from '../size.ts'

/** Options of {@link OnlineStacking}. */
export type OnlineStackingOptions = {
  /** The members: one or more learners of the same task, each its own object. */
  readonly learners: readonly Learner[]
  /** Learns from what the members say; its vectors hold one number for each of them, then the features if it sees them. */
  readonly meta: Learner
  /** Whether the meta learner sees what the members say alone, or the features besides. @defaultValue 'advice' */
  readonly sees: 'advice' | 'advice-and-features'
}

/** Probabilities count as no closer to 0 and 1 than this, so that their log-odds stay within ±7. */
const MARGIN = 1e-3

/**
 * A learner that learns whom to believe: its features are what other learners predict.
 *
 * The meta learner is taught with what the members said before they saw the label, so that it learns how good they are
 * on what is new; then the members learn. Classifiers pass on the log-odds ln(p / (1 - p)) of their predictions, so
 * that a logistic regression over them can copy any of them, and sharpen or blunt it.
 *
 * Costs what the members and the meta learner cost, and one more prediction of each member. It can `refit` when one of
 * them can: one due part a run. `Hedge` weighs its experts by their losses alone, learns in tens of labels and comes
 * with a bound; stacking needs hundreds, and can then be better than any mean of its members.
 *
 * @see D. H. Wolpert (1992), "Stacked generalization", Neural Networks 5
 *
 * @example
 * ```ts
 * const stack = new OnlineStacking({
 *   learners: [new HoeffdingTreeClassifier({ features: 2 }), new BayesianLogisticRegression({ features: 2 })],
 *   meta: new BayesianLogisticRegression({ features: 2 }),
 * })
 * stack.learn(Float64Array.of(0.3, -1), 1)
 * ```
 */
export class OnlineStacking implements Learner {
  static readonly type: string = 'online-stacking'
  static readonly version: number = 1

  readonly task: Learner['task']
  readonly learners: readonly Learner[]
  readonly meta: Learner
  readonly options: Pick<OnlineStackingOptions, 'sees'>
  #state = { seen: 0 }
  /** Length of vectors that all parts are known to take. */
  #width = -1
  /** What the meta learner is given; nothing learnt. */
  #advice: Vector

  constructor({
    learners,
    meta,
    sees = 'advice',
  }: Partial<OnlineStackingOptions> & Pick<OnlineStackingOptions, 'learners' | 'meta'>) {
    checkParts(learners, meta)
    this.task = meta.task
    this.learners = [...learners]
    this.meta = meta
    this.options = { sees: oneOf('sees', sees, ['advice', 'advice-and-features']) }
    this.#advice = new Float64Array(learners.length)
    // without features its width is known at once
    if (sees === 'advice') meta.predict(this.#advice)
    const parts = [...learners, meta]
    if (parts.some(isRefittable))
      lend(
        this,
        refitInTurn(() => parts),
      )
  }

  get seen(): number {
    return this.#state.seen
  }

  get sizeInBytes(): number {
    return sizeOfAll(this.learners) + sizeOf(this.meta) + 8
  }

  predict(x: Vector): number {
    return this.meta.predict(this.#ask(x))
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation(this.task, x, lengthOf(x), y, weight)
    if (x.length !== this.#width) this.#checkWidth(x)
    this.meta.learn(this.#ask(x), y, weight)
    for (const learner of this.learners) learner.learn(x, y, weight)
    this.#state.seen++
  }

  toJSON(): Snapshot {
    const parts = { learners: this.learners.map(packMember), meta: packMember(this.meta) }
    return snapshot(OnlineStacking, this.options, { ...this.#state, ...parts })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot, restore: Restore): OnlineStacking {
    const { options, state } = checkSnapshot(OnlineStacking, json)
    const { learners: _, meta: __, ...own } = state
    const owner = OnlineStacking.type
    const stack = new OnlineStacking({
      ...unpackState(options, { sees: 'advice' } as OnlineStacking['options'], 'options'),
      learners: restoreMembers(state, 'learners', owner, restore),
      meta: restoreMember(state, 'meta', owner, restore),
    })
    checkOneWidth(stack.learners, owner)
    const { seen } = unpackState(own, { seen: 0 })
    stack.#state = { seen: integer('state.seen', seen, 0, 'CORRUPT_SNAPSHOT') }
    return stack
  }

  /** Lets all parts refuse a length before any has learned; `predict` leaves no traces. */
  #checkWidth(x: Vector): void {
    this.predict(x)
    this.#width = x.length
  }

  /** What the meta learner is to see. */
  #ask(x: Vector): Vector {
    const { learners, task } = this
    const n = learners.length
    const width = this.options.sees === 'advice' ? n : n + lengthOf(x)
    if (this.#advice.length !== width) this.#advice = new Float64Array(width)
    const advice = this.#advice
    for (let i = 0; i < n; i++) {
      const said = learners[i]!.predict(x)
      advice[i] = task === 'binary' ? logit(said, MARGIN) : clamp(said, -Number.MAX_VALUE, Number.MAX_VALUE)
    }
    if (width > n) advice.set(x, n)
    return advice
  }
}

function checkParts(learners: readonly Learner[], meta: Learner): void {
  if (learners.length === 0) {
    throw new TradeLearnError('INVALID_OPTION', '"learners" must hold at least one learner, got none.')
  }
  if (new Set([...learners, meta]).size < learners.length + 1) {
    throw new TradeLearnError('INVALID_OPTION', '"learners" and "meta" must each be their own object, got one twice.')
  }
  const tasks = new Set([...learners, meta].map(({ task }) => task))
  if (tasks.size > 1) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"learners" and "meta" must share one task, got ${[...tasks].join(' and ')}.`,
    )
  }
}
