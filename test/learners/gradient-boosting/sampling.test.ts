import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { logLossOf } from '../../../src/core/math.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import type { Forest } from '../../../src/learners/forest/forest.ts'
import { marginsInto } from '../../../src/learners/forest/margins.ts'
import {
  type CustomLoss,
  GradientBoosting,
  type GradientBoostingInput,
  MultiGradientBoosting,
} from '../../../src/learners/gradient-boosting/index.ts'
import { chooseByGradient, chooseUniform } from '../../../src/learners/gradient-boosting/sampling.ts'
import { alone } from '../../../src/learners/gradient-boosting/team.ts'
import { drawDataSet, drawSpecial, FEATURES } from './data.ts'
import { expectSound, mean, vector, visits } from './support.ts'

type More = Partial<Omit<GradientBoostingInput, 'features'>>
const { train, test: held } = drawDataSet('binary', 3, 1500, 1500)
const number = drawDataSet('regression', 3, 1000, 1000)

const fitted = (more: More): GradientBoosting => {
  const model = new GradientBoosting({ features: FEATURES, trees: 60, ...more })
  const table = more.task === 'regression' ? number.train : train
  model.fit(table.rows, table.y)
  return model
}
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const isAscending = (list: readonly number[]): boolean => list.every((one, i) => i === 0 || one > list[i - 1]!)

describe('chooseUniform', () => {
  test('puts the drawn first and the others after them, both ascending', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.string(),
        (n, share, seed) => {
          const count = Math.round(share * n)
          const out = new Int32Array(n)
          chooseUniform(new SeededRng(`s${seed}`), out, count)
          expect([...out].sort((a, b) => a - b)).toEqual(upTo(n))
          expect(isAscending([...out.subarray(0, count)])).toBe(true)
          expect(isAscending([...out.subarray(count)])).toBe(true)
        },
      ),
    )
  })

  test('gives every one the same chance', () => {
    const rng = new SeededRng('chance')
    const hits = new Float64Array(10)
    const out = new Int32Array(10)
    for (let run = 0; run < 4000; run++) {
      chooseUniform(rng, out, 3)
      for (const one of out.subarray(0, 3)) hits[one]!++
    }
    // 1200 expected, with a deviation of 29
    for (const count of hits) expect(Math.abs(count - 1200)).toBeLessThan(130)
  })

  test('draws nothing where all are wanted', () => {
    const [used, untouched] = [new SeededRng('all'), new SeededRng('all')]
    chooseUniform(used, new Int32Array(5), 5)
    expect(used.next()).toBe(untouched.next())
  })
})

describe('chooseByGradient', () => {
  const draw = (n: number, outputs: number, seed: string): { g: Float64Array; h: Float64Array; rng: SeededRng } => {
    const rng = new SeededRng(seed)
    const list = (): Float64Array => Float64Array.from({ length: n * outputs }, () => rng.next() - 0.3)
    return { g: list(), h: list().map((one) => 0.1 + Math.abs(one)), rng }
  }

  test('keeps the largest fifth as they are and lets a tenth stand for the rest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 3 }), fc.nat(), (n, outputs, seed) => {
        const { g, h, rng } = draw(n, outputs, `${seed}`)
        const [before, beforeH] = [g.slice(), h.slice()]
        const out = new Int32Array(n)
        const chosen = chooseByGradient(rng, g, h, out, alone)
        const top = Math.max(1, Math.round(0.2 * n))
        const drawn = Math.min(n - top, Math.max(1, Math.round(0.1 * n)))
        expect(chosen).toBe(top + drawn)
        expect([...out].sort((a, b) => a - b)).toEqual(upTo(n))
        expect(isAscending([...out.subarray(0, chosen)])).toBe(true)
        const size = (row: number): number => {
          let sum = 0
          for (let at = row; at < before.length; at += n) sum += Math.abs(before[at]! * beforeH[at]!)
          return sum
        }
        const bySize = upTo(n).sort((a, b) => size(b) - size(a))
        let weight = 0
        for (const [rank, row] of bySize.entries()) {
          const factor = h[row]! / beforeH[row]!
          for (let at = row; at < g.length; at += n) expect(g[at]!).toBeCloseTo(before[at]! * factor, 12)
          if (rank < top) expect(factor).toBe(1)
          if (out.subarray(0, chosen).includes(row)) weight += factor
          else expect(factor).toBe(1)
        }
        expect(weight).toBeCloseTo(n, 9)
      }),
    )
  })

  test('of equal rows takes as many as of others', () => {
    const [g, h] = [new Float64Array(100).fill(1), new Float64Array(100).fill(1)]
    const out = new Int32Array(100)
    expect(chooseByGradient(new SeededRng('equal'), g, h, out, alone)).toBe(30)
    expect(h.reduce((sum, _, i) => sum + (out.subarray(0, 30).includes(i) ? h[i]! : 0), 0)).toBeCloseTo(100, 9)
  })
})

