import { normalCdf } from '../../core/math.ts'
import { meritOf, rangeOf } from './criterion.ts'
import { histogramUpTo } from './histogram.ts'
import { type Layout, MOMENTS } from './layout.ts'
import { categoryCell, type LeafStatistics } from './leaf-statistics.ts'
import type { HoeffdingTreeOptions } from './options.ts'
import { EQUALS, UP_TO, WHICH } from './tree.ts'

/** The best split of a node, written over by every search. */
export type Candidate = {
  /** Feature of the best split; -1 where nothing can be split. What is asked, and the threshold or category. */
  feature: number
  question: number
  threshold: number
  /** Gain of the best split, and of the best split on another feature. */
  gain: number
  runnerUp: number
  /** Branches, the categories that lead to them where there are more than two, and their estimated class weights. */
  branches: number
  readonly answers: Int32Array
  readonly counts: Float64Array
  /** Merit of the node without a split, by the rows where the feature being tried was known, and their share. */
  unsplit: number
  share: number
  /** 1 / standard deviation of the feature being tried, by class. */
  readonly scales: Float64Array
  /** Best gain of every slot. */
  readonly gains: Float64Array
  /** Scratch: class weights and categories of the split being tried. */
  readonly trial: Float64Array
  readonly tried: Int32Array
}

/** No split yet. */
export function createCandidate({ classes, slots, nominals, categories }: Layout): Candidate {
  const branches = nominals > 0 ? categories : 2
  return {
    feature: -1,
    question: UP_TO,
    threshold: 0,
    gain: 0,
    runnerUp: 0,
    branches: 2,
    unsplit: 0,
    share: 0,
    answers: new Int32Array(branches),
    counts: new Float64Array(classes * branches),
    scales: new Float64Array(classes),
    gains: new Float64Array(slots),
    trial: new Float64Array(classes * branches),
    tried: new Int32Array(branches),
  }
}

/** Hoeffding's bound ε = sqrt(R² ln(1/δ) / 2n): the mean of n numbers of range R strays farther with probability δ. */
export function hoeffdingBound(range: number, confidence: number, n: number): number {
  return Math.sqrt((range * range * Math.log(1 / confidence)) / (2 * n))
}

/** {@link hoeffdingBound} of a node that has seen the given weights of the classes. */
export function boundOf({ criterion, confidence }: HoeffdingTreeOptions, counts: Float64Array): number {
  let total = 0
  let present = 0
  for (const n of counts) {
    total += n
    if (n > 0) present++
  }
  return hoeffdingBound(rangeOf(criterion, present), confidence, total)
}

/**
 * Finds the best split of a node. For a numeric feature `thresholds` evenly spaced points inside its range are tried,
 * with the class weights on both sides read off the classes' normal distributions, or the borders of the bins of their
 * histograms; for a nominal feature each category against the rest, and all apart where the options allow it. Of equal
 * gains the lower feature wins, then the lower threshold or category.
 *
 * A feature's gain is what it tells about the observations where it was known, times their share of all.
 *
 * O(features x thresholds).
 */
export function findSplit(
  options: HoeffdingTreeOptions,
  layout: Layout,
  stats: LeafStatistics,
  place: number,
  best: Candidate,
): void {
  const { slots } = layout
  best.feature = -1
  best.gain = 0
  best.runnerUp = 0
  best.gains.fill(0)
  for (let slot = 0; slot < stats.used[place]!; slot++) {
    if (!weighUnsplit(options, layout, stats, place, slot, best)) continue
    const feature = stats.feature[place * slots + slot]!
    const before = best.gain
    const kept = best.runnerUp
    if (layout.nominalAt[feature]! >= 0) tryCategories(options, layout, stats, place, slot, best)
    else tryThresholds(options, layout, stats, place, slot, best)
    // what a feature displaces comes second
    if (best.gain > before) best.runnerUp = before
    else best.runnerUp = Math.max(kept, best.gains[slot]!)
  }
}

