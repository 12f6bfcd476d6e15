import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Learner, Snapshot, Vector } from '../../../src/contracts.ts'
import { StandardScaler } from '../../../src/features/transformers/standard-scaler.ts'
import {
  AdaptiveRandomForest,
  AdaptiveRandomForestRegressor,
  LeveragingBagging,
  OnlineBagging,
  StreamingRandomPatches,
} from '../../../src/learners/ensembles/index.ts'
import { LogisticRegression } from '../../../src/learners/logistic-regression.ts'
import { Pipeline } from '../../../src/learners/pipeline.ts'
import { FBeta } from '../../../src/metrics/index.ts'
import { type Row, readRecord, readRows, recorded } from '../helpers.ts'
import { PlainTree } from '../hoeffding-tree/plain-tree.ts'
import { EAGER } from '../hoeffding-tree/streams.ts'
import { ScaledAsRiver } from '../linear/scaled-as-river.ts'
import { PythonRandom } from '../python-random.ts'
import { PlainTree as PlainRegressionTree } from '../regression-tree/plain-tree.ts'
import { play, SignedErrors } from './river-play.ts'
import { RiverTree } from './river-tree.ts'

vi.mock('../../../src/learners/ensembles/draws.ts', async (original) =>
  (await import('./river-play.ts')).playedDraws(await original()),
)
vi.mock('../../../src/drift/adwin.ts', async (original) => ({
  ADWIN: (await import('./river-play.ts')).playedADWIN(
    (await original<typeof import('../../../src/drift/adwin.ts')>()).ADWIN,
  ),
}))

vi.mock('../../../src/learners/ensembles/value-judge.ts', async (original) =>
  (await import('./river-play.ts')).playedValues(await original()),
)

beforeEach(() => {
  play.detector = 'forgets'
  play.signed = undefined
})

type Case = {
  readonly name: string
  readonly value: number
  readonly sampled_predictions: readonly (readonly [number, number | null])[]
}
const caseOf = (name: string): Case =>
  Object.values(readRecord<object>('trees/docstring_cases.json'))
    .flat()
    .find((one) => (one as Case).name === name) as Case

const labelsOf = (learner: Learner, rows: readonly Row[]): number[] =>
  rows.map(({ x, y }) => {
    const label = Number(learner.predict(x) > 0.5)
    learner.learn(x, y)
    return label
  })

const COLUMNS = ['salary', 'commission', 'age', 'elevel', 'car', 'zipcode', 'hvalue', 'hyears', 'loan']

/** Learns a weight of k by k calls, as River's bags teach their members. It cannot be saved. */
class Repeatedly implements Learner {
  readonly task: 'binary' = 'binary'
  readonly inner: Learner
  constructor(inner: Learner) {
    this.inner = inner
  }
  get seen(): number {
    return this.inner.seen
  }
  predict(x: Vector): number {
    const p = this.inner.predict(x)
    // a tie is class 0 in River, while one half of ours is no answer
    return p === 0.5 && this.seen > 0 ? 0.5 - 1e-12 : p
  }
  learn(x: Vector, y: number, weight = 1): void {
    for (let i = 0; i < weight; i++) this.inner.learn(x, y)
  }
  toJSON(): Snapshot {
    return { type: 'repeatedly', version: 1, options: {}, state: {} }
  }
}

/** What categories are raised by, so that a member that sees some of the columns knows them. */
const NOMINAL = 1e9

/** River's tree for the random patches of its documentation. It cannot be saved. */
class NominalTree implements Learner {
  readonly task: 'binary' = 'binary'
  seen = 0
  #tree: PlainTree | undefined
  predict(x: Vector): number {
    return this.#tree?.predict(x) ?? 0.5
  }
  learn(x: Vector, y: number): void {
    this.seen++
    const nominal = [...x.keys()].filter((f) => x[f]! >= NOMINAL)
    this.#tree ??= new PlainTree('river', { ...EAGER, nominal, nominalSplits: 'multiway' })
    this.#tree.learn(x, y, 1)
  }
  toJSON(): Snapshot {
    return { type: 'nominal-tree', version: 1, options: {}, state: {} }
  }
}

/** A plain tree as a member of a regression forest. It cannot be saved. */
class RegressionTree implements Learner {
  readonly task: 'regression' = 'regression'
  readonly tree: PlainRegressionTree
  seen = 0
  constructor(tree: PlainRegressionTree) {
    this.tree = tree
  }
  predict(x: Vector): number {
    return this.tree.predict(x)
  }
  learn(x: Vector, y: number, weight = 1): void {
    this.seen++
    this.tree.learn(x, y, weight)
  }
  toJSON(): Snapshot {
    return { type: 'regression-tree', version: 1, options: {}, state: {} }
  }
}

/** Columns of the approval data in the order of their names: gallup, ipsos, morning_consult, ordinal_date, ... */
const APPROVAL = [1, 2, 3, 0, 4, 5]

