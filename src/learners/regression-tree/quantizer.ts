import { clamp } from '../../core/math.ts'
import { meritOf, offer, type Scan } from './candidate.ts'
import { ROUNDED_UP } from './tree.ts'

/** Numbers of a slot: weight, mean of the feature, mean of the target, squared deviations of the target. */
export const SLOT = 4
/** Numbers that a feature keeps beside its slots. */
export const META = 7
/** Where they stand: radius (0 while all values were equal), number of slot 0, first and last slot in use, */
const RADIUS = 0
const BASE = 1
const LOW = 2
const HIGH = 3
/** and weight, mean and squared deviations of the feature. */
const WEIGHT = 4
const MEAN = 5
const M2 = 6

/** The part of a standard deviation that is a slot's radius: slots reach over 4 deviations on either side. */
export const RADIUS_SHARE = 0.125
/** A value this many deviations off, once 30 are known, goes into the last slot instead of making all slots coarser. */
const OUTLIER = 8
const KNOWN = 30
/** Radius of the first slots, in parts of the first difference. It doubles as needed. */
const FIRST_PARTS = 64
/** Slot numbers count no further, so that they stay exact. */
const MOST_SLOTS = 4_503_599_627_370_496
/** Slot numbers stay whole below this part of a value. */
const FINEST = 1e-12

/**
 * Starts a feature's slots. A radius of 0 takes one from the values.
 */
export function clearSlots(meta: Float64Array, at: number, radius: number): void {
  meta.fill(0, at, at + META)
  meta[at + RADIUS] = radius
  meta[at + LOW] = 0
  meta[at + HIGH] = -1
}

/** The radius that a leaf's children start with: from the deviation of what the leaf saw, 0 where there is none. */
export function radiusFrom(meta: Float64Array, at: number): number {
  const n = meta[at + WEIGHT]!
  const deviation = n > 0 ? Math.sqrt(meta[at + M2]! / n) : 0
  return deviation > 0 && deviation < Infinity ? RADIUS_SHARE * deviation : 0
}

/**
 * Takes in a value and its target. O(1), O(slots) when the slots have to move.
 *
 * The slot of x is floor(x / radius). Slots shift towards new values while their number allows; then, unless the radius is `fixed`,
 * it is doubled, which merges neighbours. Whatever still does not fit goes into the first or last slot.
 *
 * @see S. M. Mastelini, A. C. P. L. F. de Carvalho (2021), "Using dynamical quantization to perform split attempts in
 *   online tree regressors", Pattern Recognition Letters 145
 */
export function addToSlots(
  data: Float64Array,
  from: number,
  slots: number,
  meta: Float64Array,
  at: number,
  fixed: number,
  x: number,
  y: number,
  weight: number,
): void {
  // moments of the feature
  const n = meta[at + WEIGHT]! + weight
  const before = x - meta[at + MEAN]!
  meta[at + WEIGHT] = n
  meta[at + MEAN] = meta[at + MEAN]! + (weight / n) * before
  meta[at + M2] = meta[at + M2]! + weight * Math.max(0, before * (x - meta[at + MEAN]!))

  // the slot
  let radius = meta[at + RADIUS]!
  if (radius === 0) {
    const first = data[from + 1]!
    if (meta[at + HIGH]! >= 0 && x !== first) {
      radius = Math.max(Math.abs(x - first) / FIRST_PARTS, FINEST * Math.max(Math.abs(x), Math.abs(first)), 1e-300)
      meta[at + RADIUS] = radius
      meta[at + BASE] = Math.floor(first / radius)
    }
  }
  let index = 0
  if (radius > 0) {
    const number = clamp(Math.floor(x / radius), -MOST_SLOTS, MOST_SLOTS)
    if (meta[at + HIGH]! < meta[at + LOW]!) meta[at + BASE] = number
    index = number - meta[at + BASE]!
    if (index < 0 || index >= slots) index = makeRoom(data, from, slots, meta, at, fixed, x)
  }
  if (meta[at + HIGH]! < meta[at + LOW]!) meta[at + LOW] = meta[at + HIGH] = index
  else if (index < meta[at + LOW]!) meta[at + LOW] = index
  else if (index > meta[at + HIGH]!) meta[at + HIGH] = index

  // and what is in it
  const slot = from + index * SLOT
  const sum = data[slot]! + weight
  const deviation = y - data[slot + 2]!
  const share = weight / sum
  data[slot] = sum
  data[slot + 1] = data[slot + 1]! + share * (x - data[slot + 1]!)
  data[slot + 2] = data[slot + 2]! + share * deviation
  data[slot + 3] = data[slot + 3]! + weight * Math.max(0, deviation * (y - data[slot + 2]!))
}

