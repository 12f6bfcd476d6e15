/**
 * How good the defaults are where the truth is known: simulated markets over several seeds, and leak canaries.
 *
 *     npm run bench:quality
 *     npm run bench:quality -- --seeds 10 --json figures.json
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { MarketOptions } from 'tradelearn'
import { Progress } from '../../src/cli/progress.ts'
import { formatTable } from '../../src/cli/table.ts'
import { describeMachine, machine } from '../machine.ts'
import { type Canary, playCanary } from './canary.ts'
import { type Played, playMarket, type Ranked } from './simulated.ts'

const HELP = `Usage: npm run bench:quality -- [options]

Plays simulated markets, whose best possible AUC is known, through a TradeLearner with default models: an edge that
turns around half-way, one that becomes another, one that stays, and none at all. Then holds walking forward beside
a shuffled split on random walks with overlapping labels. About three minutes with five seeds.

  --seeds <n>    markets of each kind [5]
  --signals <n>  signals a market [6000]
  --canaries <n> random walks [40]
  --json <file>  also writes the figures as JSON
  --help         this text
`

const KINDS: readonly { readonly name: string; readonly options: Partial<MarketOptions> }[] = [
  { name: 'turns around', options: { change: 'flip' } },
  { name: 'becomes another', options: { change: 'redraw' } },
  { name: 'stays', options: { change: 'none' } },
  { name: 'no edge', options: { change: 'none', strength: 0 } },
]

type Row = Played & { readonly kind: string; readonly seed: string }

function main(seeds: number, signals: number, canaries: number, json: string | undefined): void {
  const progress = new Progress({ label: 'bench:quality' })
  const rows: Row[] = []
  for (const { name: kind, options } of KINDS) {
    for (let i = 1; i <= seeds; i++) {
      const seed = `quality ${i}`
      const whole = KINDS.length * seeds
      const played = playMarket({ ...options, seed, signals }, (done) =>
        progress.update((0.95 * (rows.length + done)) / whole),
      )
      rows.push({ kind, seed, ...played })
    }
  }
  const walks: Canary[] = []
  for (let i = 1; i <= canaries; i++) {
    walks.push(playCanary(`canary ${i}`))
    progress.update(0.95 + (0.05 * i) / canaries)
  }
  progress.finish()

  const host = machine()
  console.log(`${describeMachine(host)}\n\nAUC of the model / of the true probabilities, the best there is\n`)
  console.log(
    formatTable([
      ['edge', 'seed', 'before the change', 'the tenth after', 'last quarter', 'noticed after', 'false alarms'],
      ...rows.map(({ kind, seed, before, after, end, delay, falseAlarms }) => [
        kind,
        seed,
        pair(before),
        pair(after),
        pair(end),
        Number.isNaN(delay) ? '-' : `${delay} trades`,
        falseAlarms,
      ]),
    ]),
  )
  console.log(`\nMeans over ${seeds} seeds\n`)
  console.log(
    formatTable([
      ['edge', 'short of the best before', 'in the last quarter', 'noticed', 'median delay', 'false alarms a market'],
      ...KINDS.map(({ name, options }) => {
        const some = rows.filter(({ kind }) => kind === name)
        const delays = some.map(({ delay }) => delay).filter((delay) => !Number.isNaN(delay))
        return [
          name,
          mean(some.map(({ before }) => before.best - before.model)).toFixed(3),
          mean(some.map(({ end }) => end.best - end.model)).toFixed(3),
          options.change === 'none' ? '-' : `${delays.length} of ${some.length}`,
          delays.length > 0 ? `${median(delays)} trades` : '-',
          mean(some.map(({ falseAlarms }) => falseAlarms)).toFixed(2),
        ]
      }),
    ]),
  )
  console.log(`\nLeak canary: ${canaries} random walks with overlapping labels, where the true AUC is 0.5\n`)
  console.log(
    formatTable([
      ['split', 'mean AUC', 'standard error', 'lowest', 'highest'],
      canaryRow(
        'walking forward, purged',
        walks.map(({ honest }) => honest),
      ),
      canaryRow(
        'shuffled, which cheats',
        walks.map(({ shuffled }) => shuffled),
      ),
    ]),
  )
  if (json) writeFileSync(json, `${JSON.stringify({ machine: host, signals, rows, canaries: walks }, null, 2)}\n`)
}

const pair = ({ model, best }: Ranked): string => `${model.toFixed(3)} / ${best.toFixed(3)}`
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

function canaryRow(name: string, aucs: readonly number[]): string[] {
  const middle = mean(aucs)
  const variance = aucs.reduce((sum, auc) => sum + (auc - middle) * (auc - middle), 0) / (aucs.length - 1)
  const figures = [middle, Math.sqrt(variance / aucs.length), Math.min(...aucs), Math.max(...aucs)]
  return [name, ...figures.map((figure) => figure.toFixed(3))]
}

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    signals: { type: 'string', default: '6000' },
    canaries: { type: 'string', default: '40' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (flags.help) console.log(HELP)
else
  main(whole('seeds', flags.seeds), whole('signals', flags.signals), whole('canaries', flags.canaries, 2), flags.json)

function whole(name: string, text: string, least = 1): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  console.error(`--${name} must be a whole number of at least ${least}, got "${text}".\n\n${HELP}`)
  process.exit(1)
}
