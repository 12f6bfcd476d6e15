import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Learner } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import type { PlainOptions } from './plain-node.ts'

export type Row = { readonly x: Float64Array; readonly y: number; readonly weight: number }

/** River's recorded runs, where they are at hand; `test/golden` keeps their summaries. */
export const RIVER: string = join(import.meta.dirname, '../../../../shared/reference/river')

export const DEFAULTS: PlainOptions = {
  gracePeriod: 200,
  confidence: 1e-7,
  leafPrediction: 'adaptive',
  thresholds: 10,
}
export const EAGER: PlainOptions = { ...DEFAULTS, gracePeriod: 50, confidence: 0.01 }

/** Reads one of River's inputs: features, then `w` where there is one, then `y`; blanks are missing. */
export function readRows(file: string): Row[] {
  const [head, ...lines] = readFileSync(join(RIVER, 'data', file), 'utf8')
    .trim()
    .split('\n')
  const columns = head!.split(',')
  const weights = columns.indexOf('w')
  return lines.map((line) => {
    const cells = line.split(',').map((cell) => (cell === '' ? Number.NaN : Number(cell)))
    const x = Float64Array.from(cells.slice(0, weights < 0 ? -1 : weights))
    return { x, y: cells.at(-1)!, weight: weights < 0 ? 1 : cells[weights]! }
  })
}

/** Six features of four decimals, two of which matter; a change half-way, missing values, weights. */
export function makeRows(n: number, seed: string): Row[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, (_, i) => {
    const x = Float64Array.from({ length: 6 }, () => Math.round(drawNormal(rng) * 1e4) / 1e4)
    const score = i < n / 2 ? x[1]! * x[3]! : x[1]! + x[3]!
    const y = Number(score + 0.5 * drawNormal(rng) > 0)
    return {
      x: x.map((value) => (rng.next() < 0.05 ? Number.NaN : value)),
      y,
      weight: rng.next() < 0.3 ? 2 : 0.5,
    }
  })
}

/** Test-then-train: all predictions, the labels that they make, and the share that was right. */
export function replay(
  model: Pick<Learner, 'predict' | 'learn'>,
  rows: readonly Row[],
): { predictions: number[]; labels: string; accuracy: number } {
  const predictions = rows.map(({ x, y, weight }) => {
    const p = model.predict(x)
    model.learn(x, y, weight)
    return p
  })
  // the first row finds an empty tree, which River leaves unanswered
  const labels = predictions.map((p, i) => (i === 0 ? '_' : String(Number(p > 0.5)))).join('')
  return { predictions, labels, accuracy: rows.filter(({ y }, i) => labels[i] === String(y)).length / rows.length }
}
