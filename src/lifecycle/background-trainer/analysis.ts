import type { Dependence } from '../../core/false-discovery.ts'
import { toFalseDiscoveryRates } from '../../core/false-discovery.ts'
import { clamp, logLossOf } from '../../core/math.ts'
import { distanceTail, kolmogorovSmirnov } from '../../drift/kolmogorov-smirnov.ts'
import { type Dataset, type PatternInsights, patternInsights } from '../../evaluation/index.ts'
import { CalibrationError, type ReliabilityBin } from '../../metrics/index.ts'
import type { SettledRow } from './settled-row.ts'

/** Fewest trades for a win rate or a mean, as elsewhere. */
const TRADES_NEEDED = 20
/** Fewest values on either side for a test of distributions. */
const VALUES_NEEDED = 30
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** How trades of one kind went; NaN below 20 of them. */
export type GroupPerformance = {
  readonly group: string
  readonly trades: number
  readonly winRate: number
  readonly meanReturn: number
}

/** Whether a feature is distributed otherwise in the newer rows than in the older ones. */
export type FeatureChange = {
  readonly feature: number
  /** Largest gap between the two distributions. */
  readonly distance: number
  readonly falseDiscoveryRate: number
}

/** What a day's rows say beside those before, as plain data. */
export type DailyAnalysis = {
  readonly version: 1
  readonly from: number
  readonly to: number
  readonly rows: number
  readonly winRate: number
  readonly meanReturn: number
  /** Of the probabilities given, and of always saying the share of winners. NaN without any. */
  readonly calibration: {
    readonly labels: number
    readonly logLoss: number
    readonly baseRateLogLoss: number
    readonly error: number
    readonly bins: readonly ReliabilityBin[]
  }
  /** Features that changed in the newest quarter of the rows, at a false discovery rate of 5 %. */
  readonly drift: readonly FeatureChange[]
  readonly bySymbol: readonly GroupPerformance[]
  /** By hour of the day, UTC, that was decided in. */
  readonly byHour: readonly GroupPerformance[]
}

/** What a week adds: how the days differ, how much each feature tells by itself, and patterns. */
export type WeeklyAnalysis = Omit<DailyAnalysis, 'version'> & {
  readonly version: 1
  readonly byWeekday: readonly GroupPerformance[]
  /** Correlation of each feature's rank with the net return's, most telling first. */
  readonly importance: readonly { readonly feature: number; readonly correlation: number }[]
  /** Left out where there are too few rows for any. */
  readonly patterns?: PatternInsights
}

/**
 * The daily look at settled decisions, oldest first: calibration, drift, and performance by symbol and hour. Pure.
 *
 * O(features × rows log rows).
 */
export function dailyAnalysis(rows: readonly SettledRow[]): DailyAnalysis {
  const known = rows.filter(({ probability }) => !Number.isNaN(probability))
  const rate = meanOf(known.map(({ y }) => y))
  const error = new CalibrationError({ window: Math.max(1, known.length) })
  for (const { y, probability } of known) error.update(y, probability)
  const inside = (p: number): number => clamp(p, 1e-6, 1 - 1e-6)
  return {
    version: 1,
    from: rows[0]?.time ?? Number.NaN,
    to: rows.at(-1)?.time ?? Number.NaN,
    rows: rows.length,
    winRate: meanOf(rows.map(({ y }) => y)),
    meanReturn: meanOf(rows.map(({ netReturn }) => netReturn)),
    calibration: {
      labels: known.length,
      logLoss: meanOf(known.map(({ y, probability }) => logLossOf(y, inside(probability)))),
      baseRateLogLoss: meanOf(known.map(({ y }) => logLossOf(y, inside(rate)))),
      error: error.value,
      bins: error.bins,
    },
    drift: changesOf(rows),
    bySymbol: performanceBy(rows, ({ symbol }) => symbol),
    byHour: performanceBy(rows, ({ time }) => String(Math.floor((((time % DAY) + DAY) % DAY) / HOUR)).padStart(2, '0')),
  }
}

/**
 * The weekly look: the daily one, weekdays, what features tell, and patterns with their false discovery rate. Pure; the
 * patterns take seconds for thousands of rows, so it is meant for a worker.
 */
