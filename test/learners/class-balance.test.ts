import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Codec, Forgetful, Learner, Snapshot } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { logLossOf, sigmoid } from '../../src/core/math.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { BaseRate, MeanTarget } from '../../src/learners/baseline.ts'
import { BayesianLogisticRegression } from '../../src/learners/bayesian-logistic-regression.ts'
import { ClassBalance, CostWeighting } from '../../src/learners/class-balance/index.ts'
import { scaleOdds } from '../../src/learners/class-balance/odds.ts'
import { HoeffdingTreeClassifier } from '../../src/learners/hoeffding-tree/index.ts'
import { LogisticRegression } from '../../src/learners/logistic-regression.ts'
import { learnerLaws } from '../../src/testing/index.ts'
import { aucOf, Lazy, meanOf, type Row } from './helpers.ts'

const features = 3
const codecs: readonly Codec[] = [BaseRate, BayesianLogisticRegression, LogisticRegression, Lazy]
const logistic = (): Learner => new LogisticRegression({ features, learningRate: 0.05 })
const kinds: readonly [string, () => Learner, Codec, learnsFromX: boolean][] = [
  ['ClassBalance', () => new ClassBalance({ learner: logistic() }), ClassBalance, true],
  [
    'ClassBalance that forgets, of one that can refit',
    () => new ClassBalance({ learner: new Lazy({ features, start: 0.5 }), halfLife: 1, maxWeight: 3 }),
    ClassBalance,
    false,
  ],
  ['CostWeighting', () => new CostWeighting({ learner: logistic(), falsePositive: 5 }), CostWeighting, true],
]
describe.each(kinds)('%s', (_, create, codec, learnsFromX) => {
  for (const { name, run } of learnerLaws(create, codec, { features, codecs, learnsFromX })) test(name, run)
})

/** Some 2 ones in 100, which two of three features tell from the zeros. */
function rareStream(seed: string): () => Row {
  const rng = new SeededRng(seed)
  return () => {
    const x = Float64Array.of(drawNormal(rng), drawNormal(rng), drawNormal(rng))
    const p = sigmoid(-5.2 + 1.5 * x[0]! - x[1]!)
    return { x, y: Number(rng.next() < p), p }
  }
}

type Result = { readonly said: number[]; readonly rows: Row[] }
/** Predictions before learning, after the first `skip` rows. */
function prequential(learner: Learner, n: number, skip: number): Result {
  const draw = rareStream('rare')
  const said: number[] = []
  const rows: Row[] = []
  for (let i = 0; i < n; i++) {
    const row = draw()
    if (i >= skip) {
      said.push(learner.predict(row.x))
      rows.push(row)
    }
    learner.learn(row.x, row.y)
  }
  return { said, rows }
}
const logLoss = ({ said, rows }: Result): number => meanOf(said.map((p, i) => logLossOf(rows[i]!.y, p)))
const auc = ({ said, rows }: Result): number =>
  aucOf(
    said,
    rows.map(({ y }) => y),
  )
const bias = ({ said, rows }: Result): number => meanOf(said) / meanOf(rows.map(({ y }) => y))

describe('scaleOdds', () => {
  test('multiplies the odds, and undoes itself', () => {
    const p = fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true })
    const ratio = fc.double({ min: 1e-3, max: 1e3, noNaN: true })
    fc.assert(
      fc.property(p, ratio, (p, ratio) => {
        const q = scaleOdds(p, ratio)
        expect(q / (1 - q) / (p / (1 - p))).toBeCloseTo(ratio, 3 - Math.ceil(Math.log10(ratio)))
        expect(scaleOdds(q, 1 / ratio)).toBeCloseTo(p, 9)
      }),
    )
  })

  test('keeps certainty and stays in [0, 1] whatever the ratio', () => {
    for (const ratio of [1e-300, 1, 1e300, Infinity]) {
      expect([scaleOdds(0, ratio), scaleOdds(1, ratio)]).toEqual([0, 1])
      for (const p of [5e-324, 0.3, 1 - 2 ** -53]) {
        expect(scaleOdds(p, ratio)).toBeGreaterThanOrEqual(0)
        expect(scaleOdds(p, ratio)).toBeLessThanOrEqual(1)
      }
    }
  })
})

