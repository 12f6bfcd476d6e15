import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { TradeLearnError } from '../core/errors.ts'
import { SeededRng } from '../core/rng.ts'
import { DecisionPolicy } from '../decision/index.ts'
import {
  type Dataset,
  evaluate,
  type Validation,
  type ValidationOptions,
  type Verdict,
  validateHoldout,
  WalkForward,
  type WalkForwardOptions,
  writeEvaluation,
} from '../evaluation/index.ts'
import { TripleBarrier } from '../labels/index.ts'
import { buildDataset, TrainingPool } from '../lifecycle/index.ts'
import { evaluationSections, type ReportData, validationSection } from '../report/index.ts'
import { shuffleCandles } from '../simulate/index.ts'
import { createHoldOut, readHoldout, writeHoldout } from './holdout-file.ts'
import { LEARNERS, learnerOption } from './learner-choice.ts'
import { type MarketFlags, type MarketInput, readMarket, withMarketInput } from './market-input.ts'
import { whole, within } from './numbers.ts'
import { NOTES, printCanaries, printMetrics, writePage } from './page.ts'
import { Progress } from './progress.ts'

/** What an evaluation does besides the validation: five canaries and three parts. */
const STAGES = 8

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
  readonly json?: string
  readonly quick?: true
  readonly trials: number
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
    .option('--trials <n>', 'models, settings or rules tried on this data so far, this one included', whole(), 1)
    .option('--quick', 'the validation alone: no canaries, importance or patterns')
    .option('--json <file>', 'also writes all that was found as JSON')
    .option('--seed <text>', 'start of all chance', '0')
    .option('--html <file>', 'page to write', 'tradelearn-report-walk-forward.html')
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const { mode, embargo, holdout, openHoldout } = flags
  if (openHoldout !== undefined && holdout === 0) {
    throw new TradeLearnError('INVALID_OPTION', '"--holdout" must be above 0 for "--open-holdout", got 0.')
  }
  const build = ({ features, ...market }: MarketInput): Dataset =>
    buildDataset({
      ...market,
      features: features(),
      labeler: new TripleBarrier({ maxBars: flags.maxBars, costs: flags.costs }),
      policy: new DecisionPolicy({ costs: flags.costs }),
    })
  const market = readMarket(flags)
  const dataset = build(market)
  const rows = dataset.rows.length
  console.log(`${market.source}: ${rows} settled signals, ${dataset.names?.length} features.`)

  const split: WalkForwardOptions = {
    mode,
    embargo,
    unit: 'rows',
    delay: 0,
    train: flags.train ?? Math.max(1, Math.floor(rows / 3)),
    test: flags.test ?? Math.max(1, Math.floor(rows / 12)),
  }
  // a hold-out that was opened before is refused before anything is trained
  const holdOut = openHoldout === undefined ? undefined : readHoldout(openHoldout, split, holdout, dataset)
  const splitter = holdOut ?? (holdout === 0 ? new WalkForward(split) : createHoldOut(split, holdout))
  const progress = new Progress({ label: 'walk-forward' })
  const create = LEARNERS[flags.learner]!
  const options: Partial<ValidationOptions> = { threshold: flags.threshold, stake: 0.1, seed: flags.seed }
  const stages = new Set<string>()
  const most = 1 + (flags.quick === true ? 0 : STAGES)
  // as many folds at a time as there are cores, for models that can be trained on other threads
  const pools = Array.from({ length: availableParallelism() }, () => new TrainingPool())
  const evaluation = await evaluate(dataset, create, {
    ...options,
    splitter,
    trainers: pools,
    trials: flags.trials,
    ...(flags.quick === true && { parts: [] }),
    ...(typeof market.signals === 'function' && {
      // the rule has a memory, and so begins anew
      onRandomWalk: () =>
        build({ ...readMarket(flags), candles: shuffleCandles(market.candles, new SeededRng(flags.seed)) }),
    }),
    onProgress: ({ stage, done }) => {
      stages.add(stage)
      progress.update(Math.min(0.99, (stages.size - 1 + done) / most))
    },
  })
  progress.finish()
  await Promise.all(pools.map((pool) => pool.close()))
  const { validation } = evaluation
  if (flags.json !== undefined) writeFileSync(flags.json, `${writeEvaluation(evaluation)}\n`)

  const sections = evaluationSections(evaluation, dataset, { title: market.source, intro: introOf(validation, flags) })
  printMetrics(
    `${flags.learner}, ${validation.folds.length} folds, ${validation.predictions.length} signals out of sample`,
    sections[0]!.metrics!,
  )
  printCanaries(evaluation)
  console.log(`\n${validation.verdict.text}`)
  if (evaluation.insights) console.log(evaluation.insights.text)
  if (holdOut === undefined) return writePage(flags.html, pageOf(validation.verdict, sections))

  const last = validateHoldout(dataset, () => create(dataset.names!.length), holdOut, { ...options, now: Date.now() })
  // before anything of it is shown
  writeHoldout(openHoldout!, holdOut)
  const lastSection = validationSection(last, dataset, {
    title: `Hold-out: the newest ${last.predictions.length} signals`,
    intro: `Trained once on the ${last.folds[0]!.trainRows} signals that were settled before. Opened once: who changes anything after this look needs new data.`,
  })
  printMetrics(lastSection.title, lastSection.metrics!)
  console.log(`\n${last.verdict.text}\nHold-out opened: ${resolve(openHoldout!)}`)
  const text = `${validation.verdict.text} On the hold-out: ${last.verdict.text}`
  await writePage(flags.html, pageOf({ ...validation.verdict, text }, [...sections, lastSection]))
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
