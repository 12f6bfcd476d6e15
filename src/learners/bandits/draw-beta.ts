import type { Rng } from '../../contracts.ts'
import { drawNormal } from '../../core/draw.ts'

/**
 * A draw from the gamma distribution of a shape of at least 1 and scale 1.
 *
 * @see G. Marsaglia, W. W. Tsang (2000), "A simple method for generating gamma variables", ACM TOMS 26
 */
export function drawGamma(rng: Rng, shape: number): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const z = drawNormal(rng)
    const root = 1 + c * z
    if (root <= 0) continue
    const v = root * root * root
    // at least 95 % of the draws are accepted
    if (Math.log(1 - rng.next()) < (z * z) / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}

/** A draw from the beta distribution of two parameters of at least 1. */
export function drawBeta(rng: Rng, a: number, b: number): number {
  const x = drawGamma(rng, a)
  return x / (x + drawGamma(rng, b))
}
