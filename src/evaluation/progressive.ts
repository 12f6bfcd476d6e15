import type { DriftDetector, DriftLevel, Learner } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import { logLossOf } from '../core/math.ts'
import { checkDataset, type Dataset } from './dataset.ts'
import { createSettlement, settleNext } from './settlement.ts'

/** Options of {@link progressive}. */
export type ProgressiveOptions<Decision = undefined> = {
  /** Told how wrong each prediction was, by `error`, when its label is known. */
  readonly detector?: DriftDetector
  /** What the detector is told. @defaultValue the log loss, in nats */
  readonly error?: (y: number, prediction: number) => number
  /** Decides on each prediction at its time, knowing what was known then: a policy with its context. */
  readonly decide?: (prediction: number, row: number) => Decision
  /** Told the share of the rows that were asked, about a hundred times. */
  readonly onProgress?: (progress: { readonly done: number; readonly of: number }) => void
  /** Looked at before every question, e.g. an `AbortSignal`. */
  readonly signal?: { readonly aborted: boolean }
}

/** One question of {@link progressive} and its answer, which the learner itself gets to see only later. */
export type ProgressiveStep<Decision = undefined> = {
  readonly row: number
  readonly time: number
  /** What the learner said, knowing no label that was settled after `time`. */
  readonly prediction: number
  readonly y: number
  readonly netReturn: number
  /** Labels that the learner had learned from by then. */
  readonly learned: number
  /** The worst that the detector said since the last question; `"stable"` without one. */
  readonly drift: DriftLevel
  /** What was decided; `undefined` without `decide`. */
  readonly decision: Decision
}

/**
 * Plays a dataset through a learner, a detector and a policy as it would have happened live, yielding each prediction.
 *
 * Each row is asked at its time and learned when its label is known: a trade that takes three days teaches nothing for
 * three days, and is an error to nobody before. Labels known at the very moment of a question are learned before it, in
 * the order of their ends, then of their rows. Labels still open after the last row are learned at the end. The yielded
 * labels are for the metrics; the decision was made before them. Candles and signals instead of a dataset, through the
 * whole of a `TradeLearner`: `replaying`.
 *
 * O(n log n) besides the learner; a caller that stops early leaves the learner as it was at the last question.
 *
 * @throws `ABORTED` if the signal says so
 *
 * @see A. P. Dawid (1984), "Present position and potential developments: some personal views: statistical theory: the
 *   prequential approach", Journal of the Royal Statistical Society A 147
 *
 * @example
 * ```ts
 * const loss = new LogLoss()
 * const decide = (p: number) => (p > 0.55 ? 'take' : 'skip')
 * for (const { y, prediction, decision, drift } of progressive(dataset, learner, { detector: new ADWIN(), decide })) {
 *   loss.update(y, prediction)
 *   if (drift === 'drift') print('the errors have changed')
 * }
 * ```
 */
export function* progressive<Decision = undefined>(
  dataset: Dataset,
  learner: Learner,
  options: ProgressiveOptions<Decision> = {},
): Generator<ProgressiveStep<Decision>, void, void> {
  const { detector, error = logLossOf, decide, onProgress, signal } = options
  checkDataset(dataset)
  const { rows, y, netReturns, times, labelEnds } = dataset
  const settlement = createSettlement(labelEnds)
  const predictions = new Float64Array(rows.length)
  const tell = Math.max(1, Math.floor(rows.length / 100))
  let drift: DriftLevel = 'stable'

  for (let row = 0; row < rows.length; row++) {
    if (signal?.aborted) {
      throw new TradeLearnError('ABORTED', `Validation was aborted after ${row} of ${rows.length} rows.`)
    }
    const time = times[row]!
    drift = 'stable'
    learnUntil(time, row)
    const prediction = learner.predict(rows[row]!)
    predictions[row] = prediction
    const decision = decide?.(prediction, row) as Decision
    const learned = settlement.next
    yield { row, time, prediction, y: y[row]!, netReturn: netReturns[row]!, learned, drift, decision }
    if ((row + 1) % tell === 0 || row + 1 === rows.length) onProgress?.({ done: row + 1, of: rows.length })
  }
  learnUntil(Infinity, rows.length)

  function learnUntil(time: number, asked: number): void {
    for (let row = settleNext(settlement, time, asked); row >= 0; row = settleNext(settlement, time, asked)) {
      learner.learn(rows[row]!, y[row]!)
      if (detector) drift = worse(drift, detector.update(error(y[row]!, predictions[row]!)))
    }
  }
}

const SEVERITY: readonly DriftLevel[] = ['stable', 'warning', 'drift']

const worse = (a: DriftLevel, b: DriftLevel): DriftLevel => (SEVERITY.indexOf(b) > SEVERITY.indexOf(a) ? b : a)
