import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, Rng, Snapshot } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { cutHalfSpaces, type HalfSpaces } from '../../src/learners/half-space-trees/half-spaces.ts'
import { HalfSpaceTrees } from '../../src/learners/half-space-trees/index.ts'
import { refuses, stateOf } from '../../src/testing/law.ts'
import golden from '../golden/half-space-trees.json' with { type: 'json' }
import { aucOf, reread } from './helpers.ts'

/** Chance that has been recorded. */
function recordedRng(draws: readonly number[]): Rng {
  let at = 0
  return { next: () => draws[at++]!, fork: () => recordedRng([]), toJSON: () => ({}) as Snapshot }
}

/** Masses of one window, counted anew for each question. */
class PlainTrees {
  readonly #spaces: HalfSpaces
  readonly #trees: number
  readonly #height: number
  readonly #window: number
  rows: Float64Array[] = []
  reference: Float64Array[] = []

  constructor(spaces: HalfSpaces, trees: number, height: number, window: number) {
    this.#spaces = spaces
    this.#trees = trees
    this.#height = height
    this.#window = window
  }

  learn(x: Float64Array): void {
    this.rows.push(x.slice())
    if (this.rows.length < this.#window) return
    this.reference = this.rows
    this.rows = []
  }

  /** Nodes that `x` passes in a tree, from the root down. */
  #path(tree: number, x: Float64Array): number[] {
    const branches = this.#spaces.feature.length / this.#trees
    const path = [0]
    while (path.length <= this.#height) {
      const at = tree * branches + path.at(-1)!
      path.push(2 * path.at(-1)! + (x[this.#spaces.feature[at]!]! < this.#spaces.cut[at]! ? 1 : 2))
    }
    return path
  }

  /** The masses along the path, down to the first node that holds less than a tenth of the window. */
  masses(tree: number, x: Float64Array): number[] {
    const masses = this.#path(tree, x).map(
      (node) => this.reference.filter((row) => this.#path(tree, row).includes(node)).length,
    )
    const last = masses.findIndex((mass) => mass < 0.1 * this.#window)
    return last < 0 ? masses : masses.slice(0, last + 1)
  }

  /** River's score: all masses of the path, each doubled a level. */
  riverScore(x: Float64Array): number {
    if (this.reference.length === 0) return 0
    let sum = 0
    for (let tree = 0; tree < this.#trees; tree++) {
      for (const [depth, mass] of this.masses(tree, x).entries()) sum += mass * 2 ** depth
    }
    return 1 - sum / (this.#trees * this.#window * (2 ** (this.#height + 1) - 1))
  }

  /** Ours: the geometric mean of the density of the last node. */
  score(x: Float64Array): number {
    if (this.reference.length === 0) return 0
    let product = 1
    for (let tree = 0; tree < this.#trees; tree++) {
      const masses = this.masses(tree, x)
      const density = ((masses.at(-1)! + 1) / (this.#window + 1)) * 2 ** (masses.length - 1)
      product *= density ** (1 / this.#trees)
    }
    return 1 / (1 + product)
  }
}

/** Normal rows, of which some 2 in 100 lie 3.5 deviations out in one feature in four. */
function oddStream(features: number, n: number, scale = 1): { x: Float64Array; odd: number }[] {
  const rng = new SeededRng('odd')
  return Array.from({ length: n }, () => {
    const odd = Number(rng.next() < 0.02)
    const x = Float64Array.from({ length: features }, (_, j) => {
      const z = drawNormal(rng)
      return scale * (odd === 1 && j < features / 4 ? 3.5 * Math.sign(z) + 0.3 * z : z)
    })
    return { x, odd }
  })
}

function scored(scorer: HalfSpaceTrees, rows: readonly { x: Float64Array }[]): number[] {
  return rows.map(({ x }) => {
    const score = scorer.scoreOf(x)
    scorer.learn(x)
    return score
  })
}

describe('HalfSpaceTrees', () => {
  test('its cuts and masses are River’s where the draws are', () => {
    const spaces = cutHalfSpaces(1, 5, 3, recordedRng(golden.draws))
    const plain = new PlainTrees(spaces, 5, 3, 3)
    for (const x of golden.x.slice(0, 3)) plain.learn(Float64Array.of(x))
    const scores = golden.x.map((x) => {
      plain.learn(Float64Array.of(x))
      return plain.riverScore(Float64Array.of(x))
    })
    for (const [i, score] of golden.scores.entries()) expect(scores[i]).toBeCloseTo(score, 3)
  })

  test('scores by the geometric mean of densities in the last whole window', () => {
    const point = fc.array(fc.double({ min: -0.5, max: 1.5, noNaN: true }), { minLength: 2, maxLength: 2 })
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 40 }), (points) => {
        const options = { features: 2, trees: 3, height: 4, window: 10, seed: 's' }
        const limits = [
          [0, 1],
          [0, 1],
        ] as const
        const scorer = new HalfSpaceTrees({ ...options, limits })
        const plain = new PlainTrees(cutHalfSpaces(2, 3, 4, new SeededRng('s')), 3, 4, 10)
        for (const p of points) {
          const x = Float64Array.from(p)
          expect(scorer.scoreOf(x)).toBeCloseTo(plain.score(x), 12)
          scorer.learn(x)
          plain.learn(x)
        }
      }),
    )
  })

  test.each([2, 8, 20])('of %i features it tells the odd from the usual, without being told the limits', (features) => {
    const rows = oddStream(features, 4000)
    const scores = scored(new HalfSpaceTrees({ features }), rows).slice(500)
    // scores can tie, ranks cannot: a tie is broken by the order of arrival, which says nothing
    const ranked = scores.map((score, i) => score + 1e-12 * ((i * 7919) % 3500))
    expect(
      aucOf(
        ranked,
        rows.slice(500).map(({ odd }) => odd),
      ),
    ).toBeGreaterThan(0.95)
  })

  test('the unit of the features does not matter', () => {
    const scores = (scale: number): number[] => scored(new HalfSpaceTrees({ features: 2 }), oddStream(2, 800, scale))
    const wanted = scores(1)
    for (const scale of [2 ** -30, 2 ** 30]) expect(scores(scale)).toEqual(wanted)
  })

  test('a value far outside known or measured limits is odder than any inside', () => {
    for (const limits of [[], [[-4, 4]] as const]) {
      const scorer = new HalfSpaceTrees({ features: 1, limits })
      const rows = oddStream(1, 1000).filter(({ odd }) => odd === 0)
      scored(scorer, rows)
      const far = [1e300, -1e300, 60].map((value) => scorer.scoreOf(Float64Array.of(value)))
      expect(Math.min(...far)).toBeGreaterThan(scorer.scoreOf(Float64Array.of(0)) + 0.3)
    }
  })

  test('what is usual now was odd before, a window after it has become usual', () => {
    const rng = new SeededRng('shift')
    const scorer = new HalfSpaceTrees({ features: 2, window: 100 })
    const shifted = Float64Array.of(8, 8)
    const live = (n: number, at: number): void => {
      for (let i = 0; i < n; i++) scorer.learn(Float64Array.of(at + drawNormal(rng), at + drawNormal(rng)))
    }
    live(300, 0)
    const before = scorer.scoreOf(shifted)
    live(300, 8)
    expect(before).toBeGreaterThan(0.85)
    expect(scorer.scoreOf(shifted)).toBeLessThan(0.3)
  })

  test('says 0 until it has a window to compare with', () => {
    const known = new HalfSpaceTrees({ features: 1, window: 5, limits: [[0, 1]] })
    const measured = new HalfSpaceTrees({ features: 1, window: 5 })
    const x = Float64Array.of(0.4)
    const first = (scorer: HalfSpaceTrees): number => {
      let n = 0
      for (; scorer.scoreOf(x) === 0; n++) scorer.learn(x)
      return n
    }
    expect([first(known), first(measured)]).toEqual([5, 10])
  })

  test('scores are pure, in [0, 1] and finite for missing, constant and extreme values', () => {
    const value = fc.oneof(
      fc.constantFrom(Number.NaN, 0, 1e300, -1e300, 5e-324),
      fc.double({ noNaN: true, min: -5, max: 5 }),
    )
    const rows = fc.array(fc.array(value, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(rows, (rows) => {
        const scorer = new HalfSpaceTrees({ features: 2, trees: 2, height: 3, window: 4 })
        for (const row of rows) {
          const x = Float64Array.from(row)
          const before = stateOf(scorer)
          const score = scorer.scoreOf(x)
          expect(score >= 0 && score <= 1).toBe(true)
          expect(stateOf(scorer)).toBe(before)
          scorer.learn(x)
          expect([...x]).toEqual(row)
        }
      }),
    )
  })

  test('refuses bad vectors and options, unchanged', () => {
    const scorer = new HalfSpaceTrees({ features: 2, window: 4 })
    refuses(scorer, 'a short x', () => scorer.learn(new Float64Array(1)))
    refuses(scorer, 'an infinite x', () => scorer.scoreOf(Float64Array.of(0, 1 / 0)))
    expect(() => new HalfSpaceTrees({ features: 2, height: 16 })).toThrow(/"height"/)
    expect(() => new HalfSpaceTrees({ features: 2, limits: [[0, 1]] })).toThrow(/"limits"/)
    expect(() => new HalfSpaceTrees({ features: 1, limits: [[1, 1]] })).toThrow(/"limits"/)
  })

  test('restored from its snapshot it goes on to the bit, with the same memory', () => {
    const rows = oddStream(2, 120)
    for (const limits of [
      [],
      [
        [-1, 1],
        [-1, 2],
      ] as const,
    ]) {
      for (const stop of [0, 1, 30, 61]) {
        const steady = new HalfSpaceTrees({ features: 2, trees: 3, height: 4, window: 20, limits })
        scored(steady, rows.slice(0, stop))
        const copy = reread(steady, [HalfSpaceTrees])
        expect(scored(copy, rows.slice(stop))).toEqual(scored(steady, rows.slice(stop)))
        expect(stateOf(copy)).toBe(stateOf(steady))
        expect(copy.sizeInBytes).toBe(steady.sizeInBytes)
      }
    }
  })

  test('refuses damaged snapshots, and huge ones before making room for them', () => {
    const scorer = new HalfSpaceTrees({ features: 2, trees: 2, height: 3, window: 4 })
    scored(scorer, oddStream(2, 20))
    const whole = JSON.parse(stateOf(scorer)) as Snapshot
    const damaged: Snapshot[] = ['trees', 'height', 'features', 'window'].flatMap((name) =>
      [1e9, 0, -1, 0.5].map((value) => ({ ...whole, options: { ...whole.options, [name]: value } as JsonObject })),
    )
    for (const key of Object.keys(whole.state)) {
      const { [key]: _, ...state } = whole.state
      damaged.push({ ...whole, state }, { ...whole, state: { ...whole.state, [key]: -1 } })
    }
    // only a window that is longer than the present count can be anything
    const refused = damaged.filter(({ options }) => options['window'] !== 1e9)
    for (const snapshot of refused) refuses(scorer, 'a damaged snapshot', () => restore(snapshot, [HalfSpaceTrees]))
  })
})
