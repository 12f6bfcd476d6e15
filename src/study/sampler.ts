import type { Rng, Serializable } from '../contracts.ts'
import type { Past } from './history.ts'

/**
 * Chooses what to try next.
 *
 * Laws
 * 1. `suggest` depends on its arguments alone, and changes neither of them but for drawing numbers: two studies with
 *    equal pasts get equal suggestions, on any machine and after any restart.
 * 2. It writes a coordinate of each dimension, as {@link Past} has them; what does not exist under the choices made may
 *    hold anything.
 */
export interface Sampler extends Serializable {
  /** Writes the coordinates of the next trial to `out`. */
  suggest(past: Past, rng: Rng, out: Float64Array): void
}
