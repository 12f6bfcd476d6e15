import { drawInteger, drawNormal } from '../../../src/core/draw.ts'
import { sigmoid } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'

/** A table to train and to test on. */
export type DataSet = {
  readonly name: string
  readonly task: 'binary' | 'regression'
  readonly train: { readonly rows: Float64Array[]; readonly y: number[] }
  readonly test: { readonly rows: Float64Array[]; readonly y: number[] }
}

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

/**
 * A noisy table: normal, heavy-tailed, whole and three-valued features, some of them missing with a hint in the
 * missingness, and effects that are linear, periodic and joint.
 */
export function drawDataSet(task: DataSet['task'], seed: number, train = 2000, test = 4000): DataSet {
  const rng = new SeededRng(`${task} ${seed}`)
  const draw = (n: number): DataSet['train'] => {
    const rows: Float64Array[] = []
    const y: number[] = []
    for (let i = 0; i < n; i++) {
      const x = Float64Array.from({ length: FEATURES }, () => drawNormal(rng))
      x[3] = Math.exp(x[3]!)
      x[4] = x[4]! / Math.max(0.05, Math.abs(x[5]!))
      x[6] = drawInteger(rng, 24)
      x[7] = drawInteger(rng, 3) - 1
      const score = 0.8 * x[0]! + 0.7 * x[1]! * x[7]! + 0.8 * Math.sin(2 * x[2]!) + (x[6]! > 17 ? 0.7 : -0.2)
      const label = task === 'binary' ? Number(rng.next() < sigmoid(score)) : score + drawNormal(rng)
      for (const f of [0, 3, 8]) if (rng.next() < (f === 8 && label > 0.5 ? 0.3 : 0.1)) x[f] = Number.NaN
      rows.push(x)
      y.push(label)
    }
    return { rows, y }
  }
  return { name: `${task} ${seed}`, task, train: draw(train), test: draw(test) }
}

/** The tables of the comparison with other libraries. */
export function comparisonSets(): DataSet[] {
  const seeds = [1, 2, 3, 4, 5, 6]
  return [
    ...seeds.map((seed) => drawDataSet('binary', seed)),
    ...seeds.slice(0, 5).map((seed) => drawDataSet('regression', seed)),
  ]
}
