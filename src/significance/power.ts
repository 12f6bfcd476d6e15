import { finite, oneOf, openFraction, positive } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { normalCdf, normalQuantile } from '../core/math.ts'

/** What one hopes to show. */
export type Effect =
  /** The win rate of one group lies at `to`, not at the known rate `from`; or that of two groups differs. */
  | { readonly kind: 'winRate' | 'winRates'; readonly from: number; readonly to: number }
  /** The mean of one group (or of paired differences) is not 0; or those of two groups differ. */
  | { readonly kind: 'mean' | 'means'; readonly difference: number; readonly deviation: number }
  /** Predictions and outcomes are correlated. */
  | { readonly kind: 'correlation'; readonly correlation: number }
  /** An AUC above 0.5, where `wins` is the share of 1s among the labels. */
  | { readonly kind: 'auc'; readonly auc: number; readonly wins: number }

/** Options of {@link powerOf}, {@link sampleSize} and {@link minimumDetectableEffect}. */
export type PowerOptions = {
  /** Chance of a false alarm ("alpha"). @defaultValue 0.05 */
  readonly alpha: number
  /** Chance of finding the effect if it is there ("1 - beta"); not used by `powerOf`. @defaultValue 0.8 */
  readonly power: number
  /** `'both'` where a difference in either direction would count. @defaultValue 'both' */
  readonly sides: 'both' | 'one'
  /** Rows of the second group for each of the first; 3 for a test on a quarter. @defaultValue 1 */
  readonly ratio: number
}

/** Distance from "nothing there", and the deviations of its estimate if nothing is there, and if the effect is. */
type Test = { readonly gap: number; readonly idle: number; readonly active: number }

/**
 * The chance to find an effect with one test at the end, on `n` rows: of the first group, where there are two.
 *
 *     power = normal cdf of (gap - z deviation under no effect) / deviation under the effect
 *
 * Win rates by the binomial deviations (pooled, where two groups are compared, under no effect), correlations by
 * Fisher's z, AUC by Hanley and McNeil. Tests that one may look at after every trade need more: a confidence sequence
 * about twice as many.
 *
 * @see J. L. Fleiss (1981), "Statistical methods for rates and proportions", 3.2
 * @see J. A. Hanley, B. J. McNeil (1982), "The meaning and use of the area under a receiver operating characteristic
 *   (ROC) curve", Radiology 143
 *
 * @example
 * ```ts
 * powerOf({ kind: 'winRates', from: 0.45, to: 0.52 }, 400) // 0.51
 * ```
 */
export function powerOf(effect: Effect, n: number, options: Partial<PowerOptions> = {}): number {
  positive('n', n, 'INVALID_INPUT')
  return powerAt(checkEffect(effect), n, checkOptions(options))
}

/** Rows that an effect takes. */
export type SampleSize = {
  /** Of the first group, or of the only one. */
  readonly first: number
  /** Of the second group; 0 where there is one. */
  readonly second: number
  readonly total: number
}

/**
 * How many rows it takes to find an effect with the wanted power, by one test at the end. Infinity where there is no
 * effect.
 *
 * | two groups, alpha 0.05, power 0.8 | rows in each |
 * | --------------------------------- | -----------: |
 * | wins from 45 to 49.5 %            |        1,931 |
 * | wins from 45 to 52 %              |          800 |
 * | wins from 45 to 58 %              |          231 |
 * | mean return up 0.1 deviations     |        1,570 |
 * | mean return up 0.2 deviations     |          393 |
 *
 * @example
 * ```ts
 * sampleSize({ kind: 'winRates', from: 0.45, to: 0.52 }) // { first: 800, second: 800, total: 1600 }
 * ```
 */
export function sampleSize(effect: Effect, options: Partial<PowerOptions> = {}): SampleSize {
  const settings = checkOptions(options)
  checkEffect(effect)
  const first = leastWhole((n) => powerAt(effect, n, settings) >= settings.power)
  const second = effect.kind === 'winRates' || effect.kind === 'means' ? Math.ceil(first * settings.ratio) : 0
  return { first, second, total: first + second }
}

/** An effect whose size is asked for. */
export type UnknownEffect =
  | { readonly kind: 'winRate' | 'winRates'; readonly from: number }
  | { readonly kind: 'mean' | 'means'; readonly deviation: number }
  | { readonly kind: 'correlation' }
  | { readonly kind: 'auc'; readonly wins: number }

/**
 * The smallest effect that `n` rows find with the wanted power: the win rate `to`, the `difference` of means, the
 * `correlation` or the `auc`. NaN where not even the largest would be found.
 *
 * @example
 * ```ts
 * minimumDetectableEffect({ kind: 'winRates', from: 0.45 }, 800) // 0.52
 * ```
 */
export function minimumDetectableEffect(
  unknown: UnknownEffect,
  n: number,
  options: Partial<PowerOptions> = {},
): number {
  positive('n', n, 'INVALID_INPUT')
  const settings = checkOptions(options)
  const [least, most] = rangeOf(unknown)
  checkEffect(withSize(unknown, (least + most) / 2))
  const isEnough = (size: number): boolean => powerAt(withSize(unknown, size), n, settings) >= settings.power
  // just short of what is certain
  let high = most - (most - least) * 1e-12
  if (!isEnough(high)) return NaN
  let low = least
  // halves the gap down to the last bits of a double
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (isEnough(middle)) high = middle
    else low = middle
  }
  return high
}

