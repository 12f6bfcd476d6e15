import type { Rng } from '../../contracts.ts'
import { drawInteger, drawNormal } from '../../core/draw.ts'

/** Every draw that the ensembles make, so that a test can put recorded draws in their place. */

/** Up to this rate counts are drawn exactly: e^-rate keeps all its digits, and the search stays short. */
const EXACT_UP_TO = 64
/** The tail of the distribution beyond which a 53-bit draw cannot reach. */
const NO_TAIL = 1e-17

/** How often an observation is drawn: a Poisson number of the given mean, by inversion; takes one draw. O(rate). */
export function drawPoisson(rng: Rng, rate: number): number {
  if (rate > EXACT_UP_TO) return Math.max(0, Math.round(rate + Math.sqrt(rate) * drawNormal(rng)))
  let left = rng.next()
  let chance = Math.exp(-rate)
  let count = 0
  while (left >= chance && (chance > NO_TAIL || count < rate)) {
    left -= chance
    count++
    chance *= rate / count
  }
  return count
}

/** `size` of the numbers from 0 to `n` - 1, each subset equally likely, in rising order. Takes `size` draws. */
export function drawSubset(rng: Rng, n: number, size: number): Int32Array {
  const items = Int32Array.from({ length: n }, (_, i) => i)
  for (let i = 0; i < size; i++) {
    const j = i + drawInteger(rng, n - i)
    const item = items[i]!
    items[i] = items[j]!
    items[j] = item
  }
  return items.slice(0, size).sort()
}

/** A seed for a new member: a whole number of 31 bits. */
export function drawSeed(rng: Rng): number {
  return drawInteger(rng, 0x8000_0000)
}
