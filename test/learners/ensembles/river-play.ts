import type { Rng } from '../../../src/contracts.ts'
import type { ADWIN, ADWINOptions } from '../../../src/drift/adwin.ts'
import type { PythonRandom } from '../python-random.ts'

/** What the replays put in the place of chance, and of our ADWIN; a test begins with what stands here. */
type Play = {
  counts: number[]
  subspaces: Int32Array[]
  chance: 'recorded' | 'our own' | PythonRandom
  detector: 'ours' | 'forgets' | 'reports falls too' | 'watches right answers'
}
export const play: Play = { counts: [], subspaces: [], chance: 'recorded', detector: 'ours' }

type Draws = typeof import('../../../src/learners/ensembles/draws.ts')

/** The module that ensembles draw by, with the draws of the play. */
export function playedDraws(draws: Draws): Draws {
  return {
    ...draws,
    drawPoisson: (rng: Rng, rate: number): number => {
      if (play.chance === 'our own') return draws.drawPoisson(rng, rate)
      return play.chance === 'recorded' ? play.counts.shift()! : play.chance.poisson(rate)
    },
    drawSubset: (rng: Rng, n: number, size: number): Int32Array => {
      if (play.chance === 'recorded' || play.subspaces.length > 0) return play.subspaces.shift()!
      if (play.chance === 'our own') return draws.drawSubset(rng, n, size)
      return Int32Array.from(play.chance.sample(n, size)).sort()
    },
  }
}

/** River's public ADWIN forgets its window at the value after a change; what its ensembles make of a change differs. */
export function playedADWIN(Own: typeof ADWIN): unknown {
  return class {
    readonly #options: Partial<ADWINOptions>
    #adwin: ADWIN
    #changed = false

    constructor(options: Partial<ADWINOptions>) {
      this.#options = play.detector === 'ours' ? options : { ...options, direction: 'both' }
      this.#adwin = new Own(this.#options)
    }

    get mean(): number {
      return this.#adwin.mean
    }

    update(error: number): string {
      if (play.detector === 'ours') return this.#adwin.update(error)
      if (this.#changed) this.#adwin = new Own(this.#options)
      const before = this.#adwin.mean || 0
      this.#changed = this.#adwin.update(play.detector === 'watches right answers' ? 1 - error : error) === 'drift'
      const reports = play.detector === 'reports falls too' || this.#adwin.mean > before
      return this.#changed && reports ? 'drift' : 'stable'
    }
  }
}
