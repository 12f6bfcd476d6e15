import { addMoment, type Moments } from '../../core/moments.ts'
import { type Ring, ringAt } from '../../core/ring.ts'

/** Whether the ring holds as many numbers as it can. */
export function isFull({ size, values }: Ring): boolean {
  return size === values.length
}

/** The sum of `count` numbers, oldest first, leaving out the newest `skip`. NaN if one is missing. */
export function sumOf(ring: Ring, count: number, skip = 0): number {
  let sum = 0
  for (let ago = skip + count - 1; ago >= skip; ago--) sum += ringAt(ring, ago)
  return sum
}

/**
 * Sets `moments` to those of the ring's numbers, oldest first.
 *
 * They are taken anew at each step: sums that numbers are added to and taken from would drift, and would make the
 * result depend on more than the window. Equal numbers give a variance of exactly 0.
 */
export function measure(ring: Ring, moments: Moments): void {
  moments.n = moments.mean = moments.m2 = 0
  for (let ago = ring.size - 1; ago >= 0; ago--) addMoment(moments, ringAt(ring, ago))
}
