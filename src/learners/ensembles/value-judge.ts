import type { JsonObject, JsonValue, Vector } from '../../contracts.ts'
import { decayOf } from '../../core/decayed-moments.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { packRecord, unpackState } from '../../core/state.ts'
import type { Judge } from './judge.ts'

/**
 * What members say together: the median; the mean; the mean with weights that fall with the recent squared error of
 * each, 1 / e², of those that have been judged, if any have.
 */
export type Combination = 'median' | 'mean' | 'weighted'

export const COMBINATIONS: readonly Combination[] = ['median', 'mean', 'weighted']

/** Errors count as no larger, so that their squares stay finite. */
const LARGEST = 1e150

type State = { judged: Float64Array; size: Float64Array; square: Float64Array }

const fresh = (members: number): State => ({
  judged: new Float64Array(members),
  size: new Float64Array(members),
  square: new Float64Array(members),
})

/**
 * Judges members that predict E[y].
 *
 * Detectors get |e| / (|e| + s), where s is the mean of |e| since the member was put in place: a number from 0 to 1 in
 * no unit, about one half while errors are of the usual size, above it when they grow to either side.
 */
export class ValueJudge implements Judge {
  readonly #combination: Combination
  readonly #decay: number
  #state: State
  /** Scratch paper of the median. */
  readonly #sorted: Float64Array

  constructor(members: number, combination: Combination, halfLife: number) {
    this.#combination = combination
    this.#decay = decayOf(halfLife)
    this.#state = fresh(members)
    this.#sorted = new Float64Array(members)
  }

  mix(answers: Vector): number {
    if (this.#combination === 'median') return medianOf(answers, this.#sorted)
    const { square, judged } = this.#state
    const weighted = this.#combination === 'weighted'
    let least = Infinity
    for (let i = 0; i < square.length; i++) if (judged[i]! > 0) least = Math.min(least, square[i]!)
    let mean = 0
    let total = 0
    for (let i = 0; i < square.length; i++) {
      // who has not been judged has to wait while others have
      const weight = !weighted || least === Infinity ? 1 : judged[i]! > 0 ? ratio(least, square[i]!) : 0
      if (weight === 0) continue
      total += weight
      const share = weight / total
      mean = share * answers[i]! + (1 - share) * mean
    }
    return mean
  }

  errorOf(member: number, said: number, y: number): number {
    const { judged, size } = this.#state
    const error = Math.min(Math.abs(y - said), LARGEST)
    if (judged[member] === 0) return 0.5
    return error > 0 ? error / (error + size[member]!) : 0
  }

  see(member: number, said: number, y: number): void {
    const { judged, size, square } = this.#state
    const error = Math.min(Math.abs(y - said), LARGEST)
    const n = ++judged[member]!
    size[member]! += (error - size[member]!) / n
    // a plain mean until as many are in as a fading one remembers, so that the first counts as much as the others
    const share = Math.max(1 / n, 1 - this.#decay)
    square[member] = (1 - share) * square[member]! + share * error * error
  }

  replaced(member: number): void {
    const { judged, size, square } = this.#state
    judged[member] = 0
    size[member] = 0
    square[member] = 0
  }

  get sizeInBytes(): number {
    return 3 * this.#sorted.byteLength
  }

  pack(): JsonObject {
    return packRecord(this.#state)
  }

  restore(json: JsonValue | undefined): this {
    const members = this.#sorted.length
    const state = unpackState(json, fresh(members), 'state.judge')
    for (let i = 0; i < members; i++) {
      const [judged, size, square] = [state.judged[i]!, state.size[i]!, state.square[i]!]
      const sound = Number.isSafeInteger(judged) && judged >= 0 && size >= 0 && square >= 0
      if (sound && size <= 2 * LARGEST && square <= 2 * LARGEST * LARGEST) continue
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `Saved errors of members must be numbers from 0 to ${LARGEST}, got others for member ${i}.`,
      )
    }
    this.#state = state
    return this
  }
}

/** The least square error over a member's: 1 for the best, and for all that are perfect. */
const ratio = (least: number, square: number): number => (square === 0 ? 1 : least / square)

/** The median, of an even number of values the mean of the middle two. Sorts into `sorted`. */
function medianOf(values: Vector, sorted: Vector): number {
  const n = sorted.length
  for (let i = 0; i < n; i++) {
    const value = values[i]!
    let at = i
    while (at > 0 && sorted[at - 1]! > value) {
      sorted[at] = sorted[at - 1]!
      at--
    }
    sorted[at] = value
  }
  const upper = sorted[n >> 1]!
  return n % 2 === 1 ? upper : sorted[(n >> 1) - 1]! / 2 + upper / 2
}
