import { clamp } from '../../core/math.ts'

/** Observations in order, oldest first: `x` holds the vectors one after the other. */
export type Table = { readonly x: Float64Array; readonly y: Float64Array; readonly weights: Float64Array }

/** The rows from `start` up to `end` of a table, without a copy. */
export function rowsOfTable({ x, y, weights }: Table, features: number, start: number, end: number): Table {
  if (start === 0 && end === y.length) return { x, y, weights }
  return {
    x: x.subarray(start * features, end * features),
    y: y.subarray(start, end),
    weights: weights.subarray(start, end),
  }
}

/** The newest observations of a stream: a ring over three arrays that grow by doubling up to a bound. */
export type Window = {
  readonly features: number
  x: Float64Array
  y: Float64Array
  weights: Float64Array
  /** Where the next observation goes. */
  head: number
  /** Observations held. */
  size: number
}

/** Labels stay within this, so that squares of sums stay finite. */
export const MOST_LABEL = 1e70
/** Counts of the Poisson loss stay within this, so that their logarithms do within its limit on margins. */
export const MOST_COUNT = 1e20

/** Brings a weight within 1e-30 to 1e30, so that sums stay finite and above 0. */
export const boundWeight = (weight: number): number => clamp(weight, 1e-30, 1e30)

/** A window over the rows of `table`; it owns the arrays from then on. */
export function createWindow(features: number, table: Table = roomFor(0, features)): Window {
  return { features, ...table, head: 0, size: table.y.length }
}

/** An empty window with room for so many rows. */
export function emptyWindow(features: number, rows: number): Window {
  return { features, ...roomFor(rows, features), head: 0, size: 0 }
}

const roomFor = (rows: number, features: number): Table => ({
  x: new Float64Array(rows * features),
  y: new Float64Array(rows),
  weights: new Float64Array(rows),
})

/** Adds a copy of one observation; at `most` observations the oldest falls out. O(features), amortised. */
export function pushRow(window: Window, most: number, x: Float64Array, y: number, weight: number): void {
  if (window.size === window.y.length && window.size < most) grow(window, most)
  const { features, head } = window
  const at = head * features
  for (let f = 0; f < features; f++) {
    const value = x[f]!
    // NaN has many bit patterns; snapshots need one
    window.x[at + f] = value === value ? value : NaN
  }
  window.y[head] = y
  window.weights[head] = boundWeight(weight)
  window.head = head + 1 === window.y.length ? 0 : head + 1
  if (window.size < window.y.length) window.size++
}

/** Doubles the room, from 16 on, and puts the oldest observation first. */
function grow(window: Window, most: number): void {
  const { features, size } = window
  const room = Math.min(most, Math.max(16, 2 * size))
  const { x, y, weights } = newest(window, size)
  window.x = new Float64Array(room * features)
  window.y = new Float64Array(room)
  window.weights = new Float64Array(room)
  window.x.set(x)
  window.y.set(y)
  window.weights.set(weights)
  window.head = size
}

/** A copy of the newest `keep` observations, oldest of them first. */
export function newest(window: Window, keep: number): Table {
  const { features, head, size } = window
  const rows = Math.min(keep, size)
  const room = window.y.length
  const start = head - rows < 0 ? head - rows + room : head - rows
  const end = Math.min(start + rows, room)
  const wrapped = rows - (end - start)
  const cut = (from: Float64Array, width: number): Float64Array => {
    const out = new Float64Array(rows * width)
    out.set(from.subarray(start * width, end * width))
    out.set(from.subarray(0, wrapped * width), (end - start) * width)
    return out
  }
  return { x: cut(window.x, features), y: cut(window.y, 1), weights: cut(window.weights, 1) }
}
