import type { Fold, Range, Serializable, Snapshot, Splitter } from '../../contracts.ts'
import { integer, nonNegative } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkRows, trainAround } from './purge.ts'

/** Options of {@link CombinatorialPurged}. */
export type CombinatorialPurgedOptions = {
  /** Parts that the rows are cut into, in order of time ("N"). @defaultValue 6 */
  readonly groups: number
  /** Parts that are tested on at a time ("k"). @defaultValue 2 */
  readonly tested: number
  /** Rows left out after each test, on top of the purge. @defaultValue 0 */
  readonly embargo: number
  /** Milliseconds from the end of a label until it is known. @defaultValue 0 */
  readonly delay: number
}

/** Splits beyond which nobody waits, as each is a training: 20 groups of which 3 are tested have 1,140. */
const MOST_SPLITS = 2000

/**
 * Combinatorial purged cross-validation: tests every choice of k of N parts, so that every row is predicted several times
 * and there are several backtests instead of one.
 *
 *     splits = C(N, k)        paths = C(N, k) k / N = C(N - 1, k - 1)
 *
 * With 6 parts of which 2 are tested there are 15 splits and 5 paths: how far their results differ says how much of a
 * backtest is luck. Like `PurgedKFold` it trains on the future. More than 2,000 splits are refused. O(rows k) a split.
 *
 * @see M. López de Prado (2018), "Advances in Financial Machine Learning", chapter 12
 *
 * @example
 * ```ts
 * const splitter = new CombinatorialPurged({ groups: 6, tested: 2, embargo: 50 })
 * const { predictions } = walkForward(dataset, create, splitter)
 * for (const path of backtestPaths(predictions)) print(path.length) // five times all rows
 * ```
 */
export class CombinatorialPurged implements Splitter, Serializable {
  static readonly type: string = 'combinatorial-purged'
  static readonly version: number = 1

  readonly options: CombinatorialPurgedOptions

  constructor({ groups = 6, tested = 2, embargo = 0, delay = 0 }: Partial<CombinatorialPurgedOptions> = {}) {
    integer('groups', groups, 2)
    integer('tested', tested)
    if (tested >= groups) {
      throw new TradeLearnError('INVALID_OPTION', `"tested" must be below the ${groups} "groups", got ${tested}.`)
    }
    const splits = choose(groups, tested)
    if (splits > MOST_SPLITS) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"groups" and "tested" must give at most ${MOST_SPLITS} splits, got ${splits} of ${groups} and ${tested}.`,
      )
    }
    this.options = { groups, tested, embargo: integer('embargo', embargo, 0), delay: nonNegative('delay', delay) }
  }

  /** Splits that there are. */
  get splits(): number {
    return choose(this.options.groups, this.options.tested)
  }

  /** Backtests that their predictions make. */
  get paths(): number {
    return choose(this.options.groups - 1, this.options.tested - 1)
  }

  *split(times: ArrayLike<number>, labelEnds: ArrayLike<number>): Generator<Fold, void, void> {
    const rows = { times, labelEnds }
    checkRows(rows)
    const { groups, tested } = this.options
    const n = times.length
    if (n < groups) {
      throw new TradeLearnError('NOT_ENOUGH_DATA', `${groups} groups must have a row each at least, got ${n} rows.`)
    }
    for (const chosen of combinations(groups, tested)) {
      const test: Range[] = []
      for (const group of chosen) {
        const [start, end] = [group, group + 1].map((g) => Math.floor((g * n) / groups)) as [number, number]
        // neighbours are one test: nothing lies between them
        const last = test.at(-1)
        if (last?.end === start) test[test.length - 1] = { start: last.start, end }
        else test.push({ start, end })
      }
      const train = trainAround(rows, test, this.options)
      if (train.length === 0) {
        throw new TradeLearnError(
          'NOT_ENOUGH_DATA',
          `Every split must leave rows to train on, got none beside the groups ${chosen.join(', ')}: labels are too long for ${groups} groups.`,
        )
      }
      yield { train, test }
    }
  }

  toJSON(): Snapshot {
    return snapshot(CombinatorialPurged, this.options, {})
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): CombinatorialPurged {
    const { options } = checkSnapshot(CombinatorialPurged, json)
    return new CombinatorialPurged(unpackState(options, { groups: 0, tested: 0, embargo: 0, delay: 0 }, 'options'))
  }
}

/**
 * The predictions of a {@link CombinatorialPurged} run as backtests, each of which has every row once: the first has each
 * row's first prediction, the second its second, and so on.
 *
 * @throws `INVALID_INPUT` naming a row that was not predicted as often as the others, or twice by one fold
 */
export function backtestPaths<P extends { readonly row: number; readonly fold: number }>(
  predictions: readonly P[],
): readonly (readonly P[])[] {
  const paths: P[][] = []
  const sorted = [...predictions].sort((a, b) => a.row - b.row || a.fold - b.fold)
  let rank = 0
  for (const [i, prediction] of sorted.entries()) {
    const { row, fold } = prediction
    const before = sorted[i - 1]
    if (before?.row === row && before.fold === fold) {
      throw new TradeLearnError(
        'INVALID_INPUT',
        `Each fold must predict a row once, got row ${row} twice in fold ${fold}.`,
      )
    }
    rank = before?.row === row ? rank + 1 : 0
    paths[rank] ??= []
    paths[rank]!.push(prediction)
  }
  const whole = paths[0]?.length ?? 0
  for (const path of paths) {
    if (path.length === whole) continue
    const seen = new Set(path.map(({ row }) => row))
    const missing = paths[0]!.find(({ row }) => !seen.has(row))!.row
    throw new TradeLearnError(
      'INVALID_INPUT',
      `Every row must have been predicted ${paths.length} times, got fewer for row ${missing}.`,
    )
  }
  return paths
}

/** n over k; Infinity where it is beyond all bounds. */
function choose(n: number, k: number): number {
  let ways = 1
  for (let i = 1; i <= Math.min(k, n - k) && ways <= Number.MAX_SAFE_INTEGER; i++) ways = (ways * (n - i + 1)) / i
  return Math.round(ways)
}

/** All ways to choose k of n, in order. */
function* combinations(n: number, k: number): Generator<readonly number[], void, void> {
  let chosen = Array.from({ length: k }, (_, i) => i)
  for (;;) {
    yield chosen
    // the last that can move on does, and those behind it follow at its heels
    let at = k - 1
    while (at >= 0 && chosen[at] === n - k + at) at--
    if (at < 0) return
    const next = chosen[at]! + 1
    chosen = chosen.map((group, i) => (i < at ? group : next + i - at))
  }
}