/** Moves or merges slots so that `x` has one, and returns its index. */
function makeRoom(
  data: Float64Array,
  from: number,
  slots: number,
  meta: Float64Array,
  at: number,
  fixed: number,
  x: number,
): number {
  const base = meta[at + BASE]!
  let low = base + meta[at + LOW]!
  let high = base + meta[at + HIGH]!
  let radius = meta[at + RADIUS]!
  const number = clamp(Math.floor(x / radius), -MOST_SLOTS, MOST_SLOTS)
  let factor = 1
  if (Math.max(high, number) - Math.min(low, number) >= slots) {
    const deviation = Math.sqrt(meta[at + M2]! / meta[at + WEIGHT]!)
    const far = meta[at + WEIGHT]! > KNOWN && Math.abs(x - meta[at + MEAN]!) > OUTLIER * deviation
    if (fixed > 0 || far) {
      // no more than shift until the end is reached
      const reach = number < low ? Math.max(number, high - slots + 1) : Math.min(number, low + slots - 1)
      const start = Math.min(low, reach)
      if (start !== base) move(data, from, slots, meta, at, start, 1)
      return reach - meta[at + BASE]!
    }
    const span = (): number => Math.floor(Math.max(high, number) / factor) - Math.floor(Math.min(low, number) / factor)
    while (span() >= slots) factor *= 2
    radius *= factor
  }
  low = Math.floor(Math.min(low, number) / factor)
  high = Math.floor(Math.max(high, number) / factor)
  // what is free is shared out to both sides
  const start = low - Math.floor((slots - 1 - (high - low)) / 2)
  move(data, from, slots, meta, at, start, factor)
  meta[at + RADIUS] = radius
  return Math.min(slots - 1, Math.max(0, Math.floor(number / factor) - start))
}

/** Numbers the slots anew: that with number `start` of those `factor` times as wide becomes slot 0. */
function move(
  data: Float64Array,
  from: number,
  slots: number,
  meta: Float64Array,
  at: number,
  start: number,
  factor: number,
): void {
  const base = meta[at + BASE]!
  const old = data.slice(from, from + slots * SLOT)
  data.fill(0, from, from + slots * SLOT)
  let low = slots
  let high = -1
  for (let i = meta[at + LOW]!; i <= meta[at + HIGH]!; i++) {
    const n = old[i * SLOT]!
    if (!(n > 0)) continue
    const to = Math.min(slots - 1, Math.max(0, Math.floor((base + i) / factor) - start))
    const slot = from + to * SLOT
    const had = data[slot]!
    const sum = had + n
    const gap = old[i * SLOT + 2]! - data[slot + 2]!
    data[slot] = sum
    data[slot + 1] = data[slot + 1]! + (n / sum) * (old[i * SLOT + 1]! - data[slot + 1]!)
    data[slot + 2] = data[slot + 2]! + (n / sum) * gap
    data[slot + 3] = data[slot + 3]! + old[i * SLOT + 3]! + (gap * gap * had * n) / sum
    low = Math.min(low, to)
    high = Math.max(high, to)
  }
  meta[at + BASE] = start
  meta[at + LOW] = high < 0 ? 0 : low
  meta[at + HIGH] = high
}

/** Sums up all slots of a feature in a scan. */
export function sumSlots(data: Float64Array, from: number, meta: Float64Array, at: number, scan: Scan): void {
  scan.n = 0
  scan.mean = 0
  scan.m2 = 0
  for (let i = meta[at + LOW]!; i <= meta[at + HIGH]!; i++) {
    const slot = from + i * SLOT
    const n = data[slot]!
    if (!(n > 0)) continue
    const sum = scan.n + n
    const gap = data[slot + 2]! - scan.mean
    scan.mean += (n / sum) * gap
    scan.m2 += data[slot + 3]! + (gap * gap * scan.n * n) / sum
    scan.n = sum
  }
}

/** Tries the middles between the means of neighbouring slots. O(slots). */
export function scanSlots(data: Float64Array, from: number, meta: Float64Array, at: number, scan: Scan): void {
  let n = 0
  let mean = 0
  let m2 = 0
  let before = NaN
  for (let i = meta[at + LOW]!; i <= meta[at + HIGH]!; i++) {
    const slot = from + i * SLOT
    const more = data[slot]!
    if (!(more > 0)) continue
    const x = data[slot + 1]!
    if (n > 0) {
      const threshold = before + (x - before) / 2
      offer(scan, meritOf(scan, n, mean, m2), threshold, n, mean, m2)
    }
    const sum = n + more
    const gap = data[slot + 2]! - mean
    mean += (more / sum) * gap
    m2 += data[slot + 3]! + (gap * gap * n * more) / sum
    n = sum
    before = x
  }
}

/** Whether all slots that were read back hold a weight, a mean of the feature and moments of targets up to `most`. */
export function areSums(data: Float64Array, most: number): boolean {
  for (let at = 0; at < data.length; at += SLOT) {
    const n = data[at]!
    if (!(n >= 0 && n < Infinity && Math.abs(data[at + 1]!) < Infinity && data[at + 3]! >= 0)) return false
    if (!(Math.abs(data[at + 2]!) <= ROUNDED_UP * most)) return false
  }
  return true
}

/** Whether what was read back names slots that there are. */
export function areSlots(meta: Float64Array, at: number, slots: number): boolean {
  const low = meta[at + LOW]!
  const high = meta[at + HIGH]!
  const radius = meta[at + RADIUS]!
  return Number.isInteger(low) && Number.isInteger(high) && low >= 0 && high < slots && high >= -1 && radius >= 0
}
