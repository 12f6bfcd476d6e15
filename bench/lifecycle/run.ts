/**
 * How often, and how soon, candidates of known worth are promoted or thrown out.
 *
 *     npm run bench:lifecycle
 *     npm run bench:lifecycle -- --lives 200 --signals 1500
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Progress } from '../../src/cli/progress.ts'
import { describeMachine, machine } from '../machine.ts'
import { fixed, markdownTable } from '../streams/markdown.ts'
import { type Kind, type Life, lifting, live, turn } from './lives.ts'

const HELP = `Usage: npm run bench:lifecycle -- [options]

Simulates lives of candidates, eight signals a day: some choose blindly, some lift or lower the win rate of what they keep by
a known amount. Each goes through the rollout with its default options. Beside it stands a rule without statistics: out of
shadow after a week once what was kept has returned more on average than all. Figures go to stdout, progress to stderr.

  --lives <n>      lives of each kind [1000]
  --signals <n>    signals in a life [800]
  --json <file>    also writes the figures as JSON
  --help           this text
`

const single = { payoff: 1, cluster: 1 } as const
const blind = (name: string, keeps: number, wins: number, more: Partial<Kind> = {}): Kind => ({
  ...single,
  name: `blind, ${name}`,
  keeps,
  kept: wins,
  skipped: wins,
  ...more,
})
const lifts = (from: number, to: number, keeps: number): Kind => ({
  ...single,
  ...lifting(from, to, keeps),
  name: `${Math.round(100 * from)} % to ${Math.round(100 * to)} %, keeps ${Math.round(100 * keeps)} %`,
})
/** A challenger of a champion that lifts wins by `edge` itself. */
const beside = (edge: number, kind: Kind): Kind => ({
  ...kind,
  championEdge: edge,
  name: `beside 45 % to ${Math.round(45 + 100 * edge)} %: ${kind.name}`,
})
const KINDS: readonly Kind[] = [
  blind('keeps 10 %', 0.1, 0.45),
  blind('keeps 50 %', 0.5, 0.45),
  blind('keeps 90 %', 0.9, 0.45),
  blind('wins 35 %, twice as large', 0.5, 0.35, { payoff: 2 }),
  blind('wins 55 %', 0.5, 0.55),
  blind('8 signals share an end', 0.5, 0.45, { cluster: 8 }),
  lifts(0.45, 0.47, 0.5),
  lifts(0.45, 0.49, 0.5),
  lifts(0.45, 0.52, 0.3),
  lifts(0.45, 0.52, 0.5),
  lifts(0.45, 0.52, 0.7),
  lifts(0.45, 0.55, 0.5),
  lifts(0.45, 0.43, 0.5),
  lifts(0.45, 0.38, 0.5),
  lifts(0.45, 0.35, 0.5),
  beside(0.05, blind('keeps 50 %', 0.5, 0.45)),
  beside(0.05, lifts(0.45, 0.5, 0.5)),
  beside(0.05, lifts(0.45, 0.55, 0.5)),
  beside(0.02, lifts(0.45, 0.52, 0.5)),
  beside(0, blind('keeps 50 %', 0.5, 0.45)),
]
/** What a promoted model's choice is worth after it was worth 45 % to 52 % for {@link GOOD} signals. */
const TURNS: readonly Kind[] = [
  lifts(0.45, 0.52, 0.5),
  blind('keeps 50 %', 0.5, 0.45),
  lifts(0.45, 0.42, 0.5),
  lifts(0.45, 0.38, 0.5),
  lifts(0.45, 0.35, 0.5),
]
const GOOD = 1000

function main(lives: number, signals: number, json: string | undefined): void {
  const progress = new Progress({ label: 'bench:lifecycle' })
  const figures = KINDS.map((kind, k) => {
    const all: Life[] = []
    for (let i = 0; i < lives; i++) {
      all.push(live(kind, signals, `${kind.name} ${i}`))
      if (i % 20 === 0) progress.update((k + i / lives) / KINDS.length)
    }
    return { name: kind.name, ...summed(all) }
  })
  progress.finish()
  console.log(describeMachine(machine()))
  console.log(`\n${lives} lives of ${signals} signals, eight a day.\n`)
  console.log(
    markdownTable([
      [
        'candidate',
        'out of shadow %',
        'after signals',
        'promoted %',
        'after signals',
        'thrown out %',
        'after signals',
        'rule without statistics %',
      ],
      ...figures.map(({ name, out, promoted, ended, naive }) => [
        name,
        fixed(out.share, 1),
        fixed(out.median, 0),
        fixed(promoted.share, 1),
        fixed(promoted.median, 0),
        fixed(ended.share, 1),
        fixed(ended.median, 0),
        fixed(naive.share, 1),
      ]),
    ]),
  )
  const turns = TURNS.map((kind) => {
    const all = Array.from({ length: lives }, (_, i) => turn(kind, GOOD, signals, `${kind.name} turn ${i}`))
    const times = all.filter((at) => at > 0).sort((a, b) => a - b)
    const early = all.filter(Number.isNaN).length
    return {
      name: kind.name,
      early,
      share: (100 * times.length) / lives,
      median: times[times.length >> 1] ?? Number.NaN,
    }
  })
  console.log(
    `\nPromoted models that lifted wins from 45 to 52 % for ${GOOD} signals, and then did otherwise, by what they leave.\n`,
  )
  console.log(
    markdownTable([
      ['since then', `thrown out within ${signals} signals %`, 'after signals', 'thrown out before %'],
      ...turns.map(({ name, early, share, median }) => [
        name,
        fixed(share, 1),
        fixed(median, 0),
        fixed((100 * early) / lives, 1),
      ]),
    ]),
  )
  if (json !== undefined)
    writeFileSync(json, `${JSON.stringify({ machine: machine(), lives, signals, figures, turns }, null, 2)}\n`)
}

/** Share of lives in percent in which something happened, and the median number of signals until then. */
function summed(lives: readonly Life[]) {
  const of = (read: (life: Life) => number) => {
    const times = lives
      .map(read)
      .filter((at) => at > 0)
      .sort((a, b) => a - b)
    return { share: (100 * times.length) / lives.length, median: times[times.length >> 1] ?? Number.NaN }
  }
  return {
    out: of(({ pastShadow }) => pastShadow),
    promoted: of(({ promoted }) => promoted),
    ended: of(({ ended }) => ended),
    naive: of(({ naive }) => naive),
  }
}

const { values } = parseArgs({
  options: {
    lives: { type: 'string', default: '1000' },
    signals: { type: 'string', default: '800' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(HELP)
else main(Number(values.lives), Number(values.signals), values.json)
