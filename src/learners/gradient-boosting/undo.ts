import type { Window } from './window.ts'

/** What a push is about to write over, so that it can be taken back. */
export type Undo = {
  readonly x: Float64Array
  y: number
  weight: number
  /** Whether the window is full, so that its oldest observation will fall out. */
  full: boolean
}

/** Room for one observation. */
export function createUndo(features: number): Undo {
  return { x: new Float64Array(features), y: 0, weight: 0, full: false }
}

/** Notes what the next push will write over. O(features), no allocation. */
export function notePush(undo: Undo, window: Window, most: number): void {
  undo.full = window.size === most
  if (!undo.full) return
  const { features, head } = window
  for (let f = 0, at = head * features; f < features; f++, at++) undo.x[f] = window.x[at]!
  undo.y = window.y[head]!
  undo.weight = window.weights[head]!
}

/** Takes back the push that came after {@link notePush}. */
export function undoPush({ x, y, weight, full }: Undo, window: Window): void {
  window.head = (window.head === 0 ? window.y.length : window.head) - 1
  if (!full) {
    window.size--
    return
  }
  window.x.set(x, window.head * window.features)
  window.y[window.head] = y
  window.weights[window.head] = weight
}
