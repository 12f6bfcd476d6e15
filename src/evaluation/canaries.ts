import type { Splitter } from '../contracts.ts'
import { shuffle } from '../core/draw.ts'
import { SeededRng } from '../core/rng.ts'
import type { Estimate } from './compare.ts'
import type { Dataset } from './dataset.ts'
import { ShuffledSplit } from './splitters/shuffled-split.ts'
import type { Validation, ValidationOptions } from './validate.ts'
import type { Finding } from './verdict.ts'

/** The tests of the validation itself. */
export type CanaryName = 'shuffledLabels' | 'randomWalk' | 'plantedLeak' | 'reversedTime' | 'shuffledFolds'

/** One test of the validation itself, and how it went. */
export type Canary = {
  readonly name: CanaryName
  /** What was done. */
  readonly title: string
  /** `"fine"`, `"alarm"`, `"for comparison"` where any result is possible, `"not run"` where something was missing. */
  readonly result: 'fine' | 'alarm' | 'for comparison' | 'not run'
  readonly auc: Estimate
  /** With the net returns. */
  readonly correlation: Estimate
  readonly skill: Finding
  /** What it means. */
  readonly text: string
}

/** Validates a dataset like the report's own does: same learner, same options. */
export type Validate = (
  dataset: Dataset,
  splitter: Splitter,
  options: Partial<ValidationOptions>,
) => Promise<Validation>

/** What canaries sing about. */
export type CanaryOptions = {
  readonly dataset: Dataset
  /** The rows of it that the splitter's folds touch: those of a hold-out are not looked at here either. */
  readonly seen: Dataset
  readonly splitter: Splitter
  /** The report's own result. */
  readonly found: Validation
  readonly validate: Validate
  /**
   * Rows made in the same way from prices without any edge, e.g. by `buildDataset` from `shuffleCandles`. Without it that
   * canary is not run.
   */
  readonly onRandomWalk?: () => Dataset
  readonly seed: number | string
}

/** How sure a canary must be before it raises an alarm: one in a thousand reports may do so for no reason. */
const STRICT = { trials: 50 }

/**
 * Tests a validation by asking it questions whose answers are known.
 *
 *     shuffledLabels  labels dealt anew: no skill may be found
 *     randomWalk      the same features and labels from prices dealt anew: no skill may be found
 *     plantedLeak     the last feature is the label, known before its time: the verdict must call it too good
 *     reversedTime    trained on the future, tested on the past: features that remember outcomes do better so
 *     shuffledFolds   what a careless validation would have said of the same rows
 *
 * An alarm of the first three says that nothing else in the report can be trusted. Cost: one validation each.
 */
export const CANARIES: { readonly [name in CanaryName]: (options: CanaryOptions) => Promise<Canary> } = {
  shuffledLabels: async ({ dataset, seen, splitter, validate, seed }) => {
    const title = 'Labels dealt anew'
    const result = await validate(withShuffledLabels(dataset, seen.rows.length, seed), splitter, STRICT)
    return nothingIn(
      'shuffledLabels',
      title,
      result,
      'the validation or the learner sees labels that it should not see',
    )
  },
  randomWalk: async ({ onRandomWalk, splitter, validate }) => {
    const title = 'Prices dealt anew'
    if (!onRandomWalk) return notRun('randomWalk', title, 'No candles were given to make prices without an edge from.')
    const result = await validate(onRandomWalk(), splitter, STRICT)
    return nothingIn('randomWalk', title, result, 'a feature or a label sees prices that it should not see')
  },
  plantedLeak: async ({ dataset, splitter, validate }) => {
    const title = 'The label as a feature'
    const result = await validate(withLeak(dataset), splitter, {})
    return {
      ...summaryOf('plantedLeak', title, result),
      result: result.verdict.tooGood ? 'fine' : 'alarm',
      text: result.verdict.tooGood
        ? 'It was called too good to be true, as it should be.'
        : 'It was not noticed: a leak of your own would not be noticed either. There may be too few signals, or the learner cannot use a feature of 0 and 1.',
    }
  },
  reversedTime: async ({ seen, splitter, validate, found }) => {
    const result = await validate(reversed(seen), splitter, {})
    const summary = summaryOf('reversedTime', 'Time reversed', result)
    const forward = summaryOf('reversedTime', '', found)
    const better = summary.correlation.low > forward.correlation.high
    return {
      ...summary,
      result: 'for comparison',
      text: better
        ? 'Trained on the future it knows more: the features remember how earlier signals ended. Only the walk forward counts.'
        : 'Trained on the future and tested on the past it knows no more than forward.',
    }
  },
  shuffledFolds: async ({ seen, validate, found, seed }) => {
    const result = await validate(seen, new ShuffledSplit({ seed }), {})
    const summary = summaryOf('shuffledFolds', 'Folds shuffled', result)
    const gap = summary.auc.value - summaryOf('shuffledFolds', '', found).auc.value
    return {
      ...summary,
      result: 'for comparison',
      text:
        gap > 0.02
          ? `A validation that shuffles rows would have claimed ${gap.toFixed(3)} more AUC, all of it from labels that overlap.`
          : 'Shuffled rows would have looked no better here.',
    }
  },
}

