import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Learner, Rng, Snapshot, Vector } from '../../../src/contracts.ts'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { ADWIN } from '../../../src/drift/adwin.ts'
import { AdaptiveRandomForestRegressor } from '../../../src/learners/ensembles/index.ts'
import { HoeffdingTreeRegressor } from '../../../src/learners/regression-tree/index.ts'
import golden from '../../golden/adaptive-random-forest-regressor.json' with { type: 'json' }
import { meanOf, readRecord, readRows, recorded } from '../helpers.ts'
import { PlainTree } from '../regression-tree/plain-tree.ts'
import { errorOf, friedman } from '../regression-tree/streams.ts'

/** Recorded counts, in the place of chance while there are any. */
const play = vi.hoisted(() => ({ counts: [] as number[] }))

vi.mock('../../../src/learners/ensembles/draws.ts', async (original) => {
  const draws = await original<typeof import('../../../src/learners/ensembles/draws.ts')>()
  const drawPoisson = (rng: Rng, rate: number): number => play.counts.shift() ?? draws.drawPoisson(rng, rate)
  return { ...draws, drawPoisson }
})

beforeEach(() => {
  play.counts = []
})

/** A run of River's forest with every draw in the order of calls. */
type Run = {
  readonly rows: readonly { readonly x: Float64Array; readonly y: number }[]
  readonly counts: readonly number[]
  /** Features of the leaves, in River's order. */
  readonly subsets: readonly (readonly number[])[]
  /** Predictions by row. */
  readonly said: readonly (readonly number[])[]
}

/** The first 250 rows, which are in the repository. */
function startOfRun(): Run {
  const rows = golden.rows.split('\n').map((line) => {
    const cells = line.split(',').map(Number)
    return { x: Float64Array.from(cells.slice(0, -1)), y: cells.at(-1)! }
  })
  const subsets = golden.subsets.split(' ').map((word) => [...word].map(Number))
  return { rows, counts: golden.counts.split(' ').map(Number), subsets, said: golden.said }
}

/** All 2,000 rows. */
function wholeRun(): Run {
  type Saved = {
    readonly name: string
    readonly sampled: readonly (readonly number[])[]
    readonly recorded_poisson: readonly number[]
    readonly recorded_feature_subsets: readonly (readonly string[])[]
  }
  const { models } = readRecord<{ models: Saved[] }>('ensembles/ensembles_recorded.json')
  const saved = models.find(({ name }) => name === 'ARFRegressor3')!
  return {
    rows: readRows('regression_drift.csv').slice(0, 2000),
    counts: saved.recorded_poisson,
    subsets: saved.recorded_feature_subsets.map((names) => names.map((name) => Number(name.slice(1)))),
    said: saved.sampled,
  }
}

/** A member by River's rules, with the defaults of its forest. It cannot be saved. */
class RiverTree implements Learner {
  readonly task: 'regression' = 'regression'
  readonly tree: PlainTree
  seen = 0

  constructor(subsets: Iterator<readonly number[]>) {
    const defaults = { leaf: 'adaptive', observer: 'te-bst', unit: 1, gracePeriod: 50, confidence: 0.01 } as const
    this.tree = new PlainTree({ rules: 'river', ...defaults, subsets })
  }
  predict(x: Vector): number {
    return this.tree.predict(x)
  }
  learn(x: Vector, y: number, weight = 1): void {
    this.seen++
    this.tree.learn(x, y, weight)
  }
  toJSON(): Snapshot {
    return { type: 'river-tree', version: 1, options: {}, state: {} }
  }
}

/** Follows a run with its draws: test-then-train. */
function replay({ rows, counts, subsets, said }: Run) {
  play.counts = [...counts]
  const left = [...subsets]
  const draw = (): IteratorResult<readonly number[]> => ({ done: false, value: left.shift()! })
  const members: RiverTree[] = []
  const create = (): RiverTree => {
    const member = new RiverTree({ next: draw })
    members.push(member)
    return member
  }
  const forest = new AdaptiveRandomForestRegressor({ features: 6, members: 3, create })
  const wanted = new Map(said.map(([row, value]) => [row!, value!]))
  let row = 0
  const watched = {
    predict(x: Vector): number {
      const p = forest.predict(x)
      if (wanted.has(row)) expect(p).toBeCloseTo(wanted.get(row)!, 9)
      row++
      return p
    },
    learn: (x: Vector, y: number) => forest.learn(x, y),
  }
  const error = errorOf(watched, rows)
  return { error, forest, trees: members.filter(({ seen }) => seen > 0).map(({ tree }) => tree), left }
}

test('on the first 250 rows of River’s run, with its draws, the forest says what River said', () => {
  const { error, left } = replay(startOfRun())
  expect(error).toBeCloseTo(golden.error, 10)
  expect([play.counts, left]).toEqual([[], []])
})

