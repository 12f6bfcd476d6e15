import type { Explainable, JsonObject, Learner, Snapshot, Vector } from '../contracts.ts'
import { checkObservation, integer } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import { isExplainable, isForgetful, isRefittable, lend, refitInTurn } from './abilities.ts'
import { checkCount, corrupt, count } from './checks.ts'
import { lengthOf } from './length-of.ts'
import { packMember, type Restore, restoreMember, restoreMembers } from './members.ts'
import { checkOneWidth } from './one-width.ts'

/** Options of {@link ByGroup}. */
export type ByGroupOptions = {
  /** The learner of all observations, asked wherever a group has too few of its own. */
  readonly pooled: Learner
  /** Makes a fresh learner for a group: the same each time, never the same object. */
  readonly create: () => Learner
  /** Position of the feature that holds the group's whole-number code. */
  readonly column: number
  /** Observations of its own before a group's learner is asked. @defaultValue 20 */
  readonly minSamples: number
  /** Most groups that get a learner of their own, first come first served. @defaultValue 64 */
  readonly maxGroups: number
}

type Settings = Pick<ByGroupOptions, 'column' | 'minSamples' | 'maxGroups'>
type State = { seen: number; groups: number; codes: Float64Array; counts: Float64Array }

const fresh = ({ maxGroups }: Pick<Settings, 'maxGroups'>): State => ({
  seen: 0,
  groups: 0,
  codes: new Float64Array(maxGroups),
  counts: new Float64Array(maxGroups),
})

/**
 * One learner for all, and one more for each group that has enough observations of its own.
 *
 * Groups are whole-number codes in a feature column: the symbol, the regime, the hour. Every observation teaches the
 * pooled learner and its group's; predictions come from the group's once it has seen `minSamples`, else from the pooled
 * one. A code that is missing, not whole, or comes after `maxGroups` others is left to the pooled learner. Twice the
 * cost of `learn`; memory is bounded by `maxGroups` learners.
 *
 * It can `refit` and `forget` when the pooled or the groups' learners can (refits run one due learner at a time), and
 * `explain` when both can, in the same unit.
 *
 * @example
 * ```ts
 * const create = () => new BaseRate({ features: 2 })
 * const learner = new ByGroup({ pooled: create(), create, column: 0 })
 * learner.learn(Float64Array.of(7, 0.3), 1) // group 7
 * ```
 */
export class ByGroup implements Learner {
  static readonly type: string = 'by-group'
  static readonly version: number = 1

  readonly task: 'binary' | 'regression'
  readonly pooled: Learner
  readonly options: Settings
  readonly #create: () => Learner
  /** What `create` made, unused: after a restore new groups start from it. */
  readonly #prototype: Snapshot
  /** Length of vectors that pooled and group learners are known to take. */
  #width = -1
  #members: Learner[] = []
  #state: State