function nothingIn(name: CanaryName, title: string, result: Validation, cause: string): Canary {
  const summary = summaryOf(name, title, result)
  if (summary.skill === 'too little data') return { ...summary, result: 'not run', text: 'Too little data to tell.' }
  const alarm = summary.skill === 'shown'
  const text = alarm
    ? `Skill was found where there is none: ${cause}.`
    : 'Nothing was found where there is nothing, as it should be.'
  return { ...summary, result: alarm ? 'alarm' : 'fine', text }
}

function summaryOf(name: CanaryName, title: string, { scores, verdict }: Validation): Omit<Canary, 'result' | 'text'> {
  const of = (score: 'auc' | 'returnCorrelation'): Estimate => scores.find((entry) => entry.name === score)!.model
  return { name, title, auc: of('auc'), correlation: of('returnCorrelation'), skill: verdict.skill }
}

function notRun(name: CanaryName, title: string, text: string): Canary {
  const nothing = { value: NaN, low: NaN, high: NaN, have: 0, needs: 1 }
  return { name, title, result: 'not run', auc: nothing, correlation: nothing, skill: 'too little data', text }
}

/** The outcomes of the first rows of a dataset dealt to them anew, each return with its label. */
function withShuffledLabels(dataset: Dataset, rows: number, seed: number | string): Dataset {
  const order = Uint32Array.from({ length: dataset.rows.length }, (_, row) => row)
  shuffle(new SeededRng(seed).fork('shuffled labels'), order.subarray(0, rows))
  const dealt = (column: ArrayLike<number>): Float64Array => Float64Array.from(order, (row) => column[row]!)
  return { ...dataset, y: dealt(dataset.y), netReturns: dealt(dataset.netReturns) }
}

/** A dataset whose last feature tells the label. */
function withLeak(dataset: Dataset): Dataset {
  const rows = dataset.rows.map((x, row) => {
    const leaky = Float64Array.from(x)
    leaky[x.length - 1] = dataset.y[row]!
    return leaky
  })
  return { ...dataset, rows }
}

/** A dataset as it would be told by somebody who walks back in time: each trade begins where it ended. */
function reversed({ ids, groups, names, ...dataset }: Dataset): Dataset {
  const { rows, y, netReturns, times, labelEnds } = dataset
  const order = Uint32Array.from({ length: rows.length }, (_, row) => row)
  order.sort((a, b) => labelEnds[b]! - labelEnds[a]! || b - a)
  const turn = times[0]! + labelEnds[order[0]!]!
  const turned = (column: ArrayLike<number>, of = (value: number): number => value): Float64Array =>
    Float64Array.from(order, (row) => of(column[row]!))
  return {
    ...(names && { names }),
    rows: Array.from(order, (row) => rows[row]!),
    y: turned(y),
    netReturns: turned(netReturns),
    times: turned(labelEnds, (time) => turn - time),
    labelEnds: turned(times, (time) => turn - time),
  }
}
