import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/index.ts'
import type { Dataset } from '../../../src/evaluation/index.ts'

export const BAR = 3_600_000
/** A Monday at midnight. */
export const MONDAY: number = Date.UTC(2020, 0, 6)

/** Signals an hour apart: P(win) depends on `signal`; `copy` says the same, `noise` nothing, `walk` moves slowly. */
export function planted(
  n: number,
  seed: number | string,
  { strength = 1, overlap = 1 }: { readonly strength?: number; readonly overlap?: number } = {},
): Dataset {
  const rng = new SeededRng(seed)
  const shocks = Float64Array.from({ length: n + overlap }, () => drawNormal(rng))
  let walk = 0
  const rows = Array.from({ length: n }, () => {
    const signal = drawNormal(rng)
    walk = 0.97 * walk + drawNormal(rng)
    return Float64Array.of(signal, drawNormal(rng), signal + 0.05 * drawNormal(rng), walk, drawNormal(rng))
  })
  const netReturns = rows.map((x, i) => {
    let sum = strength * x[0]!
    for (let k = 0; k < overlap; k++) sum += shocks[i + k]! / Math.sqrt(overlap)
    return sum / 100
  })
  const times = rows.map((_, i) => MONDAY + i * BAR)
  return {
    rows,
    y: netReturns.map((value) => Number(value > 0)),
    netReturns,
    times,
    labelEnds: times.map((time) => time + overlap * BAR),
    names: ['signal', 'noise', 'copy', 'walk', 'more noise'],
  }
}