const SAMPLED: [string, More][] = [
  ['rows', { rowFraction: 0.4 }],
  ['columns', { columnFraction: 0.3 }],
  ['rows and columns', { rowFraction: 0.6, columnFraction: 0.6 }],
  ['rows by gradient', { sampling: 'goss' }],
  ['rows by gradient, and columns', { sampling: 'goss', columnFraction: 0.5 }],
  ['trees left out', { dropout: 0.2 }],
  ['trees left out, and rows', { dropout: 0.2, rowFraction: 0.7 }],
]

describe.each(SAMPLED)('with %s drawn', (_, more) => {
  test('equal seeds give equal trees, others other ones', () => {
    const [a, b, c] = ['1', '1', '2'].map((seed) => JSON.stringify(fitted({ ...more, seed })))
    expect(a).toBe(b)
    expect(JSON.stringify(JSON.parse(a!).state)).not.toBe(JSON.stringify(JSON.parse(c!).state))
  })

  test('predictions of later rows beat those that need no learning', () => {
    const model = fitted(more)
    expectSound(model.forest)
    const base = mean(train.y)
    const loss = mean(held.rows.map((x, i) => logLossOf(held.y[i]!, model.predict(x))))
    expect(loss).toBeLessThan(mean(held.y.map((y) => logLossOf(y, base))) - 0.05)
    const squared = fitted({ ...more, task: 'regression' })
    const average = mean(number.train.y)
    const errorOf = (predict: (x: Float64Array) => number): number =>
      mean(number.test.rows.map((x, i) => (predict(x) - number.test.y[i]!) ** 2))
    expect(errorOf((x) => squared.predict(x))).toBeLessThan(0.8 * errorOf(() => average))
  })

  test('several outputs learn too', () => {
    const classes = drawSpecial('classes', 5, 1000, 1000)
    const model = new MultiGradientBoosting({
      features: FEATURES,
      loss: 'softmax',
      classes: 3,
      trees: 30,
      ...(more as object),
    })
    model.fit(classes.train.rows, classes.train.y)
    expectSound(model.forest)
    const out = new Float64Array(3)
    const right = classes.test.rows.map((x, i) => {
      model.predictInto(x, out)
      return Number(out.indexOf(Math.max(...out)) === classes.test.y[i])
    })
    const most = Math.max(...[0, 1, 2].map((k) => mean(classes.test.y.map((y) => Number(y === k)))))
    expect(mean(right)).toBeGreaterThan(most + 0.05)
  })
})

describe('what is drawn', () => {
  test('trees see their share of the rows', () => {
    const { cover, roots } = fitted({ rowFraction: 0.4 }).forest
    for (const root of roots) expect(cover[root]).toBe(600)
    const goss = fitted({ sampling: 'goss', learningRate: 0.2 }).forest
    // all rows until gradients say something: 1 / learningRate rounds
    expect(Array.from(goss.roots, (root) => goss.cover[root])).toEqual(upTo(60).map((t) => (t < 5 ? 1500 : 450)))
  })

  test('a fraction that rounds to nothing is one row or one column', () => {
    const model = fitted({ rowFraction: 1e-6, columnFraction: 1e-6 })
    expect(model.trees).toEqual([])
    expect(fitted({ columnFraction: 1e-6 }).trees).toHaveLength(60)
  })

  test('without sampling each tree sees all, in a forest that is the same for every seed', () => {
    const [a, b] = ['1', '2'].map((seed) => fitted({ seed }).forest)
    expect(a).toEqual(b)
    expect(visits(a!, train.rows)).toEqual(a!.cover)
  })
})

