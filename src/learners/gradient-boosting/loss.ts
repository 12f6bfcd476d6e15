import { logit, sigmoid } from '../../core/math.ts'
import type { Moments } from '../../core/moments.ts'
import type { Table } from './window.ts'

/** What boosting needs to know of a loss; a margin is what the trees add up to. */
export type Loss = {
  /** The margin that suits labels of which only the moments are known. */
  base(labels: Moments): number
  /** Writes the weighted first and second derivative of each row's loss by its margin, in pairs. */
  derive(table: Table, margins: Float64Array, gradients: Float64Array): void
  /** The prediction for a margin. */
  output(margin: number): number
}

/**
 * Log loss of P(y = 1) = sigmoid(margin): g = p - y, h = p (1 - p).
 *
 * The base rate counts one more row that is half a win (Krichevsky and Trofimov's estimate), which keeps it off 0 and 1
 * and makes it 1/2 before the first label.
 */
const logistic: Loss = {
  base: ({ n, mean }) => logit((n * mean + 0.5) / (n + 1)),
  derive({ y, weights }, margins, gradients) {
    for (let i = 0; i < y.length; i++) {
      const p = sigmoid(margins[i]!)
      gradients[2 * i] = weights[i]! * (p - y[i]!)
      // 1e-16 is where p rounds to 0 or 1; beyond it there is no curvature left to measure
      gradients[2 * i + 1] = weights[i]! * Math.max(p * (1 - p), 1e-16)
    }
  },
  output: sigmoid,
}

/** Half the squared error: g = margin - y, h = 1; the base is the mean. */
const squared: Loss = {
  base: ({ mean }) => mean,
  derive({ y, weights }, margins, gradients) {
    for (let i = 0; i < y.length; i++) {
      gradients[2 * i] = weights[i]! * (margins[i]! - y[i]!)
      gradients[2 * i + 1] = weights[i]!
    }
  },
  output: (margin) => margin,
}

/** The loss of each task. */
export const LOSSES: { readonly binary: Loss; readonly regression: Loss } = { binary: logistic, regression: squared }
