import type { Learner } from 'tradelearn'
import { spreadOf } from '../gbdt/rounds.ts'
import type { Contender } from './contenders.ts'
import { fixed, kilobytes, markdownTable, short } from './markdown.ts'
import { sizeOf } from './ours.ts'
import { FEATURES, Simulated } from './stream.ts'

/** Observations after which the cost is taken; the last only when there is no hurry. */
export const MARKS = [1e4, 1e5, 1e6, 1e7] as const
/** Observations a chunk. */
const CHUNK = 500
/** Chunks before a mark whose median counts, at most half of what came before it. */
const COUNTED = 20
/** Observations between two turns of the relation: it comes back every fourth time. */
const TURN = 25_000

/** One line of the table: at each mark CPU microseconds an observation, and bytes. */
export type Flatness = {
  readonly name: string
  readonly marks: readonly { readonly seen: number; readonly cost: number; readonly bytes: number }[]
}

/** Feeds one learner until the last mark, or until the next one is further away than `patience` CPU seconds. */
export function feed({ name, create }: Contender, last: number, patience: number): Flatness {
  const learner = create({ features: FEATURES, nominal: [] }, '1')
  const source = new Simulated('flat', TURN)
  const rows = Array.from({ length: CHUNK }, () => new Float64Array(FEATURES))
  const y = new Float64Array(CHUNK)
  const marks: { seen: number; cost: number; bytes: number }[] = []
  const counted: number[] = []
  let spent = 0
  let seen = 0
  for (const mark of MARKS) {
    const cost = spent / Math.max(1, seen)
    if (mark > last || (spent + (mark - seen) * cost) / 1e6 > patience) break
    while (seen < mark) {
      for (let i = 0; i < CHUNK; i++) y[i] = source.next(rows[i]!)
      const taken = learnChunk(learner, rows, y)
      spent += taken
      seen += CHUNK
      if (mark - seen < Math.min(COUNTED * CHUNK, mark / 2)) counted.push(taken / CHUNK)
    }
    marks.push({ seen, cost: spreadOf(counted.splice(0)).median, bytes: sizeOf(learner) })
  }
  return { name, marks }
}

function learnChunk(learner: Learner, rows: readonly Float64Array[], y: Float64Array): number {
  const before = process.cpuUsage()
  for (let i = 0; i < CHUNK; i++) {
    learner.predict(rows[i]!)
    learner.learn(rows[i]!, y[i]!)
  }
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** Costs and sizes at the marks, and how the cost at the last is to that at 100,000. */
export function flatTable(all: readonly Flatness[], last: number): string {
  const marks = MARKS.filter((mark) => mark <= last)
  const names = marks.map((mark) => mark.toExponential(0).replace('e+', 'e'))
  const rows = all.map(({ name, marks: reached }) => {
    const at = (mark: number): Flatness['marks'][number] | undefined => reached.find(({ seen }) => seen === mark)
    const late = reached.length > 2 ? reached.at(-1)!.cost / at(1e5)!.cost : Number.NaN
    return [
      name,
      ...marks.map((mark) => short(at(mark)?.cost ?? Number.NaN)),
      fixed(late, 2),
      ...marks.map((mark) => kilobytes(at(mark)?.bytes ?? Number.NaN)),
    ]
  })
  return markdownTable([
    ['learner', ...names.map((name) => `µs at ${name}`), 'last / 1e5', ...names.map((name) => `kB at ${name}`)],
    ...rows,
  ])
}
