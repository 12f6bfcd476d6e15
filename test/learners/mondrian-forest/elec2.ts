import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Learner } from '../../../src/contracts.ts'
import { logLossOf } from '../../../src/core/math.ts'

const file = join(import.meta.dirname, '../../../../shared/data/streams/elec2.csv.gz')

/** Whether the electricity prices of New South Wales (45,312 half-hours, 8 features) are beside the repository. */
export const hasElec2: boolean = existsSync(file)

export function readElec2(): { x: Float64Array; y: number }[] {
  const [, ...lines] = gunzipSync(readFileSync(file)).toString().trim().split('\n')
  return lines.map((line) => {
    const cells = line.split(',')
    return { x: Float64Array.from(cells.slice(0, -1), Number), y: Number(cells.at(-1) === 'UP') }
  })
}

/** Predicts each row before it is learned. */
export function prequential(
  learner: Learner,
  rows: readonly { x: Float64Array; y: number }[],
): { accuracy: number; logLoss: number } {
  let [right, loss] = [0, 0]
  for (const { x, y } of rows) {
    const p = learner.predict(x)
    right += Number(p >= 0.5 === (y === 1))
    loss += logLossOf(y, p)
    learner.learn(x, y)
  }
  return { accuracy: right / rows.length, logLoss: loss / rows.length }
}
