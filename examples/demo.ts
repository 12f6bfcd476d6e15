/**
 * The main job on this page: a rule on twenty years of real S&P 500 days, then a market whose edge is known.
 *
 *     npm run demo
 *
 * Both are played through a TradeLearner as a live bot would play them. It prints the honest verdict for each and writes
 * one page, tradelearn-report.html. No network, no service.
 */
import { join } from 'node:path'
import { readCandles } from '../src/cli/csv.ts'
import { NOTES, printMetrics, writePage } from '../src/cli/page.ts'
import { Progress } from '../src/cli/progress.ts'
import { rsiMacdRule } from '../src/cli/rules.ts'
import { playSimulation } from '../src/cli/simulate-command.ts'
import { headlineOf, toneOf } from '../src/cli/walk-forward-command.ts'
import { defaultFeatures, FeatureEngineer } from '../src/features/index.ts'
import { replay } from '../src/lifecycle/index.ts'
import { summarizeReplay } from '../src/report/index.ts'

// ------------------------------------------------------------- real prices

const file = join(import.meta.dirname, '../node_modules/vega-datasets/data/sp500-2000.csv')
const { candles } = readCandles(file, { symbol: 'S&P 500' })
const real = new Progress({ label: 'S&P 500, daily' })
const result = replay({
  candles,
  signals: rsiMacdRule(),
  learner: { mode: 'live', features: new FeatureEngineer(defaultFeatures()) },
  onProgress: (done) => real.update(done),
})
real.finish()
const days = (time: number): string => new Date(time).toISOString().slice(0, 10)
const period = `${days(candles[0]!.time)} to ${days(candles.at(-1)!.time)}`
const sp500 = summarizeReplay(result, {
  title: `S&P 500, ${candles.length} real daily bars, ${period}`,
  intro:
    'A textbook rule (RSI and MACD crossings) makes the signals. The learner decides on each before its outcome exists, ' +
    'then learns from it; until it has 100 closed trades it may not reduce or skip anything. The kill switch is on, with its default rules.',
  rollingWindow: 100,
})
printMetrics(sp500.section.title, sp500.section.metrics!)
console.log(`\nVerdict: ${sp500.verdict.text}\n`)

// ------------------------------------------------------- a market with an edge

const simulated = new Progress({ label: 'Simulated market' })
const simulation = playSimulation({ signals: 6000, strength: 1, change: 'flip', seed: 'market' }, (done) =>
  simulated.update(done),
)
simulated.finish()
printMetrics(simulation.section.title, simulation.section.metrics!)
console.log(`\nVerdict: ${simulation.verdict.text}\n${simulation.text}`)

// ------------------------------------------------------------------ the page

await writePage('tradelearn-report.html', {
  title: 'tradelearn: the demo',
  subtitle: 'Real prices hold little signal; a market with a known edge shows what the learner can do',
  verdict: {
    tone: toneOf(sp500.verdict),
    headline: `S&P 500: ${headlineOf(sp500.verdict).toLowerCase()}. Simulated market: ${headlineOf(simulation.verdict).toLowerCase()}.`,
    text: `S&P 500: ${sp500.verdict.text} Simulated market: ${simulation.verdict.text} ${simulation.text}`,
  },
  sections: [sp500.section, simulation.section],
  notes: NOTES,
})
