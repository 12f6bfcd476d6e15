import type { JsonObject, JsonValue, Learner, Snapshot, Vector } from '../../contracts.ts'
import { openFraction } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { ADWIN } from '../../drift/adwin.ts'
import { packMember, type Restore, restoreMember } from '../members.ts'
import { sizeOfAll } from '../size.ts'
import { restoreDetectors } from './watch.ts'

/** How sensitive the two detectors of every member are. */
export type RenewalOptions = {
  /** ADWIN's "delta" for a warning, which starts a background learner. */
  readonly warningConfidence: number
  /** ADWIN's "delta" for a drift, which puts that learner in the member's place. */
  readonly driftConfidence: number
}

/** The checked options. */
export function checkRenewal({ warningConfidence, driftConfidence }: RenewalOptions): RenewalOptions {
  return {
    warningConfidence: openFraction('warningConfidence', warningConfidence),
    driftConfidence: openFraction('driftConfidence', driftConfidence),
  }
}

/**
 * Keeps members up to date: when the errors of one rise, a learner starts in the background; when they have risen for
 * sure, it takes over, or a fresh one does. Both detectors look for a rise alone: a member that gets better stays.
 */
export class Renewal {
  readonly #options: RenewalOptions
  /** Makes a fresh learner. */
  readonly #fresh: () => Learner
  #warnings: ADWIN[]
  #drifts: ADWIN[]
  #background: (Learner | undefined)[]

  constructor(members: number, options: RenewalOptions, fresh: () => Learner) {
    this.#options = options
    this.#fresh = fresh
    this.#warnings = Array.from({ length: members }, () => this.#warning())
    this.#drifts = Array.from({ length: members }, () => this.#drift())
    this.#background = Array.from({ length: members }, () => undefined)
  }

  /** Members that have a learner in the background. */
  get waiting(): number {
    return this.learners.length
  }

  /** The learners in the background. */
  get learners(): readonly Learner[] {
    return this.#background.filter((learner) => learner !== undefined)
  }

  /** Lets the background learner of a member learn, where there is one. */
  learn(member: number, x: Vector, y: number, weight: number): void {
    this.#background[member]?.learn(x, y, weight)
  }

  /** Takes in a member's newest error, 0 to 1, and returns the learner that is to take its place, if any. */
  see(member: number, error: number): Learner | undefined {
    // a new learner in the background, or in front, makes other errors: its detectors start with no past
    if (this.#warnings[member]!.update(error) === 'drift') {
      this.#background[member] = this.#fresh()
      this.#warnings[member] = this.#warning()
    }
    if (this.#drifts[member]!.update(error) !== 'drift') return undefined
    const successor = this.#background[member] ?? this.#fresh()
    this.#background[member] = undefined
    this.#warnings[member] = this.#warning()
    this.#drifts[member] = this.#drift()
    return successor
  }

  get sizeInBytes(): number {
    return sizeOfAll(this.#warnings) + sizeOfAll(this.#drifts) + sizeOfAll(this.learners)
  }

  pack(): JsonObject {
    return {
      warnings: this.#warnings.map(packMember),
      drifts: this.#drifts.map(packMember),
      background: this.#background.map((learner) => (learner === undefined ? null : packMember(learner))),
    }
  }

  /** Reads back what {@link pack} wrote into a renewal of the same options; `check` refuses learners that do not fit. */
  restore(json: JsonValue | undefined, owner: string, restore: Restore, check: (learner: Learner) => void): this {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${owner}" must hold an object "renewal", got ${show(json)}.`)
    }
    const { warnings, drifts, background } = json as JsonObject
    const members = this.#drifts.length
    if (!Array.isArray(background) || background.length !== members) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `"${owner}" must hold ${members} places for background learners, got ${show(background)}.`,
      )
    }
    this.#warnings = restoreDetectors(warnings, members, owner, this.#warning())
    this.#drifts = restoreDetectors(drifts, members, owner, this.#drift())
    this.#background = background.map((learner: Snapshot | null) =>
      learner === null
        ? undefined
        : restoreMember({ learner: learner as unknown as JsonObject }, 'learner', owner, restore),
    )
    for (const learner of this.#background) if (learner !== undefined) check(learner)
    return this
  }

  #warning(): ADWIN {
    return new ADWIN({ confidence: this.#options.warningConfidence, direction: 'up' })
  }

  #drift(): ADWIN {
    return new ADWIN({ confidence: this.#options.driftConfidence, direction: 'up' })
  }
}