describe('ClassBalance', () => {
  test('a base rate comes out exactly as it went in, however its labels were weighed', () => {
    const labels = fc.array(fc.tuple(fc.boolean(), fc.double({ min: 0.1, max: 10, noNaN: true })), { maxLength: 60 })
    fc.assert(
      fc.property(labels, fc.double({ min: 0.1, max: 0.5, noNaN: true }), (labels, share) => {
        const balance = new ClassBalance({ learner: new BaseRate({ features: 1 }), share })
        const plain = new BaseRate({ features: 1 })
        for (const [one, weight] of labels) {
          for (const learner of [balance, plain]) learner.learn(Float64Array.of(0), Number(one), weight)
        }
        expect(balance.predict(Float64Array.of(0))).toBeCloseTo(plain.predict(Float64Array.of(0)), 9)
        expect(balance.baseRate).toBeCloseTo(plain.predict(Float64Array.of(0)), 9)
      }),
    )
  })

  test('the learner inside sees the rarer class with its share of the weight', () => {
    for (const share of [0.2, 0.5]) {
      let [ones, all] = [0, 0]
      const spy = new BaseRate({ features })
      const learn = spy.learn.bind(spy)
      spy.learn = (x, y, weight = 1) => {
        ones += y * weight
        all += weight
        learn(x, y, weight)
      }
      prequential(new ClassBalance({ learner: spy, share }), 20_000, 0)
      expect(ones / all).toBeCloseTo(share, 1)
      // and as much weight in all as there were rows
      expect(all / 20_000).toBeCloseTo(1, 1)
    }
  })

  test('on a stream of 2 % winners it is calibrated, with a better log loss and AUC than the learner alone', () => {
    const slow = (): Learner => new LogisticRegression({ features, learningRate: 0.01 })
    const [plain, balanced] = [slow(), new ClassBalance({ learner: slow() })].map((l) => prequential(l, 20_000, 500))
    expect(bias(balanced!)).toBeGreaterThan(0.85)
    expect(bias(balanced!)).toBeLessThan(1.15)
    expect(logLoss(balanced!)).toBeLessThan(logLoss(plain!))
    expect(auc(balanced!)).toBeGreaterThan(auc(plain!))
  })

  test('around a Hoeffding tree it stays calibrated as well, and ranks better', () => {
    const tree = (): Learner => new HoeffdingTreeClassifier({ features })
    const [plain, balanced] = [tree(), new ClassBalance({ learner: tree() })].map((l) => prequential(l, 20_000, 500))
    expect(bias(balanced!)).toBeGreaterThan(0.7)
    expect(bias(balanced!)).toBeLessThan(1.3)
    expect(auc(balanced!)).toBeGreaterThan(auc(plain!))
  })

  test('follows a base rate that moves, where told to', () => {
    const balance = new ClassBalance({ learner: new BaseRate({ features: 1, halfLife: 200 }), halfLife: 200 })
    const rng = new SeededRng('moving')
    for (let i = 0; i < 6000; i++) balance.learn(Float64Array.of(0), Number(rng.next() < (i < 3000 ? 0.02 : 0.3)))
    expect(balance.baseRate).toBeGreaterThan(0.24)
    expect(balance.predict(Float64Array.of(0))).toBeGreaterThan(0.24)
    expect(balance.predict(Float64Array.of(0))).toBeLessThan(0.36)
  })

  test.each([Infinity, 5000])(
    'forgets its sums too, so that it follows a new base rate at once, half-life %s',
    (halfLife) => {
      const create = (): ClassBalance & Forgetful =>
        new ClassBalance({ learner: new BayesianLogisticRegression({ features: 1 }), halfLife }) as never
      const [steady, forgetting, fresh] = [create(), create(), create()]
      const rng = new SeededRng('forgetting')
      for (let i = 0; i < 3000; i++) {
        const [x, y] = [Float64Array.of(drawNormal(rng)), Number(rng.next() < 0.02)]
        for (const learner of [steady, forgetting]) learner.learn(x, y)
      }
      const rate = forgetting.baseRate
      forgetting.forget(10_000)
      expect(forgetting.baseRate).toBe(rate)
      forgetting.forget(100)
      expect(forgetting.baseRate).toBeCloseTo(rate, 1)
      forgetting.forget(100)
      // 100 new ones weigh as much as what is left
      for (let i = 0; i < 100; i++) forgetting.learn(Float64Array.of(0), 1)
      expect(forgetting.baseRate).toBeCloseTo(0.5, 1)
      forgetting.forget(0)
      expect(forgetting.baseRate).toBe(fresh.baseRate)
    },
  )

  test('a snapshot of version 1 is read, with all that was seen behind its sums', () => {
    const balance = new ClassBalance({ learner: logistic() })
    for (let i = 0; i < 30; i++) balance.learn(Float64Array.of(i, 1, 2), Number(i % 5 === 0))
    const json = JSON.parse(JSON.stringify(balance)) as Snapshot
    const { held, ...state } = json.state
    expect(held).toBe(30)
    const read = restore({ ...json, version: 1, state }, [ClassBalance, ...codecs])
    expect(JSON.stringify(read)).toBe(JSON.stringify(balance))
  })

  test('what is no vector is refused with a code', () => {
    for (const learner of [new ClassBalance({ learner: logistic() }), new CostWeighting({ learner: logistic() })]) {
      for (const x of [null, undefined]) {
        expect(() => learner.learn(x as never, 1)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
      }
    }
  })

  test('refuses regressions and shares above a half', () => {
    expect(() => new ClassBalance({ learner: new MeanTarget({ features }) })).toThrow(/binary/)
    for (const share of [0, 0.6, Number.NaN]) {
      expect(() => new ClassBalance({ learner: logistic(), share })).toThrow(/"share"/)
    }
  })
})

describe('CostWeighting', () => {
  test('its threshold is Bayes’: acting above it costs least in expectation', () => {
    const cost = fc.double({ min: 0.01, max: 100, noNaN: true })
    fc.assert(
      fc.property(cost, cost, fc.double({ min: 0, max: 1, noNaN: true }), (falsePositive, falseNegative, p) => {
        const { threshold } = new CostWeighting({ learner: logistic(), falsePositive, falseNegative })
        expect(threshold).toBeCloseTo(falsePositive / (falsePositive + falseNegative), 12)
        fc.pre(Math.abs(p - threshold) > 1e-9)
        expect(p > threshold).toBe((1 - p) * falsePositive < p * falseNegative)
      }),
    )
  })

  test('probabilities stay probabilities, whatever the costs', () => {
    for (const falseNegative of [1, 20]) {
      const learner = new BayesianLogisticRegression({ features, halfLife: Infinity })
      const result = prequential(new CostWeighting({ learner, falseNegative }), 20_000, 3000)
      expect(bias(result)).toBeGreaterThan(0.85)
      expect(bias(result)).toBeLessThan(1.15)
    }
  })

  test('a learner of limited means decides more cheaply than one taught without the costs', () => {
    // a straight line for a curved world: it must choose where to be right
    const costOf = (learner: Learner, threshold: number, falsePositive: number): number => {
      const rng = new SeededRng('costs')
      let cost = 0
      for (let i = 0; i < 30_000; i++) {
        const x = Float64Array.of(4 * rng.next() - 2, drawNormal(rng), drawNormal(rng))
        const y = Number(rng.next() < (x[0]! > 1 ? 0.95 : x[0]! > -1 ? 0.55 : 0.6))
        if (i > 2000) {
          const acts = learner.predict(x) > threshold
          cost += acts ? (1 - y) * falsePositive : y
        }
        learner.learn(x, y)
      }
      return cost
    }
    const falsePositive = 6
    const weighted = new CostWeighting({ learner: logistic(), falsePositive })
    const cost = costOf(weighted, weighted.threshold, falsePositive)
    expect(cost).toBeLessThan(costOf(logistic(), weighted.threshold, falsePositive))
    expect(cost).toBeLessThan(0.5 * costOf(logistic(), 0.5, falsePositive))
  })
})
