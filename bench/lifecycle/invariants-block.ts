import { parentPort } from 'node:worker_threads'
import { SeededRng } from '../../src/core/rng.ts'
import { realDesk } from '../../test/decision/invariants/desk.ts'
import { createTally, runSequences, type Tally } from '../../test/decision/invariants/sequence.ts'

/** Sequences that have one seed. */
export const BLOCK = 1000

/** Plays one block: what comes of it depends on seed and number alone. */
function play(seed: number, block: number): Tally {
  const tally = createTally()
  const rng = new SeededRng(`${seed}/${block}`)
  while (tally.sequences < BLOCK && tally.first === null) runSequences(rng, realDesk, tally)
  return tally
}

// most questions here are refused, and nobody reads where from
Error.stackTraceLimit = 0
parentPort?.on('message', ({ seed, block }: { seed: number; block: number }) => {
  parentPort!.postMessage({ block, tally: play(seed, block) })
})