describe('dropout', () => {
  test('training believes of its margins what the trees add up to', () => {
    const seen: Float64Array[] = []
    const spy: CustomLoss = {
      name: 'spy',
      base: (y) => mean(y),
      derive(y, margins, g, h) {
        seen.push(margins.slice())
        for (let i = 0; i < y.length; i++) g[i] = margins[i]! - y[i]!
        h.fill(1)
      },
    }
    const options = { features: FEATURES, task: 'regression', loss: 'spy', dropout: 0.3 } as const
    const { rows, y } = number.train
    const some = rows.slice(0, 300)
    const train = (trees: number): Forest => {
      const model = new GradientBoosting({ ...options, trees }, spy)
      model.fit(some, y.slice(0, 300))
      return model.forest
    }
    train(41)
    const believed = seen.splice(0)
    let whole = 0
    for (let trees = 1; trees <= 40; trees++) {
      const forest = train(trees)
      const margins = some.map((x) => {
        const out = vector(0)
        marginsInto(forest, x, 0, out)
        return out[0]!
      })
      // in half of the rounds no tree is left out
      whole += Number(margins.every((margin, i) => Math.abs(margin - believed[trees]![i]!) < 1e-9))
    }
    expect(whole).toBeGreaterThan(12)
    expect(whole).toBeLessThan(40)
  })

  test('the loss on the training rows falls with more trees', () => {
    const lossAt = (trees: number): number => {
      const model = fitted({ dropout: 0.2, trees })
      return mean(train.rows.map((x, i) => logLossOf(train.y[i]!, model.predict(x))))
    }
    const losses = [5, 20, 80].map(lossAt)
    expect(losses[1]!).toBeLessThan(losses[0]! - 0.01)
    expect(losses[2]!).toBeLessThan(losses[1]! - 0.01)
  })

  test('leaving out all trees still ends in a sum that fits', () => {
    const model = fitted({ task: 'regression', dropout: 1 })
    expectSound(model.forest)
    const error = mean(number.train.rows.map((x, i) => (model.predict(x) - number.train.y[i]!) ** 2))
    const average = mean(number.train.y)
    expect(error).toBeLessThan(mean(number.train.y.map((y) => (y - average) ** 2)))
  })

  test('trees that nothing has replaced count as before', () => {
    // after one tree of two leaves with a full step nothing is left over, so all later rounds find no split
    const rows = Array.from({ length: 40 }, (_, i) => vector(i % 2))
    const y = rows.map(([x]) => (x === 0 ? -3 : 3))
    const input = {
      features: 1,
      task: 'regression',
      learningRate: 1,
      l2: 0,
      maxLeaves: 2,
      minSamplesLeaf: 1,
      minSamples: 1,
    } as const
    const model = new GradientBoosting({ ...input, dropout: 1e-9, trees: 50 })
    model.fit(rows, y)
    expect([0, 1].map((x) => model.predict(vector(x)))).toEqual([-3, 3])
    const dropped = new GradientBoosting({ ...input, dropout: 0.5, trees: 50, minGain: 1e-6 })
    dropped.fit(rows, y)
    expect([0, 1].map((x) => dropped.predict(vector(x)))).toEqual([-3, 3].map((v) => expect.closeTo(v, 9)))
  })

  test('of several outputs strengthens none at the expense of another', () => {
    const classes = drawSpecial('classes', 6, 800, 800)
    const { rows, y } = classes.train
    const lossOf = (more: object): number => {
      const model = new MultiGradientBoosting({ features: FEATURES, loss: 'softmax', classes: 3, trees: 40, ...more })
      model.fit(rows, y)
      return mean(rows.map((x, i) => -Math.log(model.predictInto(x, new Float64Array(3))[y[i]!]!)))
    }
    const [plain, dropped, none] = [lossOf({}), lossOf({ dropout: 0.1 }), lossOf({ minGain: 1e9 })]
    expect(dropped!).toBeLessThan(none! - 0.6 * (none! - plain!))
  })
})
