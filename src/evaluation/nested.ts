import type { BatchLearner, Learner, Splitter } from '../contracts.ts'
import { integer } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { logLossOf } from '../core/math.ts'
import type { InferParams, Space, Study, TrialCounts } from '../study/index.ts'
import type { Dataset } from './dataset.ts'
import { checkLearner, createFoldRun, type FoldRun, trainHere } from './fold-run.ts'
import { checkScoring } from './scoring.ts'
import type { FoldReport, Validation, ValidationOptions } from './validate.ts'

/** Options of {@link nestedWalkForward}. */
export type NestedOptions<S extends Space> = Partial<ValidationOptions> & {
  /** Cuts all rows into folds that the search never sees. */
  readonly outer: Splitter
  /** Cuts the training rows of one of those into folds to choose by, given how many there are. */
  readonly inner: (rows: number) => Splitter
  /** A fresh study for a fold, that minimises. */
  readonly study: (fold: number) => Study<S>
  /** Trials in each fold. */
  readonly trials: number
}

/** What was chosen for one outer fold. */
export type Chosen<P> = {
  readonly params: P
  /** Mean log loss on the inner folds. */
  readonly loss: number
  readonly counts: TrialCounts
}

/** A validation in which each fold's parameters were chosen without it. */
export type NestedValidation<P> = Validation & { readonly chosen: readonly Chosen<P>[] }

/**
 * Walks forward with a search inside: for each fold, parameters are searched on its training rows alone, and the model that
 * they make is tested on rows that no trial has seen.
 *
 *     outer   | train ............................... | test |
 *     inner   | train ........ | test |                            a trial is the mean log loss of these
 *             | train ............... | test |
 *
 * This says what tuning is worth, the search included, so the verdict needs no deflation for its trials. That parameters
 * differ from fold to fold is part of the answer: a choice that does not last is none. Each trial reports the loss of its
 * inner folds one by one, so a pruner may end it.
 *
 * Cost: outer folds x trials x inner folds trainings.
 *
 * @see G. C. Cawley, N. L. C. Talbot (2010), "On over-fitting in model selection and subsequent selection bias in performance
 *   evaluation", Journal of Machine Learning Research 11
 *
 * @throws as `walkForward`; `NOT_ENOUGH_DATA` where no trial of a fold was completed
 *
 * @example
 * ```ts
 * const { verdict, chosen } = await nestedWalkForward(
 *   dataset,
 *   ({ leaves }, features) => new GradientBoosting({ features, task: 'binary', maxLeaves: leaves }),
 *   {
 *     outer: new WalkForward({ train: 1000, test: 250 }),
 *     inner: (rows) => new WalkForward({ train: Math.floor(rows / 2), test: Math.ceil(rows / 6) }),
 *     study: (fold) => new Study({ space: { leaves: int({ low: 2, high: 32, log: true }) }, seed: fold }),
 *     trials: 20,
 *   },
 * )
 * ```
 */
export async function nestedWalkForward<S extends Space>(
  dataset: Dataset,
  create: (params: InferParams<S>, features: number) => Learner | BatchLearner,
  options: NestedOptions<S>,
): Promise<NestedValidation<InferParams<S>>> {
  const { outer, inner, study: createStudy, onProgress, signal } = options
  const trials = integer('trials', options.trials)
  const scoring = checkScoring(options)
  const run = createFoldRun(dataset, outer, scoring)
  const features = dataset.rows[0]!.length
  const of = run.folds.length
  const reports: FoldReport[] = []
  const chosen: Chosen<InferParams<S>>[] = []

  for (let fold = 0; fold < of; fold++) {
    const known = knownTo(dataset, run, fold)
    const inside = createFoldRun(known, inner(known.rows.length), scoring)
    const study = createStudy(fold)
    await study.optimize(
      (params, trial) => {
        let sum = 0
        for (const step of inside.folds.keys()) {
          const loss = lossOf(inside, step, create(params, features))
          sum += loss
          if (trial.report(step, loss) === 'prune') return 'pruned'
        }
        return sum / inside.folds.length
      },
      {
        trials,
        ...(signal && { signal }),
        onProgress: ({ done }) => onProgress?.({ done: fold + (0.99 * done) / trials, of }),
      },
    )
    const best = study.best
    if (!best) {
      const reason = study.trials.find(({ state }) => state === 'failed')?.reason ?? 'all were pruned'
      throw new TradeLearnError('NOT_ENOUGH_DATA', `No trial of fold ${fold} was completed: ${reason}`)
    }
    const learner = create(best.params, features)
    checkLearner(learner)
    trainHere(learner, run.trainingRows(fold))
    reports.push(run.ask(fold, learner))
    chosen.push({ params: best.params, loss: best.value, counts: study.counts })
    onProgress?.({ done: fold + 1, of })
  }
  return { ...run.sumUp(reports), chosen }
}

/** Mean log loss of a learner on one fold. */
function lossOf(run: FoldRun, fold: number, learner: Learner | BatchLearner): number {
  checkLearner(learner)
  trainHere(learner, run.trainingRows(fold))
  const { predictions } = run.ask(fold, learner)
  return predictions.reduce((sum, { y, p }) => sum + logLossOf(y, p), 0) / predictions.length
}

/** The training rows of a fold, as a dataset of their own. */
function knownTo({ rows, y, netReturns, times, labelEnds }: Dataset, { folds }: FoldRun, fold: number): Dataset {
  const at = folds[fold]!.train.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
  const column = (of: ArrayLike<number>): Float64Array => Float64Array.from(at, (row) => of[row]!)
  return {
    rows: at.map((row) => rows[row]!),
    y: column(y),
    netReturns: column(netReturns),
    times: column(times),
    labelEnds: column(labelEnds),
  }
}
