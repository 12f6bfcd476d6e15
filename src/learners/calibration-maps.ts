import { clamp, logit, sigmoid } from '../core/math.ts'
import { type BetaMap, betaAt, fitBeta } from './beta-calibration.ts'
import type { CalibrationMethod } from './calibration-choice.ts'
import { checkAmount, checkNumber, corrupt } from './checks.ts'
import { fitIsotonic, type IsotonicFit, isotonicAt } from './isotonic.ts'
import { fitPlatt, type PlattLine } from './platt.ts'

/** The learner's probabilities are kept this far from 0 and 1, or one boast would bend the line. */
export const MARGIN = 1e-6

/** What each method makes of log-odds, fitted to the newest pairs; those of no fit change nothing. */
export type MapsState = {
  slope: number
  offset: number
  a: number
  b: number
  c: number
  /** Knots of the isotonic fit; none before the first. */
  x: Float64Array
  y: Float64Array
}

/** Maps that change nothing. */
export function createMaps(): MapsState {
  return { slope: 1, offset: 0, a: 1, b: 1, c: 0, x: new Float64Array(0), y: new Float64Array(0) }
}

/** Whether a method has been fitted. */
export function isFitted(maps: MapsState, method: CalibrationMethod): boolean {
  if (method === 'platt') return maps.slope !== 1 || maps.offset !== 0
  return method === 'beta' ? maps.a !== 1 || maps.b !== 1 || maps.c !== 0 : maps.x.length > 0
}

/** Fits a method to the first `n` pairs of log-odds and labels. */
export function fitMap(
  maps: MapsState,
  method: CalibrationMethod,
  scores: Float64Array,
  labels: Float64Array,
  n: number,
): void {
  if (method === 'platt') {
    const { slope, offset }: PlattLine = fitPlatt(scores, labels, n, maps)
    maps.slope = slope
    maps.offset = offset
  } else if (method === 'beta') {
    const { a, b, c }: BetaMap = fitBeta(scores, labels, n)
    maps.a = a
    maps.b = b
    maps.c = c
  } else {
    // without a prior it would be certain at both ends
    const { x, y }: IsotonicFit = fitIsotonic(scores, labels, n, { prior: 1 })
    maps.x = x
    maps.y = y
  }
}

/** The probability that a method makes of a learner's. */
export function correct(maps: MapsState, method: CalibrationMethod, q: number): number {
  const score = logit(q, MARGIN)
  if (method === 'platt') return sigmoid(maps.slope * score + maps.offset)
  return method === 'beta' ? sigmoid(betaAt(maps, score)) : isotonicAt(maps, score)
}

/** Log-odds of a probability at the margin. */
const EDGE = logit(1 - MARGIN)

/** The log-odds that a method makes of a learner's. */
export function correctLogOdds(maps: MapsState, method: CalibrationMethod, value: number): number {
  const score = clamp(value, -EDGE, EDGE)
  if (method === 'platt') return maps.slope * score + maps.offset
  return method === 'beta' ? betaAt(maps, score) : logit(isotonicAt(maps, score))
}

/** Numbers beyond are none that pairs could lead to, and would overflow. */
const LARGEST = 1e300
/** Log-odds of a probability at the margin, rounded up. */
const LARGEST_SCORE = 14

/** Throws unless maps from a snapshot are some that pairs can lead to. */
export function checkMaps({ slope, offset, a, b, c, x, y }: MapsState, window: number): void {
  for (const [name, value] of Object.entries({ slope, a, b })) checkAmount(`state.maps.${name}`, value, LARGEST)
  for (const [name, value] of Object.entries({ offset, c })) checkNumber(`state.maps.${name}`, value, LARGEST)
  if (x.length !== y.length || x.length > 2 * window) corrupt('state.maps.x', `up to ${2 * window} knots`, x)
  for (let k = 0; k < x.length; k++) {
    const rises = k === 0 || (x[k]! > x[k - 1]! && y[k]! >= y[k - 1]!)
    if (!rises || !(Math.abs(x[k]!) <= LARGEST_SCORE) || !(y[k]! > 0 && y[k]! < 1)) {
      corrupt(`state.maps.y[${k}]`, 'a knot of a rising line of probabilities', y[k])
    }
  }
}
