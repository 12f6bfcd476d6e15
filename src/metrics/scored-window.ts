import { TradeLearnError } from '../core/errors.ts'
import { LARGEST_VALUE, LARGEST_WEIGHT, LEAST_WEIGHT } from './check-score.ts'
import { corrupt } from './check-sums.ts'

/**
 * The newest predictions with their labels and weights, as plain data.
 *
 * The arrays double from 64 up to the capacity, so that a young metric and its snapshot stay small. `head` is where
 * the next one goes.
 */
export type ScoredWindow<Labels extends Uint8Array | Float64Array = Uint8Array> = {
  predictions: Float64Array
  labels: Labels
  weights: Float64Array
  head: number
  size: number
}

const FIRST_LENGTH = 64

const emptyWindow = <Labels extends Uint8Array | Float64Array>(labels: Labels): ScoredWindow<Labels> => ({
  predictions: new Float64Array(0),
  labels,
  weights: new Float64Array(0),
  head: 0,
  size: 0,
})

/** An empty window of labels and their probabilities. */
export const createScoredWindow = (): ScoredWindow => emptyWindow(new Uint8Array(0))

/** An empty window of any values and predictions. */
export const createValueWindow = (): ScoredWindow<Float64Array> => emptyWindow(new Float64Array(0))

/** Adds a prediction; the oldest falls out once `capacity` are held. O(1) on average. */
export function pushScored<Labels extends Uint8Array | Float64Array>(
  window: ScoredWindow<Labels>,
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

/** Throws unless a window that was read back hangs together and holds what can be pushed. */
export function checkScoredWindow(window: ScoredWindow, capacity: number): ScoredWindow {
  checkShape(window, capacity)
  const { predictions, labels, size } = window
  for (let i = 0; i < size; i++) {
    const [prediction, label] = [predictions[i]!, labels[i]!]
    if (!(prediction >= 0 && prediction <= 1)) corrupt(`predictions[${i}]`, 'from 0 to 1', prediction)
    if (label > 1) corrupt(`labels[${i}]`, '0 or 1', label)
  }
  return window
}

/** {@link checkScoredWindow} for a window of values. */
export function checkValueWindow(window: ScoredWindow<Float64Array>, capacity: number): ScoredWindow<Float64Array> {
  checkShape(window, capacity)
  for (const name of ['predictions', 'labels'] as const) {
    for (let i = 0; i < window.size; i++) {
      const value = window[name][i]!
      if (!(Math.abs(value) <= LARGEST_VALUE)) corrupt(`${name}[${i}]`, `at most ${LARGEST_VALUE} in size`, value)
    }
  }
  return window
}

function checkShape(window: ScoredWindow<Uint8Array | Float64Array>, capacity: number): void {
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
    const weight = weights[i]!
    if (!(weight >= LEAST_WEIGHT && weight <= LARGEST_WEIGHT)) corrupt(`weights[${i}]`, 'a weight', weight)
  }
}

// before it is full the window has never wrapped, so copying keeps the order
function grow<Labels extends Uint8Array | Float64Array>(window: ScoredWindow<Labels>, capacity: number): void {
  const length = Math.min(capacity, Math.max(FIRST_LENGTH, 2 * window.size))
  const { predictions, labels, weights } = window
  window.predictions = new Float64Array(length)
  window.labels = new (labels.constructor as new (length: number) => Labels)(length)
  window.weights = new Float64Array(length)
  window.predictions.set(predictions)
  window.labels.set(labels)
  window.weights.set(weights)
}