function tryThresholds(
  options: HoeffdingTreeOptions,
  layout: Layout,
  stats: LeafStatistics,
  place: number,
  slot: number,
  best: Candidate,
): void {
  const { cells } = stats
  const { slots, width, classes, bins } = layout
  const first = (place * classes * slots + slot) * width
  const stride = slots * width
  let low = Infinity
  let high = -Infinity
  for (let c = 0, i = first; c < classes; c++, i += stride) {
    if (cells[i] === 0) continue
    low = Math.min(low, cells[i + 3]!)
    high = Math.max(high, cells[i + 4]!)
  }

  if (bins > 0) {
    // the borders of the classes' bins; equal gains of different classes go to the lower one
    for (let c = 0, i = first + MOMENTS; c < classes; c++, i += stride) {
      for (let bin = 0; bin < cells[i]!; bin++) {
        const threshold = cells[i + 3 * bin + 2]!
        if (threshold < high) tryThreshold(options, layout, stats, place, slot, threshold, best)
      }
    }
    return
  }
  const step = (high - low) / (options.thresholds + 1)
  for (let k = 1; k <= options.thresholds; k++) {
    const threshold = low + step * k
    if (low < threshold && threshold < high) {
      tryThreshold(options, layout, stats, place, slot, threshold, best)
    }
  }
}

function tryThreshold(
  options: HoeffdingTreeOptions,
  layout: Layout,
  stats: LeafStatistics,
  place: number,
  slot: number,
  threshold: number,
  best: Candidate,
): void {
  fillSides(layout, stats, place, slot, threshold, best)
  weigh(options, layout, stats, place, slot, UP_TO, threshold, 2, best)
}

function tryCategories(
  options: HoeffdingTreeOptions,
  layout: Layout,
  stats: LeafStatistics,
  place: number,
  slot: number,
  best: Candidate,
): void {
  for (let category = 0; category < layout.categories; category++) {
    fillOneAgainstRest(layout, stats, place, slot, category, best.trial)
    weigh(options, layout, stats, place, slot, EQUALS, category, 2, best)
  }
  if (options.nominalSplits === 'one-against-rest') return
  const branches = fillAll(layout, stats, place, slot, best)
  const before = best.gain
  if (branches >= 2) weigh(options, layout, stats, place, slot, WHICH, 0, branches, best)
  if (best.gain > before) best.answers.set(best.tried)
}

/** What the question that a node asks now would gain by what it has seen since. */
export function gainOfQuestion(
  options: HoeffdingTreeOptions,
  layout: Layout,
  stats: LeafStatistics,
  place: number,
  feature: number,
  question: number,
  threshold: number,
  scratch: Candidate,
): number {
  const first = place * layout.slots
  const slot = stats.feature.subarray(first, first + stats.used[place]!).indexOf(feature)
  if (slot < 0 || !weighUnsplit(options, layout, stats, place, slot, scratch)) return 0
  let branches = 2
  if (question === UP_TO) fillSides(layout, stats, place, slot, threshold, scratch)
  else if (question === EQUALS) fillOneAgainstRest(layout, stats, place, slot, threshold, scratch.trial)
  else branches = fillAll(layout, stats, place, slot, scratch)
  return scratch.share * (meritOf(options.criterion, scratch.trial, branches, layout.classes) - scratch.unsplit)
}

/** Weighs a node as it is by the rows where the feature in a slot was known; tells whether there are any. */
function weighUnsplit(
  { criterion }: HoeffdingTreeOptions,
  { classes, slots, width }: Layout,
  { cells, arrived }: LeafStatistics,
  place: number,
  slot: number,
  best: Candidate,
): boolean {
  let known = 0
  for (let c = 0; c < classes; c++) {
    const i = ((place * classes + c) * slots + slot) * width
    const n = cells[i]!
    best.trial[c] = n
    known += n
    // weights below 1 can add up to less than the one degree of freedom that the mean takes
    best.scales[c] = 1 / Math.sqrt(cells[i + 2]! / (n > 1 ? n - 1 : n))
  }
  best.unsplit = known > 0 ? meritOf(criterion, best.trial, 1, classes) : 0
  best.share = Math.min(1, known / arrived[place]!)
  return known > 0
}

