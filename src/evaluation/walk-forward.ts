import type { Fold, Range, Serializable, Snapshot, Splitter } from '../contracts.ts'
import { finite, integer, nonNegative, oneOf } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'

/** Options of {@link WalkForward}. */
export type WalkForwardOptions = {
  /** `"rolling"` trains on the newest `train` rows, `"expanding"` on all rows so far. @defaultValue 'expanding' */
  readonly mode: 'rolling' | 'expanding'
  /** Rows to train on: the most when rolling, those before the first test when expanding. */
  readonly train: number
  /** Rows to test on before training anew; the last fold may have fewer. */
  readonly test: number
  /** Rows left out between training and test, on top of the purge. @defaultValue 0 */
  readonly embargo: number
  /** Share of the newest rows that no fold touches. @defaultValue 0.2 */
  readonly holdout: number
}

type State = { opened: boolean; from: number; to: number }

/**
 * Trains on the past and tests on what came next, again and again, with no label that had not been settled by then.
 *
 *     | train ............ | purged | embargo | test |
 *              | train ............ | purged | embargo | test |        rolling
 *     | train ..................... | purged | embargo | test |        expanding
 *
 * A label that ends after the test begins would tell the future, so training stops at the first row whose label is
 * still open then. Later rows that settled early go too: losers close faster than winners, so keeping them would show
 * the model a worse market than there was. Hence training is one range, shorter than `train` by the purged rows; one
 * row with an extremely long label can empty it, so give trades a time limit. Folds left without training rows are
 * dropped.
 *
 * The newest rows are a holdout: neither they nor rows whose labels reach into them appear in any fold. It may be
 * opened once, when all choices are made; that it was survives in the snapshot.
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
  static readonly version: number = 1

  readonly options: WalkForwardOptions
  #state: State = { opened: false, from: 0, to: 0 }

  constructor({
    mode = 'expanding',
    train,
    test,
    embargo = 0,
    holdout = 0.2,
  }: Partial<WalkForwardOptions> & Pick<WalkForwardOptions, 'train' | 'test'>) {
    this.options = {
      mode: oneOf('mode', mode, ['rolling', 'expanding']),
      train: integer('train', train),
      test: integer('test', test),
      embargo: integer('embargo', embargo, 0),
      holdout: checkHoldout(holdout),
    }
  }

  /** Whether the holdout has been used up. */
  get holdoutOpened(): boolean {
    return this.#state.opened
  }

  *split(times: ArrayLike<number>, labelEnds: ArrayLike<number>): Generator<Fold, void, void> {
    const { train, test, embargo } = this.options
    const held = this.#holdoutStart(times, labelEnds)
    const usable = held < times.length ? settledUntil(labelEnds, 0, held, times[held]!) : held
    for (let start = train + embargo; start < usable; start += test) {
      const before = this.#trainBefore(start, times, labelEnds)
      if (before.end > before.start) {
        yield { train: [before], test: [{ start, end: Math.min(start + test, usable) }] }
      }
    }
  }

  /**
   * The last fold: train on what came before the holdout, test on the holdout. Once only.
   *
   * @throws `HOLDOUT_OPENED` the second time, `NOT_ENOUGH_DATA` where there is nothing to train or test on
   */
  openHoldout(times: ArrayLike<number>, labelEnds: ArrayLike<number>): Fold {
    const { opened, from, to } = this.#state
    if (opened) {
      throw new TradeLearnError(
        'HOLDOUT_OPENED',
        `The holdout may be opened once; the rows from ${from} to ${to} (epoch milliseconds) were already used.`,
      )
    }
    const start = this.#holdoutStart(times, labelEnds)
    const end = times.length
    const train = start < end ? this.#trainBefore(start, times, labelEnds) : { start: 0, end: 0 }
    if (train.end <= train.start) {
      throw new TradeLearnError(
        'NOT_ENOUGH_DATA',
        `The holdout must have rows and settled rows before it, got ${end - start} and ${train.end - train.start}.`,
      )
    }
    this.#state = { opened: true, from: times[start]!, to: times[end - 1]! }
    return { train: [train], test: [{ start, end }] }
  }

  #holdoutStart(times: ArrayLike<number>, labelEnds: ArrayLike<number>): number {
    if (labelEnds.length !== times.length) {
      throw new TradeLearnError(
        'INVALID_INPUT',
        `"labelEnds" must have ${times.length} values like "times", got ${labelEnds.length}.`,
      )
    }
    return times.length - Math.ceil(times.length * this.options.holdout)
  }

  #trainBefore(test: number, times: ArrayLike<number>, labelEnds: ArrayLike<number>): Range {
    const { mode, train, embargo } = this.options
    const end = Math.max(0, test - embargo)
    const start = mode === 'rolling' ? Math.max(0, end - train) : 0
    return { start, end: settledUntil(labelEnds, start, end, times[test]!) }
  }

  toJSON(): Snapshot {
    return snapshot(WalkForward, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): WalkForward {
    const { options, state } = checkSnapshot(WalkForward, json)
    const template = { mode: 'expanding' as WalkForwardOptions['mode'], train: 0, test: 0, embargo: 0, holdout: 0 }
    const splitter = new WalkForward(unpackState(options, template, 'options'))
    splitter.#state = unpackState(state, splitter.#state)
    return splitter
  }
}

/** The end of the longest run of rows from `start` whose labels are all settled by `time`. */
function settledUntil(labelEnds: ArrayLike<number>, start: number, end: number, time: number): number {
  for (let row = start; row < end; row++) if (labelEnds[row]! > time) return row
  return end
}

function checkHoldout(holdout: number): number {
  nonNegative('holdout', holdout)
  if (holdout < 1) return finite('holdout', holdout)
  throw new TradeLearnError('INVALID_OPTION', `"holdout" must be at least 0 and below 1, got ${holdout}.`)
}
