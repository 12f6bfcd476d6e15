import { Command, Option } from 'commander'
import { KillSwitch } from '../decision/index.ts'
import { SCORES } from '../evaluation/index.ts'
import { category, defaultFeatures, FeatureEngineer, numeric } from '../features/index.ts'
import { type ReplayResult, replay } from '../lifecycle/index.ts'
import { AUC } from '../metrics/index.ts'
import { type ReplaySummary, summarizeReplay } from '../report/index.ts'
import { type SimulatedMarket, type SimulatedSignal, simulateMarket, simulateRandomWalk } from '../simulate/index.ts'
import { whole, within } from './numbers.ts'
import { NOTES, printMetrics, writePage } from './page.ts'
import { Progress } from './progress.ts'
import { headlineOf, toneOf } from './walk-forward-command.ts'

type Flags = {
  readonly signals: number
  readonly strength: number
  readonly change: 'flip' | 'redraw' | 'vanish' | 'none'
  readonly walk?: boolean
  readonly seed: string
  readonly html: string
}

/** `tradelearn simulate`. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description(
      'Makes a market whose edge is known and changes half-way, plays it through a TradeLearner, and holds it against the best possible model.',
    )
    .option('--signals <n>', 'signals in all', whole(100), 6000)
    .option(
      '--strength <x>',
      'strength of the edge: best possible AUC 0.61 at 0.5, 0.70 at 1, 0.81 at 2',
      within(0, 5),
      1,
    )
    .addOption(
      new Option('--change <how>', 'what happens to the edge half-way')
        .choices(['flip', 'redraw', 'vanish', 'none'])
        .default('flip'),
    )
    .option('--walk', 'no edge at all: a random walk, on which nothing should be found')
    .option('--seed <text>', 'start of all chance', 'market')
    .option('--html <file>', 'page to write', 'tradelearn-report-simulation.html')
    .action(run)
}

/** A replayed simulation and how near it came to the best possible. */
export type Simulation = ReplaySummary & { readonly text: string }

/** Plays a simulated market and sums it up. */
export function playSimulation(
  { signals, strength, change, walk, seed }: Omit<Flags, 'html'>,
  onProgress: (done: number) => void,
): Simulation {
  const market = walk ? simulateRandomWalk({ seed, signals }) : simulateMarket({ seed, signals, strength, change })
  const features = new FeatureEngineer({
    ...defaultFeatures(),
    meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
  })
  const result = replay({
    candles: market.candles,
    signals: market.signals,
    learner: {
      mode: 'live',
      features,
      // a rule that halts after three losses in a row would halt every 14 signals here and hide what is to be seen
      killSwitch: new KillSwitch({ losses: Infinity, drawdown: Infinity }),
    },
    onProgress,
  })
  const summary = summarizeReplay(result, {
    title: walk ? 'A random walk without any edge' : 'A simulated market with a known edge that changes half-way',
    intro: walk
      ? 'Signals here win by chance alone. A report that found skill would be lying.'
      : 'Each signal wins with a probability that the generator knows, so the best possible AUC is known too. Half-way the edge changes. The kill switch is off, so that the model alone is seen.',
    reference: { name: 'best possible', values: rollingBayes(market, result) },
  })
  return { ...summary, text: textOf(market, result) }
}

async function run({ html, ...flags }: Flags): Promise<void> {
  const progress = new Progress({ label: 'simulate' })
  const { section, verdict, text } = playSimulation(flags, (done) => progress.update(done))
  progress.finish()
  printMetrics(section.title, section.metrics!)
  console.log(`\n${verdict.text}\n${text}`)
  await writePage(html, {
    title: 'tradelearn: simulation',
    subtitle: section.title,
    verdict: { tone: toneOf(verdict), headline: headlineOf(verdict), text: `${verdict.text} ${text}` },
    sections: [section],
    notes: NOTES,
  })
}

const WINDOW = 250

/** The AUC of the true probabilities over the newest signals, one value a settled signal. */
function rollingBayes({ truth }: SimulatedMarket, { signals }: ReplayResult<SimulatedSignal>): number[] {
  const auc = new AUC({ window: WINDOW })
  const every = Math.max(1, Math.floor(signals.length / 400))
  return signals.map((_, i) => {
    auc.update(truth[i]!.y, truth[i]!.probability)
    return i % every === 0 && i + 1 >= WINDOW ? auc.value : Number.NaN
  })
}

/** Signals of the rarer label below which an AUC says nothing, as in all reports. */
const RARER = SCORES.find(({ name }) => name === 'auc')!.needs

/** How near the model came before, right after and long after the change. */
function textOf({ truth, changeTime }: SimulatedMarket, result: ReplayResult<SimulatedSignal>): string {
  const { signals, learner } = result
  const aucs = (from: number, to: number): string => {
    const [model, best] = [new AUC(), new AUC()]
    const counts: [losers: number, winners: number] = [0, 0]
    for (let i = Math.floor(from); i < Math.min(to, signals.length); i++) {
      model.update(signals[i]!.label.y, signals[i]!.decision.prediction.probability)
      best.update(truth[i]!.y, truth[i]!.probability)
      counts[truth[i]!.y]++
    }
    if (Math.min(...counts) < RARER) return `N/A (needs ${RARER})`
    return `${model.value.toFixed(3)} (best possible ${best.value.toFixed(3)})`
  }
  const n = truth.length
  if (Number.isNaN(changeTime)) return `AUC in the last half: ${aucs(n / 2, n)}.`
  const changed = truth.findIndex((one) => one.changed)
  const mark = learner.status().drift.marks.find(({ trades }) => trades >= changed)
  const noticed = mark ? `flagged by ${mark.detector} ${mark.trades - changed} trades after it` : 'not flagged'
  return (
    `AUC before the change ${aucs(changed / 2, changed)}, in the tenth after it ${aucs(changed, changed + n / 10)}, ` +
    `in the last quarter ${aucs(0.75 * n, n)}; the change was ${noticed}.`
  )
}
