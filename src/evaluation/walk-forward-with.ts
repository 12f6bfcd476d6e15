import type { BatchLearner, Learner, Splitter, Vector } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import type { Dataset } from './dataset.ts'
import { checkLearner, createFoldRun, trainHere } from './fold-run.ts'
import { checkScoring } from './scoring.ts'
import type { FoldReport, Validation, ValidationOptions } from './validate.ts'

/** Who trains a model on a table somewhere else, e.g. a `TrainingPool`. */
export type Trainer = {
  /** Trains anew; the promise is kept when the model can be asked. */
  fit(
    model: BatchLearner,
    rows: readonly Vector[],
    y: ArrayLike<number>,
    options: { readonly onProgress?: (done: number) => void },
  ): Promise<void>
}

/**
 * `walkForward` with each fold trained by one of several trainers, as many folds at a time as there are trainers.
 *
 * The result is to the bit that of `walkForward`, whoever trains and in whatever order folds are ready. Learners without
 * `fit` learn here, one fold a turn of the event loop.
 *
 * Cost: the trainings side by side; each trainer holds a copy of its fold's rows.
 *
 * @throws as `walkForward`, and whatever a trainer throws; folds that were begun are waited for first
 *
 * @example
 * ```ts
 * const pools = [new TrainingPool(), new TrainingPool()]
 * const { verdict } = await walkForwardWith(pools, dataset, create, new WalkForward({ train: 20_000, test: 2_000 }))
 * await Promise.all(pools.map((pool) => pool.close()))
 * ```
 */
export async function walkForwardWith(
  trainers: readonly Trainer[],
  dataset: Dataset,
  createLearner: () => Learner | BatchLearner,
  splitter: Splitter,
  options: Partial<ValidationOptions> = {},
): Promise<Validation> {
  const { onProgress, signal } = options
  if (trainers.length === 0) throw new TradeLearnError('INVALID_OPTION', '"trainers" must name at least one, got none.')
  const run = createFoldRun(dataset, splitter, checkScoring(options))
  const of = run.folds.length
  const shares = new Float64Array(of)
  const reports: FoldReport[] = []
  let next = 0
  let failed = false

  const told = (fold: number, share: number): void => {
    shares[fold] = share
    onProgress?.({ done: shares.reduce((sum, done) => sum + done, 0), of })
  }
  const work = async (trainer: Trainer): Promise<void> => {
    while (next < of && !failed) {
      if (signal?.aborted) {
        throw new TradeLearnError('ABORTED', `Validation was aborted after ${reports.length} of ${of} folds.`)
      }
      const fold = next++
      const learner = createLearner()
      checkLearner(learner)
      const known = run.trainingRows(fold)
      if ('fit' in learner) {
        await trainer.fit(learner, known.rows, known.y, { onProgress: (done) => told(fold, Math.min(done, 0.99)) })
      } else {
        await new Promise((resolve) => setTimeout(resolve))
        trainHere(learner, known)
      }
      reports[fold] = run.ask(fold, learner)
      told(fold, 1)
    }
  }
  const results = await Promise.allSettled(
    trainers.map((trainer) =>
      work(trainer).catch((error: unknown) => {
        failed = true
        throw error
      }),
    ),
  )
  const first = results.find((result) => result.status === 'rejected')
  if (first) throw first.reason
  return run.sumUp(reports)
}
