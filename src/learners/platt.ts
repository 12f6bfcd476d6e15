import { logit } from '../core/math.ts'

/** A line through log-odds: the calibrated probability of a score s is 1 / (1 + e^-(slope s + offset)). */
export type PlattLine = { slope: number; offset: number }

/** What one pass over the pairs says of a line: its loss, and the loss's gradient and curvature. */
type Sums = { loss: number; gs: number; go: number; ss: number; so: number; oo: number }

/**
 * A Newton step that promises to take less than this off the loss, in nats over all pairs, is the last. A line's
 * standard error is worth half a nat, so what is left is far below anything that the labels could tell.
 */
const NEGLIGIBLE = 1e-8

/**
 * Fits the line that turns the first `n` scores into probabilities of their labels, 0 or 1.
 *
 * Newton's method with backtracking on the log loss against Platt's smoothed targets, (N₁ + 1) / (N₁ + 2) for ones and
 * 1 / (N₀ + 2) for zeros. A slope below 0 would turn the ranking upside down; the line is then flat. In Platt's own
 * notation A = -slope and B = -offset.
 *
 * It starts from `start`, such as the line of an earlier fit, where that is better than no line at all. O(n) a pass:
 * three or four of them from a good start, some seven without.
 *
 * @see J. C. Platt (1999), "Probabilistic outputs for support vector machines"
 * @see H.-T. Lin, C.-J. Lin, R. C. Weng (2007), "A note on Platt's probabilistic outputs for support vector machines"
 */
export function fitPlatt(scores: Float64Array, labels: Float64Array, n: number, start?: PlattLine): PlattLine {
  let ones = 0
  for (let i = 0; i < n; i++) ones += labels[i]!
  const high = (ones + 1) / (ones + 2)
  const low = 1 / (n - ones + 2)

  let line: PlattLine = { slope: 0, offset: logit((ones + 1) / (n + 2)) }
  let sums = measure(scores, labels, n, high, low, line)
  if (start) {
    const there = measure(scores, labels, n, high, low, start)
    if (there.loss < sums.loss) {
      line = { slope: start.slope, offset: start.offset }
      sums = there
    }
  }

  for (let step = 0; step < 100; step++) {
    // the Newton step; the loss falls by half of `-descent` as far as it is a parabola
    const { gs, go, ss, so, oo } = sums
    const det = ss * oo - so * so
    const slopeStep = -(oo * gs - so * go) / det
    const offsetStep = -(ss * go - so * gs) / det
    const descent = gs * slopeStep + go * offsetStep
    if (!(descent < 0)) break
    if (descent > -2 * NEGLIGIBLE) {
      line = { slope: line.slope + slopeStep, offset: line.offset + offsetStep }
      break
    }

    // halved until the loss falls enough
    let size = 1
    for (; size >= 1e-10; size /= 2) {
      const next = { slope: line.slope + size * slopeStep, offset: line.offset + size * offsetStep }
      const there = measure(scores, labels, n, high, low, next)
      if (there.loss < sums.loss + 1e-4 * size * descent) {
        line = next
        sums = there
        break
      }
    }
    if (size < 1e-10) break
  }
  if (line.slope >= 0) return line
  return { slope: 0, offset: logit((ones * high + (n - ones) * low) / n) }
}

/** One pass: the log loss against the smoothed targets, in a form that cannot overflow, and its derivatives. */
function measure(
  scores: Float64Array,
  labels: Float64Array,
  n: number,
  high: number,
  low: number,
  { slope, offset }: PlattLine,
): Sums {
  let loss = 0
  let gs = 0
  let go = 0
  // 1e-12 keeps the curvature invertible where all scores are equal
  let ss = 1e-12
  let so = 0
  let oo = 1e-12
  for (let i = 0; i < n; i++) {
    const score = scores[i]!
    const z = slope * score + offset
    const target = labels[i] === 1 ? high : low
    // one exponential serves both the loss and σ(z)
    const e = Math.exp(-Math.abs(z))
    const p = (z >= 0 ? 1 : e) / (1 + e)
    loss += Math.max(z, 0) - target * z + Math.log1p(e)
    const error = p - target
    const h = p * (1 - p)
    gs += error * score
    go += error
    ss += h * score * score
    so += h * score
    oo += h
  }
  return { loss, gs, go, ss, so, oo }
}