/** Examples of River's documentation, whose draws are those of Python's generator for the seed that they name. */
describe.skipIf(!recorded)('with Python’s draws the published figures come out', () => {
  const expectLabels = (name: string, labels: readonly number[]): Case => {
    const published = caseOf(name)
    for (const [i, label] of published.sampled_predictions)
      if (label !== null) expect(labels[i], `row ${i}`).toBe(label)
    return published
  }
  /** River leaves the first row, which it cannot answer, out. */
  const accuracyOf = (labels: readonly number[], rows: readonly Row[]): number =>
    rows.filter(({ y }, i) => i > 0 && labels[i] === y).length / (rows.length - 1)

  test('ARF_docs_seed8: the adaptive forest', () => {
    const python = new PythonRandom(8)
    play.chance = python
    play.detector = 'reports falls too'
    const columns = [...COLUMNS].sort().map((name) => COLUMNS.indexOf(name))
    const subsets = { next: () => ({ done: false as const, value: python.sample(9, 3).map((i) => columns[i]!) }) }
    const create = (): Learner => new RiverTree({ leaves: 'majority', subsets, weights: 'one call' })
    const rows = readRows('doc_conceptdrift_arf_1000.csv')
    const forest = new AdaptiveRandomForest({ features: 9, members: 10, vote: 'accuracy', create })
    const labels = labelsOf(forest, rows)
    expect(accuracyOf(labels, rows)).toBeCloseTo(expectLabels('ARF_docs_seed8', labels).value, 12)
    expect(forest.replaced).toBe(1)
  })

  test('SRP_docs: random patches', () => {
    const python = new PythonRandom(42)
    play.chance = python
    // River's first combinations, shuffled
    const combinations = [4, 5, 6].map((last) => Int32Array.of(0, 1, 2, 3, last))
    for (let i = 2; i > 0; i--) {
      const j = python.below(i + 1)
      ;[combinations[i], combinations[j]] = [combinations[j]!, combinations[i]!]
    }
    play.subspaces = combinations
    const nominal = ['age', 'car', 'zipcode'].map((name) => COLUMNS.indexOf(name))
    const rows = readRows('doc_conceptdrift_srp_1000.csv').map((row) => ({
      ...row,
      x: row.x.map((value, f) => (nominal.includes(f) ? value + NOMINAL : value)),
    }))
    const confidences = { warningConfidence: 1e-4, driftConfidence: 1e-5 }
    const create = (): Learner => new Repeatedly(new NominalTree())
    const patches = new StreamingRandomPatches({ features: 9, members: 3, create, vote: 'accuracy', ...confidences })
    const labels = labelsOf(patches, rows)
    expect(accuracyOf(labels, rows)).toBeCloseTo(expectLabels('SRP_docs', labels).value, 12)
  })

  test.each([
    ['Bagging3_docs', OnlineBagging],
    ['LevBag_docs', LeveragingBagging],
  ] as const)('%s: of logistic regressions', (name, Ensemble) => {
    play.chance = new PythonRandom(42)
    const create = (): Learner =>
      new Repeatedly(
        new Pipeline({
          transformer: new StandardScaler({ features: 9 }),
          learner: new LogisticRegression({ features: 9 }),
        }),
      )
    const rows = readRows('doc_phishing.csv')
    const labels = labelsOf(new Ensemble({ features: 9, members: 3, create }), rows)
    const f1 = new FBeta()
    for (const [i, { y }] of rows.entries()) f1.update(y, labels[i]!)
    expect(f1.value).toBeCloseTo(expectLabels(name, labels).value, 12)
  })

  test('ARFR_docs: the regression forest', () => {
    const python = new PythonRandom(42)
    play.chance = python
    play.detector = 'reports falls too'
    play.signed = new SignedErrors()
    const subsets = { next: () => ({ done: false as const, value: python.sample(6, 2).map((i) => APPROVAL[i]!) }) }
    const defaults = { leaf: 'adaptive', observer: 'te-bst', unit: 1, gracePeriod: 50, confidence: 0.01 } as const
    const create = (): Learner => new RegressionTree(new PlainRegressionTree({ rules: 'river', ...defaults, subsets }))
    const learner = new AdaptiveRandomForestRegressor({ features: 6, members: 10, create })
    const forest = new ScaledAsRiver(6, learner)
    const published = caseOf('ARFR_docs')
    let errors = 0
    const rows = readRows('doc_trump_approval.csv')
    const wanted = new Map(published.sampled_predictions)
    for (const [i, { x, y }] of rows.entries()) {
      if (wanted.has(i)) expect(forest.predict(x), `row ${i}`).toBeCloseTo(wanted.get(i)!, 9)
      errors += Math.abs(forest.predict(x) - y)
      forest.learn(x, y)
    }
    expect(errors / rows.length).toBeCloseTo(published.value, 10)
    expect(learner.replaced).toBe(4)
  })
})
