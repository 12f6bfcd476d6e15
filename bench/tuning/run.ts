/**
 * Hyper-parameter search beside Optuna's: how good what it finds is, and how long it thinks.
 *
 *     npm run bench:tuning
 *     npm run bench:tuning -- --only lightgbm --seeds 20 --python ~/venv/bin/python --log searches.jsonl
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Progress } from '../../src/cli/progress.ts'
import { describeMachine, machine } from '../machine.ts'
import { type Problem, TuningPeer } from './peers.ts'
import { ARMS, compareQuality, qualityTable, qualityVerdicts } from './quality.ts'
import { speedTable, timeSuggestions } from './speed.ts'

const PARTS = ['speed', 'surrogate', 'lightgbm', 'fit-surrogate'] as const
type Part = (typeof PARTS)[number]

const HELP = `Usage: npm run bench:tuning -- [options]

Searches eight parameters of boosting (bench/tuning/objective.ts), 50 trials a search, for the least log loss on
validation rows. On the surrogate: a Gaussian process through 2600 losses of LightGBM, which stands in the repository and
costs nothing to ask; it is smoother than the truth. On LightGBM: the truth, at a quarter of a second a trial. And how
long an ask with its eight suggestions takes. Beside all of it stands Optuna, where it is at hand. The parts on the
surrogate and the speed are the default. Figures go to stdout, progress to stderr.

  --only <part>    ${PARTS.join(', ')}; may be given more than once
                   fit-surrogate makes the surrogate anew: 3000 losses of LightGBM, a quarter of an hour
  --data <seed>    seed of the data that LightGBM is trained on; the surrogate is made from 6 [6]
  --seeds <n>      searches of each kind [200 on the surrogate, 20 on LightGBM]
  --python <path>  interpreter with optuna, lightgbm and scipy [python3]
  --log <file>     searches done so far; a run that was stopped goes on from it [in the folder for temporary files]
  --json <file>    also writes the figures as JSON
  --help           this text
`

/** Rows of the table behind the surrogate, and those of them that it does not see. */
const ROWS = 3000
const HELD = 400

type Flags = {
  readonly parts: readonly Part[]
  readonly seeds: number | undefined
  readonly data: number
  readonly python: string
  readonly log: string | undefined
  readonly json: string | undefined
}

async function main({ parts, seeds, data, python, log, json }: Flags): Promise<void> {
  const peer = await TuningPeer.find(python)
  const figures: { [part: string]: unknown } = { machine: machine() }
  try {
    console.log(describeMachine(machine()))
    if (!peer) console.log(`Optuna is not at hand: "${python}" cannot import it. Its figures are left out.`)
    if (parts.includes('fit-surrogate')) await fitSurrogate(peer, log ?? temporary('table'))
    for (const target of ['surrogate', 'lightgbm'] as const) {
      if (parts.includes(target)) {
        const compared = await quality(
          { objective: target, data },
          seeds ?? (target === 'surrogate' ? 200 : 20),
          peer,
          log,
        )
        figures[target] = compared
      }
    }
    if (parts.includes('speed')) {
      const progress = new Progress({ label: 'speed' })
      let steps = 0
      const timed = await timeSuggestions(peer, () => progress.update(++steps / 8))
      progress.finish()
      console.log(`\n${speedTable(timed, peer)}\n`)
      const { ours } = timed.find(({ sampler, after }) => sampler === 'tpe' && after === 100)!
      console.log(`${ours < 0.5 ? 'met' : 'MISSED'}: under 0.5 ms after 100 trials: ${ours.toFixed(3)} ms`)
      figures['speed'] = timed
    }
  } finally {
    await peer?.close()
  }
  if (json) writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`)
}

async function quality(
  problem: Problem,
  seeds: number,
  peer: TuningPeer | undefined,
  log: string | undefined,
): Promise<unknown> {
  const { objective: target, data } = problem
  if (target === 'lightgbm' && !peer?.lightgbm) {
    console.log('\nLightGBM is not at hand: its part is left out.')
    return undefined
  }
  const progress = new Progress({ label: target })
  const steps = seeds * (peer ? ARMS.length : ARMS.filter(({ needsPeer }) => !needsPeer).length)
  let done = 0
  const onStep = (): void => progress.update(++done / steps)
  const compared = await compareQuality(problem, seeds, ARMS, { peer, log: log ?? temporary('searches'), onStep })
  progress.finish()
  console.log(
    `\nOn ${target === 'surrogate' ? 'the surrogate' : `LightGBM ${peer!.lightgbm}, data of seed ${data}`}:\n`,
  )
  console.log(`${qualityTable(compared)}\n`)
  for (const line of qualityVerdicts(compared)) console.log(line)
  return compared
}

const temporary = (what: string): string => join(tmpdir(), `tradelearn-tuning-${what}.jsonl`)

async function fitSurrogate(peer: TuningPeer | undefined, table: string): Promise<void> {
  if (!peer?.lightgbm) throw new Error('The surrogate is made from losses of LightGBM, which is not at hand.')
  const read = (): unknown[] =>
    existsSync(table)
      ? readFileSync(table, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line))
      : []
  const progress = new Progress({ label: 'table' })
  for (let row = read().length; row < ROWS; row += 10) {
    const rows = Array.from({ length: Math.min(10, ROWS - row) }, (_, i) => row + i)
    for (const found of await peer.tabulate(rows)) appendFileSync(table, `${JSON.stringify(found)}\n`)
    progress.update(row / ROWS)
  }
  progress.finish()
  const rows = read()
  const { surrogate, correlation, best, spread } = await peer.fitSurrogate(
    rows.slice(0, ROWS - HELD),
    rows.slice(ROWS - HELD),
  )
  writeFileSync(new URL('surrogate.json', import.meta.url), `${JSON.stringify(surrogate)}\n`)
  console.log(
    `On ${HELD} losses that it has not seen: rank correlation ${Number(correlation).toFixed(3)}; among the best quarter a ` +
      `mean error of ${Number(best).toFixed(5)}, where losses have a deviation of ${Number(spread).toFixed(5)}.`,
  )
}

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    seeds: { type: 'string' },
    data: { type: 'string', default: '6' },
    python: { type: 'string', default: 'python3' },
    log: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (flags.help) console.log(HELP)
else {
  const unknown = flags.only.find((part) => !PARTS.includes(part as Part))
  const seeds = flags.seeds === undefined ? undefined : Number(flags.seeds)
  if (
    unknown !== undefined ||
    !/^\d{1,9}$/.test(flags.data) ||
    (seeds !== undefined && !(Number.isSafeInteger(seeds) && seeds >= 2))
  ) {
    console.error(
      `--only must be one of ${PARTS.join(', ')}, --seeds a whole number of at least 2, --data a whole number.\n\n${HELP}`,
    )
    process.exitCode = 1
  } else {
    const parts = flags.only.length > 0 ? (flags.only as Part[]) : (['surrogate', 'speed'] as const)
    await main({ parts, seeds, data: Number(flags.data), python: flags.python, log: flags.log, json: flags.json })
  }
}
