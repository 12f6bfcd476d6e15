import type { JsonObject, JsonValue, Vector } from '../../contracts.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { clamp, logLossOf } from '../../core/math.ts'
import { packRecord, unpackState } from '../../core/state.ts'
import type { Judge } from './judge.ts'
import { misses } from './miss.ts'

/**
 * What a member's vote weighs: e^(-4 loss) with its recent log loss; the share of labels that it got right since it was
 * put in place, as in River and MOA; or one, like all others'.
 */
export type Vote = 'log-loss' | 'accuracy' | 'equal'

export const VOTES: readonly Vote[] = ['log-loss', 'accuracy', 'equal']

/** Probabilities count as no closer to 0 and 1, so that no single label silences a member for long. */
const MARGIN = 1e-6
/** No loss is larger, with some room for rounding: -ln 1e-6 is 13.8. */
const LARGEST_LOSS = 14
/** Sharpness of the vote by log loss: 2 loses on labels that follow their neighbours, 8 on noisy ones (docs/adr/0022). */
const SHARPNESS = 4

type State = { loss: Float64Array; right: Float64Array; judged: Float64Array }

const fresh = (members: number): State => ({
  // as of members that say one half
  loss: new Float64Array(members).fill(Math.LN2),
  right: new Float64Array(members),
  judged: new Float64Array(members),
})

/** Judges members that predict P(y = 1). */
export class ClassJudge implements Judge {
  readonly #vote: Vote
  readonly #decay: number
  #state: State
  /** What follows from the state. */
  readonly #weights: Float64Array

  constructor(members: number, vote: Vote, halfLife: number) {
    this.#vote = vote
    this.#decay = decayOf(halfLife)
    this.#state = fresh(members)
    this.#weights = new Float64Array(members).fill(1)
  }

  mix(answers: Vector): number {
    const weights = this.#weights
    let sum = 0
    let total = 0
    for (let i = 0; i < weights.length; i++) {
      sum += weights[i]! * answers[i]!
      total += weights[i]!
    }
    return clamp(sum / total, 0, 1)
  }

  errorOf(_member: number, said: number, y: number): number {
    return misses(said, y) ? 1 : 0
  }

  see(member: number, said: number, y: number): void {
    const { loss, right, judged } = this.#state
    loss[member] = this.#decay * loss[member]! + (1 - this.#decay) * logLossOf(y, clamp(said, MARGIN, 1 - MARGIN))
    judged[member]!++
    if (!misses(said, y)) right[member]!++
    this.#weigh(member)
  }

  /** The successor has to earn its vote: the recent loss stays, for it soon fades. */
  replaced(member: number): void {
    this.#state.right[member] = 0
    this.#state.judged[member] = 0
    this.#weigh(member)
  }

  get sizeInBytes(): number {
    return 3 * this.#weights.byteLength
  }

  pack(): JsonObject {
    return packRecord(this.#state)
  }

  restore(json: JsonValue | undefined): this {
    const members = this.#weights.length
    const state = unpackState(json, fresh(members), 'state.judge')
    for (let i = 0; i < members; i++) {
      const [loss, right, judged] = [state.loss[i]!, state.right[i]!, state.judged[i]!]
      const counted = right >= 0 && judged >= right && Number.isSafeInteger(right) && Number.isSafeInteger(judged)
      if (counted && loss >= 0 && loss <= LARGEST_LOSS) continue
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `Saved scores of members must be counts and losses up to ${LARGEST_LOSS}, got others for member ${i}.`,
      )
    }
    this.#state = state
    for (let i = 0; i < members; i++) this.#weigh(i)
    return this
  }

  #weigh(member: number): void {
    const { loss, right, judged } = this.#state
    if (this.#vote === 'log-loss') this.#weights[member] = Math.exp(-SHARPNESS * loss[member]!)
    // as in River a member that has not been right yet counts in full
    else if (this.#vote === 'accuracy')
      this.#weights[member] = right[member]! > 0 ? right[member]! / judged[member]! : 1
  }
}
