import { drawInteger, drawNormal } from '../../../src/core/draw.ts'
import { sigmoid } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'

/** A table to train and to test on. */
export type DataSet = {
  readonly name: string
  readonly task: 'binary' | 'regression'
  readonly train: Part
  readonly test: Part
}

/** Rows and their labels. */
export type Part = { readonly rows: Float64Array[]; readonly y: number[] }

/** Length of the vectors. */
export const FEATURES = 10

/** What both libraries are asked to do. */
export const PARAMETERS = {
  trees: 100,
  learningRate: 0.1,
  maxLeaves: 31,
  minSamplesLeaf: 20,
  minHessianLeaf: 1e-3,
  l2: 1,
  bins: 63,
} as const

/** What both are asked to sample for each tree, in a second run. */
export const SAMPLING = { rowFraction: 0.5, columnFraction: 0.5 } as const

/** How labels come about: from the score of a row that is not yet missing anything, and chance. */
type Labels = (score: number, x: Float64Array, rng: SeededRng, i: number) => number

/**
 * A noisy table: normal, heavy-tailed, whole and three-valued features, some of them missing with a hint in the
 * missingness, and effects that are linear, periodic and joint.
 */
export function drawDataSet(task: DataSet['task'], seed: number, train = 2000, test = 4000): DataSet {
  const rng = new SeededRng(`${task} ${seed}`)
  const labels: Labels =
    task === 'binary' ? (score) => Number(rng.next() < sigmoid(score)) : (score) => score + drawNormal(rng)
  return { name: `${task} ${seed}`, task, train: drawPart(rng, train, labels), test: drawPart(rng, test, labels) }
}

function drawPart(rng: SeededRng, n: number, labels: Labels): Part {
  const rows: Float64Array[] = []
  const y: number[] = []
  for (let i = 0; i < n; i++) {
    const x = Float64Array.from({ length: FEATURES }, () => drawNormal(rng))
    x[3] = Math.exp(x[3]!)
    x[4] = x[4]! / Math.max(0.05, Math.abs(x[5]!))
    x[6] = drawInteger(rng, 24)
    x[7] = drawInteger(rng, 3) - 1
    const score = 0.8 * x[0]! + 0.7 * x[1]! * x[7]! + 0.8 * Math.sin(2 * x[2]!) + (x[6]! > 17 ? 0.7 : -0.2)
    const label = labels(score, x, rng, i)
    for (const f of [0, 3, 8]) if (rng.next() < (f === 8 && label > 0.5 ? 0.3 : 0.1)) x[f] = Number.NaN
    rows.push(x)
    y.push(label)
  }
  return { rows, y }
}

/** The tables of the comparison with other libraries. */
export function comparisonSets(): DataSet[] {
  const seeds = [1, 2, 3, 4, 5, 6]
  return [
    ...seeds.map((seed) => drawDataSet('binary', seed)),
    ...seeds.slice(0, 5).map((seed) => drawDataSet('regression', seed)),
  ]
}

/** Tables beyond the plain ones, each for a part of training that those say nothing of. */
export type Kind = 'categories' | 'turning' | 'heavy-tailed' | 'counts' | 'classes' | 'monotone'

/** Categorical features of `"categories"` tables, and how many categories they have. */
export const CATEGORIES: readonly { readonly feature: number; readonly levels: number }[] = [
  { feature: 6, levels: 24 },
  { feature: 7, levels: 3 },
  { feature: 9, levels: 60 },
]
/** What labels of `"monotone"` tables truly rise and fall with. */
export const MONOTONE = { increasing: [0, 6], decreasing: [9] } as const
/** Classes of `"classes"` tables. */
export const CLASSES = 3

/** A table of one of the further kinds. */
export function drawSpecial(kind: Kind, seed: number, train = 2000, test = 4000): DataSet {
  const name = `${kind} ${seed}`
  const task = kind === 'heavy-tailed' || kind === 'counts' || kind === 'classes' ? 'regression' : 'binary'
  const rng = new SeededRng(name)
  const labels = LABELS[kind](train)
  // what is tested on comes after what is trained on
  const later: Labels = (score, x, chance, i) => labels(score, x, chance, train + i)
  return { name, task, train: drawPart(rng, train, labels), test: drawPart(rng, test, later) }
}

/** The weight of row `i` of `n` in `"turning"` tables: the oldest counts an eighth of the newest, and neighbours differ. */
export function turningWeight(i: number, n: number): number {
  return 0.125 ** (1 - (i + 1) / n) * (i % 3 === 0 ? 0.6 : 1.2)
}

const LABELS: { readonly [K in Kind]: (train: number) => Labels } = {
  categories: () => {
    const rng = new SeededRng('effects of categories')
    const effects = CATEGORIES.map(({ levels }) => Array.from({ length: levels }, () => 0.7 * drawNormal(rng)))
    return (score, x, chance) => {
      let sum = 0.5 * score
      for (const [c, { feature, levels }] of CATEGORIES.entries()) {
        x[feature] = drawInteger(chance, levels)
        sum += effects[c]![x[feature]]!
      }
      return Number(chance.next() < sigmoid(sum))
    }
  },
  turning: (train) => (score, x, rng, i) =>
    Number(rng.next() < sigmoid(i < train / 2 ? 0.8 * x[9]! - 0.6 * score : score)),
  'heavy-tailed': () => (score, x, rng) => {
    const width = 0.7 * Math.exp(0.4 * Math.tanh(x[5]!) + (x[6]! > 11 ? 0.3 : -0.3))
    // a normal number over the root of a mean of two exponential ones is a Student-t with 4 degrees of freedom
    const spread = (-Math.log(1 - rng.next()) - Math.log(1 - rng.next())) / 2
    return score + (width * drawNormal(rng)) / Math.sqrt(Math.max(spread, 1e-3))
  },
  counts: () => (score, _x, rng) => {
    // exponential waits that fit into one unit of time
    let time = 0
    for (let count = 0; ; count++) {
      time -= Math.log(1 - rng.next()) / Math.exp(0.5 * score)
      if (time > 1) return count
    }
  },
  classes: () => (score, x, rng) => {
    const margins = [score, 0.7 * x[1]! - 0.5 * Math.abs(x[2]!), 0.6 * Math.tanh(x[4]!) + 0.5 * x[9]!]
    const drawn = margins.map((margin) => margin - Math.log(-Math.log(1 - rng.next())))
    return drawn.indexOf(Math.max(...drawn))
  },
  monotone: () => (score, x, rng) => Number(rng.next() < sigmoid(score - 0.6 * Math.tanh(x[9]!))),
}
