/**
 * The last `capacity` numbers of a stream, as plain data so that it can sit in any state record.
 *
 * `size` counts what it holds, `head` is where the next number goes.
 */
export type Ring = { readonly values: Float64Array; head: number; size: number }

/** An empty ring. */
export function createRing(capacity: number): Ring {
  return { values: new Float64Array(capacity), head: 0, size: 0 }
}

/** Adds a number and returns the one that fell out, or NaN while the ring was not full. O(1). */
export function pushRing(ring: Ring, value: number): number {
  const { values, head } = ring
  const full = ring.size === values.length
  const gone = full ? values[head]! : NaN
  values[head] = value
  ring.head = head + 1 === values.length ? 0 : head + 1
  if (!full) ring.size++
  return gone
}

/** The number added `ago` pushes back: 0 is the newest. NaN beyond what the ring holds. O(1). */
export function ringAt(ring: Ring, ago: number): number {
  const { values, head, size } = ring
  if (ago < 0 || ago >= size) return NaN
  const at = head - 1 - ago
  return values[at < 0 ? at + values.length : at]!
}

/** Drops all but the newest `keep` numbers. */
export function trimRing(ring: Ring, keep: number): void {
  if (ring.size > keep) ring.size = keep
}
