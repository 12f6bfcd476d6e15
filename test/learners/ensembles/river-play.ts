import type { Rng } from '../../../src/contracts.ts'
import type { ADWIN, ADWINOptions } from '../../../src/drift/adwin.ts'
import type { PythonRandom } from '../python-random.ts'

/** What the replays put in the place of chance, and of our ADWIN; a test begins with what stands here. */
type Play = {
  counts: number[]
  subspaces: Int32Array[]
  chance: 'recorded' | 'our own' | PythonRandom
  detector: 'ours' | 'forgets' | 'reports falls too' | 'watches right answers'
  /** Where River's input of a regression member's detectors comes from, by its index, in the place of the error. */
  signed: SignedErrors | undefined
}
export const play: Play = { counts: [], subspaces: [], chance: 'recorded', detector: 'ours', signed: undefined }

/** River's input of a regression forest's detectors: a member's error with its sign, moved and scaled by its deviation. */
export class SignedErrors {
  readonly #norms: { n: number; mean: number; s: number; error: number; input: number | undefined }[] = []

  /** Notes an error, which counts only if the member learns from the row; its index stands for it. */
  note(member: number, error: number): number {
    this.#norms[member] ??= { n: 0, mean: 0, s: 0, error: 0, input: undefined }
    Object.assign(this.#norms[member]!, { error, input: undefined })
    return member
  }

  inputOf(member: number): number {
    const norm = this.#norms[member]!
    norm.input ??= this.#scale(norm, norm.error)
    return norm.input
  }

  #scale(norm: { n: number; mean: number; s: number }, error: number): number {
    const before = norm.mean
    norm.n++
    norm.mean += (error - before) / norm.n
    norm.s += (error - before) * (error - norm.mean)
    const deviation = norm.n > 1 ? Math.sqrt(norm.s / (norm.n - 1)) : 0
    return deviation > 0 ? (error + 3 * deviation) / (6 * deviation) : 0.5
  }
}

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

type Values = typeof import('../../../src/learners/ensembles/value-judge.ts')

/** The module that judges members of regressions, with River's errors where the play has them. */
export function playedValues(values: Values): Values {
  class Judge extends values.ValueJudge {
    override errorOf(member: number, said: number, y: number): number {
      return play.signed?.note(member, y - said) ?? super.errorOf(member, said, y)
    }
  }
  return { ...values, ValueJudge: Judge }
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

    update(value: number): string {
      const error = play.signed?.inputOf(value) ?? value
      if (play.detector === 'ours') return this.#adwin.update(error)
      if (this.#changed) this.#adwin = new Own(this.#options)
      const before = this.#adwin.mean || 0
      this.#changed = this.#adwin.update(play.detector === 'watches right answers' ? 1 - error : error) === 'drift'
      const reports = play.detector === 'reports falls too' || this.#adwin.mean > before
      return this.#changed && reports ? 'drift' : 'stable'
    }
  }
}
