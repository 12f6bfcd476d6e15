import { show, TradeLearnError } from './errors.ts'

/** How dates such as 02/03/2017 are meant: nothing in them tells. */
export type DateOrder = 'month/day/year' | 'day/month/year'

/**
 * Below these magnitudes a number of the kind is a time of this century and a good part of the last: 1e11 seconds is
 * the year 5138, 1e11 milliseconds is March 1973. Each unit is a thousand of the next.
 */
const UNITS = [
  [1e11, 1000],
  [1e14, 1],
  [1e17, 1e-3],
  [1e20, 1e-6],
] as const
/** Year, month, day; a time of day with or without seconds; a zone or none. */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$/i
const SLASHED = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/
const NUMBER = /^-?\d+(\.\d+)?$/

/**
 * A moment in epoch milliseconds, from what APIs use for one: epoch seconds, milliseconds, microseconds or nanoseconds,
 * told apart by their size; ISO 8601, in UTC where it names no zone; a `Date`, or an object like Moment's that turns into
 * milliseconds. Fractions of a millisecond are cut off.
 *
 * @param order - how dates with slashes are meant; without it they are refused
 * @throws `INVALID_TIME`
 */
export function readTime(name: string, value: unknown, order?: DateOrder): number {
  if (typeof value === 'number' || typeof value === 'bigint') return ofNumber(name, Number(value), value)
  if (typeof value === 'string') {
    const text = value.trim()
    if (NUMBER.test(text)) return ofNumber(name, Number(text), value)
    return ofText(name, text, order)
  }
  if (typeof value === 'object' && value !== null) {
    const own = (value as { valueOf?: unknown }).valueOf
    // what a file says of itself is no function
    const plain: unknown = typeof own === 'function' ? own.call(value) : undefined
    if (typeof plain === 'number' && Number.isFinite(plain)) return Math.trunc(plain)
  }
  return invalid(name, 'a time', value)
}

function ofNumber(name: string, number: number, given: unknown): number {
  const size = Math.abs(number)
  for (const [most, scale] of UNITS) if (size < most) return Math.trunc(number * scale)
  return invalid(name, 'epoch seconds, milliseconds, microseconds or nanoseconds', given)
}

function ofText(name: string, text: string, order?: DateOrder): number {
  const slashed = SLASHED.exec(text)
  if (slashed) {
    if (order === undefined) invalid(name, 'a date whose order is known (say so by `dateOrder`)', text)
    const [first, second] = [Number(slashed[1]), Number(slashed[2])]
    const [month, day] = order === 'month/day/year' ? [first, second] : [second, first]
    return ofParts(name, text, [Number(slashed[3]), month, day, 0, 0, 0, 0])
  }
  const found = ISO.exec(text)
  if (!found) return invalid(name, 'an ISO 8601 time', text)
  const [year, month, day, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map((part) => Number(part ?? 0))
  const fraction = Math.trunc(Number(`0.${found[7] ?? '0'}`) * 1000 + 1e-6)
  const local = ofParts(name, text, [year!, month!, day!, hour, minute, second, fraction])
  return local - zoneOf(found[8])
}

/** Milliseconds that a zone is ahead of UTC. */
function zoneOf(zone: string | undefined): number {
  if (zone === undefined || /^(z|utc)$/i.test(zone)) return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

function ofParts(name: string, text: string, [year, month, day, hour, minute, second, ms]: readonly number[]): number {
  const at = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!, ms!)
  const back = new Date(at)
  const same =
    back.getUTCMonth() === month! - 1 && back.getUTCDate() === day && hour! < 24 && minute! < 60 && second! < 60
  return same ? at : invalid(name, 'a day and time that exist', text)
}

function invalid(name: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('INVALID_TIME', `"${name}" must be ${wanted}, got ${show(got)}.`)
}
