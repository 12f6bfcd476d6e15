import { projectUD, type UDCovariance, updateUD } from '../ud-covariance.ts'
import { checkAmounts, checkNumbers, corrupt } from './checks.ts'

/** A normal distribution over weights whose past can fade, as plain data. */
export type FadingPosterior = UDCovariance & {
  /** Observations that are remembered, faded ones as fractions. */
  held: number
  /** The coordinate that the prior pulls next. */
  turn: number
  readonly mean: Float64Array
}

/** Vectors to work in, as long as the mean. */
export type Scratch = {
  readonly x: Float64Array
  readonly projected: Float64Array
  readonly spread: Float64Array
}

export function createScratch(n: number): Scratch {
  return { x: new Float64Array(n), projected: new Float64Array(n), spread: new Float64Array(n) }
}

/** Coordinates that the prior pulls after each label, so that all have had their turn within an eighth of the half-life. */
export function turnsOf(n: number, halfLife: number): number {
  return Math.min(n, Math.ceil((8 * n) / halfLife))
}

/**
 * Multiplies the precision by `share`, and lets the prior make up for it at the next `turns` coordinates: directions
 * that no observation looks into stay as uncertain as they were at first, and no more. O(turns · n²).
 *
 * @see S. Gunnarsson (1996), "Combining tracking and regularization in recursive least squares identification"
 */
export function fadePosterior(
  s: FadingPosterior,
  variances: Float64Array,
  share: number,
  turns: number,
  { x: unit, projected, spread }: Scratch,
): void {
  const { mean, diagonal } = s
  const n = mean.length
  for (let i = 0; i < n; i++) diagonal[i]! /= share
  s.held *= share

  // a coordinate has its turn every n / turns labels: what fades meanwhile comes back at once
  const lost = 1 - Math.exp((Math.log(share) * n) / turns)
  unit.fill(0)
  for (let k = 0; k < turns; k++) {
    const i = s.turn
    const precision = lost / variances[i]!
    unit[i] = 1
    const variance = projectUD(s, unit, projected)
    updateUD(s, projected, precision, spread)
    const pull = (mean[i]! * precision) / (1 + precision * variance)
    for (let j = 0; j < n; j++) mean[j]! -= spread[j]! * pull
    unit[i] = 0
    s.turn = i + 1 === n ? 0 : i + 1
  }
}

/** The prior comes back before a variance is many times what it was at first, but rounding may add to it. */
const MOST_GROWTH = 1e6

/**
 * Throws unless a covariance from a snapshot is one of `n` coordinates, none of which is less known than at first by
 * much; `priorOf` says its variance then.
 */
export function checkUD(
  path: string,
  { diagonal, factor }: UDCovariance,
  n: number,
  priorOf: (coordinate: number) => number,
): void {
  checkAmounts(`${path}.diagonal`, diagonal, n)
  checkNumbers(`${path}.factor`, factor, (n * (n - 1)) / 2)
  const variances = diagonal.slice()
  for (let j = 0, at = 0; j < n; j++) {
    // a variance of 0 could not be forgotten again
    if (!(diagonal[j]! > 0)) corrupt(`${path}.diagonal[${j}]`, 'above 0', diagonal[j])
    for (let i = 0; i < j; i++, at++) variances[i]! += factor[at]! * factor[at]! * diagonal[j]!
  }
  for (let i = 0; i < n; i++) {
    const most = MOST_GROWTH * priorOf(i)
    if (!(variances[i]! <= most)) corrupt(path, `a covariance of variances up to ${most}`, variances[i])
  }
}
