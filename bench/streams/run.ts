/**
 * The streaming learners beside MOA and River: quality on a real stream, speed and size, and cost as the stream goes on.
 *
 *     npm run bench:streams
 *     npm run bench:streams -- --moa moa.jar --moa-agent sizeofag.jar --river ~/venv/bin/python --json figures.json
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Progress } from '../../src/cli/progress.ts'
import { describeMachine, machine } from '../machine.ts'
import { CONTENDERS, type Contender } from './contenders.ts'
import { DETECTORS, detectorsTable, timeDetectors, type Watched } from './detectors.ts'
import { LEARNERS, WATCHES } from './fed.ts'
import { type Flatness, feed, flatTable } from './flat.ts'
import { StreamPeer } from './peers.ts'
import { type Judged, judgeAll, qualityTable } from './quality.ts'
import { type Race, speedTable, type Timed, timeLearner } from './speed.ts'
import { readElec2, simulate, writeStream } from './stream.ts'

const PARTS = ['quality', 'speed', 'flat'] as const
type Part = (typeof PARTS)[number]

const HELP = `Usage: npm run bench:streams -- [options]

Three parts. Quality: every learner goes once through 45,312 half-hours of the electricity market of New South Wales
(Elec2), predicting each row before it learns it. Speed: CPU time to predict and learn one of 20,000 rows of 25 numbers,
and the size of the model at the end. Flat: cost and size after 1e4, 1e5, 1e6 and 1e7 observations. Beside the first two
stand what needs no learning, and MOA and River: their figures on Elec2 as published, their speed where they are at hand,
taking turns with ours. CPU time is that of the whole process for ours and River, of the learning thread alone for MOA.
Figures go to stdout as Markdown, progress to stderr.

  --only <part>       ${PARTS.join(', ')}; may be given more than once
  --learner <name>    only learners and detectors whose name contains this; may be given more than once
  --seeds <n>         seeds on Elec2, of learners with a seed [5]
  --rounds <n>        rounds of the speed part that count [3]
  --budget <seconds>  CPU time of one side in one round, after which it stops short of 20,000 rows [10]
  --patience <s>      CPU time that a learner may take from 1e6 observations to 1e7; else it stops at 1e6 [20]
  --long              takes every learner to 1e7, without regard to patience; over an hour
  --elec2 <file>      the stream as gzipped CSV [../shared/data/streams/elec2.csv.gz]
  --moa <path>        class path with MOA and what it needs
  --moa-agent <jar>   Java agent "sizeofag", by which MOA weighs its models
  --java <path>       [java]
  --river <path>      Python interpreter with River
  --measure-peers     runs MOA and River on Elec2, too, with one seed, rather than quote them
  --json <file>       also writes the figures as JSON
  --help              this text
`

/** Rows of the speed part, and between two turns of its relation. */
const ROWS = 20_000
const TURN = 8000

type Figures = {
  quality: Judged[]
  speed: Timed[]
  detectors: Watched[]
  flat: Flatness[]
}

async function main(flags: Flags): Promise<void> {
  const parts = PARTS.filter((part) => flags.only.length === 0 || flags.only.includes(part))
  const wanted = (name: string): boolean =>
    flags.learners.length === 0 || flags.learners.some((each) => name.toLowerCase().includes(each.toLowerCase()))
  const contenders = CONTENDERS.filter(({ name }) => wanted(name))
  const learners = contenders.filter(({ baseline }) => !baseline)
  const detectors = DETECTORS.filter(({ name }) => wanted(name))
  const fed = [...LEARNERS, ...WATCHES].filter(({ name }) => wanted(name))
  if (contenders.length + detectors.length + fed.length === 0) {
    refuse(`--learner must be part of one of ${[...LEARNERS, ...WATCHES].map(({ name }) => name).join(', ')}.`)
  }
  if (parts.includes('quality') && !existsSync(flags.elec2)) {
    console.error(`No quality part: there is no ${flags.elec2}. Name the stream with --elec2.`)
    parts.splice(parts.indexOf('quality'), 1)
  }
  const directory = mkdtempSync(join(tmpdir(), 'bench-streams-'))
  const racing = parts.includes('speed') || flags.measurePeers
  const startMoa = async (): Promise<StreamPeer | undefined> =>
    flags.moa ? StreamPeer.moa(flags.java, flags.moa, flags.moaAgent) : undefined
  const moa = racing ? await startMoa() : undefined
  const river = racing && flags.river ? await StreamPeer.river(flags.river) : undefined
  const progress = new Progress({ label: 'bench:streams' })
  const steps = parts.reduce((sum, part) => sum + stepsOf(part, contenders, detectors.length, fed.length, flags), 0)
  let done = 0
  const onStep = (): void => progress.update(Math.min(1, ++done / steps))
  const figures: Figures = { quality: [], speed: [], detectors: [], flat: [] }
  try {
    if (parts.includes('quality')) {
      const stream = readElec2(flags.elec2)
      const peers = flags.measurePeers ? { moa, river } : { moa: undefined, river: undefined }
      const files = writeStream(stream, directory)
      for (const peer of [peers.moa, peers.river]) await peer?.load(files, stream.nominal)
      figures.quality = await judgeAll(contenders, stream, flags.seeds, peers, onStep)
    }
    if (parts.includes('speed')) {
      const race: Race = {
        stream: simulate(ROWS, TURN, 'speed'),
        moa,
        river,
        rounds: flags.rounds,
        budget: flags.budget,
      }
      const files = writeStream(race.stream, directory)
      for (const peer of [moa, river]) await peer?.load(files)
      for (const contender of learners) {
        figures.speed.push(await timeLearner(contender, race))
        onStep()
      }
      figures.detectors = await timeDetectors(detectors, { ...race, startMoa }, directory, onStep)
    }
    if (parts.includes('flat')) {
      for (const each of fed) {
        figures.flat.push(await feed(each, flags.patience))
        onStep()
      }
    }
    progress.finish()
  } finally {
    await moa?.close()
    await river?.close()
    rmSync(directory, { recursive: true })
  }
  report(figures, flags, moa, river)
}

