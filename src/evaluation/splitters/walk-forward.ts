import type { Fold, Range, Serializable, Snapshot, Splitter } from '../../contracts.ts'
import { integer, nonNegative, oneOf } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { firstFrom } from '../overlap.ts'
import { checkRows, settledUntil } from './purge.ts'
import { SPAN_UNITS, type SpanUnit, startOf, unitOf } from './spans.ts'

/** Options of {@link WalkForward}. */
export type WalkForwardOptions = {
  /** `"rolling"` trains on the newest `train` units, `"expanding"` on all rows so far. @defaultValue 'expanding' */
  readonly mode: 'rolling' | 'expanding'
  /** What `train`, `test` and `embargo` count. @defaultValue 'rows' */
  readonly unit: SpanUnit
  /** Units to train on: the most when rolling, those before the first test when expanding. */
  readonly train: number
  /** Units to test on before training anew; the last fold may have fewer. */
  readonly test: number
  /** Units left out between training and test, on top of the purge. @defaultValue 0 */
  readonly embargo: number
  /** Milliseconds from the end of a label until it is known and can be learned from. @defaultValue 0 */
  readonly delay: number
}

/**
 * Trains on the past and tests on what came next, again and again, with no label that was not known by then.
 *
 *     | train ............ | purged | embargo | test |
 *              | train ............ | purged | embargo | test |        rolling
 *     | train ..................... | purged | embargo | test |        expanding
 *
 * A label that ends after the test begins would tell the future, so training stops at the first row whose label is
 * still open then. Later rows that settled early go too: losers close faster than winners, so keeping them would show
 * the model a worse market than there was. Hence training is one range, shorter than `train` by the purged rows; one
 * row with an extremely long label can empty it, so give trades a time limit. Folds left without training rows, and
 * times without rows, are passed over.
 *
 * Units of the calendar are UTC's and begin where it says: `{ unit: 'months', train: 12, test: 1 }` tests whole months,
 * the first after twelve, of which the one that the rows begin in counts as one. To keep the newest rows back, see `HoldOut`.
 *
 * O(rows) time a split.
 *
 * @see M. López de Prado (2018), "Advances in Financial Machine Learning", chapter 7
 *
 * @example
 * ```ts
 * const splitter = new WalkForward({ mode: 'rolling', train: 2000, test: 250, embargo: 24 })
 * const result = walkForward(dataset, () => new GradientBoosting({ features: 8, task: 'binary' }), splitter)
 * ```
 */
export class WalkForward implements Splitter, Serializable {
  static readonly type: string = 'walk-forward'
  static readonly version: number = 2

  readonly options: WalkForwardOptions

  constructor({
    mode = 'expanding',
    unit = 'rows',
    train,
    test,
    embargo = 0,
    delay = 0,
  }: Partial<WalkForwardOptions> & Pick<WalkForwardOptions, 'train' | 'test'>) {
    this.options = {
      mode: oneOf('mode', mode, ['rolling', 'expanding']),
      unit: oneOf('unit', unit, SPAN_UNITS),
      train: integer('train', train),
      test: integer('test', test),
      embargo: integer('embargo', embargo, 0),
      delay: nonNegative('delay', delay),
    }
  }

  *split(times: ArrayLike<number>, labelEnds: ArrayLike<number>): Generator<Fold, void, void> {
    const rows = { times, labelEnds }
    checkRows(rows)
    let settled = 0
    for (const [before, test] of this.options.unit === 'rows' ? this.#byRows(times.length) : this.#byTime(times)) {
      // windows and tests only move on, so what was known for one test is known for the next
      const rest = { start: Math.max(before.start, settled), end: before.end }
      settled = settledUntil(rows, rest, times[test.start]!, this.options.delay)
      if (settled > before.start) yield { train: [{ start: before.start, end: settled }], test: [test] }
    }
  }

  /** Rows before each test, and the test. */
  *#byRows(n: number): Generator<readonly [before: Range, test: Range], void, void> {
    const { mode, train, test, embargo } = this.options
    for (let start = train + embargo; start < n; start += test) {
      const end = start - embargo
      yield [
        { start: mode === 'rolling' ? end - train : 0, end },
        { start, end: Math.min(start + test, n) },
      ]
    }
  }

  *#byTime(times: ArrayLike<number>): Generator<readonly [before: Range, test: Range], void, void> {
    const { mode, train, test, embargo } = this.options
    const unit = this.options.unit as Exclude<SpanUnit, 'rows'>
    if (times.length === 0) return
    const first = unitOf(unit, times[0]!) + train + embargo
    for (let row = firstFrom(times, startOf(unit, first), 0); row < times.length; ) {
      // the test that the next row lies in: spans without rows are passed over
      const begin = first + test * Math.floor((unitOf(unit, times[row]!) - first) / test)
      const end = firstFrom(times, startOf(unit, begin + test), row)
      const wall = begin - embargo
      yield [
        {
          start: mode === 'rolling' ? firstFrom(times, startOf(unit, wall - train), 0) : 0,
          end: firstFrom(times, startOf(unit, wall), 0),
        },
        { start: row, end },
      ]
      row = end
    }
  }

  toJSON(): Snapshot {
    return snapshot(WalkForward, this.options, {})
  }

  /** Reads back what {@link toJSON} wrote; snapshots of version 1 kept a hold-out, which is a splitter of its own now. */
  static fromJSON(json: Snapshot): WalkForward {
    const { version, options } = checkSnapshot(WalkForward, json)
    if (version > 1) return new WalkForward(unpackState(options, TEMPLATE, 'options'))
    const { holdout, ...rest } = options
    if (holdout === 0) return new WalkForward(unpackState({ ...rest, unit: 'rows', delay: 0 }, TEMPLATE, 'options'))
    throw new TradeLearnError(
      'UNSUPPORTED_VERSION',
      'A "walk-forward" snapshot of version 1 keeps a hold-out: read it with HoldOut.fromJSON.',
    )
  }
}

const TEMPLATE: WalkForwardOptions = { mode: 'expanding', unit: 'rows', train: 0, test: 0, embargo: 0, delay: 0 }
