import type { Candidate } from './split.ts'

/**
 * Threads that train one model together: each searches its own share of the features and works out the derivatives of
 * its own share of the rows; everything else they do alike, so that all hold the same trees. Alone there is nobody to
 * wait for.
 */
export type Team = {
  readonly members: number
  /** This thread's number, from 0 up. */
  readonly rank: number
  /** Returns once all members have called it. */
  meet(): void
  /** Turns each member's best questions, one or two, into the best of all: the highest gain, then the lowest feature. */
  agree(candidates: readonly Candidate[]): readonly Candidate[]
  /** Room for numbers that all members see, 0 at first. Members ask in the same order. */
  share(length: number): Float64Array
  /** The same for bytes. */
  shareBytes(length: number): Uint8Array
}

/** One thread on its own. */
export const alone: Team = {
  members: 1,
  rank: 0,
  meet: () => {},
  agree: (candidates) => candidates,
  share: (length) => new Float64Array(length),
  shareBytes: (length) => new Uint8Array(length),
}

/** This member's part of `count` things: from the first number up to, not including, the second. */
export function partOf(team: Team, count: number): readonly [start: number, end: number] {
  return [Math.floor((count * team.rank) / team.members), Math.floor((count * (team.rank + 1)) / team.members)]
}
