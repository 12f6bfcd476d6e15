/**
 * How far the values of each feature lie apart, measured on a small sample of all rows so far.
 *
 * One row of every `stride` is kept, at a place in it that follows no pattern, so that a daily rhythm cannot fall into
 * step with it. When the sample is full every second row of it goes and the stride doubles.
 */
export type Spreads = {
  seen: number
  /** Row that is kept next. */
  next: number
  stride: number
  size: number
  /** Kept rows, one after the other. */
  samples: Float64Array
  /** Distance from the 10 % to the 90 % quantile, or from the least to the largest where that is 0. */
  spread: Float64Array
}

/** Rows kept: of so many the 10 % quantile is the sixth. */
const ROWS = 64
/** 2^32 over the golden ratio: its multiples are spread evenly (D. Knuth, TAOCP 3, 6.4). */
const GOLDEN = 0x9e3779b1
/** Values beyond count as this large: differences of larger ones overflow. */
const LARGEST = 1e300

/** No rows yet. */
export function createSpreads(features: number): Spreads {
  return {
    seen: 0,
    next: 0,
    stride: 1,
    size: 0,
    samples: new Float64Array(ROWS * features),
    spread: new Float64Array(features),
  }
}

/** Takes in one row: O(1) for nearly all, O(64 log 64) a feature for one at each doubling of the number of rows. */
export function learnSpreads(s: Spreads, x: Float64Array): void {
  if (s.seen++ < s.next) return
  const { samples } = s
  const features = x.length
  for (let j = 0, at = s.size * features; j < features; j++, at++) {
    const value = x[j]!
    samples[at] = value === value ? Math.min(Math.max(value, -LARGEST), LARGEST) : NaN
  }
  s.size++
  // 1, 2, 4, 8 ... rows
  if ((s.size & (s.size - 1)) === 0) measure(s, features)
  if (s.size === ROWS) thinOut(s, features)
  const block = Math.floor((s.seen - 1) / s.stride) + 1
  s.next = block * s.stride + ((Math.imul(block, GOLDEN) >>> 0) % s.stride)
}

function measure({ samples, size, spread }: Spreads, features: number): void {
  for (let j = 0; j < features; j++) {
    const values: number[] = []
    for (let row = 0; row < size; row++) {
      const value = samples[row * features + j]!
      if (value === value) values.push(value)
    }
    values.sort((a, b) => a - b)
    const last = values.length - 1
    if (last < 1) continue
    const tail = Math.floor(last / 10)
    const inner = values[last - tail]! - values[tail]!
    spread[j] = inner > 0 ? inner : values[last]! - values[0]!
  }
}

function thinOut(s: Spreads, features: number): void {
  for (let row = 1; row < ROWS / 2; row++) {
    s.samples.copyWithin(row * features, 2 * row * features, (2 * row + 1) * features)
  }
  s.samples.fill(0, (ROWS / 2) * features)
  s.size = ROWS / 2
  s.stride *= 2
}

/** Whether numbers read from a snapshot can be spreads of that many features. */
export function areSpreads({ seen, next, stride, size, samples, spread }: Spreads, features: number): boolean {
  const counts = [seen, next, stride, size].every((n) => Number.isSafeInteger(n) && n >= 0)
  const isValue = (value: number): boolean => !(Math.abs(value) > LARGEST)
  return (
    counts &&
    stride >= 1 &&
    size < ROWS &&
    samples.length === ROWS * features &&
    spread.length === features &&
    samples.every(isValue) &&
    spread.every((value) => value >= 0 && value < Infinity)
  )
}
