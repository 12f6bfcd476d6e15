import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Learner } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'

export type Row = { readonly x: Float64Array; readonly y: number }

/** Normal features of which the first decides a label that is right in 9 of 10 rows; every `every` rows it turns round. */
export function turningRows(n: number, every: number, features = 4, seed = 'turning'): Row[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, (_, i) => {
    const x = Float64Array.from({ length: features }, () => drawNormal(rng))
    const up = x[0]! > 0 === (Math.floor(i / every) % 2 === 0)
    return { x, y: Number(up === rng.next() < 0.9) }
  })
}

const path = join(import.meta.dirname, '../../../../shared/data/streams/elec2.csv.gz')
/** Whether the electricity prices of New South Wales are beside the repository. */
export const hasElec2: boolean = existsSync(path)

/** 45,312 half-hours, 8 features, in order of time. */
export function elec2(): Row[] {
  const [, ...lines] = gunzipSync(readFileSync(path)).toString().trim().split('\n')
  return lines.map((line) => {
    const cells = line.trim().split(',')
    return { x: Float64Array.from(cells.slice(0, -1).map(Number)), y: Number(cells.at(-1) === 'UP') }
  })
}

/** Test-then-train: the share of labels that was right, and the mean log loss. */
export function score(learner: Learner, rows: readonly Row[]): { accuracy: number; logLoss: number } {
  let right = 0
  let loss = 0
  for (const { x, y } of rows) {
    const p = learner.predict(x)
    if (p > 0.5 === (y === 1)) right++
    loss -= Math.log(Math.max(y === 1 ? p : 1 - p, 1e-15))
    learner.learn(x, y)
  }
  return { accuracy: right / rows.length, logLoss: loss / rows.length }
}
