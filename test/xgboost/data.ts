import { SeededRng } from '../../src/core/rng.ts'

/** Rows with a signal in the first features, and missing values where wanted. */
export function drawTable(
  seed: string,
  rows: number,
  features: number,
  missing = 0,
): { readonly x: Float64Array[]; readonly y: number[] } {
  const rng = new SeededRng(seed)
  const x = Array.from({ length: rows }, () =>
    Float64Array.from({ length: features }, () => (rng.next() < missing ? Number.NaN : rng.next() * 4 - 2)),
  )
  const y = x.map((row) => Number((row[0]! || 0) + (row[1]! || 0) * (row[2]! || 0) + rng.next() - 0.5 > 0))
  return { x, y }
}

/** Mean log loss. */
export const logLoss = (p: readonly number[], y: readonly number[]): number =>
  p.reduce((sum, value, i) => sum - Math.log(y[i] === 1 ? value : 1 - value), 0) / p.length

/** The code of what `act` throws. */
export function codeOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return (error as { code?: string }).code ?? error
  }
  return 'nothing thrown'
}
