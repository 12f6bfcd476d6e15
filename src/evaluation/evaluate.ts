import type { Splitter } from '../contracts.ts'
import {
  type BacktestOverfitting,
  backtestOverfitting,
  deflatedSharpeRatio,
  effectiveTrials,
  meanCorrelation,
  minimumTrackRecordLength,
  probabilisticSharpeRatio,
  type SharpeEstimate,
  sharpeRatio,
} from '../significance/index.ts'
import { CANARIES, type Canary, type CanaryName, type Validate } from './canaries.ts'
import type { Dataset } from './dataset.ts'
import type { CreateLearner } from './importance/folds.ts'
import { type ImportanceOverTime, importanceOverTime } from './importance/importance-over-time.ts'
import { type SingleFeatureSkill, singleFeatureSkill } from './importance/single-feature-skill.ts'
import { type PatternInsights, patternInsights } from './insights/pattern-insights.ts'
import { sweepThresholds, type ThresholdPoint } from './thresholds.ts'
import { type OutOfSample, type Validation, type ValidationOptions, walkForward } from './validate.ts'
import { type Trainer, walkForwardWith } from './walk-forward-with.ts'

/** Parts of an evaluation beyond the validation itself. */
export type EvaluationPart = 'canaries' | 'importance' | 'features' | 'insights'

/** Options of {@link evaluate}. */
export type EvaluateOptions = Omit<Partial<ValidationOptions>, 'onProgress'> & {
  readonly splitter: Splitter
  /** Who trains the folds, e.g. two `TrainingPool`s. @defaultValue here, one after another */
  readonly trainers?: readonly Trainer[]
  /** What to look at besides. @defaultValue everything */
  readonly parts?: readonly EvaluationPart[]
  /** Rows made in the same way from prices without any edge, for the canary `randomWalk`. */
  readonly onRandomWalk?: () => Dataset
  /**
   * Returns of every trial that was made before this one was chosen, over the same signals, one series each: they say how
   * alike the trials were, and how far the choice itself explains the result. At least as many as `trials`.
   */
  readonly trialReturns?: readonly ArrayLike<number>[]
  /** Told what is being done, and which share of it is done. */
  readonly onProgress?: (progress: { readonly stage: string; readonly done: number }) => void
}

/** What the returns of the signals taken are worth, and how far having chosen explains them. */
export type MoneyReport = {
  /** Signals out of sample, and those that the model takes. */
  readonly signals: number
  readonly taken: number
  /** Of the net returns a trade taken, not annualised. */
  readonly sharpe: SharpeEstimate
  /** P(true Sharpe ratio > 0), for trades that do not depend on each other. */
  readonly probabilistic: number
  /** Trades that would show this Sharpe ratio at 95 %. */
  readonly minimumTrades: number
  /** P(true Sharpe ratio > what the best of the trials shows by luck); NaN unless the trials' returns are given. */
  readonly deflated: number
  /** Independent trials that offer as much choice. */
  readonly effectiveTrials: number
  /** Left out unless the trials' returns are given. */
  readonly overfitting?: BacktestOverfitting
}

/** All that an evaluation found, as plain data: `JSON.stringify` writes it, NaN as null. */
export type Evaluation = {
  readonly version: 1
  readonly data: {
    readonly signals: number
    readonly features: readonly string[]
    readonly from: number
    readonly to: number
    readonly winners: number
  }
  readonly validation: Validation
  readonly thresholds: readonly ThresholdPoint[]
  readonly money: MoneyReport
  readonly canaries: readonly Canary[]
  /** What could not be told, and why. */
  readonly missing: readonly { readonly part: EvaluationPart; readonly reason: string }[]
  readonly importance?: ImportanceOverTime
  readonly features?: SingleFeatureSkill
  readonly insights?: PatternInsights
}

const PARTS: readonly EvaluationPart[] = ['canaries', 'importance', 'features', 'insights']

/**
 * Everything that an honest report about a model needs, in one call: walk-forward scores beside what needs no learning, a
 * verdict, canaries, thresholds, what the choice among trials explains, importance over time, and patterns.
 *
 * Patterns and features are looked at on the rows that the splitter tests or trains on; keep rows back with `HoldOut` and
 * nothing here sees them. A part that cannot be done on this data is named in `missing` with the reason.
 *
 * Cost: about seven validations; `parts: []` makes it one. Meant for a worker, or for `trainers`.
 *
 * @throws as `walkForward`
 *
 * @example
 * ```ts
 * const create = (features: number) => new GradientBoosting({ features, task: 'binary' })
 * const evaluation = await evaluate(dataset, create, { splitter: new WalkForward({ train: 1000, test: 250 }) })
 * print(evaluation.validation.verdict.text)
 * for (const { title, result, text } of evaluation.canaries) print(title, result, text)
 * ```
 */
