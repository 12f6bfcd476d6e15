import { show, TradeLearnError } from '../../core/errors.ts'

/** Throws unless `columns` are different positions of features, at least one; returns a copy. */
export function checkColumns(columns: readonly number[], features: number): readonly number[] {
  const sound =
    Array.isArray(columns) &&
    columns.length > 0 &&
    new Set(columns).size === columns.length &&
    columns.every((column) => Number.isSafeInteger(column) && column >= 0 && column < features)
  if (sound) return [...columns]
  const got = Array.isArray(columns) ? `[${columns.slice(0, 10).map(show).join(', ')}]` : show(columns)
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"columns" must be different positions from 0 to ${features - 1}, got ${got}.`,
  )
}
