/** A smoothed value: how many numbers went in, counted up to the period, and where it stands. */
export type Average = { n: number; value: number }

/** An average of no numbers yet. */
export function createAverage(): Average {
  return { n: 0, value: 0 }
}

/**
 * Exponential smoothing with alpha = 2 / (period + 1).
 *
 * Seeding rule, here and in {@link addWilder}: the plain mean of the first `period` numbers. Libraries that start from
 * the first number differ at first and agree to 1e-9 after some ten periods.
 */
export function addEma(average: Average, value: number, period: number): void {
  add(average, value, period, 2 / (period + 1))
}

/**
 * Wilder's smoothing: alpha = 1 / period.
 *
 * @see J. W. Wilder (1978), "New Concepts in Technical Trading Systems"
 */
export function addWilder(average: Average, value: number, period: number): void {
  add(average, value, period, 1 / period)
}

/** The average, or NaN before `period` numbers. */
export function averageOf({ n, value }: Average, period: number): number {
  return n < period ? NaN : value
}

function add(average: Average, value: number, period: number, alpha: number): void {
  if (average.n < period) average.value += (value - average.value) / ++average.n
  else average.value += alpha * (value - average.value)
}
