import { spreadOf } from '../gbdt/rounds.ts'
import { fixed, kilobytes, markdownTable, short } from './markdown.ts'

/** Observations after which the cost is taken. */
export const MARKS = [1e4, 1e5, 1e6, 1e7] as const
/** Everything goes this far; to the last mark only what is cheap enough, unless there is no hurry. */
const FAR = 1e6
/** CPU seconds at most, and observations, that warm up: what is measured has been compiled, or cheap code looks dear at 1e4. */
const WARM = 1
const WARM_ROWS = 100_000
/** Chunks before a mark whose median counts, at most half of what came before it. */
const COUNTED = 20

/** Something that takes in a stream without end, a chunk at a time. */
export type Fed = {
  readonly name: string
  /** Observations a chunk. */
  readonly chunk: number
  /** Starts from nothing. */
  readonly start: () => Feeding | Promise<Feeding>
}

/** One that has been started. */
export type Feeding = {
  /** Draws the next chunk of the stream; not measured. */
  readonly draw: () => void
  /** Takes it in. */
  readonly take: () => void
  /** What it holds; NaN where it does not tell. */
  readonly bytes: () => number
}

/** One line of the table: at each mark CPU microseconds an observation, and bytes. */
export type Flatness = {
  readonly name: string
  readonly marks: readonly { readonly seen: number; readonly cost: number; readonly bytes: number }[]
}

/** Feeds one up to 1e6, and on to 1e7 if that takes no more than `patience` CPU seconds. */
export async function feed({ name, chunk, start }: Fed, patience: number): Promise<Flatness> {
  warmUp(await start(), chunk)
  const feeding = await start()
  const marks: { seen: number; cost: number; bytes: number }[] = []
  const counted: number[] = []
  let spent = 0
  let seen = 0
  for (const mark of MARKS) {
    if (mark > FAR && ((mark - seen) * spent) / seen > 1e6 * patience) break
    while (seen < mark) {
      feeding.draw()
      const taken = timed(feeding)
      spent += taken
      seen += chunk
      if (mark - seen < Math.min(COUNTED * chunk, mark / 2)) counted.push(taken / chunk)
    }
    marks.push({ seen, cost: spreadOf(counted.splice(0)).median, bytes: feeding.bytes() })
  }
  return { name, marks }
}

function warmUp(feeding: Feeding, chunk: number): void {
  let left = 1e6 * WARM
  for (let seen = 0; seen < WARM_ROWS && left > 0; seen += chunk) {
    feeding.draw()
    left -= timed(feeding)
  }
}

/** CPU microseconds of one chunk. */
function timed({ take }: Feeding): number {
  const before = process.cpuUsage()
  take()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** Costs and sizes at the marks, and how cost and size at the last mark are to those one mark before. */
export function flatTable(all: readonly Flatness[]): string {
  const names = MARKS.map((mark) => mark.toExponential(0).replace('e+', 'e'))
  const rows = all.map(({ name, marks }) => {
    const at = (mark: number): Flatness['marks'][number] | undefined => marks.find(({ seen }) => seen === mark)
    const [before, last] = marks.slice(-2)
    return [
      name,
      ...MARKS.map((mark) => short(at(mark)?.cost ?? Number.NaN)),
      fixed(last!.cost / before!.cost, 2),
      ...MARKS.map((mark) => kilobytes(at(mark)?.bytes ?? Number.NaN)),
      fixed(last!.bytes / before!.bytes, 2),
    ]
  })
  const header = ['', ...names.map((name) => `µs at ${name}`), 'last ratio']
  return markdownTable([[...header, ...names.map((name) => `kB at ${name}`), 'last ratio'], ...rows])
}