/** Members that split on all features and are otherwise the usual ones. */
const seesAll = (_seed: number, features: number): Learner =>
  new HoeffdingTreeRegressor({ features, confidence: 0.01, maxLeaves: 64 })

/** Mean error of forests over five seeds. */
function errorOfForests(
  rows: readonly { readonly x: Float64Array; readonly y: number }[],
  options: { readonly members: number; readonly create?: typeof seesAll },
): number {
  const forest = (seed: number): Learner => new AdaptiveRandomForestRegressor({ features: 6, ...options, seed })
  return meanOf([1, 2, 3, 4, 5].map((seed) => errorOf(forest(seed), rows)))
}

describe.skipIf(!recorded)('on all 2,000 rows of River’s run', () => {
  test('with all of its draws, the forest says what River said and has the same trees', () => {
    const { error, forest, trees, left } = replay(wholeRun())
    expect(error).toBeCloseTo(golden.whole.error, 10)
    expect(trees.map((tree) => tree.describe().length)).toEqual(golden.whole.nodes)
    // no draw is left, and none was drawn for a tree that River did not plant
    expect([play.counts, left]).toEqual([[], []])
    expect([forest.replaced, forest.waiting]).toEqual([0, 0])
  })

  test('our usual members miss by less than River’s, and than members that split on all features', () => {
    const { rows } = wholeRun()
    const usual = errorOfForests(rows, { members: 3 })
    expect(usual).toBeLessThan(0.95 * golden.whole.error)
    expect(usual).toBeLessThan(0.95 * errorOfForests(rows, { members: 3, create: seesAll }))
  })
})

test('usual members split on some features a leaf: √M + 1 of M, and of few all', () => {
  const featuresOf = (features: number): unknown => {
    const { state } = new AdaptiveRandomForestRegressor({ features, members: 1 }).toJSON()
    return (state['prototype'] as { options: { featuresPerLeaf: number } }).options.featuresPerLeaf
  }
  expect([1, 2, 3, 6, 25, 60].map(featuresOf)).toEqual([1, 2, 3, 3, 6, 9])
})

test('a forest whose leaves see different features misses by less than one whose leaves see all', () => {
  const rows = friedman(3000, 'forest', 1500)
  expect(errorOfForests(rows, { members: 10 })).toBeLessThan(
    0.97 * errorOfForests(rows, { members: 10, create: seesAll }),
  )
})

test('of many features it misses by about as little, in a quarter of the memory', () => {
  const rng = new SeededRng('noise')
  const rows = friedman(3000, 'wide', 1500).map(({ x, y }) => ({
    x: Float64Array.from({ length: 25 }, (_, f) => x[f] ?? rng.next()),
    y,
  }))
  const [usual, all] = [{}, { create: seesAll }].map((options) => {
    const forest = new AdaptiveRandomForestRegressor({ features: 25, ...options })
    return { error: errorOf(forest, rows), bytes: forest.sizeInBytes }
  })
  expect(usual!.error).toBeLessThan(1.05 * all!.error)
  expect(usual!.bytes).toBeLessThan(0.3 * all!.bytes)
})

test('errors that grow to both sides renew members, where River’s detectors watch errors with their sign', () => {
  const rng = new SeededRng('both sides')
  const errors = Array.from({ length: 2000 }, (_, i) => (i < 1000 ? 1 : 4) * drawNormal(rng))

  // River's input: the error, moved and scaled by its running deviation
  const theirs = new ADWIN({ confidence: 0.01, direction: 'both' })
  const counted = { n: 0, mean: 0, s: 0 }
  let seen = 0
  for (const error of errors) {
    const before = counted.mean
    counted.n++
    counted.mean += (error - before) / counted.n
    counted.s += (error - before) * (error - counted.mean)
    const deviation = counted.n > 1 ? Math.sqrt(counted.s / (counted.n - 1)) : 0
    if (theirs.update(deviation > 0 ? (error + 3 * deviation) / (6 * deviation) : 0.5) === 'drift') seen++
  }
  expect(seen).toBe(0)

  class Zero implements Learner {
    readonly task: 'regression' = 'regression'
    seen = 0
    predict(): number {
      return 0
    }
    learn(): void {
      this.seen++
    }
    toJSON(): Snapshot {
      return { type: 'zero', version: 1, options: {}, state: {} }
    }
  }
  const forest = new AdaptiveRandomForestRegressor({ features: 1, members: 1, create: () => new Zero() })
  const replaced = errors.map((error) => {
    forest.learn(Float64Array.of(0), error)
    return forest.replaced
  })
  expect(replaced[999]).toBe(0)
  expect(replaced[1299]).toBe(1)
})
