import type { JsonObject, Learner, Rng, Vector } from '../../contracts.ts'
import { integer, text } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { SeededRng } from '../../core/rng.ts'
import { nested } from '../../core/snapshot.ts'
import { lend, refitInTurn } from '../abilities.ts'
import { atMost } from '../at-most.ts'
import { packMember, type Restore, restoreMembers } from '../members.ts'
import { sizeOf, sizeOfAll } from '../size.ts'
import { Advice } from './advice.ts'
import { type CreateMember, Nursery } from './nursery.ts'

/** What all ensembles are told. */
export type CrewOptions = {
  /** Length of the feature vectors. */
  readonly features: number
  /** Makes a fresh member; see {@link CreateMember}. */
  readonly create: CreateMember
  /** Number of members. @defaultValue 10 */
  readonly members: number
  /** Where all chance starts from. @defaultValue '1' */
  readonly seed: string
}

/** The same as a caller gives it. */
export type CrewInput = Pick<CrewOptions, 'features'> &
  Partial<Pick<CrewOptions, 'create' | 'members'>> & { readonly seed?: string | number }

/** The part of the options that a snapshot keeps. */
export type CrewSettings = Pick<CrewOptions, 'features' | 'members' | 'seed'>

/** What stands in the state of every ensemble's snapshot. */
export type PackedCrew = { readonly rng: JsonObject; readonly prototype: JsonObject; readonly crew: JsonObject[] }

/** What an ensemble makes of a fresh learner before it becomes a member. */
export type Wrap = (learner: Learner, rng: Rng) => Learner
const asIs: Wrap = (learner) => learner

/** More than this is taken for a mistake, or for a snapshot that wants to fill the memory. */
const MOST_MEMBERS = 10_000
const MOST_FEATURES = 65_536

/** The members of an ensemble with all that every ensemble needs: fresh ones, chance, answers, snapshots. */
export class Crew {
  readonly settings: CrewSettings
  readonly task: Learner['task']
  readonly rng: SeededRng
  readonly #nursery: Nursery
  readonly #wrap: Wrap
  readonly #advice: Advice
  #members: Learner[] | undefined

  private constructor(settings: CrewSettings, nursery: Nursery, wrap: Wrap, rng: SeededRng) {
    this.settings = settings
    this.#nursery = nursery
    this.#wrap = wrap
    this.task = nursery.task
    this.rng = rng
    this.#advice = new Advice(settings.features, settings.members)
  }

  /** Members made by a factory, for vectors of `width` numbers where `wrap` gives them others than come in. */
  static of(input: CrewInput, create: CreateMember, wrap: Wrap = asIs, width: number = input.features): Crew {
    const settings = checkSettings(input)
    return new Crew(settings, Nursery.of(create, width), wrap, new SeededRng(settings.seed))
  }

  /** The members, made when they are first needed. */
  get members(): Learner[] {
    if (this.#members === undefined) this.start(this.settings.members)
    return this.#members!
  }

  /** Begins anew with `count` fresh members. */
  start(count: number): this {
    this.#members = Array.from({ length: count }, () => this.fresh())
    return this
  }

  /** A new member with a seed of its own. */
  fresh(): Learner {
    return this.#wrap(this.#nursery.make(this.rng), this.rng)
  }

  /** A factory of the same members, for the copy of an ensemble. */
  get create(): CreateMember {
    return this.#nursery.create
  }

  /** Puts a learner in the place of a member. */
  replace(i: number, learner: Learner): void {
    this.members[i] = learner
    this.#advice.drop()
  }

  /** The members' predictions for a checked `x`, before any of them changes; to be read before the next call. */
  ask(x: Vector): Float64Array {
    // whoever refits a member does not tell
    if (this.#nursery.refits) this.#advice.drop()
    return this.#advice.of(this.members, x)
  }

  /** Says that members have learned, or that their list has changed. */
  changed(): void {
    this.#advice.drop()
  }

  /** Throws unless a learner that was read back fits in: one that does not would be found out in the middle of learning. */
  check(learner: Learner, owner: string): void {
    learner.predict(new Float64Array(this.settings.features))
    if (learner.task === this.task) return
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${owner}" must hold ${this.task} learners, got ${learner.task}.`)
  }

  /** Gives an ensemble the ability to refit of its members and of `others`, if they have it: one due learner a run. */
  lendRefits(ensemble: object, others: () => readonly Learner[] = () => []): void {
    if (this.#nursery.refits)
      lend(
        ensemble,
        refitInTurn(() => [...this.members, ...others()]),
      )
  }

  get sizeInBytes(): number {
    return sizeOfAll(this.members) + this.#nursery.sizeInBytes + sizeOf(this.rng)
  }

  pack(): PackedCrew {
    const crew = this.members.map(packMember)
    return { rng: packMember(this.rng), prototype: this.#nursery.prototype, crew }
  }

  /** Reads back what {@link pack} wrote, with the options that stood beside it. */
  static restore(
    options: CrewSettings,
    state: JsonObject,
    owner: string,
    restore: Restore,
    wrap: Wrap = asIs,
    width: number = options.features,
  ): Crew {
    const rng = SeededRng.fromJSON(nested(state, 'rng', owner))
    const crew = new Crew(checkSettings(options), Nursery.restore(state, width, owner, restore), wrap, rng)
    const members = restoreMembers(state, 'crew', owner, restore)
    if (members.length === 0 || members.length > options.members) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `"${owner}" must hold 1 to ${options.members} members, got ${members.length}.`,
      )
    }
    for (const member of members) crew.check(member, owner)
    crew.#members = members
    return crew
  }
}

/** A count of draws times a weight, kept finite as learners demand. */
export function weightOf(count: number, weight: number): number {
  return Math.min(count * weight, Number.MAX_VALUE)
}

/** Passes a crew of one task, else throws. */
export function ofTask(task: Learner['task'], crew: Crew): Crew {
  if (crew.task === task) return crew
  throw new TradeLearnError('INVALID_OPTION', `"create" must make ${task} learners, got ${crew.task}.`)
}

/** Passes a crew that is complete, else throws. */
export function complete(crew: Crew, owner: string): Crew {
  const { members } = crew.settings
  if (crew.members.length === members) return crew
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${owner}" must hold ${members} members, got ${crew.members.length}.`)
}

function checkSettings({ features, members = 10, seed = '1' }: CrewInput): CrewSettings {
  return {
    features: atMost('features', integer('features', features), MOST_FEATURES),
    members: atMost('members', integer('members', members), MOST_MEMBERS),
    seed: text('seed', String(seed)),
  }
}
