import { clamp } from '../core/math.ts'

/** How margins become predictions. */
export const LINKS = ['identity', 'sigmoid', 'exp', 'softmax', 'step', 'square', 'softplus'] as const
/** The name of such a function. */
export type LinkName = (typeof LINKS)[number]

/** How a model turns margins into predictions. */
export type Link = {
  readonly name: LinkName
  /** The sigmoid's factor in front of the margin. */
  readonly slope: number
  /** What margins are divided by first: the trees for each output of a random forest, else 1. */
  readonly divisor: number
}

/** Margins as they are. */
export const IDENTITY: Link = { name: 'identity', slope: 1, divisor: 1 }

/** The largest float. */
export const LARGEST_FLOAT = 3.4028234663852886e38

/** Turns the margins in `out` into predictions, in place, in doubles; kept finite. */
export function linkInPlace(link: Link, out: Float64Array, outputs: number): void {
  if (link.name === 'softmax') softmaxInPlace(link.divisor, out, outputs)
  else for (let k = 0; k < outputs; k++) out[k] = predictionOf(link, out[k]!)
}

/** The prediction for one margin, where it does not depend on others. */
export function predictionOf({ name, slope, divisor }: Link, margin: number): number {
  const m = margin / divisor
  switch (name) {
    case 'sigmoid':
      return 1 / (1 + Math.exp(-slope * m))
    case 'exp':
      return Math.min(Math.exp(m), Number.MAX_VALUE)
    case 'step':
      return m > 0 ? 1 : 0
    case 'square':
      return clamp(m * Math.abs(m), -Number.MAX_VALUE, Number.MAX_VALUE)
    case 'softplus':
      // log(1 + e^m) is m where e^m would be too large
      return m > 700 ? m : Math.log1p(Math.exp(m))
    default:
      return m
  }
}

/** Each e^(margin - largest margin) over their sum. */
function softmaxInPlace(divisor: number, out: Float64Array, outputs: number): void {
  let most = Number.NEGATIVE_INFINITY
  for (let k = 0; k < outputs; k++) most = Math.max(most, out[k]!)
  let sum = 0
  for (let k = 0; k < outputs; k++) {
    out[k] = Math.exp((out[k]! - most) / divisor)
    sum += out[k]!
  }
  for (let k = 0; k < outputs; k++) out[k]! /= sum
}

/** How parts of a margin become parts of a prediction, or of its log-odds: where they start, and a factor. */
export type Unit = { readonly base: number; readonly factor: number }

/** Rises of less than this are too small to divide by. */
const SMALL = 1e-6

/**
 * What the way from the margin `base` up to `margin` is worth: to be multiplied out for sigmoids and plain sums, whose
 * parts simply add up; the chord's slope for other functions, so that their parts add up to the prediction too.
 */
export function unitOf(link: Link, base: number, margin: number): Unit {
  const { name, slope, divisor } = link
  if (name === 'identity') return { base: base / divisor, factor: 1 / divisor }
  if (name === 'sigmoid') return { base: (base * slope) / divisor, factor: slope / divisor }
  const start = predictionOf(link, base)
  const rise = margin - base
  const factor =
    Math.abs(rise) > SMALL
      ? (predictionOf(link, margin) - start) / rise
      : (predictionOf(link, base + SMALL) - predictionOf(link, base - SMALL)) / (2 * SMALL)
  return { base: start, factor: clamp(factor, -Number.MAX_VALUE, Number.MAX_VALUE) }
}