function powerAt(effect: Effect, n: number, { alpha, sides, ratio }: PowerOptions): number {
  const { gap, idle, active } = testOf(effect, n, ratio)
  const z = -normalQuantile(sides === 'both' ? alpha / 2 : alpha)
  const lead = gap - z * idle
  // too few rows for the estimate to have a deviation
  if (Number.isNaN(lead) || gap === 0) return gap === 0 ? alpha : 0
  return active > 0 ? normalCdf(lead / active) : Number(lead > 0)
}

function testOf(effect: Effect, n: number, ratio: number): Test {
  switch (effect.kind) {
    case 'winRate': {
      const { from, to } = effect
      return { gap: Math.abs(to - from), idle: Math.sqrt(spread(from) / n), active: Math.sqrt(spread(to) / n) }
    }
    case 'winRates': {
      const { from, to } = effect
      const pooled = (from + ratio * to) / (1 + ratio)
      return {
        gap: Math.abs(to - from),
        idle: Math.sqrt((spread(pooled) * (1 + 1 / ratio)) / n),
        active: Math.sqrt((spread(from) + spread(to) / ratio) / n),
      }
    }
    case 'mean':
    case 'means': {
      const deviation = effect.deviation * Math.sqrt((effect.kind === 'mean' ? 1 : 1 + 1 / ratio) / n)
      return { gap: Math.abs(effect.difference), idle: deviation, active: deviation }
    }
    case 'correlation': {
      const deviation = n > 3 ? 1 / Math.sqrt(n - 3) : NaN
      return { gap: Math.abs(Math.atanh(effect.correlation)), idle: deviation, active: deviation }
    }
    case 'auc': {
      const { auc, wins } = effect
      const [ones, zeros] = [wins * n, (1 - wins) * n]
      const [q1, q2] = [auc / (2 - auc), (2 * auc * auc) / (1 + auc)]
      const spreads = spread(auc) + (ones - 1) * (q1 - auc * auc) + (zeros - 1) * (q2 - auc * auc)
      return {
        gap: Math.abs(auc - 0.5),
        idle: Math.sqrt((n + 1) / (12 * ones * zeros)),
        active: Math.sqrt(Math.max(0, spreads) / (ones * zeros)),
      }
    }
  }
}

const spread = (p: number): number => p * (1 - p)

/** The least whole number of at least 1 at which `isEnough`, which stays true from there on; Infinity for none. */
function leastWhole(isEnough: (n: number) => boolean): number {
  let high = 1
  while (!isEnough(high)) {
    high *= 2
    if (high > Number.MAX_SAFE_INTEGER) return Infinity
  }
  let low = high / 2
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isEnough(middle)) high = middle
    else low = middle
  }
  return high
}

/** From no effect to the largest that can be; 100 deviations of a mean are found on any rows. */
function rangeOf(unknown: UnknownEffect): readonly [number, number] {
  switch (unknown.kind) {
    case 'winRate':
    case 'winRates':
      return [unknown.from, 1]
    case 'mean':
    case 'means':
      return [0, 100 * unknown.deviation]
    case 'correlation':
      return [0, 1]
    case 'auc':
      return [0.5, 1]
  }
}

function withSize(unknown: UnknownEffect, size: number): Effect {
  switch (unknown.kind) {
    case 'winRate':
    case 'winRates':
      return { ...unknown, to: size }
    case 'mean':
    case 'means':
      return { ...unknown, difference: size }
    case 'correlation':
      return { ...unknown, correlation: size }
    case 'auc':
      return { ...unknown, auc: size }
  }
}

function checkEffect(effect: Effect): Effect {
  switch (effect.kind) {
    case 'winRate':
    case 'winRates':
      openFraction('effect.from', effect.from, 'INVALID_INPUT')
      openFraction('effect.to', effect.to, 'INVALID_INPUT')
      return effect
    case 'mean':
    case 'means':
      finite('effect.difference', effect.difference, 'INVALID_INPUT')
      positive('effect.deviation', effect.deviation, 'INVALID_INPUT')
      return effect
    case 'correlation':
      if (Math.abs(effect.correlation) < 1) return effect
      throw new TradeLearnError(
        'INVALID_INPUT',
        `"effect.correlation" must lie between -1 and 1, got ${show(effect.correlation)}.`,
      )
    case 'auc':
      openFraction('effect.auc', effect.auc, 'INVALID_INPUT')
      openFraction('effect.wins', effect.wins, 'INVALID_INPUT')
      return effect
    default:
      throw new TradeLearnError('INVALID_INPUT', `"effect.kind" is unknown, got ${show((effect as Effect).kind)}.`)
  }
}

function checkOptions({ alpha = 0.05, power = 0.8, sides = 'both', ratio = 1 }: Partial<PowerOptions>): PowerOptions {
  return {
    alpha: openFraction('alpha', alpha),
    power: openFraction('power', power),
    sides: oneOf('sides', sides, ['both', 'one']),
    ratio: positive('ratio', ratio),
  }
}
