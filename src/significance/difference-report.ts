import { integer, openFraction, positive } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { normalQuantile } from '../core/math.ts'
import type { Interval } from '../market.ts'
import { asymptoticHalfWidth, asymptoticRho } from './asymptotic.ts'

/**
 * What an interval says of a difference: all of it above 0, all of it below, neither, or there was too little to say.
 */
export type DifferenceVerdict = 'shown' | 'not shown' | 'worse' | 'too little data'

/** A difference of two means with an interval that is valid however often one has looked. */
export type DifferenceReport = Interval & {
  readonly difference: number
  /** Always-valid p-value of no difference: the smallest so far. */
  readonly p: number
  readonly verdict: DifferenceVerdict
  /** The verdict in a sentence. */
  readonly text: string
  /** Units that it rests on, rows or clusters, and the fewest that it needs; the figures are NaN below. */
  readonly have: number
  readonly needs: number
  /** More units after which a difference of `effect` would probably be shown; 0 where one is, Infinity for none. */
  readonly stillNeeds: number
}

/** Options of comparisons. */
export type DifferenceOptions = {
  /** Probability with which the interval holds the difference at all times together. @defaultValue 0.95 */
  readonly coverage: number
  /** Units at which the interval is to be tightest ("N*"). @defaultValue 400 */
  readonly tunedAt: number
  /** Units before anything is said, in each group where there are two. @defaultValue 20 */
  readonly minSamples: number
  /** Chance with which `stillNeeds` promises to show the effect. @defaultValue 0.8 */
  readonly power: number
  /** Size of the difference that one would like to see, above 0. @defaultValue the observed one */
  readonly effect: number
  /**
   * What each row belongs to, such as its day: neighbouring rows of one cluster count as one unit. Give it where labels
   * overlap or trades of a day share its fate; without it rows must not depend on each other.
   * @defaultValue every row by itself
   */
  readonly clusters: ArrayLike<number | string>
}

/** The options with their defaults, checked against the number of rows. */
export function checkDifferenceOptions(options: Partial<DifferenceOptions>, rows: number): DifferenceSettings {
  const { coverage = 0.95, tunedAt = 400, minSamples = 20, power = 0.8, effect, clusters } = options
  if (clusters !== undefined && clusters.length !== rows) {
    throw new TradeLearnError('INVALID_INPUT', `"clusters" must have ${rows} values, got ${clusters.length}.`)
  }
  return {
    coverage: openFraction('coverage', coverage),
    tunedAt: positive('tunedAt', tunedAt),
    minSamples: integer('minSamples', minSamples, 2),
    power: openFraction('power', power),
    effect: effect === undefined ? undefined : positive('effect', effect),
    endsAfter: (row) => row + 1 === rows || clusters === undefined || clusters[row] !== clusters[row + 1],
  }
}

export type DifferenceSettings = Omit<DifferenceOptions, 'effect' | 'clusters'> & {
  readonly effect: number | undefined
  /** Whether a unit ends with this row. */
  readonly endsAfter: (row: number) => boolean
}

/** What was measured; `deviation` is that of one unit, of which the difference is the mean. */
export type MeasuredDifference = Omit<Interval, 'coverage'> & {
  readonly difference: number
  readonly deviation: number
  readonly p: number
  readonly have: number
  readonly needs: number
  /** Rows or clusters altogether; `have` counts those of the rarer group. */
  readonly units: number
}

/** Puts what was measured into words. */
export function reportDifference(
  measured: MeasuredDifference,
  settings: DifferenceSettings,
  words: { readonly [verdict in DifferenceVerdict]: string },
): DifferenceReport {
  const { difference, deviation, p, have, needs, units, low, high } = measured
  const { coverage } = settings
  const verdict = have < needs ? 'too little data' : verdictOf(low, high)
  if (verdict === 'too little data') {
    const text = `${words[verdict]} N/A (needs ${needs}, has ${have}).`
    const nothing = { difference: NaN, low: NaN, high: NaN, p: NaN }
    return { ...nothing, coverage, verdict, text, have, needs, stillNeeds: needs - have }
  }
  const wanted = unitsToShow(Math.abs(settings.effect ?? difference), deviation, settings)
  const stillNeeds = verdict === 'not shown' ? Math.max(1, wanted - units) : 0
  const figures = `difference ${brief(difference)} (${brief(low)} to ${brief(high)}), p ${brief(p)}`
  const more = stillNeeds > 0 ? `; to show ${settings.effect ?? 'as much'} takes some ${stillNeeds} more` : ''
  return {
    difference,
    low,
    high,
    p,
    coverage,
    verdict,
    text: `${words[verdict]} ${figures}${more}.`,
    have,
    needs,
    stillNeeds,
  }
}

/** A difference that was shown first and its opposite later has changed, and shows neither. */
function verdictOf(low: number, high: number): DifferenceVerdict {
  if (low > 0 && high < 0) return 'not shown'
  return low > 0 ? 'shown' : high < 0 ? 'worse' : 'not shown'
}

/**
 * Units after which an effect is shown with the chance `power`, were the last look the only one: the interval excludes
 * 0.
 */
function unitsToShow(effect: number, deviation: number, { coverage, tunedAt, power }: DifferenceSettings): number {
  if (!(effect > 0)) return Infinity
  const rho = asymptoticRho(1 - coverage, tunedAt)
  const z = normalQuantile(power)
  const isEnough = (n: number): boolean =>
    deviation * (asymptoticHalfWidth(n, rho, 1 - coverage) + z / Math.sqrt(n)) <= effect
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

const brief = (x: number): string => (Number.isFinite(x) ? String(Number(x.toPrecision(3))) : x > 0 ? '∞' : '-∞')