function report(figures: Figures, flags: Flags, moa: StreamPeer | undefined, river: StreamPeer | undefined): void {
  const { quality, speed, detectors, flat } = figures
  const host = machine()
  console.log(`${describeMachine(host)}. Peers: ${moa?.name ?? 'no MOA'}, ${river?.name ?? 'no River'}.`)
  if (quality.length > 0) {
    const theirs = flags.measurePeers ? '' : ' Figures of MOA and River are quoted.'
    console.log(
      `\n### Elec2, each row predicted before it is learned, mean of ${flags.seeds} seeds where one matters\n`,
    )
    console.log(`${qualityTable(quality)}${theirs}`)
  }
  if (speed.length > 0) {
    console.log(
      '\n### CPU microseconds to predict and learn one observation of 25 numbers: median chunk (best chunk)\n',
    )
    console.log(speedTable(speed, ROWS))
  }
  if (detectors.length > 0) {
    console.log('\n### CPU microseconds an update of a detector: median chunk (best chunk)\n')
    console.log(detectorsTable(detectors))
  }
  if (flat.length > 0) {
    console.log('\n### CPU microseconds an observation, and size, as the stream goes on\n')
    console.log(flatTable(flat))
  }
  if (flags.json) {
    const peers = { moa: moa?.name, river: river?.name }
    writeFileSync(flags.json, `${JSON.stringify({ machine: host, peers, ...figures }, null, 2)}\n`)
  }
}

/** Pieces of work that a part reports. */
function stepsOf(
  part: Part,
  contenders: readonly Contender[],
  detectors: number,
  fed: number,
  { seeds }: Flags,
): number {
  const learners = contenders.filter(({ baseline }) => !baseline).length
  switch (part) {
    case 'quality':
      return contenders.reduce((sum, { seeded }) => sum + (seeded ? seeds : 1), 0)
    case 'speed':
      return learners + detectors
    case 'flat':
      return fed
  }
}

type Flags = {
  readonly only: readonly string[]
  readonly learners: readonly string[]
  readonly seeds: number
  readonly rounds: number
  readonly budget: number
  readonly patience: number
  readonly elec2: string
  readonly moa: string | undefined
  readonly moaAgent: string | undefined
  readonly java: string
  readonly river: string | undefined
  readonly measurePeers: boolean
  readonly json: string | undefined
}

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    learner: { type: 'string', multiple: true, default: [] },
    seeds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    budget: { type: 'string', default: '10' },
    patience: { type: 'string', default: '20' },
    long: { type: 'boolean', default: false },
    elec2: { type: 'string' },
    moa: { type: 'string' },
    'moa-agent': { type: 'string' },
    java: { type: 'string', default: 'java' },
    river: { type: 'string' },
    'measure-peers': { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (flags.help) console.log(HELP)
else {
  await main({
    only: flags.only.map((part) => choice('only', part, PARTS)),
    learners: flags.learner,
    seeds: whole('seeds', flags.seeds),
    rounds: whole('rounds', flags.rounds),
    budget: whole('budget', flags.budget),
    patience: flags.long ? Number.POSITIVE_INFINITY : whole('patience', flags.patience),
    elec2: flags.elec2 ?? fileURLToPath(new URL('../../../shared/data/streams/elec2.csv.gz', import.meta.url)),
    moa: flags.moa,
    moaAgent: flags['moa-agent'],
    java: flags.java,
    river: flags.river,
    measurePeers: flags['measure-peers'],
    json: flags.json,
  })
}

function choice(name: string, value: string, choices: readonly string[]): string {
  return choices.includes(value) ? value : refuse(`--${name} must be one of ${choices.join(', ')}, got "${value}".`)
}

function whole(name: string, value: string): number {
  const number = Number(value)
  if (Number.isSafeInteger(number) && number >= 1) return number
  return refuse(`--${name} must be a whole number of at least 1, got "${value}".`)
}

function refuse(why: string): never {
  console.error(`${why}\n\n${HELP}`)
  process.exit(1)
}
