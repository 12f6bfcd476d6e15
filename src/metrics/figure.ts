/** A figure with what it rests on; NaN while `have` is below `needs`, and where it is not defined. */
export type Figure = { readonly value: number; readonly have: number; readonly needs: number }

/** A figure that says nothing below its floor; `value` is not asked for there. */
export function figureOf(have: number, needs: number, value: () => number): Figure {
  return { value: have < needs ? NaN : value(), have, needs }
}

/** A figure with `digits` decimals; `N/A (needs n)` where `have` is below `needs`, plain `N/A` where it is undefined. */
export function formatMeasure(value: number, have: number, needs: number, digits = 3): string {
  if (have < needs) return `N/A (needs ${needs})`
  return Number.isNaN(value) ? 'N/A' : value === Infinity ? '∞' : value.toFixed(digits)
}

/**
 * Deviations of returns below this are what rounding leaves of none: a few thousand times the last bit of 1, which is where
 * growth of exactly one per cent a day ends up.
 */
const ROUNDING = 1e-12

/** Mean over deviation; NaN where there is no deviation to divide by. */
export function ratioOf(mean: number, deviation: number): number {
  return deviation > ROUNDING ? mean / deviation : NaN
}
