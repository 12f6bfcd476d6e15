import type { LightGBMTextOptions } from '../../src/interop/index.ts'
import type { Forest } from '../../src/learners/forest/forest.ts'
import { randomForest, randomRows } from './random-forest.ts'

/** The forests that LightGBM was asked about. */
export const FORESTS: readonly {
  readonly name: string
  readonly forest: Forest
  readonly objective: LightGBMTextOptions['objective']
}[] = [
  {
    name: 'one output with categories',
    objective: 'binary',
    forest: randomForest({
      seed: 'written 1',
      features: 4,
      trees: 4,
      depth: 3,
      base: [0.3],
      categoriesFrom: 2,
      outputOf: () => 0,
    }),
  },
  {
    name: 'three outputs, of which one stopped early and one never began',
    objective: 'multiclass',
    forest: randomForest({
      seed: 'written 2',
      features: 4,
      trees: 4,
      depth: 2,
      base: [0.3, -0.2, 0.1],
      categoriesFrom: 3,
      outputOf: (t) => [0, 2, 2, 2][t]!,
    }),
  },
]

/** The rows that it was asked about. */
export const rowsOf = (name: string, features: number): Float64Array[] => randomRows(name, features, 2, 25)
