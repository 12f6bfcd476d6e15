import type { Snapshot } from '../contracts.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Pruner } from './pruner.ts'
import type { Verdict } from './trial.ts'

/** Lets every trial run to its end: right where trials are cheap, or where early values say little about late ones. */
export class NoPruner implements Pruner {
  static readonly type: string = 'no-pruner'
  static readonly version: number = 1

  judge(): Verdict {
    return 'go on'
  }

  toJSON(): Snapshot {
    return snapshot(NoPruner, {}, {})
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): NoPruner {
    const { options, state } = checkSnapshot(NoPruner, json)
    unpackState(options, {}, 'options')
    unpackState(state, {})
    return new NoPruner()
  }
}
