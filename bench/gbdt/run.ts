/**
 * GradientBoosting beside LightGBM, XGBoost and ml-xgboost: training, prediction, explanation, memory and quality.
 *
 *     npm run bench:gbdt
 *     npm run bench:gbdt -- --python ~/venv/bin/python --only train --only row --json figures.json
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Progress } from '../../src/cli/progress.ts'
import { describeMachine, machine } from '../machine.ts'
import { type Figure, figuresTable, isMet, ratioOf } from './figures.ts'
import { watchEventLoop, weighTraining } from './host.ts'
import { findPackage, findPython, type Library } from './peer.ts'
import { type PredictionPart, timePrediction } from './prediction.ts'
import { type Compared, compareQuality, differenceOf, QUALITY_STEPS, qualityTable } from './quality.ts'
import { type Bench, SIZES, timeTraining, timeTwoThreads } from './training.ts'

const PARTS = ['train', 'threads', 'row', 'batch', 'shap', 'loop', 'memory', 'quality'] as const
type Part = (typeof PARTS)[number]

const HELP = `Usage: npm run bench:gbdt -- [options]

Trains, predicts and explains with GradientBoosting and, where they are there, with LightGBM and XGBoost (Python) and
ml-xgboost (npm): the same tables, the same parameters, taking turns in one run. Ratios are ours over the peer's, of
medians. Without a peer our side is measured alone. Takes about ten minutes. Figures go to stdout, progress to stderr.

  --only <part>    ${PARTS.join(', ')}; may be given more than once
  --size <size>    for training, ${SIZES.map(({ name }) => `"${name}"`).join(', ')}; may be given more than once
  --rounds <n>     rounds that count; up to 10,000 rows twice as many [5]
  --times <n>      multiplies the training sets of the quality comparison, for smaller standard errors [1]
  --python <path>  interpreter with lightgbm, and perhaps xgboost [python3]
  --xgboost <path> interpreter with xgboost [that of --python, else python3, else /usr/bin/python3]
  --json <file>    also writes the figures as JSON
  --help           this text
`

async function main(flags: Flags): Promise<void> {
  const parts = PARTS.filter((part) => flags.only.length === 0 || flags.only.includes(part))
  const sizes = SIZES.filter(({ name }) => flags.size.length === 0 || flags.size.includes(name))
  const directory = mkdtempSync(join(tmpdir(), 'bench-gbdt-'))
  const { lightgbm, xgboost, mlXgboost } = await findPeers(flags, parts)
  const steps = parts.reduce((sum, part) => sum + stepsOf(part, sizes, flags), 0)
  const progress = new Progress({ label: 'bench:gbdt' })
  let done = 0
  const onStep = (): void => progress.update(Math.min(1, ++done / steps))
  const { rounds, times } = flags
  const bench: Bench = { directory, lightgbm, xgboost, mlXgboost, rounds, times, sizes, onStep }
  const figures: Figure[] = []
  let quality: Compared[] = []
  try {
    if (parts.includes('train')) figures.push(...(await timeTraining(bench)))
    if (parts.includes('threads')) figures.push(...(await timeTwoThreads(bench)))
    const prediction = parts.filter((part): part is PredictionPart => ['row', 'batch', 'shap'].includes(part))
    if (prediction.length > 0) figures.push(...(await timePrediction(bench, prediction)))
    if (parts.includes('loop')) figures.push(await watchEventLoop(bench))
    if (parts.includes('memory')) figures.push(await weighTraining(bench))
    if (parts.includes('quality')) quality = await compareQuality(bench)
    progress.finish()
  } finally {
    for (const library of [lightgbm, xgboost, mlXgboost]) await library?.peer.close()
    rmSync(directory, { recursive: true })
  }

  const host = machine()
  console.log(describeMachine(host))
  console.log(
    `Peers: ${describe('LightGBM', lightgbm)}, ${describe('XGBoost', xgboost)}, ${describe('ml-xgboost', mlXgboost)}\n`,
  )
  if (figures.length > 0) console.log(`${figuresTable(figures)}\n`)
  if (quality.length > 0) console.log(qualityTable(quality))
  if (flags.json) {
    const json = {
      machine: host,
      peers: [lightgbm, xgboost, mlXgboost].flatMap((library) => (library ? [library.name] : [])),
      figures: figures.map((figure) => ({ ...figure, ratio: ratioOf(figure), met: isMet(figure) })),
      quality: quality.map((compared) => ({ ...compared, difference: differenceOf(compared) })),
    }
    writeFileSync(flags.json, `${JSON.stringify(json, null, 2)}\n`)
  }
}

async function findPeers(
  { python, xgboost }: Flags,
  parts: readonly Part[],
): Promise<Pick<Bench, 'lightgbm' | 'xgboost' | 'mlXgboost'>> {
  const training = parts.includes('train')
  return {
    lightgbm: await findPython('lightgbm', [python]),
    xgboost: training
      ? await findPython('xgboost', xgboost ? [xgboost] : [python, 'python3', '/usr/bin/python3'])
      : undefined,
    mlXgboost: training ? await findPackage() : undefined,
  }
}

const describe = (name: string, library: Library | undefined): string => library?.name ?? `no ${name}`

/** Pieces of work that a part reports, roughly worth the same. */
function stepsOf(part: Part, sizes: Bench['sizes'], { rounds, times }: Flags): number {
  const big = sizes.filter(({ rows }) => rows > 10_000).length
  switch (part) {
    case 'train':
      return rounds * big + (2 * rounds + 1) * (sizes.length - big)
    case 'threads':
      return rounds * big + (2 * rounds + 1) * sizes.filter(({ rows }) => rows === 10_000).length
    case 'row':
      return 2
    case 'quality':
      return times * QUALITY_STEPS
    case 'memory':
    case 'loop':
      return 1
    default:
      return 0
  }
}

type Flags = {
  readonly only: readonly string[]
  readonly size: readonly string[]
  readonly rounds: number
  readonly times: number
  readonly python: string
  readonly xgboost: string | undefined
  readonly json: string | undefined
}

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    size: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '5' },
    times: { type: 'string', default: '1' },
    python: { type: 'string', default: 'python3' },
    xgboost: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (flags.help) console.log(HELP)
else {
  const sizes = SIZES.map(({ name }) => name)
  await main({
    only: flags.only.map((part) => choice('only', part, PARTS)),
    size: flags.size.map((size) => choice('size', size, sizes)),
    rounds: whole('rounds', flags.rounds),
    times: whole('times', flags.times),
    python: flags.python,
    xgboost: flags.xgboost,
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