/** The class weights up to a threshold, and above it. */
function fillSides(
  { slots, width, classes, bins }: Layout,
  { cells }: LeafStatistics,
  place: number,
  slot: number,
  threshold: number,
  { trial, scales }: Candidate,
): void {
  for (let c = 0; c < classes; c++) {
    const i = ((place * classes + c) * slots + slot) * width
    const left = weightUpTo(cells, i, bins, threshold, scales[c]!)
    trial[c] = left
    trial[classes + c] = cells[i]! - left
  }
}

/** The class weights of a category, and of all others. */
function fillOneAgainstRest(
  layout: Layout,
  stats: LeafStatistics,
  place: number,
  slot: number,
  category: number,
  trial: Float64Array,
): void {
  const { slots, width, classes } = layout
  const f = stats.feature[place * slots + slot]!
  for (let c = 0; c < classes; c++) {
    const n = stats.categories[categoryCell(layout, place, c, f, category)]!
    trial[c] = n
    // rounding may leave the sum below its part
    trial[classes + c] = Math.max(0, stats.cells[((place * classes + c) * slots + slot) * width]! - n)
  }
}

/** The class weights of every category that has been seen, with their number. */
function fillAll(layout: Layout, stats: LeafStatistics, place: number, slot: number, best: Candidate): number {
  const { classes, categories, slots } = layout
  const f = stats.feature[place * slots + slot]!
  let branches = 0
  for (let category = 0; category < categories; category++) {
    let seen = 0
    for (let c = 0; c < classes; c++) {
      const n = stats.categories[categoryCell(layout, place, c, f, category)]!
      best.trial[classes * branches + c] = n
      seen += n
    }
    if (seen > 0) best.tried[branches++] = category
  }
  return branches
}

/** Weighs the split in `trial`, and keeps it where it is the best so far. */
function weigh(
  { criterion, minBranchFraction }: HoeffdingTreeOptions,
  { classes, slots }: Layout,
  stats: LeafStatistics,
  place: number,
  slot: number,
  question: number,
  threshold: number,
  branches: number,
  best: Candidate,
): void {
  const { trial } = best
  let total = 0
  for (let i = 0; i < branches * classes; i++) total += trial[i]!
  let large = 0
  for (let b = 0; b < branches; b++) {
    let branch = 0
    for (let c = 0; c < classes; c++) branch += trial[classes * b + c]!
    if (branch > minBranchFraction * total) large++
  }
  if (large < 2) return
  const gain = best.share * (meritOf(criterion, trial, branches, classes) - best.unsplit)
  if (gain > best.gains[slot]!) best.gains[slot] = gain
  const feature = stats.feature[place * slots + slot]!
  // the borders of two classes' bins do not come in order
  const lower = gain === best.gain && feature === best.feature && question === UP_TO && threshold < best.threshold
  if (!(gain > best.gain || lower)) return
  best.gain = gain
  best.feature = feature
  best.question = question
  best.threshold = threshold
  best.branches = branches
  for (let i = 0; i < branches * classes; i++) best.counts[i] = trial[i]!
}

/**
 * Estimated weight of one class at and below a threshold: exact outside its range; inside by its normal distribution,
 * or by its histogram where there is one.
 */
function weightUpTo(cells: Float64Array, i: number, bins: number, threshold: number, scale: number): number {
  const weight = cells[i]!
  if (weight === 0 || threshold < cells[i + 3]!) return 0
  if (threshold >= cells[i + 4]!) return weight
  if (bins > 0) return Math.min(weight, histogramUpTo(cells, i + MOMENTS, threshold))
  return weight * normalCdf((threshold - cells[i + 1]!) * scale)
}