  constructor({
    pooled,
    create,
    column,
    minSamples = 20,
    maxGroups = 64,
  }: Partial<ByGroupOptions> & Pick<ByGroupOptions, 'pooled' | 'create' | 'column'>) {
    const sample = create()
    checkFactory(sample, create, pooled)
    this.task = pooled.task
    this.pooled = pooled
    this.options = {
      column: integer('column', column, 0),
      minSamples: integer('minSamples', minSamples),
      maxGroups: count('maxGroups', maxGroups),
    }
    this.#create = create
    this.#prototype = sample.toJSON()
    this.#state = fresh(this.options)

    const kinds = [pooled, sample]
    if (kinds.some(isRefittable))
      lend(
        this,
        refitInTurn(() => [pooled, ...this.#members]),
      )
    if (kinds.some(isForgetful)) lend(this, { forget: (keep) => this.#forget(keep) })
    if (isExplainable(pooled) && isExplainable(sample) && pooled.explains === sample.explains) {
      const asked = (x: Vector): Explainable => {
        const learner = this.#learnerFor(x)
        return isExplainable(learner) ? learner : pooled
      }
      lend(this, {
        explains: pooled.explains,
        baseValue: (x) => asked(x).baseValue(x),
        explain: (x) => asked(x).explain(x),
      })
    }
  }

  get seen(): number {
    return this.#state.seen
  }

  /** Number of groups that have a learner of their own. */
  get groups(): number {
    return this.#state.groups
  }

  predict(x: Vector): number {
    return this.#learnerFor(x).predict(x)
  }

  learn(x: Vector, y: number, weight = 1): void {
    checkObservation(this.task, x, lengthOf(x), y, weight)
    this.#codeOf(x)
    if (x.length !== this.#width) this.#checkWidth(x)
    this.pooled.learn(x, y, weight)
    this.#state.seen++

    const at = this.#placeFor(x)
    if (at < 0) return
    this.#members[at]!.learn(x, y, weight)
    this.#state.counts[at]!++
  }

  toJSON(): Snapshot {
    return snapshot(ByGroup, this.options, {
      ...this.#state,
      pooled: packMember(this.pooled),
      prototype: { ...this.#prototype },
      members: this.#members.map(packMember),
    })
  }

  /** Reads back what {@link toJSON} wrote; new groups are then made with the same `restore`. */
  static fromJSON(json: Snapshot, restore: Restore): ByGroup {
    const { options, state } = checkSnapshot(ByGroup, json)
    const { pooled: _, prototype: __, members: ___, ...own } = state
    nested(state, 'prototype', 'by-group')
    const learner = new ByGroup({
      ...unpackState(options, { column: 0, minSamples: 0, maxGroups: 0 }, 'options'),
      pooled: restoreMember(state, 'pooled', 'by-group', restore),
      create: () => restoreMember(state, 'prototype', 'by-group', restore),
    })
    const members = restoreMembers(state, 'members', 'by-group', restore)
    checkOneWidth([learner.pooled, learner.#create(), ...members], 'by-group')
    learner.#members = members
    learner.#state = readState(own, learner.options, members.length)
    return learner
  }

  /** The learner that is asked about `x`. */
  #learnerFor(x: Vector): Learner {
    const at = this.#find(x)
    return at >= 0 && this.#state.counts[at]! >= this.options.minSamples ? this.#members[at]! : this.pooled
  }

  #codeOf(x: Vector): number {
    const { column } = this.options
    if (column < lengthOf(x)) return x[column]!
    throw new TradeLearnError('INVALID_INPUT', `"x" must have a feature ${column}, got ${show(x)}.`)
  }

  /** Where the group of `x` is kept; -1 if it has no learner. */
  #find(x: Vector): number {
    const { codes, groups } = this.#state
    const code = this.#codeOf(x)
    for (let i = 0; i < groups; i++) if (codes[i] === code) return i
    return -1
  }

  /** The same, making a learner for a new group while there is room. */
  #placeFor(x: Vector): number {
    const s = this.#state
    const at = this.#find(x)
    const code = this.#codeOf(x)
    if (at >= 0 || !Number.isSafeInteger(code) || s.groups === this.options.maxGroups) return at
    this.#members.push(this.#create())
    s.codes[s.groups] = code
    return s.groups++
  }

  /** Lets both kinds of learner refuse a length before either has learned; `predict` leaves no traces. */
  #checkWidth(x: Vector): void {
    this.pooled.predict(x)
    this.#create().predict(x)
    this.#width = x.length
  }

  #forget(keep: number): void {
    integer('keep', keep, 0, 'INVALID_INPUT')
    for (const learner of [this.pooled, ...this.#members]) if (isForgetful(learner)) learner.forget(keep)
    const { counts } = this.#state
    for (let i = 0; i < counts.length; i++) counts[i] = Math.min(counts[i]!, keep)
  }
}

/** The state of groups with a learner each; codes are whole and stand there once. */
function readState(json: JsonObject, options: Settings, members: number): State {
  const state = unpackState(json, fresh(options))
  const { seen, groups, codes, counts } = state
  checkCount('state.seen', seen)
  if (groups !== members || groups > options.maxGroups)
    corrupt('state.groups', `the number of learners, ${members}`, groups)
  const own = codes.subarray(0, groups)
  const wrong = own.findIndex((code, i) => !Number.isSafeInteger(code) || own.indexOf(code) < i)
  if (wrong >= 0) corrupt(`state.codes[${wrong}]`, 'a whole number of its own', codes[wrong])
  for (const [i, n] of counts.entries()) checkCount(`state.counts[${i}]`, n)
  return state
}

function checkFactory(sample: Learner, create: () => Learner, pooled: Learner): void {
  if (sample === pooled || create() === sample) {
    throw new TradeLearnError('INVALID_OPTION', '"create" must make a new learner each time, got the same one again.')
  }
  if (sample.task !== pooled.task) {
    throw new TradeLearnError('INVALID_OPTION', `"create" must make ${pooled.task} learners, got ${sample.task}.`)
  }
}
