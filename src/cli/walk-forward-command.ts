import { Command, Option } from 'commander'
import { DecisionPolicy } from '../decision/index.ts'
import { type Validation, type Verdict, WalkForward, walkForward } from '../evaluation/index.ts'
import { TripleBarrier } from '../labels/index.ts'
import { buildDataset } from '../lifecycle/index.ts'
import { type ReportData, validationSection } from '../report/index.ts'
import { LEARNERS, learnerOption } from './learner-choice.ts'
import { type MarketFlags, readMarket, withMarketInput } from './market-input.ts'
import { whole, within } from './numbers.ts'
import { NOTES, printMetrics, writePage } from './page.ts'
import { Progress } from './progress.ts'

type Flags = MarketFlags & {
  readonly learner: string
  readonly mode: 'rolling' | 'expanding'
  readonly train?: number
  readonly test?: number
  readonly embargo: number
  readonly holdout: number
  readonly threshold: number
  readonly maxBars: number
  readonly costs: number
  readonly seed: string
  readonly html: string
}

/** `tradelearn walk-forward`. */
export function walkForwardCommand(): Command {
  return withMarketInput(new Command('walk-forward'))
    .description(
      'Trains on the past, tests on what came next, again and again, and says whether a model would have known anything about your signals.',
    )
    .addOption(learnerOption())
    .addOption(
      new Option('--mode <mode>', 'window of the training rows').choices(['rolling', 'expanding']).default('expanding'),
    )
    .option('--train <rows>', 'signals to train on (default: a third of them)', whole())
    .option('--test <rows>', 'signals to test on before training anew (default: a twelfth)', whole())
    .option('--embargo <rows>', 'signals left out between training and test', whole(0), 0)
    .option('--holdout <share>', 'share of the newest signals that stays untouched', within(0, 0.9), 0.2)
    .option('--threshold <p>', 'probability from which a signal counts as taken', within(0, 1), 0.5)
    .option('--max-bars <n>', 'candles after which a trade is closed', whole(), 24)
    .option('--costs <fraction>', 'round-trip costs as a fraction of the entry value', within(0, 0.1), 0.001)
    .option('--seed <text>', 'start of all chance', '0')
    .option('--html <file>', 'page to write', 'tradelearn-report-walk-forward.html')
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const market = readMarket(flags)
  const policy = new DecisionPolicy({ costs: flags.costs })
  const labeler = new TripleBarrier({ maxBars: flags.maxBars, costs: flags.costs })
  const dataset = buildDataset({ ...market, features: market.features(), labeler, policy })
  const rows = dataset.rows.length
  console.log(`${market.source}: ${rows} settled signals, ${dataset.names?.length} features.`)

  const { mode, embargo, holdout } = flags
  const splitter = new WalkForward({
    mode,
    embargo,
    holdout,
    train: flags.train ?? Math.max(1, Math.floor(rows / 3)),
    test: flags.test ?? Math.max(1, Math.floor(rows / 12)),
  })
  const progress = new Progress({ label: 'walk-forward' })
  const create = LEARNERS[flags.learner]!
  const validation = walkForward(dataset, () => create(dataset.names!.length), splitter, {
    threshold: flags.threshold,
    stake: 0.1,
    seed: flags.seed,
    onProgress: ({ done, of }) => progress.update(done / of),
  })
  progress.finish()

  const section = validationSection(validation, dataset, { title: market.source, intro: introOf(validation, flags) })
  printMetrics(
    `${flags.learner}, ${validation.folds.length} folds, ${validation.predictions.length} signals out of sample`,
    section.metrics!,
  )
  console.log(`\n${validation.verdict.text}`)
  await writePage(flags.html, pageOf(validation.verdict, section))
}

const introOf = ({ folds }: Validation, { learner, mode }: Flags): string =>
  `${folds.length} ${mode} folds of the learner "${learner}". Training stops at the first signal whose label was still open when the test began.`

/** The colour of a verdict: showing nothing is no fault, being worse than nothing is. */
export const toneOf = ({ skill }: Verdict): 'good' | 'neutral' | 'bad' =>
  skill === 'shown' ? 'good' : skill === 'worse' ? 'bad' : 'neutral'

const HEADLINES: { readonly [skill in Verdict['skill']]: string } = {
  shown: 'The model knows something about these signals',
  'not shown': 'No skill shown',
  worse: 'Worse than knowing nothing',
  'too little data': 'Too little data to tell',
}

/** A verdict's headline. */
export const headlineOf = ({ skill }: Verdict): string => HEADLINES[skill]

function pageOf(verdict: Verdict, section: ReportData['sections'][number]): ReportData {
  return {
    title: 'tradelearn: walk-forward',
    subtitle: section.title,
    verdict: { tone: toneOf(verdict), headline: headlineOf(verdict), text: verdict.text },
    sections: [section],
    notes: NOTES,
  }
}
