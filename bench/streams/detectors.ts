import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DriftDetector } from 'tradelearn'
import { ADWIN, CUSUM, DDM, EDDM, HDDMA, HDDMW, KSWIN, OPTWIN, PageHinkley, SeededRng, STEPD } from 'tradelearn'
import { type Party, Rounds, type Sample } from '../gbdt/rounds.ts'
import { ownLoop, type watchValues } from './loop.ts'
import { markdownTable } from './markdown.ts'
import type { StreamPeer } from './peers.ts'
import { type Pace, paceIn, paceOf, paceRatio, type Race, writtenPace } from './speed.ts'

/** A detector of ours and what the others call it. */
export type Watcher = {
  readonly name: string
  readonly create: () => DriftDetector
  readonly moa?: string
  readonly river?: string
}

/** Every detector. */
export const DETECTORS: readonly Watcher[] = [
  { name: 'ADWIN', create: () => new ADWIN(), moa: 'ADWINChangeDetector', river: 'ADWIN()' },
  { name: 'PageHinkley', create: () => new PageHinkley(), moa: 'PageHinkleyDM', river: 'PageHinkley()' },
  { name: 'CUSUM', create: () => new CUSUM(), moa: 'CusumDM' },
  { name: 'DDM', create: () => new DDM(), moa: 'DDM', river: 'binary.DDM()' },
  { name: 'EDDM', create: () => new EDDM(), moa: 'EDDM', river: 'binary.EDDM()' },
  { name: 'HDDMA', create: () => new HDDMA(), moa: 'HDDM_A_Test', river: 'binary.HDDM_A()' },
  { name: 'HDDMW', create: () => new HDDMW(), moa: 'HDDM_W_Test', river: 'binary.HDDM_W()' },
  { name: 'STEPD', create: () => new STEPD(), moa: 'STEPD' },
  { name: 'KSWIN', create: () => new KSWIN(), river: 'KSWIN(seed=1)' },
  { name: 'OPTWIN', create: () => new OPTWIN() },
]

/** Values that are watched: errors whose rate goes up and down, in updates. */
const VALUES = 200_000
const TURN = 20_000
const CHUNK = 5000
/** CPU seconds before anything is measured. */
const WARM = 0.5
/** CPU seconds after which a peer stops short of all values: some tests cost a millisecond each. */
const BUDGET = 2

/** One line of the table: CPU microseconds an update. */
export type Watched = {
  readonly name: string
  readonly ours: Pace
  readonly moa: Pace | undefined
  readonly river: Pace | undefined
}

/** Who watches beside ours; MOA is started anew for each detector, whose loops the virtual machine compiles for it alone. */
export type Watchers = Pick<Race, 'river' | 'rounds'> & { readonly startMoa: () => Promise<StreamPeer | undefined> }

/** Lets every detector and its namesakes watch the same errors. */
export async function timeDetectors(
  watchers: readonly Watcher[],
  { startMoa, river, rounds }: Watchers,
  directory: string,
  onStep: () => void,
): Promise<Watched[]> {
  const rng = new SeededRng('watched errors')
  const values = Float64Array.from({ length: VALUES }, (_, i) =>
    Number(rng.next() < (Math.floor(i / TURN) % 2 === 0 ? 0.2 : 0.35)),
  )
  const file = join(directory, 'errors.x')
  writeFileSync(file, values)
  const watched: Watched[] = []
  for (const { name, create, moa: java, river: python } of watchers) {
    const loop = await ownLoop(name)
    const parties: Party[] = [{ name: 'ours', run: () => watch(create, values, loop) }]
    const moa = java === undefined ? undefined : await startMoa()
    if (moa && java) parties.push({ name: 'moa', run: () => peer(moa, java, file) })
    if (river && python) parties.push({ name: 'river', run: () => peer(river, python, file) })
    const played = await Rounds.play(parties, rounds).finally(() => moa?.close())
    const [ours, javas, pythons] = [paceIn(played, 'ours')!, paceIn(played, 'moa'), paceIn(played, 'river')]
    watched.push({ name: `${name}.update`, ours, moa: javas, river: pythons })
    onStep()
  }
  return watched
}

async function peer(side: StreamPeer, detector: string, file: string): Promise<Sample> {
  const { chunks, cpu } = await side.detect(detector, { file, warm: WARM, budget: BUDGET })
  return paceOf({ chunks, rows: VALUES, accuracy: Number.NaN, cpu })
}

function watch(create: () => DriftDetector, values: Float64Array, loop: typeof watchValues): Sample {
  let cpu = 0
  let chunks: number[] = []
  while (cpu < 1e6 * WARM) {
    chunks = []
    const detector = create()
    for (let i = 0; i < values.length; i += CHUNK) {
      const before = process.cpuUsage()
      loop(detector, values, i, i + CHUNK)
      const { user, system } = process.cpuUsage(before)
      chunks.push((user + system) / CHUNK)
      cpu += user + system
    }
  }
  return paceOf({ chunks, rows: VALUES, accuracy: Number.NaN, cpu: cpu / 1000 })
}

/** All detectors; ratios are ours over theirs, of medians. */
export function detectorsTable(watched: readonly Watched[]): string {
  const header = ['detector', 'ours', 'MOA', 'ratio', 'River', 'ratio']
  const rows = watched.map(({ name, ours, moa, river }) => [
    name,
    writtenPace(ours),
    writtenPace(moa),
    paceRatio(ours, moa),
    writtenPace(river),
    paceRatio(ours, river),
  ])
  return markdownTable([header, ...rows])
}
