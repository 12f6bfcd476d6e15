import type { Learner } from '../contracts.ts'
import { checkDataset, type Dataset } from './dataset.ts'
import { createSettlement, settleNext } from './settlement.ts'

/** One question of {@link progressive} and its answer, which the learner itself gets to see only later. */
export type ProgressiveStep = {
  readonly row: number
  readonly time: number
  /** What the learner said, knowing no label that was settled after `time`. */
  readonly prediction: number
  readonly y: number
  readonly netReturn: number
  /** Labels that the learner had learned from by then. */
  readonly learned: number
}

/**
 * Plays a dataset through a learner as it would have happened live, yielding each prediction.
 *
 * Each row is asked at its time and learned when its label is known: a trade that takes three days teaches nothing for
 * three days. Labels known at the very moment of a question are learned before it, in the order of their ends, then of
 * their rows. Labels still open after the last row are learned at the end. The yielded labels are for the metrics.
 *
 * O(n log n) besides the learner.
 *
 * @see A. P. Dawid (1984), "Present position and potential developments: some personal views: statistical theory: the
 *   prequential approach", Journal of the Royal Statistical Society A 147
 *
 * @example
 * ```ts
 * const loss = new LogLoss()
 * for (const { y, prediction } of progressive(dataset, learner)) loss.update(y, prediction)
 * ```
 */
export function* progressive(dataset: Dataset, learner: Learner): Generator<ProgressiveStep, void, void> {
  checkDataset(dataset)
  const { rows, y, netReturns, times, labelEnds } = dataset
  const settlement = createSettlement(labelEnds)

  for (let row = 0; row < rows.length; row++) {
    const time = times[row]!
    learnUntil(time, row)
    const prediction = learner.predict(rows[row]!)
    yield { row, time, prediction, y: y[row]!, netReturn: netReturns[row]!, learned: settlement.next }
  }
  learnUntil(Infinity, rows.length)

  function learnUntil(time: number, asked: number): void {
    for (let row = settleNext(settlement, time, asked); row >= 0; row = settleNext(settlement, time, asked)) {
      learner.learn(rows[row]!, y[row]!)
    }
  }
}