export function weeklyAnalysis(rows: readonly SettledRow[]): WeeklyAnalysis {
  // the epoch began on a Thursday
  const weekday = (time: number): string => DAYS[(((Math.floor(time / DAY) + 4) % 7) + 7) % 7]!
  const patterns = attempt(() => patternInsights(datasetOf(rows)))
  return {
    ...dailyAnalysis(rows),
    byWeekday: performanceBy(rows, ({ time }) => weekday(time)),
    importance: importanceOf(rows),
    ...(patterns && { patterns }),
  }
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
const DEPENDENCE: Dependence = 'positive'
const LEVEL = 0.05

function performanceBy(rows: readonly SettledRow[], groupOf: (row: SettledRow) => string): GroupPerformance[] {
  const groups = new Map<string, SettledRow[]>()
  for (const row of rows) {
    const group = groupOf(row)
    const same = groups.get(group)
    if (same) same.push(row)
    else groups.set(group, [row])
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, own]) => {
      const enough = own.length >= TRADES_NEEDED
      return {
        group,
        trades: own.length,
        winRate: enough ? meanOf(own.map(({ y }) => y)) : Number.NaN,
        meanReturn: enough ? meanOf(own.map(({ netReturn }) => netReturn)) : Number.NaN,
      }
    })
}

/** Features whose newest quarter is distributed otherwise than the rest, by Kolmogorov and Smirnov. */
function changesOf(rows: readonly SettledRow[]): FeatureChange[] {
  const cut = Math.floor((3 * rows.length) / 4)
  const features = rows[0]?.x.length ?? 0
  const tested: { feature: number; distance: number; p: number }[] = []
  for (let feature = 0; feature < features; feature++) {
    const column = (of: readonly SettledRow[]): Float64Array =>
      Float64Array.from(of.map(({ x }) => x[feature]!).filter((value) => !Number.isNaN(value))).sort()
    const before = column(rows.slice(0, cut))
    const now = column(rows.slice(cut))
    if (before.length < VALUES_NEEDED || now.length < VALUES_NEEDED) continue
    const distance = kolmogorovSmirnov(before, before.length, now, now.length)
    tested.push({ feature, distance, p: distanceTail(distance, before.length, now.length) })
  }
  const rates = Float64Array.from(tested, ({ p }) => p)
  toFalseDiscoveryRates(rates, DEPENDENCE)
  return tested
    .map(({ feature, distance }, i) => ({ feature, distance, falseDiscoveryRate: rates[i]! }))
    .filter(({ falseDiscoveryRate }) => falseDiscoveryRate <= LEVEL)
}

function importanceOf(rows: readonly SettledRow[]): { readonly feature: number; readonly correlation: number }[] {
  const features = rows[0]?.x.length ?? 0
  return Array.from({ length: features }, (_, feature) => {
    const known = rows.filter(({ x }) => !Number.isNaN(x[feature]!))
    const enough = known.length >= VALUES_NEEDED
    const correlation = enough
      ? correlationOf(ranksOf(known.map(({ x }) => x[feature]!)), ranksOf(known.map(({ netReturn }) => netReturn)))
      : Number.NaN
    return { feature, correlation }
  }).sort((a, b) => (Math.abs(b.correlation) || 0) - (Math.abs(a.correlation) || 0) || a.feature - b.feature)
}

/** Mean ranks: equal values share theirs. */
function ranksOf(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const ranks = new Float64Array(values.length)
  for (let i = 0; i < order.length; ) {
    let end = i
    while (end < order.length && values[order[end]!] === values[order[i]!]) end++
    for (let k = i; k < end; k++) ranks[order[k]!] = (i + end - 1) / 2
    i = end
  }
  return ranks
}

function correlationOf(a: Float64Array, b: Float64Array): number {
  const [ma, mb] = [meanOf([...a]), meanOf([...b])]
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - ma) * (b[i]! - mb)
    aa += (a[i]! - ma) * (a[i]! - ma)
    bb += (b[i]! - mb) * (b[i]! - mb)
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : Number.NaN
}

function datasetOf(rows: readonly SettledRow[]): Dataset {
  const column = (of: (row: SettledRow) => number): Float64Array => Float64Array.from(rows, of)
  return {
    rows: rows.map(({ x }) => x),
    y: column(({ y }) => y),
    netReturns: column(({ netReturn }) => netReturn),
    times: column(({ time }) => time),
    labelEnds: column(({ labelEnd }) => labelEnd),
    groups: { symbol: rows.map(({ symbol }) => symbol), side: rows.map(({ side }) => side) },
  }
}

/** What can be done with so few rows, or nothing. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'NOT_ENOUGH_DATA') return undefined
    throw error
  }
}

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length