export async function evaluate(
  dataset: Dataset,
  createLearner: CreateLearner,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { splitter, trainers = [], parts = PARTS, onRandomWalk, trialReturns, onProgress, ...rest } = options
  const { signal, coverage = 0.95, seed = 0 } = rest
  let stage = ''
  const telling = ({ done, of }: { readonly done: number; readonly of: number }): void =>
    onProgress?.({ stage, done: done / of })
  const watch = { onProgress: telling, ...(signal && { signal }) }

  const validate: Validate = (of, folds, more) => {
    const names = of.names ?? of.rows[0]?.map((_, i) => i) ?? []
    const create = (): ReturnType<CreateLearner> => createLearner(names.length, Array.from(names, String))
    const all = { ...rest, ...watch, ...more }
    return trainers.length > 0
      ? walkForwardWith(trainers, of, create, folds, all)
      : new Promise((resolve) => resolve(walkForward(of, create, folds, all)))
  }

  stage = 'walk forward'
  const validation = await validate(dataset, splitter, {})
  const seen = seenBy(dataset, validation)
  const missing: { part: EvaluationPart; reason: string }[] = []
  const canaries: Canary[] = []
  for (const name of parts.includes('canaries') ? (Object.keys(CANARIES) as CanaryName[]) : []) {
    stage = `canary: ${name}`
    const context = {
      dataset,
      seen,
      splitter,
      found: validation,
      validate,
      seed,
      ...(onRandomWalk && { onRandomWalk }),
    }
    canaries.push(await CANARIES[name](context))
  }
  /** Does a part if it is asked for and can be done. */
  const attempt = <T>(part: EvaluationPart, work: () => T): T | undefined => {
    if (!parts.includes(part)) return undefined
    stage = part
    try {
      return work()
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'NOT_ENOUGH_DATA') throw error
      missing.push({ part, reason: (error as Error).message })
      return undefined
    }
  }
  const importance = attempt('importance', () =>
    importanceOverTime(dataset, createLearner, splitter, { ...watch, seed }),
  )
  const features = attempt('features', () => singleFeatureSkill(dataset, splitter, { ...watch, seed, coverage }))
  const insights = attempt('insights', () => patternInsights(seen, { ...watch, seed, coverage }))

  const { rows, y, times } = dataset
  return {
    version: 1,
    data: {
      signals: rows.length,
      features: dataset.names ?? Array.from(rows[0]!, (_, i) => `feature ${i}`),
      from: times[0]!,
      to: times[times.length - 1]!,
      winners: Array.from(y).filter((label) => label === 1).length,
    },
    validation,
    thresholds: sweepThresholds(validation.predictions, dataset, coverage),
    money: moneyOf(validation, trialReturns),
    canaries,
    missing,
    ...(importance && { importance }),
    ...(features && { features }),
    ...(insights && { insights }),
  }
}

/** The rows that the folds have touched: those of a hold-out are nobody's business. */
function seenBy(dataset: Dataset, { folds }: Validation): Dataset {
  const end = Math.max(...folds.flatMap(({ train, test }) => [...train, ...test].map((range) => range.end)))
  const cut = <T>(column: ArrayLike<T>): T[] => Array.from({ length: end }, (_, i) => column[i]!)
  const { rows, y, netReturns, times, labelEnds, ids, groups } = dataset
  return {
    ...dataset,
    rows: cut(rows),
    y: cut(y),
    netReturns: cut(netReturns),
    times: cut(times),
    labelEnds: cut(labelEnds),
    ...(ids && { ids: cut(ids) }),
    ...(groups && { groups: Object.fromEntries(Object.entries(groups).map(([name, of]) => [name, cut(of)])) }),
  }
}

function moneyOf({ predictions, options }: Validation, trialReturns: EvaluateOptions['trialReturns']): MoneyReport {
  const taken = predictions.filter(({ p }: OutOfSample) => p >= options.threshold)
  const sharpe = sharpeRatio(taken.map(({ netReturn }) => netReturn))
  const sharpes = (trialReturns ?? []).map((returns) => sharpeRatio(returns).sharpe).filter((s) => !Number.isNaN(s))
  const centre = sharpes.reduce((sum, s) => sum + s, 0) / sharpes.length
  const variance = sharpes.reduce((sum, s) => sum + (s - centre) * (s - centre), 0) / (sharpes.length - 1)
  const trials = Math.max(options.trials, sharpes.length, 1)
  const independent =
    trialReturns && sharpes.length > 1 ? effectiveTrials(trials, meanCorrelation(trialReturns)) : trials
  const known = !Number.isNaN(sharpe.sharpe)
  return {
    signals: predictions.length,
    taken: taken.length,
    sharpe,
    probabilistic: known ? probabilisticSharpeRatio(sharpe) : NaN,
    minimumTrades: known ? minimumTrackRecordLength(sharpe) : NaN,
    deflated: known && sharpes.length > 1 ? deflatedSharpeRatio(sharpe, independent, variance) : NaN,
    effectiveTrials: independent,
    ...(trialReturns && trialReturns.length > 1 && { overfitting: backtestOverfitting(trialReturns) }),
  }
}
