import { show, TradeLearnError } from './errors.ts'

/** Length of a bar as exchanges write it: a number and `s`, `m`, `h`, `d`, `w`, or `M` for months. */
export type Timeframe = `${number}${'s' | 'm' | 'h' | 'd' | 'w' | 'M'}`

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const PATTERN = /^(\d{1,6})([smhdwM])$/

/**
 * When a bar that opened at `time` ends, in epoch milliseconds: the first moment that is no longer in it.
 *
 * Months are those of the calendar, in UTC.
 *
 * @throws `INVALID_OPTION` for what is no timeframe
 */
export function barEnd(time: number, timeframe: Timeframe): number {
  const [count, unit] = parts(timeframe)
  if (unit !== 'M') return time + count * UNIT_MS[unit]
  const start = new Date(time)
  return Date.UTC(
    start.getUTCFullYear(),
    start.getUTCMonth() + count,
    start.getUTCDate(),
    start.getUTCHours(),
    start.getUTCMinutes(),
  )
}

/** Length of a timeframe in milliseconds; a month counts as 30 days. */
export function timeframeMs(timeframe: Timeframe): number {
  const [count, unit] = parts(timeframe)
  return count * (unit === 'M' ? 30 * UNIT_MS.d : UNIT_MS[unit])
}

type Parts = readonly [number, 's' | 'm' | 'h' | 'd' | 'w' | 'M']
/** Those that have been read; there are few, and they are asked for at every bar. */
const READ = new Map<string, Parts>()

function parts(timeframe: Timeframe): Parts {
  const known = READ.get(timeframe)
  if (known) return known
  const found = PATTERN.exec(typeof timeframe === 'string' ? timeframe : '')
  const count = Number(found?.[1] ?? 0)
  if (count > 0) {
    const read: Parts = [count, found![2] as 's']
    // nobody has a thousand; what comes from elsewhere must not fill the memory
    if (READ.size < 1000) READ.set(timeframe, read)
    return read
  }
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"timeframe" must be a number and one of s, m, h, d, w, M, such as "15m", got ${show(timeframe)}.`,
  )
}

/** The first Monday of the epoch: weeks are counted from it. */
const FIRST_MONDAY = 4 * UNIT_MS.d

/**
 * When the bar of a timeframe opened that a moment lies in, in epoch milliseconds. Bars are counted from the epoch in UTC,
 * weeks from Monday, months from January 1970.
 *
 * @throws `INVALID_OPTION` for what is no timeframe
 */
export function barStart(time: number, timeframe: Timeframe): number {
  const [count, unit] = parts(timeframe)
  if (unit === 'M') {
    const date = new Date(time)
    const month = (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
    return Date.UTC(1970, Math.floor(month / count) * count, 1)
  }
  const length = count * UNIT_MS[unit]
  const origin = unit === 'w' ? FIRST_MONDAY : 0
  return Math.floor((time - origin) / length) * length + origin
}
