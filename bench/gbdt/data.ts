import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SeededRng } from 'tradelearn'
import { drawInteger, drawNormal } from '../../src/core/draw.ts'
import { sigmoid } from '../../src/core/math.ts'

/** What the labels of a table are like, and what stands in its columns. */
export type Kind = 'binary' | 'drifting' | 'categorical' | 'monotone' | 'regression'

/** A table in one piece, row after row, as both sides can read it. */
export type Table = {
  readonly name: string
  readonly features: number
  readonly x: Float64Array
  readonly y: Float64Array
  /** Views of the rows in `x`. */
  readonly rows: readonly Float64Array[]
}

/** The table as files of raw doubles in the machine's byte order. */
export type TableFiles = {
  readonly name: string
  readonly rows: number
  readonly features: number
  readonly x: string
  readonly y: string
}

/** Columns of `"categorical"` tables that hold numbers of categories, and how many there are of them. */
export const CATEGORIES: readonly { readonly feature: number; readonly levels: number }[] = [
  { feature: 4, levels: 3 },
  { feature: 9, levels: 24 },
  { feature: 14, levels: 200 },
]
/** Columns that the labels of `"monotone"` tables rise with, and fall with. */
export const MONOTONE = { increasing: [0, 10], decreasing: [15] } as const

/** Rows in which the relation of a `"drifting"` table turns; older rows deserve little weight. */
const TURN = 0.5

/**
 * Columns take turns in being normal, normal, Student-t with 3 degrees of freedom, log-normal and whole (0 to 23); they
 * share a factor, and every second and fourth of five lacks a tenth of its values, a little more where y is high. The
 * labels hang on nine effects of the first 17 columns, with jumps, waves and products, and much noise: the AUC that can
 * be learned is about 0.63 from 1,000 rows and 0.70 from 100,000. All numbers are exact in 32 bits, as XGBoost keeps them so.
 */
export function drawTable(kind: Kind, rows: number, features: number, seed: string): Table {
  const rng = new SeededRng(seed)
  const effects = drawEffects()
  const x = new Float64Array(rows * features)
  const y = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    const row = x.subarray(i * features, (i + 1) * features)
    const factor = drawNormal(rng)
    for (let f = 0; f < features; f++) row[f] = Math.fround(drawColumn(rng, f, 0.4 * factor + 0.92 * drawNormal(rng)))
    if (kind === 'categorical') for (const { feature, levels } of CATEGORIES) row[feature] = drawInteger(rng, levels)
    const score = scoreOf(kind, row, effects, i < TURN * rows)
    y[i] = kind === 'regression' ? score + noiseOf(rng, row) : Number(rng.next() < sigmoid(score))
    const high = y[i]! > (kind === 'regression' ? 0 : 0.5)
    for (let f = 0; f < features; f++) {
      if ((f % 5 === 1 || f % 5 === 3) && rng.next() < (high ? 0.115 : 0.085)) row[f] = Number.NaN
    }
  }
  return { name: `${kind} ${seed}`, features, x, y, rows: Array.from(y, (_, i) => viewOf(x, features, i)) }
}

/** The rows from `start` up to `end` as a table of their own, on the same memory. */
export function slice({ name, features, x, y, rows }: Table, start: number, end: number): Table {
  return {
    name: `${name} ${start} to ${end}`,
    features,
    x: x.subarray(start * features, end * features),
    y: y.subarray(start, end),
    rows: rows.slice(start, end),
  }
}

/** Writes a table where another process can read it. */
export function writeTable(table: Table, directory: string): TableFiles {
  const base = join(directory, table.name.replaceAll(' ', '-'))
  const files = { x: `${base}.x`, y: `${base}.y` }
  writeFileSync(files.x, table.x)
  writeFileSync(files.y, table.y)
  return { name: table.name, rows: table.y.length, features: table.features, ...files }
}

/** Row `i` of a table in one piece. */
export function viewOf(x: Float64Array, features: number, i: number): Float64Array {
  return x.subarray(i * features, (i + 1) * features)
}

function drawColumn(rng: SeededRng, f: number, z: number): number {
  switch (f % 5) {
    case 2: {
      // a chi-square of 3 degrees of freedom below the root makes a normal number a Student-t
      let chi = 0
      for (let k = 0; k < 3; k++) {
        const each = drawNormal(rng)
        chi += each * each
      }
      return z / Math.sqrt(chi / 3)
    }
    case 3:
      return Math.exp(z)
    case 4:
      return drawInteger(rng, 24)
    default:
      return z
  }
}

type Effects = readonly Float64Array[]

/** What each category adds; the same for every seed, so that tables to train and to test on agree. */
function drawEffects(): Effects {
  const rng = new SeededRng('effects of categories')
  return CATEGORIES.map(({ levels }) => Float64Array.from({ length: levels }, () => 0.45 * drawNormal(rng)))
}

function scoreOf(kind: Kind, x: Float64Array, effects: Effects, early: boolean): number {
  if (kind === 'monotone') return monotoneScore(x)
  let score =
    0.5 * x[0]! +
    0.3 * Math.sin(2 * x[1]!) +
    0.3 * Math.tanh(x[2]!) +
    0.3 * Math.tanh(x[3]! - 1) * x[5]! +
    (x[6]! * x[7]! > 0 ? 0.25 : -0.25) +
    0.25 * Math.cos(1.5 * x[10]!) +
    (x[11]! > 0.5 ? 0.4 : 0) -
    0.2 * Math.abs(x[16]!)
  if (kind !== 'categorical') score += x[4]! >= 8 && x[4]! < 17 ? 0.3 : -0.2
  else for (const [c, { feature }] of CATEGORIES.entries()) score += effects[c]![x[feature]!]!
  // the older half of a drifting table follows another rule
  if (kind === 'drifting' && early) score = -0.6 * score + 0.5 * x[12]!
  return score
}

/** A score that truly rises and falls with the columns of MONOTONE, beside others that do as they like. */
function monotoneScore(x: Float64Array): number {
  return (
    0.5 * Math.tanh(x[0]!) +
    (x[10]! > 0 ? 0.35 : -0.1) * (1 + 0.5 * Math.tanh(x[2]!)) -
    0.3 * Math.tanh(2 * x[15]!) +
    0.4 * Math.sin(2 * x[1]!) +
    0.3 * Math.cos(1.5 * x[11]!) +
    (x[4]! > 15 ? 0.25 : -0.1)
  )
}

/** Heavy tails (Student-t with 4 degrees of freedom, nearly) whose width hangs on two columns. */
function noiseOf(rng: SeededRng, x: Float64Array): number {
  const width = 0.6 * Math.exp(0.3 * Math.tanh(x[5]!) + (x[4]! > 11 ? 0.3 : 0))
  const shrink = (-Math.log(1 - rng.next()) - Math.log(1 - rng.next())) / 2
  return (width * drawNormal(rng)) / Math.sqrt(Math.max(shrink, 1e-3))
}
