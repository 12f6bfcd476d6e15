import { show, TradeLearnError } from '../../core/errors.ts'
import type { Dataset } from '../dataset.ts'
import { bucketsOfPast, fewValues } from './feature-buckets.ts'

/** One kind of rows. */
export type Bucket = {
  readonly name: string
  /** How a sentence says it: "Signals ... pay". */
  readonly phrase: string
}

/** One way to tell rows apart. */
export type Dimension = {
  readonly name: string
  readonly buckets: readonly Bucket[]
  /** The bucket of each row; -1 for none. */
  readonly of: Int32Array
}

/** How rows are put into buckets. */
export type DimensionOptions = {
  /** Hours a bucket of the day holds, a divisor of 24. @defaultValue 2 */
  readonly hours: number
  /** Minutes that local time is ahead of UTC. @defaultValue 0 */
  readonly utcOffset: number
  /** Names of the features to look at. @defaultValue all */
  readonly features: readonly string[]
  /** Shares of past values that a feature's rows are put into. @defaultValue 5 */
  readonly shares: number
  /** Dimensions to be crossed with each other, by name, e.g. `[['hour', 'side']]`. @defaultValue none */
  readonly pairs: readonly (readonly [string, string])[]
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const OTHER: Bucket = { name: 'other', phrase: 'of rare kinds' }

/** Time of day, weekday, groups and features, in this order. `names` are those of the features. */
export function dimensionsOf(
  { times, rows, groups = {} }: Dataset,
  names: readonly string[],
  { hours, utcOffset, features, shares }: Omit<DimensionOptions, 'pairs'>,
  rare: number,
): readonly Dimension[] {
  const local = Float64Array.from(times, (time) => time + utcOffset * 60_000)
  return [
    hourOf(local, hours, utcOffset),
    weekdayOf(local, utcOffset),
    ...Object.entries(groups).map(([name, values]) => groupOf(name, values, rare)),
    ...features.map((name) => {
      const feature = names.indexOf(name)
      if (feature < 0) {
        throw new TradeLearnError('INVALID_OPTION', `"features" must hold names of the dataset, got ${show(name)}.`)
      }
      const values = Float64Array.from(rows, (x) => x[feature]!)
      return featureOf(name, values, shares)
    }),
  ]
}

/** Every bucket of one dimension with every bucket of another. */
export function crossed(dimensions: readonly Dimension[], [one, two]: readonly [string, string]): Dimension {
  const find = (name: string): Dimension => {
    const found = dimensions.find((dimension) => dimension.name === name)
    if (found !== undefined) return found
    const known = dimensions.map((dimension) => dimension.name).join(', ')
    throw new TradeLearnError('INVALID_OPTION', `"pairs" must hold names of dimensions (${known}), got ${show(name)}.`)
  }
  const [a, b] = [find(one), find(two)]
  if (a === b)
    throw new TradeLearnError('INVALID_OPTION', `"pairs" must hold two dimensions each, got ${show(one)} twice.`)
  const width = b.buckets.length
  return {
    name: `${a.name} × ${b.name}`,
    buckets: a.buckets.flatMap((first) =>
      b.buckets.map((second) => ({
        name: `${first.name} × ${second.name}`,
        phrase: `${first.phrase} and ${second.phrase}`,
      })),
    ),
    of: a.of.map((bucket, row) => (bucket < 0 || b.of[row]! < 0 ? -1 : bucket * width + b.of[row]!)),
  }
}

function hourOf(local: Float64Array, hours: number, utcOffset: number): Dimension {
  const two = (hour: number): string => String(hour).padStart(2, '0')
  const buckets = Array.from({ length: 24 / hours }, (_, i) => {
    const [from, to] = [`${two(i * hours)}:00`, `${two(i * hours + hours - 1)}:59`]
    return { name: `${from} to ${to}`, phrase: `between ${from} and ${to} ${zoneOf(utcOffset)}` }
  })
  return { name: 'hour', buckets, of: Int32Array.from(local, (time) => Math.floor(modulo(time, DAY) / HOUR / hours)) }
}

function weekdayOf(local: Float64Array, utcOffset: number): Dimension {
  const buckets = WEEKDAYS.map((name) => ({ name, phrase: `on ${name}s (${zoneOf(utcOffset)})` }))
  // 1970 began on a Thursday
  return { name: 'weekday', buckets, of: Int32Array.from(local, (time) => modulo(Math.floor(time / DAY) + 3, 7)) }
}

/** Values by name; those of fewer rows than `rare` go into one bucket, the last. */
function groupOf(name: string, values: readonly string[], rare: number): Dimension {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  const common = [...counts.keys()].filter((value) => counts.get(value)! >= rare).sort()
  const place = new Map(common.map((value, i) => [value, i]))
  const buckets: Bucket[] = common.map((value) => ({ name: value, phrase: `with ${name} ${show(value)}` }))
  if (common.length < counts.size) buckets.push({ ...OTHER, phrase: `${OTHER.phrase} of ${name}` })
  return { name, buckets, of: Int32Array.from(values, (value) => place.get(value) ?? common.length) }
}

/** Values themselves where there are few, else shares of what was seen before; missing ones last. */
function featureOf(name: string, values: Float64Array, shares: number): Dimension {
  const few = fewValues(values, shares)
  const missing: Bucket = { name: 'missing', phrase: `with ${name} missing` }
  const percent = (share: number): number => Math.round((100 * share) / shares)
  const known: readonly Bucket[] = few
    ? few.map((value) => ({ name: String(value), phrase: `with ${name} ${value}` }))
    : Array.from({ length: shares }, (_, i) => ({
        name: `${percent(i)} to ${percent(i + 1)} %`,
        phrase:
          i === 0
            ? `with ${name} in the lowest ${percent(1)} % of its past`
            : i === shares - 1
              ? `with ${name} in the highest ${100 - percent(i)} % of its past`
              : `with ${name} above ${percent(i)} and below ${percent(i + 1)} % of its past`,
      }))
  const of = few ? Int32Array.from(values, (value) => few.indexOf(value)) : bucketsOfPast(values, shares)
  const gaps = values.some(Number.isNaN)
  return {
    name,
    buckets: gaps ? [...known, missing] : known,
    of: of.map((bucket, row) => (Number.isNaN(values[row]!) ? known.length : bucket)),
  }
}

function zoneOf(utcOffset: number): string {
  if (utcOffset === 0) return 'UTC'
  const minutes = Math.abs(utcOffset)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `UTC${utcOffset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

const modulo = (value: number, by: number): number => ((value % by) + by) % by
