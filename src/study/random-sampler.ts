import type { Rng, Snapshot } from '../contracts.ts'
import { drawInteger } from '../core/draw.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Dimension } from './dimension.ts'
import type { Past } from './history.ts'
import type { Sampler } from './sampler.ts'

/**
 * Tries values at random, each as likely as any other: the search that every other one has to beat.
 *
 * @see J. Bergstra, Y. Bengio (2012), "Random search for hyper-parameter optimization", JMLR 13
 *
 * @example
 * ```ts
 * const study = new Study({ space: { x: float({ low: -1, high: 1 }) }, sampler: new RandomSampler() })
 * ```
 */
export class RandomSampler implements Sampler {
  static readonly type: string = 'random-sampler'
  static readonly version: number = 1

  suggest({ dimensions }: Past, rng: Rng, out: Float64Array): void {
    drawPoint(dimensions, rng, out)
  }

  toJSON(): Snapshot {
    return snapshot(RandomSampler, {}, {})
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): RandomSampler {
    const { options, state } = checkSnapshot(RandomSampler, json)
    unpackState(options, {}, 'options')
    unpackState(state, {})
    return new RandomSampler()
  }
}

/** Writes a point of which each coordinate is as likely as any other. */
export function drawPoint(dimensions: readonly Dimension[], rng: Rng, out: Float64Array): void {
  for (let d = 0; d < dimensions.length; d++) {
    const { kind, count } = dimensions[d]!
    out[d] = kind === 'categorical' ? drawInteger(rng, count) : rng.next()
  }
}
