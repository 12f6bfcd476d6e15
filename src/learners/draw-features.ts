import type { Rng } from '../contracts.ts'
import { drawInteger } from '../core/draw.ts'

/**
 * Writes `size` of the numbers from 0 to `features` - 1, each set equally likely, into `out` from `from` on, in rising
 * order: Floyd's algorithm by marks. Takes `size` draws.
 */
export function drawFeatures(rng: Rng, features: number, size: number, out: Int32Array, from: number): void {
  const drawn = new Uint8Array(features)
  for (let last = features - size; last < features; last++) {
    const f = drawInteger(rng, last + 1)
    drawn[drawn[f] === 1 ? last : f] = 1
  }
  let at = from
  for (let f = 0; f < features; f++) if (drawn[f] === 1) out[at++] = f
}
