import type { Candidate } from './split.ts'
import { isBetter, noCandidate } from './split.ts'
import type { Team } from './team.ts'

/** What the members of a team share, as it is sent to each. */
export type TeamMemory = {
  readonly members: number
  /** Two numbers by which members wait for each other. */
  readonly turn: SharedArrayBuffer
  /** Where members put their candidates. */
  readonly candidates: SharedArrayBuffer
  /** What `share` and `shareBytes` hand out. */
  readonly room: SharedArrayBuffer
}

/** Numbers kept a candidate: six, the size of its set, and the set. */
const SLOT = 7 + 255
/** Numbers kept a member: two candidates. */
const MEMBER = 2 * SLOT
/** Looks before a member that waits goes to sleep: about a millisecond, longer than a split of a large node takes the others. */
const LOOKS = 200_000

/** Memory for a team that will ask for at most `bytes` to share. */
export function createTeamMemory(members: number, bytes: number): TeamMemory {
  return {
    members,
    turn: new SharedArrayBuffer(8),
    candidates: new SharedArrayBuffer(2 * members * MEMBER * 8),
    room: new SharedArrayBuffer(bytes),
  }
}

/** A member of a team of threads. It waits without letting go of its thread, so it belongs in a worker. */
export class SharedTeam implements Team {
  readonly members: number
  readonly rank: number
  readonly #turn: Int32Array
  readonly #candidates: Float64Array
  readonly #room: SharedArrayBuffer
  #used = 0
  /** Candidates are put into two places by turns, so that none is overwritten before all have read it. */
  #half = 0

  constructor({ members, turn, candidates, room }: TeamMemory, rank: number) {
    this.members = members
    this.rank = rank
    this.#turn = new Int32Array(turn)
    this.#candidates = new Float64Array(candidates)
    this.#room = room
  }

  meet(): void {
    const turn = this.#turn
    const now = Atomics.load(turn, 1)
    if (Atomics.add(turn, 0, 1) + 1 === this.members) {
      Atomics.store(turn, 0, 0)
      Atomics.add(turn, 1, 1)
      Atomics.notify(turn, 1)
      return
    }
    for (let look = 0; look < LOOKS; look++) if (Atomics.load(turn, 1) !== now) return
    while (Atomics.load(turn, 1) === now) Atomics.wait(turn, 1, now)
  }

  agree(candidates: readonly Candidate[]): readonly Candidate[] {
    const start = this.#half * this.members * MEMBER
    this.#half = 1 - this.#half
    for (const [i, candidate] of candidates.entries()) {
      write(this.#candidates, start + this.rank * MEMBER + i * SLOT, candidate)
    }
    this.meet()
    return candidates.map((_, i) => {
      let best = noCandidate()
      for (let rank = 0; rank < this.members; rank++) {
        const other = read(this.#candidates, start + rank * MEMBER + i * SLOT)
        if (isBetter(other, best)) best = other
      }
      return best
    })
  }

  share(length: number): Float64Array {
    return new Float64Array(this.#room, this.#take(8 * length), length)
  }

  shareBytes(length: number): Uint8Array {
    return new Uint8Array(this.#room, this.#take(length), length)
  }

  #take(bytes: number): number {
    const at = this.#used
    this.#used += 8 * Math.ceil(bytes / 8)
    return at
  }
}

function write(out: Float64Array, at: number, candidate: Candidate): void {
  const { gain, feature, bin, missingLeft, left, extraL2, set } = candidate
  out[at] = gain
  out[at + 1] = feature
  out[at + 2] = bin
  out[at + 3] = missingLeft ? 1 : 0
  out[at + 4] = left
  out[at + 5] = extraL2
  out[at + 6] = set.length
  out.set(set, at + 7)
}

function read(from: Float64Array, at: number): Candidate {
  return {
    gain: from[at]!,
    feature: from[at + 1]!,
    bin: from[at + 2]!,
    missingLeft: from[at + 3] === 1,
    left: from[at + 4]!,
    extraL2: from[at + 5]!,
    set: Array.from(from.subarray(at + 7, at + 7 + from[at + 6]!)),
  }
}
