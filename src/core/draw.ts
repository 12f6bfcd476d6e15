import type { Rng } from '../contracts.ts'

/** A whole number from 0 to `n` - 1, each equally likely. */
export function drawInteger(rng: Rng, n: number): number {
  return Math.floor(rng.next() * n)
}

/** A standard normal number by Box and Muller's transform (1958). Takes two draws and keeps nothing back. */
export function drawNormal(rng: Rng): number {
  const radius = Math.sqrt(-2 * Math.log(1 - rng.next()))
  return radius * Math.cos(2 * Math.PI * rng.next())
}

/** True with probability `p`. */
export function drawFlag(rng: Rng, p: number): boolean {
  return rng.next() < p
}

/** Puts an array in random order, in place, by the Fisher–Yates shuffle. */
export function shuffle<T extends { [index: number]: unknown; readonly length: number }>(rng: Rng, items: T): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = drawInteger(rng, i + 1)
    const item = items[i]
    items[i] = items[j]
    items[j] = item
  }
  return items
}
