/**
 * Whether an evaluation can be believed: edges that it invents, edges that it finds, real prices, and its speed.
 *
 *     npm run bench:evaluation
 *     npm run bench:evaluation -- --only speed --python ~/venv/bin/python
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { formatEstimate } from 'tradelearn'
import { Progress } from '../../src/cli/progress.ts'
import { formatTable } from '../../src/cli/table.ts'
import { normalCdf } from '../../src/core/math.ts'
import { describeMachine, machine } from '../machine.ts'
import { realMarkets } from './real.ts'
import { type Claims, claimsOver, LEARNERS, marketOf, walkOf } from './skill.ts'
import { walkForwardSpeed } from './speed.ts'

const PARTS = ['nothing', 'edge', 'real', 'speed'] as const
type Part = (typeof PARTS)[number]

const HELP = `Usage: npm run bench:evaluation -- [options]

  nothing   markets without any edge: how often skill is claimed all the same
  edge      markets with a planted edge: how often it is found, beside what the report's power line promises
  real      hourly SPY, AAPL and EURUSD, with canaries, where the files are
  speed     50,000 rows of 30 features in 20 folds, beside LightGBM where Python has it

  --only <part>    this part only; may be given several times
  --seeds <n>      markets of each kind [100]
  --data <folder>  with spy_1h.csv.gz, aapl_1h.csv.gz, eurusd_1h.csv.gz [../shared/data/market]
  --python <path>  interpreter with lightgbm [python3]
  --repeats <n>    of the speed [3]
  --json <file>    also writes the figures as JSON
  --help           this text
`

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

async function main(flags: {
  readonly only: readonly Part[]
  readonly seeds: number
  readonly data: string
  readonly python: string
  readonly repeats: number
  readonly json?: string
}): Promise<void> {
  const host = machine()
  console.log(describeMachine(host))
  const figures: { [part: string]: unknown } = { host }

  if (flags.only.includes('nothing')) {
    const kinds = { 'market without edge': (seed: string) => marketOf(seed, 900, 0), 'every bar of a walk': walkOf }
    const table: { kind: string; learner: string; claims: Claims }[] = []
    const progress = new Progress({ label: 'nothing to find' })
    for (const [kind, datasetOf] of Object.entries(kinds)) {
      for (const learner of Object.keys(LEARNERS)) {
        table.push({ kind, learner, claims: claimsOver(flags.seeds, datasetOf, learner) })
        progress.update(table.length / 4)
      }
    }
    progress.finish()
    console.log(
      `\nNothing to find: skill claimed in\n${formatTable([
        ['', 'learner', 'seeds', 'signals', 'claimed', 'mean correlation'],
        ...table.map(({ kind, learner, claims }) => [
          kind,
          learner,
          claims.seeds,
          claims.signals,
          percent(claims.claimed),
          claims.correlation.toFixed(4),
        ]),
      ])}`,
    )
    figures['nothing'] = table
  }

  if (flags.only.includes('edge')) {
    const sizes = [300, 600, 1200, 2400]
    const strengths = [0.25, 0.5]
    const table: { strength: number; learner: string; claims: Claims; promised: number }[] = []
    const progress = new Progress({ label: 'an edge to find' })
    for (const strength of strengths) {
      for (const signals of sizes) {
        const claims = claimsOver(flags.seeds, (seed) => marketOf(seed, signals, strength), 'linear')
        // where the true correlation lies in units of what is found in four of five cases
        const promised = normalCdf(((1.96 + 0.8416) * claims.correlation) / claims.detectable - 1.96)
        table.push({ strength, learner: 'linear', claims, promised })
        progress.update(table.length / (sizes.length * strengths.length))
      }
    }
    progress.finish()
    console.log(
      `\nAn edge to find: found in, beside what the power line promises for the mean correlation\n${formatTable([
        ['strength', 'signals out of sample', 'correlation', 'detectable', 'promised', 'found'],
        ...table.map(({ strength, claims, promised }) => [
          strength,
          claims.signals,
          claims.correlation.toFixed(3),
          claims.detectable.toFixed(3),
          percent(promised),
          percent(claims.direction),
        ]),
      ])}`,
    )
    figures['edge'] = table
  }

  if (flags.only.includes('real')) {
    const rows = await realMarkets(flags.data, ({ market, learner, evaluation }) =>
      console.log(`\n${market}, ${learner}: ${evaluation.validation.verdict.text}`),
    )
    const aucOf = ({ validation }: (typeof rows)[number]['evaluation']): string =>
      formatEstimate(validation.scores.find(({ name }) => name === 'auc')!.model)
    if (rows.length === 0) console.log(`\nNo real prices: ${flags.data} has none of the files.`)
    else
      console.log(
        `\n${formatTable([
          ['market', 'learner', 'signals', 'AUC', 'skill', 'AUC of shuffled folds', 'alarms'],
          ...rows.map(({ market, learner, evaluation }) => [
            market,
            learner,
            evaluation.validation.predictions.length,
            aucOf(evaluation),
            evaluation.validation.verdict.skill,
            evaluation.canaries.find(({ name }) => name === 'shuffledFolds')!.auc.value.toFixed(3),
            evaluation.canaries.filter(({ result }) => result === 'alarm').length,
          ]),
        ])}`,
      )
    figures['real'] = rows.map(({ market, learner, evaluation }) => ({ market, learner, auc: aucOf(evaluation) }))
  }

  if (flags.only.includes('speed')) {
    const progress = new Progress({ label: 'walk forward' })
    const speed = await walkForwardSpeed(flags.python, flags.repeats, (done) => progress.update(done))
    progress.finish()
    const { ours, loss, threads, peer } = speed
    console.log(
      `\n50,000 rows x 30 features, 20 folds, ${threads} threads: ${ours.toFixed(2)} s, log loss ${loss.toFixed(5)}`,
    )
    if (peer) {
      console.log(
        `${peer.name} on the same folds, ${threads} threads: ${peer.seconds.toFixed(2)} s, log loss ${peer.loss.toFixed(5)}; ratio ${(ours / peer.seconds).toFixed(2)}`,
      )
    } else console.log('No LightGBM: name an interpreter that has it with --python.')
    figures['speed'] = speed
  }
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`)
}

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seeds: { type: 'string', default: '100' },
    data: { type: 'string', default: '../shared/data/market' },
    python: { type: 'string', default: 'python3' },
    repeats: { type: 'string', default: '3' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const unknown = flags.only?.find((part) => !PARTS.includes(part as Part))
if (flags.help) console.log(HELP)
else if (unknown !== undefined || !(Number(flags.seeds) >= 2) || !(Number(flags.repeats) >= 1)) {
  console.error(`Parts are ${PARTS.join(', ')}; --seeds is at least 2, --repeats at least 1.`)
  process.exitCode = 1
} else {
  await main({
    only: (flags.only as Part[] | undefined) ?? PARTS,
    seeds: Number(flags.seeds),
    data: flags.data,
    python: flags.python,
    repeats: Number(flags.repeats),
    ...(flags.json !== undefined && { json: flags.json }),
  })
}
