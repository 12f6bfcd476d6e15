import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { TradeLearnError } from '../core/errors.ts'
import { DecisionPolicy } from '../decision/index.ts'
import {
  type Validation,
  type ValidationOptions,
  type Verdict,
  validateHoldout,
  WalkForward,
  type WalkForwardOptions,
  walkForward,
} from '../evaluation/index.ts'
import { TripleBarrier } from '../labels/index.ts'
import { buildDataset } from '../lifecycle/index.ts'
import { type ReportData, validationSection } from '../report/index.ts'
import { readHoldout, writeHoldout } from './holdout-file.ts'
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
  readonly openHoldout?: string
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
    .option(
      '--open-holdout <file>',
      'when all choices are made: test on the hold-out too, once; the file keeps that it was opened',
    )
    .option('--threshold <p>', 'probability from which a signal counts as taken', within(0, 1), 0.5)
    .option('--max-bars <n>', 'candles after which a trade is closed', whole(), 24)
    .option('--costs <fraction>', 'round-trip costs as a fraction of the entry value', within(0, 0.1), 0.001)
    .option('--seed <text>', 'start of all chance', '0')
    .option('--html <file>', 'page to write', 'tradelearn-report-walk-forward.html')
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const { mode, embargo, holdout, openHoldout } = flags
  if (openHoldout !== undefined && holdout === 0) {
    throw new TradeLearnError('INVALID_OPTION', '"--holdout" must be above 0 for "--open-holdout", got 0.')
  }
  const market = readMarket(flags)
  const policy = new DecisionPolicy({ costs: flags.costs })
  const labeler = new TripleBarrier({ maxBars: flags.maxBars, costs: flags.costs })
  const dataset = buildDataset({ ...market, features: market.features(), labeler, policy })
  const rows = dataset.rows.length
  console.log(`${market.source}: ${rows} settled signals, ${dataset.names?.length} features.`)

  const split: WalkForwardOptions = {
    mode,
    embargo,
    holdout,
    train: flags.train ?? Math.max(1, Math.floor(rows / 3)),
    test: flags.test ?? Math.max(1, Math.floor(rows / 12)),
  }
  // a hold-out that was opened before is refused before anything is trained
  const splitter = openHoldout === undefined ? new WalkForward(split) : readHoldout(openHoldout, split, dataset)
  const progress = new Progress({ label: 'walk-forward' })
  const create = LEARNERS[flags.learner]!
  const fresh = () => create(dataset.names!.length)
  const options: Partial<ValidationOptions> = { threshold: flags.threshold, stake: 0.1, seed: flags.seed }
  const validation = walkForward(dataset, fresh, splitter, {
    ...options,
    onProgress: ({ done, of }) => progress.update(done / of),
  })
  progress.finish()

  const section = validationSection(validation, dataset, { title: market.source, intro: introOf(validation, flags) })
  printMetrics(
    `${flags.learner}, ${validation.folds.length} folds, ${validation.predictions.length} signals out of sample`,
    section.metrics!,
  )
  console.log(`\n${validation.verdict.text}`)
  if (openHoldout === undefined) return writePage(flags.html, pageOf(validation.verdict, [section]))

  const last = validateHoldout(dataset, fresh, splitter, options)
  // before anything of it is shown
  writeHoldout(openHoldout, splitter)
  const lastSection = validationSection(last, dataset, {
    title: `Hold-out: the newest ${last.predictions.length} signals`,
    intro: `Trained once on the ${last.folds[0]!.trainRows} signals that were settled before. Opened once: who changes anything after this look needs new data.`,
  })
  printMetrics(lastSection.title, lastSection.metrics!)
  console.log(`\n${last.verdict.text}\nHold-out opened: ${resolve(openHoldout)}`)
  const text = `${validation.verdict.text} On the hold-out: ${last.verdict.text}`
  await writePage(flags.html, pageOf({ ...validation.verdict, text }, [section, lastSection]))
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

function pageOf(verdict: Verdict, sections: ReportData['sections']): ReportData {
  return {
    title: 'tradelearn: walk-forward',
    subtitle: sections[0]!.title,
    verdict: { tone: toneOf(verdict), headline: headlineOf(verdict), text: verdict.text },
    sections,
    notes: NOTES,
  }
}
