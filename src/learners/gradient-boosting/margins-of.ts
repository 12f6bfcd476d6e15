import type { Forest } from '../forest/forest.ts'
import { marginsInto } from '../forest/margins.ts'
import type { Table } from './window.ts'

/** The margins of all rows, output after output. */
export function marginsOf(forest: Forest, { x, y }: Table): Float64Array {
  const { base, features } = forest
  const rows = y.length
  const margins = new Float64Array(rows * base.length)
  const out = new Float64Array(base.length)
  for (let i = 0; i < rows; i++) {
    marginsInto(forest, x, i * features, out)
    for (let k = 0; k < base.length; k++) margins[k * rows + i] = out[k]!
  }
  return margins
}
