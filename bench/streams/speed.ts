import { type Party, Rounds, type Sample, spreadOf } from '../gbdt/rounds.ts'
import type { Contender } from './contenders.ts'
import { fixed, kilobytes, markdownTable, short } from './markdown.ts'
import { pass } from './ours.ts'
import type { Passage, Run, StreamPeer } from './peers.ts'
import { type Stream, shapeOf } from './stream.ts'

/** Observations a chunk. */
const CHUNK = 500
/** CPU seconds before anything is measured, so that both virtual machines have compiled what they run. */
const WARM = 1.5

/** CPU microseconds an observation: the median chunk and the best, of the median round. */
export type Pace = {
  readonly median: number
  readonly best: number
  /** Observations that it got through. */
  readonly rows: number
  /** Of its predictions, so that nobody is quick by learning nothing; NaN for detectors. */
  readonly accuracy: number
}

/** One line of the table. */
export type Timed = {
  readonly name: string
  readonly ours: Pace
  readonly moa: Pace | undefined
  readonly river: Pace | undefined
  /** Sizes of the models at the end, ours and MOA's. */
  readonly bytes: { readonly ours: number; readonly moa: number }
  /** CPU time that went elsewhere, in cores. */
  readonly foreign: number
}

/** Who takes part, and for how long. */
export type Race = {
  readonly stream: Stream
  readonly moa: StreamPeer | undefined
  readonly river: StreamPeer | undefined
  readonly rounds: number
  /** CPU seconds a round after which a side stops. */
  readonly budget: number
}

/** Lets ours, MOA and River take turns with one learner, each from scratch in every round. */
export async function timeLearner(contender: Contender, race: Race): Promise<Timed> {
  const { name, create, moa, river, spread = false } = contender
  const { stream, rounds, budget } = race
  const bytes = { ours: Number.NaN, moa: Number.NaN }
  const run: Omit<Run, 'learner' | 'warm'> = { stream: stream.name, seed: 1, budget, chunk: CHUNK, spread }
  const parties: Party[] = [
    {
      name: 'ours',
      run: warmFirst((warm) => {
        const passage = pass(() => create(shapeOf(stream), '1'), stream, { ...run, warm })
        bytes.ours = passage.bytes
        return paceOf(passage)
      }),
    },
  ]
  const { moa: java, river: python } = race
  if (java && moa) {
    const turn = async (warm: number): Promise<Sample> => {
      const passage = await java.run({ ...run, learner: moa, warm })
      bytes.moa = passage.bytes
      return paceOf(passage)
    }
    parties.push({ name: 'moa', run: warmFirst(turn) })
  }
  if (python && river) {
    // nothing is compiled there: the round that warms up may be short
    const turn = async (warm: number): Promise<Sample> =>
      paceOf(await python.run({ ...run, learner: river, warm: 0, budget: warm > 0 ? 0.1 : budget }))
    parties.push({ name: 'river', run: warmFirst(turn) })
  }
  const played = await Rounds.play(parties, rounds)
  const [ours, javas, pythons] = [paceIn(played, 'ours')!, paceIn(played, 'moa'), paceIn(played, 'river')]
  return { name, ours, moa: javas, river: pythons, bytes, foreign: played.foreign }
}

/** Says in the first turn how long to warm up, and 0 from then on. */
function warmFirst(turn: (warm: number) => Promise<Sample> | Sample): Party['run'] {
  let warm = WARM
  return () => {
    const now = warm
    warm = 0
    return turn(now)
  }
}

/** What counts of a passage. */
export function paceOf({ chunks, rows, accuracy, cpu }: Omit<Passage, 'logLoss' | 'bytes'>): Sample {
  return { times: { median: spreadOf(chunks).median, best: Math.min(...chunks), rows, accuracy }, cpu }
}

/** What a party showed; `undefined` where it took no part. */
export function paceIn(played: Rounds, party: string): Pace | undefined {
  const median = (what: string): number => played.of(party, what).median
  if (Number.isNaN(median('median'))) return undefined
  return { median: median('median'), best: median('best'), rows: median('rows'), accuracy: median('accuracy') }
}

/** All learners; ratios are ours over theirs, of medians. */
export function speedTable(timed: readonly Timed[], stream: number): string {
  const header = [
    'learner',
    'ours',
    'MOA',
    'ratio',
    'at or below',
    'River',
    'ratio',
    'kB',
    'MOA kB',
    'ratio',
    'accuracy %',
  ]
  const rows = timed.map(({ name, ours, moa, river, bytes }) => [
    name,
    writtenPace(ours, stream),
    writtenPace(moa, stream),
    paceRatio(ours, moa),
    moa ? (ours.median <= moa.median ? 'met' : 'MISSED') : '-',
    writtenPace(river, stream),
    paceRatio(ours, river),
    kilobytes(bytes.ours),
    kilobytes(bytes.moa),
    fixed(bytes.ours / bytes.moa, 2),
    [ours, moa, river].map((side) => fixed(100 * (side?.accuracy ?? Number.NaN), 1)).join(' / '),
  ])
  const foreign = Math.max(0, ...timed.map((each) => each.foreign))
  return `${markdownTable([header, ...rows])}\n\nOther processes took up to ${fixed(foreign, 2)} cores in the rounds that count.`
}

/** Median and best, and after how many of `rows` it was stopped. */
export function writtenPace(pace: Pace | undefined, rows = 0): string {
  if (!pace) return '-'
  return `${short(pace.median)} (${short(pace.best)})${pace.rows < rows ? `, first ${pace.rows} rows` : ''}`
}

/** Ours over theirs. */
export const paceRatio = (ours: Pace, theirs: Pace | undefined): string =>
  theirs ? short(ours.median / theirs.median) : '-'
