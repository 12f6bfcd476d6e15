import { integer } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkTrials } from './check-series.ts'
import { blockStart, cutIntoBlocks, sharpeOf } from './sharpe-blocks.ts'

/** Options of {@link backtestOverfitting}. */
export type BacktestOverfittingOptions = {
  /** Blocks that the periods are cut into ("S"), even, 2 to 16. @defaultValue 16, or 8 below 160 periods */
  readonly blocks: number
  /**
   * What a trial is judged by, higher is better; it must be finite for every half and must not keep the array.
   * @defaultValue the Sharpe ratio, 0 where returns never move
   */
  readonly metric: (returns: Float64Array) => number
}

/**
 * How the best of many trials fared where it was not chosen. All but the counts are NaN where `have` is below `needs`.
 */
export type BacktestOverfitting = {
  /** Share of splits in which the best trial of one half is at most the median of the other. */
  readonly pbo: number
  /** ln(w / (1 - w)) of each split, w the relative rank of the chosen trial in the other half. */
  readonly logits: readonly number[]
  /** Slope of the chosen trial's metric in the other half upon that in its own: below 0, the better the worse. */
  readonly degradation: number
  /** Share of splits in which the chosen trial's metric is below 0 in the other half. */
  readonly lossProbability: number
  /** Trials compared, and splits made of their periods. */
  readonly trials: number
  readonly splits: number
  /** Periods that it rests on, and the fewest that it needs: two a block, and two trials (else Infinity). */
  readonly have: number
  readonly needs: number
}

/** Blocks of 10 periods at least, where there are enough for 8 blocks. */
const LEAST_BLOCK = 10
/** 12,870 splits. */
const MOST_BLOCKS = 16

/**
 * The probability of backtest overfitting, by combinatorially symmetric cross-validation.
 *
 * The periods are cut into S blocks, in order, as equal as can be. Of all C(S, S/2) ways to put half of them on one
 * side, the trial that is best on that side is looked up on the other: rank r of N there gives w = r / (N + 1). Picking
 * the best of trials without skill, w is anywhere, and half of all logits ln(w / (1 - w)) are at most 0.
 *
 *     pbo = share of splits with logit <= 0
 *
 * Equal metrics: the first trial is chosen; in the other half equals share the mean of their ranks. A high figure also
 * comes from trials that are all equally good: look at `lossProbability` too.
 *
 * Sharpe ratios come from sums kept for each block, O(S N) a split: 12,870 splits of 100 trials take some 0.2 s.
 * Another metric is computed anew on each half, O(T N) a split.
 *
 * @param trials one series of returns a trial, all over the same periods (the columns of the paper's matrix)
 * @throws `NOT_ENOUGH_DATA` for no trials, `INVALID_INPUT` for series of different length, values that are not finite,
 *   or a metric that is not
 * @see D. H. Bailey, J. Borwein, M. López de Prado, Q. J. Zhu (2015), "The probability of backtest overfitting",
 *   Journal of Computational Finance 20
 *
 * @example
 * ```ts
 * const { pbo } = backtestOverfitting(study.trials.map((trial) => trial.dailyReturns))
 * ```
 */
export function backtestOverfitting(
  trials: readonly ArrayLike<number>[],
  { blocks, metric }: Partial<BacktestOverfittingOptions> = {},
): BacktestOverfitting {
  checkTrials(trials)
  const have = trials[0]!.length
  const parts = checkBlocks(blocks ?? (have < LEAST_BLOCK * MOST_BLOCKS ? 8 : MOST_BLOCKS))
  const needs = trials.length > 1 ? 2 * parts : Infinity
  const nothing = { pbo: NaN, degradation: NaN, lossProbability: NaN, trials: trials.length, have, needs }
  if (have < needs) return { ...nothing, logits: [], splits: 0 }

  const judge = metric ? judgeByMetric(trials, parts, metric) : judgeBySharpe(trials, parts)
  const logits: number[] = []
  const own: number[] = []
  const other: number[] = []
  const [inside, outside] = [new Float64Array(trials.length), new Float64Array(trials.length)]
  for (let set = 0; set < 1 << parts; set++) {
    if (countBits(set) !== parts / 2) continue
    judge(blocksOf(set, parts), inside)
    judge(blocksOf((1 << parts) - 1 - set, parts), outside)
    const chosen = indexOfMost(inside)
    const rank = rankOf(outside, chosen)
    logits.push(Math.log(rank / (trials.length + 1 - rank)))
    own.push(inside[chosen]!)
    other.push(outside[chosen]!)
  }
  const share = (list: readonly number[], isHit: (value: number) => boolean): number =>
    list.filter(isHit).length / list.length
  return {
    ...nothing,
    pbo: share(logits, (value) => value <= 0),
    logits,
    degradation: slopeOf(own, other),
    lossProbability: share(other, (value) => value < 0),
    splits: logits.length,
  }
}

/** Writes the metric of every trial over the blocks named. */
type Judge = (half: Uint8Array, out: Float64Array) => void

function judgeBySharpe(trials: readonly ArrayLike<number>[], parts: number): Judge {
  const columns = trials.map((series) => cutIntoBlocks(series, parts))
  return (half, out) => {
    for (let i = 0; i < columns.length; i++) out[i] = sharpeOf(columns[i]!, half)
  }
}

function judgeByMetric(
  trials: readonly ArrayLike<number>[],
  parts: number,
  metric: (returns: Float64Array) => number,
): Judge {
  const series = trials.map((trial) => Float64Array.from(trial))
  const n = series[0]!.length
  const joined = new Float64Array(n)
  return (half, out) => {
    for (const [i, trial] of series.entries()) {
      let length = 0
      for (const b of half) {
        const block = trial.subarray(blockStart(b, n, parts), blockStart(b + 1, n, parts))
        joined.set(block, length)
        length += block.length
      }
      const value = metric(joined.subarray(0, length))
      if (!Number.isFinite(value)) {
        throw new TradeLearnError(
          'INVALID_INPUT',
          `"metric" must be finite, got ${show(value)} for a half of trials[${i}].`,
        )
      }
      out[i] = value
    }
  }
}

/** The blocks whose bits are set, in order of time. */
function blocksOf(set: number, parts: number): Uint8Array {
  return Uint8Array.from({ length: parts }, (_, b) => b).filter((b) => (set & (1 << b)) !== 0)
}

function indexOfMost(values: Float64Array): number {
  let most = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[most]!) most = i
  return most
}

/** Rank from 1, the least, to N; equals share the mean of theirs. */
function rankOf(values: Float64Array, chosen: number): number {
  let below = 0
  let equal = 0
  for (const value of values) {
    if (value < values[chosen]!) below++
    else if (value === values[chosen]!) equal++
  }
  return below + (equal + 1) / 2
}

/** Least-squares slope of y upon x; 0 where x never moves. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value / list.length, 0)
  const [mx, my] = [mean(x), mean(y)]
  let [xx, xy] = [0, 0]
  for (let i = 0; i < x.length; i++) {
    xx += (x[i]! - mx) * (x[i]! - mx)
    xy += (x[i]! - mx) * (y[i]! - my)
  }
  return xx > 0 ? xy / xx : 0
}

function countBits(set: number): number {
  let bits = 0
  for (let rest = set; rest > 0; rest &= rest - 1) bits++
  return bits
}

function checkBlocks(blocks: number): number {
  integer('blocks', blocks, 2)
  if (blocks % 2 === 0 && blocks <= MOST_BLOCKS) return blocks
  throw new TradeLearnError('INVALID_OPTION', `"blocks" must be even and at most ${MOST_BLOCKS}, got ${blocks}.`)
}
