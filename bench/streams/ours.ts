import type { Learner } from 'tradelearn'
import type { Passage, Run } from './peers.ts'
import type { Stream } from './stream.ts'

/** Lets a learner of ours predict and learn, row by row, as the peers do. */
export function pass(
  create: () => Learner,
  { rows, y }: Stream,
  { budget, warm, chunk }: Pick<Run, 'budget' | 'warm' | 'chunk'>,
): Passage {
  for (let left = warm; left > 0; ) left -= once(create(), rows, y, left, chunk).cpu / 1000
  return once(create(), rows, y, budget, chunk)
}

function once(
  learner: Learner,
  rows: readonly Float64Array[],
  y: Float64Array,
  budget: number,
  chunk: number,
): Passage {
  const chunks: number[] = []
  let right = 0
  let loss = 0
  let cpu = 0
  let row = 0
  while (row < rows.length && cpu < 1000 * budget) {
    const first = row
    const end = Math.min(row + chunk, rows.length)
    const before = process.cpuUsage()
    for (; row < end; row++) {
      const x = rows[row]!
      const label = y[row]!
      const p = learner.predict(x)
      learner.learn(x, label)
      if (p > 0.5 === (label === 1)) right++
      loss -= Math.log(Math.max(1e-15, label === 1 ? p : 1 - p))
    }
    const { user, system } = process.cpuUsage(before)
    chunks.push((user + system) / (end - first))
    cpu += (user + system) / 1000
  }
  return { chunks, rows: row, accuracy: right / row, logLoss: loss / row, bytes: sizeOf(learner), cpu }
}

/** What a learner or detector says that it holds; NaN where it does not tell. */
export function sizeOf(part: object): number {
  return 'sizeInBytes' in part ? Number(part.sizeInBytes) : Number.NaN
}
