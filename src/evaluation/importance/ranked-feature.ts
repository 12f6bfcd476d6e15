import type { Rng } from '../../contracts.ts'
import { drawBlocks } from '../block-bootstrap.ts'
import type { Dataset } from '../dataset.ts'
import { type FoldRows, pick, ROWS_NEEDED } from './folds.ts'
import { type Orientation, orient, ranksAmong } from './orientation.ts'
import { addFold, type RankedFold, type RankSums, rankFold } from './rank-scores.ts'

/** One feature in one fold. */
export type FoldSkill = {
  readonly fold: number
  /** 1 where high values went with winners in the training rows, -1 where low ones did, 0 where neither. */
  readonly direction: Orientation
  /** Test rows where the feature was not missing. */
  readonly rows: number
  /** Chance that a winner's value lies further in that direction than a loser's. NaN below 20 of the rarer label. */
  readonly auc: number
  /** Rank correlation of value, in that direction, and net return. NaN below 30 rows. */
  readonly informationCoefficient: number
}

/** A feature in all folds, ready for resamples. */
export type RankedFeature = {
  readonly folds: readonly FoldSkill[]
  readonly ranked: readonly RankedFold[]
  /** Where each tested row stands among the training rows of its fold, from -1 to 1 in the direction; NaN if missing. */
  readonly leans: Float64Array
}

/** Test rows in order, and where those of each fold are among them. */
export type TestRows = { readonly tested: readonly number[]; readonly positions: readonly (readonly number[])[] }

/** Fewest rows of the rarer label for an AUC, as for a validation's. */
export const RARER_NEEDED = 20

/** The rows of all folds; one that several folds test counts in the first of them. */
export function testRowsOf(folds: readonly FoldRows[]): TestRows {
  const foldOf = new Map<number, number>()
  for (const [fold, { test }] of folds.entries()) {
    for (const row of test) if (!foldOf.has(row)) foldOf.set(row, fold)
  }
  const tested = [...foldOf.keys()].sort((a, b) => a - b)
  const positions: number[][] = folds.map(() => [])
  for (const [at, row] of tested.entries()) positions[foldOf.get(row)!]!.push(at)
  return { tested, positions }
}

/** Gives a feature its direction in the training rows of each fold, and ranks the test rows by it. */
export function rankFeature(
  { rows, y, netReturns }: Dataset,
  feature: number,
  folds: readonly FoldRows[],
  { tested, positions }: TestRows,
): RankedFeature {
  const values = Float64Array.from(rows, (x) => x[feature]!)
  const leans = new Float64Array(tested.length).fill(NaN)
  const once = new Uint32Array(tested.length).fill(1)
  const ranked: RankedFold[] = []
  const found = folds.map(({ train }, fold): FoldSkill => {
    const training = pick(values, train)
    const direction = orient(training, pick(y, train))
    const at = positions[fold]!
    const mine = at.map((position) => tested[position]!)
    const ranks = ranksAmong(training, pick(values, mine))
    at.forEach((position, i) => {
      leans[position] = direction * ranks[i]!
    })
    const scores = pick(values, mine).map((value) => direction * value + 0)
    const inFold = rankFold({ positions: at, scores, y: pick(y, mine), netReturns: pick(netReturns, mine) })
    ranked.push(inFold)
    const { area, pairs, together, rows: count } = sumsOf([inFold], once)
    return {
      fold,
      direction,
      rows: count,
      auc: rarerOf([inFold]) >= RARER_NEEDED ? area / pairs : NaN,
      informationCoefficient: count >= ROWS_NEEDED ? together / count : NaN,
    }
  })
  return { folds: found, ranked, leans }
}

/** Adds up the folds, each row as often as `drawn` says. */
export function sumsOf(folds: readonly RankedFold[], drawn: Uint32Array): RankSums {
  const sums = { area: 0, pairs: 0, together: 0, rows: 0 }
  for (const fold of folds) addFold(sums, fold, drawn)
  return sums
}

/** Rows of the rarer label. */
export function rarerOf(folds: readonly RankedFold[]): number {
  const ones = folds.reduce((sum, { labels }) => labels.reduce((some, label) => some + label, sum), 0)
  const all = folds.reduce((sum, { labels }) => sum + labels.length, 0)
  return Math.min(ones, all - ones)
}

/** Both figures of a feature on each resample. */
export type Resampled = { readonly aucs: Float64Array; readonly coefficients: Float64Array }

/** Scores all features on the same resamples of blocks, so that adding one changes none; calls `onStep` before each. */
export function resampleFeatures(
  features: readonly RankedFeature[],
  n: number,
  options: { readonly rng: Rng; readonly blockLength: number; readonly resamples: number },
  onStep: (done: number) => void,
): readonly Resampled[] {
  const { rng, blockLength, resamples } = options
  const out = features.map(() => ({ aucs: new Float64Array(resamples), coefficients: new Float64Array(resamples) }))
  const drawn = new Uint32Array(n)
  const picked = new Uint32Array(n)
  for (let i = 0; i < resamples; i++) {
    onStep(i)
    drawBlocks(rng, blockLength, picked)
    drawn.fill(0)
    for (let k = 0; k < n; k++) drawn[picked[k]!]!++
    for (const [f, { ranked }] of features.entries()) {
      const { area, pairs, together, rows } = sumsOf(ranked, drawn)
      out[f]!.aucs[i] = area / pairs
      out[f]!.coefficients[i] = together / rows
    }
  }
  return out
}
