import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { DecisionPolicy } from '../decision/index.ts'
import { TripleBarrier } from '../labels/index.ts'
import { replay } from '../lifecycle/index.ts'
import { summarizeReplay } from '../report/index.ts'
import { type MarketFlags, readMarket, withMarketInput } from './market-input.ts'
import { whole, within } from './numbers.ts'
import { NOTES, printMetrics, writePage } from './page.ts'
import { Progress } from './progress.ts'
import { headlineOf, toneOf } from './walk-forward-command.ts'

type Flags = MarketFlags & {
  readonly maxBars: number
  readonly costs: number
  readonly equity: number
  readonly resumeAfter: number
  readonly html: string
  readonly save?: string
}

/** `tradelearn report`. */
export function reportCommand(): Command {
  return withMarketInput(new Command('report'))
    .description(
      'Plays candles and signals through a TradeLearner as a live bot would (decide, wait, learn), beside taking every signal, and reports honestly.',
    )
    .option('--max-bars <n>', 'candles after which a trade is closed', whole(), 24)
    .option('--costs <fraction>', 'round-trip costs as a fraction of the entry value', within(0, 0.1), 0.001)
    .option('--equity <money>', 'money to start with', within(1, 1e12), 100_000)
    .option('--resume-after <n>', 'candles after which the operator lifts a halt of the kill switch', whole(0), 20)
    .option('--save <file>', 'also write the trained learner as a snapshot (JSON)')
    .option('--html <file>', 'page to write', 'tradelearn-report.html')
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const { maxBars, costs, equity, resumeAfter } = flags
  const market = readMarket(flags)
  const progress = new Progress({ label: 'replay' })
  const result = replay({
    ...market,
    learner: {
      mode: 'live',
      features: market.features(),
      policy: new DecisionPolicy({ costs }),
      labeler: new TripleBarrier({ maxBars, costs }),
    },
    equity,
    resumeAfter,
    onProgress: (done) => progress.update(done),
  })
  progress.finish()

  const { section, verdict } = summarizeReplay(result, { title: market.source })
  printMetrics(`${market.source}: ${result.signals.length} settled signals`, section.metrics!)
  console.log(`\n${verdict.text}`)
  if (flags.save !== undefined) {
    writeFileSync(flags.save, JSON.stringify(result.learner))
    console.log(`Snapshot: ${resolve(flags.save)}`)
  }
  await writePage(flags.html, {
    title: 'tradelearn: report',
    subtitle: market.source,
    verdict: { tone: toneOf(verdict), headline: headlineOf(verdict), text: verdict.text },
    sections: [section],
    notes: NOTES,
  })
}
