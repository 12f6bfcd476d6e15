import type { JsonObject, JsonValue, Vector } from '../../contracts.ts'

/** Weighs members by what they said before the label, and turns that into errors for their detectors. */
export interface Judge {
  /** What the members say together. */
  mix(answers: Vector): number
  /** How wrong an answer of a member is, from 0 to 1, for its detectors. */
  errorOf(member: number, said: number, y: number): number
  /** Scores what a member had said before the label. */
  see(member: number, said: number, y: number): void
  /** Another learner has taken the member's place. */
  replaced(member: number): void
  readonly sizeInBytes: number
  pack(): JsonObject
  /** Reads back what {@link pack} wrote. */
  restore(json: JsonValue | undefined): this
}
