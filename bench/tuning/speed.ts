import { performance } from 'node:perf_hooks'
import { formatTable } from '../../src/cli/table.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { RandomSampler, type Sampler, Study, TPE } from '../../src/study/index.ts'
import { duration } from '../speed/timings.ts'
import { SPACE } from './objective.ts'
import type { TuningPeer } from './peers.ts'

/** Median milliseconds of an ask with its eight suggestions, after so many trials. */
export type Timed = {
  readonly sampler: string
  readonly after: number
  readonly ours: number
  readonly theirs: number | undefined
}

const AFTER = [20, 50, 100, 400]
const TIMES = 200
/** Rounds of ours and theirs by turns, whose median counts. */
const ROUNDS = 5

/** Ours and Optuna's, by turns. */
export async function timeSuggestions(
  peer: TuningPeer | undefined,
  onStep: (what: string) => void,
): Promise<readonly Timed[]> {
  const timed: Timed[] = []
  for (const [sampler, make] of [
    ['tpe', () => new TPE()],
    ['random', () => new RandomSampler()],
  ] as const) {
    for (const after of AFTER) {
      const [mine, other]: [number[], number[]] = [[], []]
      timeOurs(make(), after)
      for (let round = 0; round < ROUNDS; round++) {
        mine.push(timeOurs(make(), after))
        // a fortieth of ours is as many as its median needs
        if (peer) other.push(await peer.suggest(sampler, after, TIMES / 10))
      }
      timed.push({ sampler, after, ours: median(mine), theirs: peer && median(other) })
      onStep(`${sampler}, ${after} trials`)
    }
  }
  return timed
}

/** Each ask is the first after `after` trials: it takes in the last result, and suggests. */
function timeOurs(sampler: Sampler, after: number): number {
  const chance = new SeededRng('values')
  const taken: number[] = []
  while (taken.length < TIMES) {
    const study = new Study({ space: SPACE, sampler, batch: 1, seed: taken.length })
    for (let i = 0; i < after; i++) study.tell(study.ask().id, chance.next())
    // failed trials leave what is to be learned from as large as it was
    for (let i = 0; i < 20; i++) {
      const start = performance.now()
      const { id } = study.ask()
      taken.push(performance.now() - start)
      study.tell(id, { failed: 'only timed' })
    }
  }
  return median(taken)
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >>> 1]!
}

export function speedTable(timed: readonly Timed[], peer: TuningPeer | undefined): string {
  return formatTable([
    ['ask and 8 suggestions, after trials', '', 'tradelearn', peer?.name ?? 'Optuna', 'ratio'],
    ...timed.map(({ sampler, after, ours, theirs }) => [
      sampler,
      after,
      duration(ours),
      theirs === undefined ? 'not at hand' : duration(theirs),
      theirs === undefined ? '' : `${(theirs / ours).toFixed(0)}x`,
    ]),
  ])
}
