import { type ErrorCode, show, TradeLearnError } from './errors.ts'

function fail(name: string, wanted: string, value: unknown, code: ErrorCode): never {
  throw new TradeLearnError(code, `"${name}" must be ${wanted}, got ${show(value)}.`)
}

const isFiniteNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** Passes a finite number, else throws. */
export function finite(name: string, value: number, code: ErrorCode = 'INVALID_OPTION'): number {
  return isFiniteNumber(value) ? value : fail(name, 'a finite number', value, code)
}

/** Passes a finite number above 0, else throws. */
export function positive(name: string, value: number, code: ErrorCode = 'INVALID_OPTION'): number {
  return isFiniteNumber(value) && value > 0 ? value : fail(name, 'a positive number', value, code)
}

/** Passes a finite number of at least 0, else throws. */
export function nonNegative(name: string, value: number, code: ErrorCode = 'INVALID_OPTION'): number {
  return isFiniteNumber(value) && value >= 0 ? value : fail(name, 'a number of at least 0', value, code)
}

/** Passes a number from 0 to 1, both included, else throws. */
export function fraction(name: string, value: number, code: ErrorCode = 'INVALID_OPTION'): number {
  return isFiniteNumber(value) && value >= 0 && value <= 1 ? value : fail(name, 'a number from 0 to 1', value, code)
}

/** Passes a number strictly between 0 and 1, else throws. */
export function openFraction(name: string, value: number, code: ErrorCode = 'INVALID_OPTION'): number {
  return isFiniteNumber(value) && value > 0 && value < 1 ? value : fail(name, 'a number between 0 and 1', value, code)
}

/** Passes a whole number of at least `least`, else throws. */
export function integer(name: string, value: number, least = 1, code: ErrorCode = 'INVALID_OPTION'): number {
  return Number.isSafeInteger(value) && value >= least
    ? value
    : fail(name, `a whole number of at least ${least}`, value, code)
}

/** Passes a half-life in observations, at least 1 or Infinity, which means that nothing fades; else throws. */
export function checkHalfLife(name: string, value: number, code: ErrorCode = 'INVALID_OPTION'): number {
  return typeof value === 'number' && value >= 1
    ? value
    : fail(name, 'a number of at least 1, or Infinity', value, code)
}

/** Passes one of a fixed set of words, else throws. */
export function oneOf<const W extends string>(
  name: string,
  value: W,
  words: readonly W[],
  code: ErrorCode = 'INVALID_OPTION',
): W {
  return words.includes(value)
    ? value
    : fail(name, `one of ${words.map((word) => `"${word}"`).join(', ')}`, value, code)
}

/** Passes a non-empty string, else throws. */
export function text(name: string, value: string, code: ErrorCode = 'INVALID_OPTION'): string {
  return typeof value === 'string' && value.length > 0 ? value : fail(name, 'a non-empty string', value, code)
}

/** The last instant, 2200-01-01, that is taken for milliseconds: current times in microseconds lie far above it. */
const LATEST_MS = 7_258_118_400_000
/** Up to here (as milliseconds: the spring of 1970) a time is taken for seconds. */
const SECONDS_BAND = 1e10

/**
 * Passes a time in epoch milliseconds, else throws.
 *
 * Seconds of the years up to 2286 stay below 1e10, which as milliseconds is the spring of 1970: only that band is
 * refused, so daily prices from before 1970 (negative times) pass.
 */
export function time(name: string, value: number, code: ErrorCode = 'INVALID_TIME'): number {
  if (!Number.isSafeInteger(value)) fail(name, 'a time in whole epoch milliseconds', value, code)
  if (Math.abs(value) < SECONDS_BAND) {
    fail(name, `a time in epoch milliseconds (this looks like seconds: multiply by 1000)`, value, code)
  }
  if (value > LATEST_MS) {
    fail(name, 'a time in epoch milliseconds (this looks like micro- or nanoseconds)', value, code)
  }
  return value
}
/** Checks a feature vector: right type, right length, no infinities. Costs one pass and allocates nothing. */
export function checkVector(x: Float64Array, features: number): void {
  if (!(x instanceof Float64Array)) fail('x', 'a Float64Array', x, 'INVALID_INPUT')
  if (x.length !== features) {
    throw new TradeLearnError('INVALID_INPUT', `"x" must have ${features} features, got ${x.length}.`)
  }
  for (let i = 0; i < features; i++) {
    const value = x[i]!
    if (value === Infinity || value === -Infinity)
      fail(`x[${i}]`, 'finite, or NaN where missing', value, 'INVALID_INPUT')
  }
}

/** Checks an observation before a learner takes it in: vector, label for the task, and weight. */
export function checkObservation(
  task: 'binary' | 'regression',
  x: Float64Array,
  features: number,
  y: number,
  weight: number,
): void {
  checkVector(x, features)
  if (task === 'binary' ? y !== 0 && y !== 1 : !isFiniteNumber(y)) {
    fail('y', task === 'binary' ? '0 or 1' : 'a finite number', y, 'INVALID_INPUT')
  }
  if (!(isFiniteNumber(weight) && weight > 0)) fail('weight', 'a positive number', weight, 'INVALID_INPUT')
}
