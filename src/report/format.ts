import type { ReportValue } from './report-data.ts'

/** What stands where there is no number. */
export const MISSING = 'N/A'

const MINUS = '\u2212'
const withMinus = (digits: string): string => digits.replaceAll('-', MINUS)

/** Whether there is a number: `null` is what JSON makes of NaN. */
export function isNumber(value: ReportValue | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** A number to about four digits: 12,345 or 1.234 or 0.0123. */
export function formatNumber(value: ReportValue | undefined): string {
  if (!isNumber(value)) return MISSING
  const size = Math.abs(value)
  if (size >= 1e12 || (size > 0 && size < 1e-4)) return withMinus(value.toExponential(2))
  if (size < 1000) return withMinus(String(Number(value.toPrecision(4))))
  return withMinus(value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ','))
}

/** A number with so many digits, and no sign where all of them are 0. */
export function fixed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/^-(?=[0.]+$)/, '')
}

/** A fraction as a percentage: 0.523 is "52.3 %". */
export function formatPercent(fraction: ReportValue | undefined, digits = 1): string {
  return isNumber(fraction) ? `${withMinus(fixed(fraction * 100, digits))}\u00a0%` : MISSING
}

/** A time in UTC, to the day where it is midnight, else to the minute. */
export function formatTime(time: number): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return MISSING
  const iso = date.toISOString()
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, -14) : `${iso.slice(0, -8).replace('T', ' ')} UTC`
}

/** Seven digits are finer than any screen and keep the page small; NaN becomes `null`, a gap. */
export function plotted(value: ReportValue | undefined): number | null {
  return isNumber(value) ? Number(value.toPrecision(7)) : null
}
