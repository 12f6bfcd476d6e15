import { TradeLearnError } from '../core/errors.ts'
import { LARGEST_WEIGHT, LEAST_WEIGHT } from './check-score.ts'
import { corrupt } from './check-sums.ts'

/**
 * The newest predictions with their labels and weights, as plain data.
 *
 * The arrays double from 64 up to the capacity, so that a young metric and its snapshot stay small. `head` is where
 * the next one goes.
 */
export type ScoredWindow = {
  predictions: Float64Array
  labels: Uint8Array
  weights: Float64Array
  head: number
  size: number
}

const FIRST_LENGTH = 64

/** An empty window. */
export function createScoredWindow(): ScoredWindow {
  return {
    predictions: new Float64Array(0),
    labels: new Uint8Array(0),
    weights: new Float64Array(0),
    head: 0,
    size: 0,
  }
}

/** Adds a prediction; the oldest falls out once `capacity` are held. O(1) on average. */
export function pushScored(
  window: ScoredWindow,
  capacity: number,
  y: number,
  prediction: number,
  weight: number,
): void {
  if (window.size === window.predictions.length && window.size < capacity) grow(window, capacity)
  const { head, predictions } = window
  predictions[head] = prediction
  window.labels[head] = y
  window.weights[head] = weight
  window.head = head + 1 === capacity ? 0 : head + 1
  if (window.size < capacity) window.size++
}

/** The positions of the window's predictions in ascending order of prediction, ties in order of position. */
export function ascending({ predictions, size }: ScoredWindow): Uint32Array {
  const order = new Uint32Array(size)
  for (let i = 0; i < size; i++) order[i] = i
  return order.sort((a, b) => predictions[a]! - predictions[b]! || a - b)
}

/** Throws unless a window that was read back hangs together and holds what can be pushed. */
export function checkScoredWindow(window: ScoredWindow, capacity: number): ScoredWindow {
  const { predictions, labels, weights, head, size } = window
  const room = predictions.length
  const sane =
    labels.length === room &&
    weights.length === room &&
    room <= capacity &&
    Number.isInteger(size) &&
    size >= 0 &&
    size <= room &&
    Number.isInteger(head) &&
    head === (size === capacity ? head : size) &&
    head >= 0 &&
    head < capacity
  if (!sane) {
    throw new TradeLearnError(
      'CORRUPT_SNAPSHOT',
      `A window must hold at most ${capacity} predictions in arrays of one length, got ${size} in ${room}.`,
    )
  }
  for (let i = 0; i < size; i++) {
    const [prediction, label, weight] = [predictions[i]!, labels[i]!, weights[i]!]
    if (!(prediction >= 0 && prediction <= 1)) corrupt(`predictions[${i}]`, 'from 0 to 1', prediction)
    if (label > 1) corrupt(`labels[${i}]`, '0 or 1', label)
    if (!(weight >= LEAST_WEIGHT && weight <= LARGEST_WEIGHT)) corrupt(`weights[${i}]`, 'a weight', weight)
  }
  return window
}

// before it is full the window has never wrapped, so copying keeps the order
function grow(window: ScoredWindow, capacity: number): void {
  const length = Math.min(capacity, Math.max(FIRST_LENGTH, 2 * window.size))
  const { predictions, labels, weights } = window
  window.predictions = new Float64Array(length)
  window.labels = new Uint8Array(length)
  window.weights = new Float64Array(length)
  window.predictions.set(predictions)
  window.labels.set(labels)
  window.weights.set(weights)
}
