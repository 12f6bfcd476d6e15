import type { JsonObject, JsonValue, Snapshot } from '../../contracts.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { ADWIN } from '../../drift/adwin.ts'
import { isAlike } from '../alike.ts'
import { packMember } from '../members.ts'
import { sizeOfAll } from '../size.ts'

/** An ADWIN on each member's errors, which says whose errors have risen and who is worst. */
export class Watch {
  readonly #confidence: number
  #detectors: ADWIN[]
  #risen = false

  constructor(members: number, confidence: number) {
    this.#confidence = confidence
    this.#detectors = Array.from({ length: members }, () => this.#fresh())
  }

  /** Mean error of a member in its window; 0 before the first. */
  errorOf(member: number): number {
    return this.#detectors[member]!.mean || 0
  }

  /** Takes in a member's newest error, 0 to 1. */
  see(member: number, error: number): void {
    if (this.#detectors[member]!.update(error) === 'drift') this.#risen = true
  }

  /** Once all members' errors are in: the worst member where some errors have risen, to be replaced; else -1. */
  toReplace(): number {
    if (!this.#risen) return -1
    this.#risen = false
    let worst = 0
    for (let i = 1; i < this.#detectors.length; i++) if (this.errorOf(i) > this.errorOf(worst)) worst = i
    this.#detectors[worst] = this.#fresh()
    return worst
  }

  get sizeInBytes(): number {
    return sizeOfAll(this.#detectors)
  }

  pack(): JsonObject[] {
    return this.#detectors.map(packMember)
  }

  /** Reads back what {@link pack} wrote. */
  static restore(json: JsonValue | undefined, members: number, confidence: number, owner: string): Watch {
    const watch = new Watch(0, confidence)
    watch.#detectors = restoreDetectors(json, members, owner, watch.#fresh())
    return watch
  }

  /** A member that gets better is none to replace. */
  #fresh(): ADWIN {
    return new ADWIN({ confidence: this.#confidence, direction: 'up' })
  }
}

/** A saved list of ADWINs, one for each member, with the options of a fresh one. */
export function restoreDetectors(json: JsonValue | undefined, members: number, owner: string, fresh: ADWIN): ADWIN[] {
  if (!Array.isArray(json) || json.length !== members) {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `"${owner}" must hold ${members} detectors, got ${show(json)}.`)
  }
  const detectors = json.map((detector: Snapshot) => ADWIN.fromJSON(detector))
  const odd = detectors.find((detector) => !isAlike(detector, fresh))
  if (odd === undefined) return detectors
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `"${owner}" must hold detectors with the options ${show(fresh.options)}, got ${show(odd.options)}.`,
  )
}
