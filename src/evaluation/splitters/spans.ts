/** What a splitter counts in. Calendar units are those of UTC; weeks begin on Monday. */
export type SpanUnit = 'rows' | 'milliseconds' | 'days' | 'weeks' | 'months' | 'quarters' | 'years'

export const SPAN_UNITS: readonly SpanUnit[] = ['rows', 'milliseconds', 'days', 'weeks', 'months', 'quarters', 'years']

const DAY = 86_400_000
/** The first of January 1970 was a Thursday: three days after a Monday. */
const THURSDAY = 3
const MONTHS = { months: 1, quarters: 3, years: 12 } as const

/** The number of the unit that a time lies in, counted from 1970. */
export function unitOf(unit: Exclude<SpanUnit, 'rows'>, time: number): number {
  if (unit === 'milliseconds') return Math.floor(time)
  if (unit === 'days') return Math.floor(time / DAY)
  if (unit === 'weeks') return Math.floor((Math.floor(time / DAY) + THURSDAY) / 7)
  const date = new Date(time)
  return Math.floor((12 * (date.getUTCFullYear() - 1970) + date.getUTCMonth()) / MONTHS[unit])
}

/** When a unit begins, the inverse of {@link unitOf}: infinitely far away where no calendar reaches. */
export function startOf(unit: Exclude<SpanUnit, 'rows'>, number: number): number {
  if (unit === 'milliseconds') return number
  if (unit === 'days') return number * DAY
  if (unit === 'weeks') return (7 * number - THURSDAY) * DAY
  const start = Date.UTC(1970, number * MONTHS[unit], 1)
  return Number.isNaN(start) ? number * Number.POSITIVE_INFINITY : start
}
