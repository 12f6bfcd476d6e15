import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Learner } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { logLossOf, sigmoid } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'

export type Row = { readonly x: Float64Array; readonly y: number }

const elec2 = join(import.meta.dirname, '../../../../shared/data/streams/elec2.csv.gz')

/** Whether the electricity stream is beside the repository. */
export const hasElec2: boolean = existsSync(elec2)

/** The electricity stream of New South Wales, 45,312 half-hours: 1 where the price is above its mean of the last day. */
export function readElec2(): Row[] {
  const lines = gunzipSync(readFileSync(elec2)).toString().trim().split('\n').slice(1)
  return lines.map((line) => {
    const cells = line.split(',')
    return { x: Float64Array.from(cells.slice(0, 8), Number), y: Number(cells[8] === 'UP') }
  })
}

/** Labels that two features and the product of two others explain in part; turned over from `drift` on. */
export function interactions(n: number, seed: string, strength = 1.5, drift: number = Infinity): Row[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, (_, i) => {
    const x = Float64Array.from({ length: 5 }, () => drawNormal(rng))
    const margin = strength * (x[0]! - x[1]! + x[2]! * x[3]!) * (i < drift ? 1 : -1)
    return { x, y: Number(rng.next() < sigmoid(margin)) }
  })
}

/** Share of right labels and mean log loss of predictions made before the row is learnt, from row `from` on. */
export function scoreOf(learner: Learner, rows: readonly Row[], from = 0): { accuracy: number; logLoss: number } {
  let right = 0
  let loss = 0
  for (const [i, { x, y }] of rows.entries()) {
    const p = learner.predict(x)
    if (i >= from) {
      right += Number(p > 0.5 === (y === 1))
      loss += logLossOf(y, p)
    }
    learner.learn(x, y)
  }
  return { accuracy: right / (rows.length - from), logLoss: loss / (rows.length - from) }
}
