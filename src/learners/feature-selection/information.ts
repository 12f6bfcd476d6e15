import { checkAmount, checkAmounts, checkNumber, checkNumbers, corrupt } from '../checks.ts'

/**
 * Exponentially weighted counts of every feature's eight bins against two kinds of label.
 *
 * Bins lie around the feature's own running mean, kinds are the two sides of the label's. Instead of fading all counts
 * at every row, each new row counts `unit` times as much as the first, and `unit` grows.
 */
export type Information = {
  unit: number
  readonly label: Float64Array
  readonly total: Float64Array
  readonly mean: Float64Array
  readonly variance: Float64Array
  readonly counts: Float64Array
}

/** Octiles of the normal distribution above its mean, in deviations. */
const EDGES = [0.3186, 0.6745, 1.1503] as const
const BINS = 8
const KINDS = 2
const CELLS = BINS * KINDS
/** Values and weights count as no larger, so that squares of them stay finite. */
const LARGEST = 1e75
/** Beyond this the unit is brought back to 1. */
const LARGEST_UNIT = 1e100
/** More than rows of the largest weight and unit can add up to: 2^53 of them. */
const LARGEST_COUNT = 1e192

/** No rows yet. */
export function createInformation(features: number): Information {
  const zeros = (): Float64Array => new Float64Array(features)
  return {
    unit: 1,
    // total and mean of the labels
    label: new Float64Array(2),
    total: zeros(),
    mean: zeros(),
    variance: zeros(),
    counts: new Float64Array(features * CELLS),
  }
}

/** Takes in one row: O(1) a feature. A row is counted by the means before it. */
export function learnInformation(s: Information, x: Float64Array, y: number, weight: number, decay: number): void {
  const { label, total, mean, variance, counts } = s
  const known = Math.min(weight, LARGEST)
  const target = Math.max(Math.min(y, LARGEST), -LARGEST)
  const kind = label[0]! > 0 && target > label[1]! ? 1 : 0
  const counted = label[0]! > 0 ? known * s.unit : 0
  for (let j = 0; j < x.length; j++) {
    const value = Math.max(Math.min(x[j]!, LARGEST), -LARGEST)
    if (!(value === value)) continue
    const delta = value - mean[j]!
    if (total[j]! > 0) counts[j * CELLS + KINDS * binOf(delta, Math.sqrt(variance[j]!)) + kind]! += counted
    const n = Math.min(total[j]! * decay + known, LARGEST)
    const share = Math.min(known / n, 1)
    total[j] = n
    mean[j]! += share * delta
    variance[j] = (1 - share) * (variance[j]! + share * delta * delta)
  }
  label[0] = Math.min(label[0]! * decay + known, LARGEST)
  label[1]! += Math.min(known / label[0]!, 1) * (target - label[1]!)
  s.unit /= decay
  if (s.unit > LARGEST_UNIT) rescale(s)
}

function binOf(delta: number, deviation: number): number {
  const z = Math.abs(delta)
  let step = 0
  while (step < EDGES.length && z >= EDGES[step]! * deviation) step++
  return delta < 0 ? 3 - step : 4 + step
}

function rescale(s: Information): void {
  for (let i = 0; i < s.counts.length; i++) s.counts[i]! /= s.unit
  s.unit = 1
}

/** Leaves a share of the weight of all rows so far. */
export function fadeInformation({ label, total, counts }: Information, share: number): void {
  label[0]! *= share
  for (let j = 0; j < total.length; j++) total[j]! *= share
  for (let i = 0; i < counts.length; i++) counts[i]! *= share
}

/** Throws unless counts and moments from a snapshot are some that rows can lead to. */
export function checkInformation(path: string, { unit, label, total, mean, variance, counts }: Information): void {
  const n = total.length
  if (!(unit >= 1 && unit <= LARGEST_UNIT)) corrupt(`${path}.unit`, `from 1 to ${LARGEST_UNIT}`, unit)
  checkAmount(`${path}.label[0]`, label[0]!, LARGEST)
  // a little more than values can be, for the last bits
  checkNumber(`${path}.label[1]`, label[1]!, 2 * LARGEST)
  checkAmounts(`${path}.total`, total, n, LARGEST)
  checkNumbers(`${path}.mean`, mean, n, 2 * LARGEST)
  checkAmounts(`${path}.variance`, variance, n, 2 * LARGEST * LARGEST)
  checkAmounts(`${path}.counts`, counts, n * CELLS, LARGEST_COUNT)
}

/**
 * Mutual information of a feature's bin and the side of the label, in nats, less what chance alone would show; 0 where
 * that is more.
 *
 * @see G. A. Miller (1955), "Note on the bias of information estimates"
 */
export function informationOf({ unit, counts }: Information, j: number): number {
  const first = j * CELLS
  let ones = 0
  let all = 0
  for (let i = first; i < first + CELLS; i += KINDS) {
    ones += counts[i + 1]!
    all += counts[i]! + counts[i + 1]!
  }
  const zeros = all - ones
  if (!(ones > 0 && zeros > 0)) return 0
  let information = 0
  let bins = 0
  for (let i = first; i < first + CELLS; i += KINDS) {
    const inBin = counts[i]! + counts[i + 1]!
    if (inBin > 0) bins++
    information += partOf(counts[i]!, inBin, zeros, all) + partOf(counts[i + 1]!, inBin, ones, all)
  }
  return Math.max(information - ((bins - 1) * (KINDS - 1)) / ((2 * all) / unit), 0)
}

/** p(bin, kind) ln (p(bin, kind) / (p(bin) p(kind))). */
function partOf(cell: number, inBin: number, ofKind: number, all: number): number {
  return cell > 0 ? (cell / all) * Math.log((cell / inBin) * (all / ofKind)) : 0
}
