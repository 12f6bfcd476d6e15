/**
 * What the three ways of keeping boosted trees up to date are worth on streams that drift: prequential log loss.
 *
 *     npm run bench:strategies
 */
import { parseArgs } from 'node:util'
import { GradientBoosting, type GradientBoostingInput, SeededRng } from 'tradelearn'
import { Progress } from '../../src/cli/progress.ts'
import { formatTable } from '../../src/cli/table.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { logLossOf, sigmoid } from '../../src/core/math.ts'
import { describeMachine, machine } from '../machine.ts'

const HELP = `Usage: npm run bench:strategies -- [options]

Streams of 6,000 labels with known odds, in four kinds of market: one that stays, one whose weights turn slowly, one
whose edge flips half-way, one that jumps between two regimes. Every label is predicted before it is learned. Figures
are mean log losses less that of the true odds: 0 is perfect. Takes some minutes.

  --seeds <n>  streams of each kind [5]
  --help       this text
`

const FEATURES = 8
const LABELS = 6000
/** Labels that are not scored: nobody knows anything yet. */
const START = 500

/** Weights of the features at a moment, as a share of the stream. */
const MARKETS: { readonly [name: string]: (share: number) => readonly number[] } = {
  stays: () => [0.9, -0.6, 0.5],
  'turns slowly': (t) => [0.9 * Math.cos(3 * t), 0.9 * Math.sin(3 * t), 0.5],
  'flips half-way': (t) => (t < 0.5 ? [0.9, -0.6, 0.5] : [-0.9, 0.6, 0.5]),
  'jumps to and fro': (t) => (Math.floor(8 * t) % 2 === 0 ? [0.9, -0.6, 0.5] : [-0.3, 0.9, 0.5]),
}

const SMALL = { features: FEATURES, trees: 60, maxLeaves: 6, learningRate: 0.08, minSamplesLeaf: 20 } as const
const STRATEGIES: { readonly [name: string]: Partial<GradientBoostingInput> } = {
  'refit, window 5000': {},
  'refit, window 1000': { window: 1000 },
  'refit, half-life 500': { halfLife: 500 },
  appendTrees: { strategy: 'appendTrees' },
  refreshLeaves: { strategy: 'refreshLeaves' },
  'never after the first 1000': { refitEvery: 1_000_000, minSamples: 1000 },
}

type Score = { loss: number; refits: number; milliseconds: number }

/** One stream through every strategy, and through the base rate, which learns nothing of the features. */
function play(market: string, seed: number): Map<string, Score> {
  const rng = new SeededRng(`strategies ${market} ${seed}`)
  const models = Object.entries(STRATEGIES).map(([name, more]) => ({
    name,
    model: new GradientBoosting({ ...SMALL, ...more }),
    score: { loss: 0, refits: 0, milliseconds: 0 },
  }))
  const base = { loss: 0, refits: 0, milliseconds: 0 }
  let [wins, n] = [0.5, 1]
  for (let i = 0; i < LABELS; i++) {
    const x = Float64Array.from({ length: FEATURES }, () => drawNormal(rng))
    const [a, b, c] = MARKETS[market]!(i / LABELS) as [number, number, number]
    const odds = a * x[0]! + b * x[1]! + c * x[0]! * x[2]!
    const p = sigmoid(odds)
    const y = Number(rng.next() < p)
    const scored = i >= START ? 1 / (LABELS - START) : 0
    const best = logLossOf(y, p)
    base.loss += scored * (logLossOf(y, wins / n) - best)
    wins += y
    n++
    for (const { model, score } of models) {
      score.loss += scored * (logLossOf(y, model.predict(x)) - best)
      model.learn(x, y)
      if (!model.refitDue) continue
      const start = performance.now()
      for (const _ of model.refit());
      score.milliseconds += performance.now() - start
      score.refits++
    }
  }
  return new Map([...models.map(({ name, score }) => [name, score] as const), ['the base rate', base]])
}

function main(seeds: number): void {
  const progress = new Progress({ label: 'bench:strategies' })
  const names = [...Object.keys(STRATEGIES), 'the base rate']
  const markets = Object.keys(MARKETS)
  const losses = new Map<string, number[]>(names.map((name) => [name, []]))
  const times = new Map<string, number>()
  const rows = new Map<string, string[]>(names.map((name) => [name, [name]]))
  for (const [m, market] of markets.entries()) {
    for (const name of names) losses.set(name, [])
    for (let seed = 0; seed < seeds; seed++) {
      for (const [name, { loss, refits, milliseconds }] of play(market, seed)) {
        losses.get(name)!.push(loss)
        if (refits > 0) times.set(name, milliseconds / refits)
      }
      progress.update((m * seeds + seed + 1) / (seeds * markets.length))
    }
    for (const name of names) {
      const all = losses.get(name)!
      const mean = all.reduce((sum, loss) => sum + loss, 0) / all.length
      const spread = Math.sqrt(all.reduce((sum, loss) => sum + (loss - mean) * (loss - mean), 0) / (all.length - 1))
      rows.get(name)!.push(`${mean.toFixed(4)} ± ${(spread / Math.sqrt(all.length)).toFixed(4)}`)
    }
  }
  progress.finish()
  console.log(`${describeMachine(machine())}\n`)
  const table = names.map((name) => [...rows.get(name)!, times.has(name) ? times.get(name)!.toFixed(1) : ''])
  console.log(formatTable([['log loss above the true odds', ...markets, 'ms a refit'], ...table]))
}

const { values: flags } = parseArgs({
  options: { seeds: { type: 'string', default: '5' }, help: { type: 'boolean' } },
})
if (flags.help) console.log(HELP)
else {
  const seeds = Number(flags.seeds)
  if (Number.isSafeInteger(seeds) && seeds >= 2) main(seeds)
  else {
    console.error(`--seeds must be a whole number of at least 2, got "${flags.seeds}".\n\n${HELP}`)
    process.exitCode = 1
  }
}
