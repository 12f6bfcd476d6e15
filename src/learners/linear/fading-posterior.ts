import { TradeLearnError } from '../../core/errors.ts'
import { clamp } from '../../core/math.ts'
import { checkAmount, checkAmounts, checkNumbers, corrupt } from '../checks.ts'
import { type UDCovariance, updateCoordinateUD } from '../ud-covariance.ts'

/** A normal distribution over weights whose past can fade, as plain data. */
export type FadingPosterior = UDCovariance & {
  /** Observations that are remembered, faded ones as fractions. */
  held: number
  /** The coordinate that the prior pulls next, or how near its turn is. */
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

/**
 * Coordinates that the prior pulls after each label, so that all have had their turn within an eighth of the half-life; a
 * fraction where one in several labels is enough.
 */
export function turnsOf(n: number, halfLife: number): number {
  return Math.min(n, (8 * n) / halfLife)
}

/**
 * Multiplies the precision by `share`, and lets the prior make up for it at the next `turns` coordinates: directions
 * that no observation looks into stay as uncertain as they were at first, and no more. Works in `spread`. O(turns · n²).
 *
 * @see S. Gunnarsson (1996), "Combining tracking and regularization in recursive least squares identification"
 */
export function fadePosterior(
  s: FadingPosterior,
  variances: Float64Array,
  share: number,
  turns: number,
  spread: Float64Array,
): void {
  const { mean, diagonal } = s
  const n = mean.length
  for (let i = 0; i < n; i++) diagonal[i]! /= share
  s.held *= share

  // a coordinate has its turn every n / turns labels: what fades meanwhile comes back at once
  const lost = 1 - Math.exp((Math.log(share) * n) / turns)
  const end = s.turn + turns
  for (let at = Math.ceil(s.turn); at < end; at++) {
    const i = at < n ? at : at - n
    const precision = lost / variances[i]!
    updateCoordinateUD(s, i, precision, spread)
    const pull = (mean[i]! * precision) / (1 + precision * spread[i]!)
    for (let j = 0; j < n; j++) mean[j]! -= spread[j]! * pull
  }
  s.turn = end < n ? end : end - n
}

/** The covariance of so many has 4 million numbers. */
export const MOST_FEATURES = 2048
/** A prior as wide as this says nothing at all. */
const LARGEST_VARIANCE = 1e50
/** Values and weights of observations count no more than this, so that no product of them overflows. */
export const LARGEST = 1e12

/** Passes a variance of the prior that is not too large to calculate with, else throws. */
export function checkVariance(name: string, value: number): number {
  if (value <= LARGEST_VARIANCE) return value
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be at most ${LARGEST_VARIANCE}, got ${value}.`)
}

/** Writes x, with zeros for what is missing and a 1 for the intercept behind it, into `known`, and returns m·x. */
export function marginOf(mean: Float64Array, x: Float64Array, known: Float64Array): number {
  const n = x.length
  let sum = mean[n]!
  for (let i = 0; i < n; i++) {
    const raw = x[i]!
    const value = raw === raw ? clamp(raw, -LARGEST, LARGEST) : 0
    known[i] = value
    sum += mean[i]! * value
  }
  known[n] = 1
  return sum
}

/**
 * Throws unless what was read from a snapshot is a distribution over `n` weights, with means up to `most`, after `seen`
 * observations; `priorOf` says a coordinate's variance at first.
 */
export function checkPosterior(
  path: string,
  { held, turn, mean, ...covariance }: FadingPosterior,
  n: number,
  seen: number,
  most: number,
  priorOf: (coordinate: number) => number,
): void {
  checkAmount(`${path}.held`, held, seen)
  if (checkAmount(`${path}.turn`, turn) >= n) corrupt(`${path}.turn`, `below ${n}`, turn)
  checkNumbers(`${path}.mean`, mean, n, most)
  checkUD(path, covariance, n, priorOf)
}

/** The prior comes back before a variance is many times what it was at first, but rounding may add to it. */
const MOST_GROWTH = 1e6

/**
 * Throws unless a covariance from a snapshot is one of `n` coordinates, none of which is less known than at first by
 * much; `priorOf` says its variance then.
 */
function checkUD(
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
