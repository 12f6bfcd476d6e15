import { clamp, logit } from '../../core/math.ts'
import type { ClosedSignal } from './closed-signal.ts'
import { type Layout, SIZE, STOP, TARGET, THRESHOLD, WEIGHTS } from './options.ts'
import { MOST_LEAN, probabilityAfter, type SourceRecord, usualRate } from './source-record.ts'

/** Sums over the signals of one cluster, one number a candidate: differences, and signals that could make one. */
export type ClusterSums = { readonly sums: Float64Array; readonly rows: Float64Array }

/**
 * The most that a candidate can lose against what is in use on one signal: what differences are counted in.
 *
 * In ATR for the threshold and the bracket, in ATR less the price of risk for the size, in Brier score for weights.
 */
export function boundOf({ options, grids, reach }: Layout, index: Int32Array, parameter: number, to: number): number {
  const { values } = grids[parameter]!
  const now = values[index[parameter]!]!
  const then = values[to]!
  if (parameter === THRESHOLD) return reach
  if (parameter === STOP || parameter === TARGET) return options.stopAtr.high + options.targetAtr.high
  if (parameter === SIZE) {
    return Math.abs(then - now) * reach + (options.fullSizeEdge / 2) * Math.abs(then * then - now * now) * reach * reach
  }
  let total = 0
  for (let p = WEIGHTS; p < index.length; p++) total += grids[p]!.values[index[p]!]!
  return weightBound(total, now, then)
}

/** Two probabilities are at most two leans apart, and each counts twice in a difference of squares. */
function weightBound(total: number, now: number, then: number): number {
  return (4 * MOST_LEAN * Math.abs(then - now)) / (total + then - now)
}

/** Adds by how much each candidate would have done better on a signal, in units of its bound. O(candidates). */
export function addToCluster(
  cluster: ClusterSums,
  signal: ClosedSignal,
  layout: Layout,
  index: Int32Array,
  record: SourceRecord,
): void {
  const gain = clamp(signal.netReturn / signal.atr, -layout.reach, layout.reach)
  addThresholds(cluster, signal.probability, gain, layout, index)
  if (signal.wanted) addSizes(cluster, gain, layout, index)
  if (signal.stopReturns) addBrackets(cluster, STOP, signal.stopReturns, signal.atr, layout, index)
  if (signal.targetReturns) addBrackets(cluster, TARGET, signal.targetReturns, signal.atr, layout, index)
  if (signal.votes) addWeights(cluster, signal.votes, signal.netReturn > 0, layout, index, record)
}

/** A threshold is worth what the trades above it return. */
function addThresholds(cluster: ClusterSums, p: number, gain: number, layout: Layout, index: Int32Array): void {
  const { values } = layout.grids[THRESHOLD]!
  const taken = p > values[index[THRESHOLD]!]!
  for (let k = 0; k < values.length; k++) {
    const would = p > values[k]!
    if (would !== taken) add(cluster, layout.offsets[THRESHOLD]! + k, (would ? gain : -gain) / layout.reach)
  }
}

/** A size m is worth m r - edge m² r² / 2, which is largest where m is mean return over edge times mean square. */
function addSizes(cluster: ClusterSums, gain: number, layout: Layout, index: Int32Array): void {
  const { values } = layout.grids[SIZE]!
  const now = values[index[SIZE]!]!
  const half = (layout.options.fullSizeEdge / 2) * gain * gain
  for (let k = 0; k < values.length; k++) {
    if (k === index[SIZE]) continue
    const then = values[k]!
    const better = (then - now) * gain - (then * then - now * now) * half
    add(cluster, layout.offsets[SIZE]! + k, better / boundOf(layout, index, SIZE, k))
  }
}

/** A distance is worth what the trade would have returned with it. */
function addBrackets(
  cluster: ClusterSums,
  parameter: number,
  returns: ArrayLike<number>,
  atr: number,
  layout: Layout,
  index: Int32Array,
): void {
  const now = returns[index[parameter]!]!
  if (Number.isNaN(now)) return
  for (let k = 0; k < returns.length; k++) {
    if (k === index[parameter] || Number.isNaN(returns[k]!)) continue
    const better = (returns[k]! - now) / atr / boundOf(layout, index, parameter, k)
    add(cluster, layout.offsets[parameter]! + k, clamp(better, -1, 1))
  }
}

/** A weight is worth how near it brings the sources' weighted mean probability to the outcome (Brier score). */
function addWeights(
  cluster: ClusterSums,
  votes: ArrayLike<number>,
  won: boolean,
  layout: Layout,
  index: Int32Array,
  record: SourceRecord,
): void {
  const { grids, offsets } = layout
  const usual = usualRate(record)
  let total = 0
  let sum = 0
  for (let i = 0; i < votes.length; i++) {
    const weight = grids[WEIGHTS + i]!.values[index[WEIGHTS + i]!]!
    total += weight
    sum += weight * probabilityAfter(record, i, votes[i]!, usual)
  }
  const now = sum / total
  const y = won ? 1 : 0
  for (let i = 0; i < votes.length; i++) {
    const p = probabilityAfter(record, i, votes[i]!, usual)
    if (p === now) continue
    const { values } = grids[WEIGHTS + i]!
    const weight = values[index[WEIGHTS + i]!]!
    for (let k = 0; k < values.length; k++) {
      if (k === index[WEIGHTS + i]) continue
      const then = (sum + (values[k]! - weight) * p) / (total + values[k]! - weight)
      const better = (now - then) * (now + then - 2 * y)
      add(cluster, offsets[WEIGHTS + i]! + k, better / weightBound(total, weight, values[k]!))
    }
  }
}

/** Log-odds that are nothing but rounding. */
const ROUNDING = 1e-9

/**
 * By how much votes move the log-odds of a win: from what is usual to the sources' weighted mean. 0 where nobody voted.
 * O(sources).
 */
export function leanOf(votes: ArrayLike<number>, { grids }: Layout, index: Int32Array, record: SourceRecord): number {
  const usual = usualRate(record)
  let heard = 0
  let total = 0
  let sum = 0
  for (let i = 0; i < votes.length; i++) {
    const weight = grids[WEIGHTS + i]!.values[index[WEIGHTS + i]!]!
    if (votes[i]! > 0 || votes[i]! < 0) heard++
    total += weight
    sum += weight * probabilityAfter(record, i, votes[i]!, usual)
  }
  if (heard === 0) return 0
  const lean = logit(sum / total) - logit(usual)
  return Math.abs(lean) < ROUNDING ? 0 : lean
}

function add({ sums, rows }: ClusterSums, candidate: number, difference: number): void {
  sums[candidate]! += difference
  rows[candidate]! += 1
}
