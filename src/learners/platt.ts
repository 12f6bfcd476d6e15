import { logit, sigmoid } from '../core/math.ts'

/** A line through log-odds: the calibrated probability of a score s is 1 / (1 + e^-(slope s + offset)). */
export type PlattLine = { slope: number; offset: number }

/**
 * Fits the line that turns the first `n` scores into probabilities of their labels, 0 or 1.
 *
 * Newton's method with backtracking on the log loss against Platt's smoothed targets, (N₁ + 1) / (N₁ + 2) for ones and
 * 1 / (N₀ + 2) for zeros. A slope below 0 would turn the ranking upside down; the line is then flat. O(n) a step, some
 * ten steps. In Platt's own notation A = -slope and B = -offset.
 *
 * @see J. C. Platt (1999), "Probabilistic outputs for support vector machines"
 * @see H.-T. Lin, C.-J. Lin, R. C. Weng (2007), "A note on Platt's probabilistic outputs for support vector machines"
 */
export function fitPlatt(scores: Float64Array, labels: Float64Array, n: number): PlattLine {
  let ones = 0
  for (let i = 0; i < n; i++) ones += labels[i]!
  const high = (ones + 1) / (ones + 2)
  const low = 1 / (n - ones + 2)

  const line = { slope: 0, offset: logit((ones + 1) / (n + 2)) }
  let loss = lossOf(scores, labels, n, high, low, line.slope, line.offset)
  for (let step = 0; step < 100; step++) {
    // gradient and curvature of the loss; 1e-12 keeps the matrix invertible where all scores are equal
    let gs = 0
    let go = 0
    let ss = 1e-12
    let so = 0
    let oo = 1e-12
    for (let i = 0; i < n; i++) {
      const score = scores[i]!
      const p = sigmoid(line.slope * score + line.offset)
      const error = p - (labels[i] === 1 ? high : low)
      const h = p * (1 - p)
      gs += error * score
      go += error
      ss += h * score * score
      so += h * score
      oo += h
    }
    if (Math.abs(gs) < 1e-9 && Math.abs(go) < 1e-9) break

    // the Newton step, halved until the loss falls enough
    const det = ss * oo - so * so
    const slopeStep = -(oo * gs - so * go) / det
    const offsetStep = -(ss * go - so * gs) / det
    const descent = gs * slopeStep + go * offsetStep
    let size = 1
    while (size >= 1e-10) {
      const next = lossOf(scores, labels, n, high, low, line.slope + size * slopeStep, line.offset + size * offsetStep)
      if (next < loss + 1e-4 * size * descent) {
        line.slope += size * slopeStep
        line.offset += size * offsetStep
        loss = next
        break
      }
      size /= 2
    }
    if (size < 1e-10) break
  }
  if (line.slope >= 0) return line
  return { slope: 0, offset: logit((ones * high + (n - ones) * low) / n) }
}

/** Log loss against the smoothed targets, in a form that cannot overflow. */
function lossOf(
  scores: Float64Array,
  labels: Float64Array,
  n: number,
  high: number,
  low: number,
  slope: number,
  offset: number,
): number {
  let loss = 0
  for (let i = 0; i < n; i++) {
    const z = slope * scores[i]! + offset
    const target = labels[i] === 1 ? high : low
    loss += Math.max(z, 0) - target * z + Math.log1p(Math.exp(-Math.abs(z)))
  }
  return loss
}
