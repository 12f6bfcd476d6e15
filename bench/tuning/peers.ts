import { fileURLToPath } from 'node:url'
import { Peer } from '../gbdt/peer.ts'
import { type BoostingParams, readSurrogate, SPACE } from './objective.ts'

/** What is searched: the surrogate in the repository, or LightGBM itself. */
export type Target = 'surrogate' | 'lightgbm'

/** A target, and the seed of the data that LightGBM is trained on. */
export type Problem = { readonly objective: Target; readonly data: number }

/** Optuna and LightGBM in another process. */
export class TuningPeer {
  /** Optuna with its version, as it is called in tables. */
  readonly name: string
  /** Version of LightGBM; `undefined` where it is not installed. */
  readonly lightgbm: string | undefined
  readonly #peer: Peer

  private constructor(name: string, lightgbm: string | undefined, peer: Peer) {
    this.name = name
    this.lightgbm = lightgbm
    this.#peer = peer
  }

  /** By this interpreter; `undefined` where it cannot import Optuna. */
  static async find(python: string): Promise<TuningPeer | undefined> {
    const peer = new Peer(python, [fileURLToPath(new URL('peer.py', import.meta.url))])
    try {
      const { optuna, lightgbm } = await peer.ask({ do: 'hello' })
      if (typeof optuna === 'string') {
        await peer.ask({ do: 'take_surrogate', name: 'surrogate', surrogate: readSurrogate() })
        return new TuningPeer(`Optuna ${optuna}`, typeof lightgbm === 'string' ? lightgbm : undefined, peer)
      }
    } catch {
      // no such interpreter, or one without numpy
    }
    await peer.close()
    return undefined
  }

  /** Values of the trials of one of Optuna's studies. */
  async search(
    sampler: 'tpe' | 'random',
    { objective, data }: Problem,
    seed: number,
    trials: number,
  ): Promise<readonly number[]> {
    const { values } = await this.#peer.ask({ do: 'search', space: SPACE, sampler, objective, data, seed, trials })
    return values as readonly number[]
  }

  /** Loss of LightGBM at these parameters, on data of this seed. */
  async evaluate(params: BoostingParams, data: number): Promise<number> {
    return Number((await this.#peer.ask({ do: 'evaluate', params, data }))['loss'])
  }

  /** Milliseconds that Optuna takes for an ask with its suggestions, after so many trials. */
  async suggest(sampler: 'tpe' | 'random', after: number, times: number): Promise<number> {
    const { median } = await this.#peer.ask({ do: 'suggest', space: SPACE, sampler, seed: 1, after, times })
    return Number(median)
  }

  /** What LightGBM loses at drawn parameters, by row. */
  async tabulate(rows: readonly number[]): Promise<readonly unknown[]> {
    const { found } = await this.#peer.ask({ do: 'tabulate', space: SPACE, seed: 6, rows })
    return found as readonly unknown[]
  }

  /** A surrogate of tabulated losses, and how well it does on those held out. */
  async fitSurrogate(
    rows: readonly unknown[],
    held: readonly unknown[],
  ): Promise<{ readonly [name: string]: unknown }> {
    // 0.655 lies below all losses, so that logarithms of what is above it bend least where it matters
    return this.#peer.ask({ do: 'fit_surrogate', space: SPACE, rows, held, floor: 0.655, centres: 600 })
  }

  close(): Promise<void> {
    return this.#peer.close()
  }
}
