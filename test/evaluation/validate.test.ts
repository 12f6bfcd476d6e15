import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BatchLearner, Learner, Metric, Snapshot, Vector } from '../../src/contracts.ts'
import { SeededRng } from '../../src/core/index.ts'
import { baseRateOf, lastLabels } from '../../src/evaluation/baselines.ts'
import {
  type Dataset,
  formatEstimate,
  HoldOut,
  SCORES,
  type ScoreName,
  type Validation,
  validateHoldout,
  WalkForward,
  walkForward,
} from '../../src/evaluation/index.ts'
import { countsOf, createScorecard, scoreRows } from '../../src/evaluation/scorecard.ts'
import {
  Accuracy,
  AUC,
  Brier,
  CalibrationError,
  LogLoss,
  Precision,
  Recall,
  TradeStatistics,
} from '../../src/metrics/index.ts'

const T0 = 1.6e12
const BAR = 3_600_000

const unsaved = (): Snapshot => {
  throw new Error('not saved in this test')
}

/** Rows with one feature in [-1, 1]; P(y = 1) = 0.5 + strength * feature; labels open for `overlap` rows. */
function planted(n: number, strength: number, seed: number, overlap = 1): Dataset {
  const rng = new SeededRng(seed)
  const rows = Array.from({ length: n }, () => Float64Array.of(2 * rng.next() - 1))
  const y = rows.map((x) => Number(rng.next() < 0.5 + strength * x[0]!))
  const times = rows.map((_, i) => T0 + i * BAR)
  return {
    rows,
    y,
    netReturns: y.map((label) => (label ? 0.01 : -0.01)),
    times,
    labelEnds: times.map((t) => t + overlap * BAR),
  }
}

/** Logistic regression on one feature by plain gradient steps. */
const logistic = (): Learner => {
  let [weight, bias, seen] = [0, 0, 0]
  const predict = (x: Vector): number => 1 / (1 + Math.exp(-bias - weight * x[0]!))
  return {
    task: 'binary',
    get seen() {
      return seen
    },
    predict,
    learn(x, y) {
      const gradient = (predict(x) - y) / Math.sqrt(++seen)
      weight -= gradient * x[0]!
      bias -= gradient
    },
    toJSON: unsaved,
  }
}

const splitter = () => new HoldOut({ splitter: new WalkForward({ train: 400, test: 200 }) })
const quick = { resamples: 200 }
const scoreOf = (result: Validation, name: ScoreName) => result.scores.find((score) => score.name === name)!

describe('walkForward', () => {
  const skilled = walkForward(planted(2500, 0.3, 1), logistic, splitter(), quick)

  test('sees planted skill', () => {
    expect(skilled.verdict).toMatchObject({ skill: 'shown', direction: 'shown', probabilities: 'shown' })
    expect(skilled.verdict.text).toMatch(/^Skill shown: correlation with the net returns 0\.\d{3} \(/)
    const auc = scoreOf(skilled, 'auc')
    // P(y = 1) = 0.5 + 0.3 x with x uniform has an AUC of 0.7
    expect(auc.model.low).toBeLessThan(0.7)
    expect(auc.model.high).toBeGreaterThan(0.7)
    expect(scoreOf(skilled, 'winRate').baselines.takeAll.gain.low).toBeGreaterThan(0)
  })

  test('seldom sees skill where there is none', () => {
    const verdicts = Array.from(
      { length: 40 },
      (_, seed) => walkForward(planted(1200, 0, seed), logistic, splitter(), quick).verdict,
    )
    expect(verdicts.filter(({ skill }) => skill === 'shown').length).toBeLessThanOrEqual(4)
    expect(verdicts.filter(({ skill }) => skill === 'too little data').length).toBe(0)
  })

  test('calls a model that knows the opposite worse', () => {
    const wrong = (): Learner => {
      const learner = logistic()
      return {
        task: 'binary',
        seen: 0,
        predict: (x) => 1 - learner.predict(x),
        learn: (x, y) => learner.learn(x, y),
        toJSON: unsaved,
      }
    }
    const { verdict, scores } = walkForward(planted(2500, 0.3, 1), wrong, splitter(), quick)
    expect(verdict).toMatchObject({ skill: 'worse', direction: 'worse', probabilities: 'worse' })
    // a gain is positive where the model is better, whatever the direction of the score
    for (const score of scores.filter(({ name }) => name === 'logLoss' || name === 'auc' || name === 'correlation')) {
      expect(score.baselines.baseRate.gain.high).toBeLessThan(0)
    }
  })

  test('judges the best of many more strictly, and says what it could have seen', () => {
    const of = (trials: number) =>
      walkForward(planted(1200, 0.12, 1), logistic, splitter(), { ...quick, trials }).verdict
    const verdicts = [1, 100].map(of)
    expect(verdicts.map(({ skill }) => skill)).toEqual(['shown', 'not shown'])
    expect(verdicts[1]!.power.detectable).toBeGreaterThan(1.3 * verdicts[0]!.power.detectable)
    expect(verdicts[1]!.text).toMatch(/Judged as the best of 100 tried\. A correlation below 0\.1\d\d would mostly/)
    expect(() => of(0)).toThrow('"trials"')
  })

  test('reports each score beside the baselines, in a fixed order', () => {
    expect(skilled.scores.map(({ name }) => name)).toEqual(SCORES.map(({ name }) => name))
    const y = skilled.predictions.map((prediction) => prediction.y)
    const wins = y.filter((label) => label === 1).length / y.length
    expect(scoreOf(skilled, 'winRate').baselines.takeAll.value).toBe(wins)
    expect(scoreOf(skilled, 'recall').baselines.takeAll.value).toBe(1)
    // bare decisions have no probabilities to judge
    for (const name of ['auc', 'correlation', 'returnCorrelation', 'logLoss', 'brier', 'calibrationError'] as const) {
      expect(scoreOf(skilled, name).baselines.takeAll.value).toBeNaN()
      expect(scoreOf(skilled, name).baselines.lastLabel.gain.value).toBeNaN()
    }
    for (const { model, baselines, better } of skilled.scores) {
      const { value, gain } = baselines.baseRate
      const difference = better === 'higher' ? model.value - value : value - model.value
      if (Number.isNaN(difference)) expect(gain.value).toBeNaN()
      else expect(gain.value).toBeCloseTo(difference, 12)
    }
  })

  test('predicts each row between the first training and the holdout once, from the fold it is in', () => {
    expect(skilled.predictions.map(({ row }) => row)).toEqual(Array.from({ length: 1600 }, (_, i) => 400 + i))
    for (const [number, { test: tested, predictions, trainRows }] of skilled.folds.entries()) {
      expect(predictions.map(({ row }) => row)[0]).toBe(tested[0]!.start)
      expect(predictions.every(({ fold }) => fold === number)).toBe(true)
      expect(trainRows).toBe(400 + 200 * number)
    }
    expect(skilled.folds[0]!.scores.model.auc).toBeGreaterThan(0.6)
    expect(skilled.folds[0]!.scores.takeAll.auc).toBeNaN()
  })

  test('equal seeds give equal results, to the bit', () => {
    const again = walkForward(planted(2500, 0.3, 1), logistic, splitter(), quick)
    expect(JSON.stringify(again)).toBe(JSON.stringify(skilled))
    const other = walkForward(planted(2500, 0.3, 1), logistic, splitter(), { ...quick, seed: 9 })
    expect(scoreOf(other, 'auc').model.value).toBe(scoreOf(skilled, 'auc').model.value)
    expect(scoreOf(other, 'auc').model.low).not.toBe(scoreOf(skilled, 'auc').model.low)
  })

  test('draws longer blocks where labels overlap, and widens the intervals', () => {
    const { options } = walkForward(planted(2500, 0, 1, 30), logistic, splitter(), quick)
    expect(options.blockLength).toBeGreaterThanOrEqual(58)
    expect(skilled.options.blockLength).toBe(12)
  })

  test('says N/A below the floors, and gives no interval to less than ten blocks', () => {
    const short = walkForward(
      planted(60, 0.3, 1),
      logistic,
      new HoldOut({ splitter: new WalkForward({ train: 20, test: 10 }) }),
      {
        ...quick,
        blockLength: 4,
      },
    )
    expect(short.predictions.length).toBe(28)
    expect(formatEstimate(scoreOf(short, 'logLoss').model)).toBe('N/A (needs 30)')
    expect(formatEstimate(scoreOf(short, 'calibrationError').model)).toBe('N/A (needs 200)')
    expect(short.verdict.skill).toBe('too little data')
    const blocks = walkForward(
      planted(200, 0.3, 1),
      logistic,
      new HoldOut({ splitter: new WalkForward({ train: 50, test: 50 }) }),
      {
        ...quick,
        blockLength: 30,
      },
    )
    expect(formatEstimate(scoreOf(blocks, 'logLoss').model)).toMatch(/^0\.\d{3}$/)
    // 110 labels of which 40 are always open at once have room for three
    const overlapping = walkForward(
      planted(260, 0, 1, 40),
      logistic,
      new HoldOut({ splitter: new WalkForward({ train: 60, test: 50 }) }),
      quick,
    )
    expect(overlapping.verdict.skill).toBe('too little data')
  })

  test('fits batch learners on the training rows, and asks only about others', () => {
    const dataset = planted(600, 0.3, 4)
    const place = new Map(dataset.rows.map((x, row) => [x, row]))
    const seen: { fitted: number[]; asked: number[] }[] = []
    const create = (): BatchLearner => {
      const own = { fitted: [] as number[], asked: [] as number[] }
      seen.push(own)
      return {
        task: 'binary',
        seen: 0,
        predict(x) {
          own.asked.push(place.get(x)!)
          return 0.5
        },
        learn() {
          throw new Error('a batch learner is fitted')
        },
        fit(rows, y) {
          expect(Array.from(y)).toEqual(rows.map((x) => dataset.y[place.get(x)!]))
          own.fitted = rows.map((x) => place.get(x)!)
        },
        toJSON: unsaved,
      }
    }
    walkForward(
      dataset,
      create,
      new HoldOut({ splitter: new WalkForward({ train: 200, test: 100, embargo: 5 }) }),
      quick,
    )
    expect(seen.length).toBe(3)
    for (const { fitted, asked } of seen) expect(Math.max(...fitted)).toBeLessThan(Math.min(...asked) - 5)
  })

  test('tells its progress, and stops when told to', () => {
    const signal = { aborted: false }
    const steps: number[] = []
    const run = () =>
      walkForward(planted(1200, 0, 1), logistic, splitter(), {
        ...quick,
        signal,
        onProgress: ({ done, of }) => {
          steps.push(done / of)
          signal.aborted = steps.length === 2
        },
      })
    expect(run).toThrow(expect.objectContaining({ code: 'ABORTED' }) as Error)
    expect(steps).toEqual([1 / 3, 2 / 3])
  })

  test('refuses what it cannot judge', () => {
    const dataset = planted(600, 0, 1)
    const code = (act: () => unknown): unknown => {
      try {
        act()
      } catch (error) {
        return (error as { code: string }).code
      }
      return undefined
    }
    expect(code(() => walkForward(dataset, logistic, new WalkForward({ train: 900, test: 10 })))).toBe(
      'NOT_ENOUGH_DATA',
    )
    const regression = (): Learner => ({ ...logistic(), task: 'regression' })
    expect(code(() => walkForward(dataset, regression, splitter()))).toBe('INVALID_INPUT')
    const unsure = (): Learner => ({ ...logistic(), predict: () => 1.5 })
    expect(code(() => walkForward(dataset, unsure, splitter()))).toBe('INVALID_INPUT')
    expect(code(() => walkForward({ ...dataset, y: dataset.y.length ? [1] : [] }, logistic, splitter()))).toBe(
      'INVALID_INPUT',
    )
    const swapped = [...(dataset.times as number[])].reverse()
    expect(code(() => walkForward({ ...dataset, times: swapped }, logistic, splitter()))).toBe('INVALID_TIME')
  })
})

describe('validateHoldout', () => {
  test('judges the newest rows once', () => {
    const dataset = planted(2500, 0.3, 1)
    const own = splitter()
    walkForward(dataset, logistic, own, quick)
    const { predictions, verdict } = validateHoldout(dataset, logistic, own, { ...quick, now: T0 + 1 })
    expect(own.openedAt).toBe(T0 + 1)
    expect([predictions[0]!.row, predictions.at(-1)!.row]).toEqual([2000, 2499])
    expect(verdict.skill).toBe('shown')
    expect(() => validateHoldout(dataset, logistic, own, quick)).toThrow('The hold-out may be opened once')
  })

  test('a broken dataset does not use it up', () => {
    const own = splitter()
    const dataset = planted(2500, 0.3, 1)
    expect(() => validateHoldout({ ...dataset, netReturns: [] }, logistic, own, quick)).toThrow(
      '"netReturns" must have',
    )
    expect(own.opened).toBe(false)
  })
})

describe('the baselines', () => {
  test('the last label is the one that was settled last by then', () => {
    const table = fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 2 }),
        length: fc.integer({ min: 0, max: 9 }),
        y: fc.constantFrom(0, 1),
      }),
      { minLength: 1, maxLength: 50 },
    )
    fc.assert(
      fc.property(table, (cases) => {
        let at = 0
        const times = cases.map(({ gap }) => T0 + (at += gap))
        const labelEnds = cases.map(({ length }, i) => times[i]! + length)
        const y = cases.map((row) => row.y)
        const rows = cases.map(() => new Float64Array(1))
        const last = lastLabels({ rows, y, netReturns: y, times, labelEnds })
        for (const [row, label] of last.entries()) {
          let best = -1
          for (let i = 0; i < row; i++) {
            if (labelEnds[i]! <= times[row]! && (best < 0 || labelEnds[i]! >= labelEnds[best]!)) best = i
          }
          expect(label).toBe(best < 0 ? NaN : y[best])
        }
      }),
    )
  })

  test('the base rate counts the training rows of all ranges', () => {
    expect(
      baseRateOf(
        [1, 1, 0, 0, 1],
        [
          { start: 0, end: 2 },
          { start: 4, end: 5 },
        ],
      ),
    ).toBe(4 / 5)
  })
})

describe('a scorecard', () => {
  const cases = fc.array(
    fc.record({
      y: fc.constantFrom(0, 1),
      p: fc.integer({ min: 0, max: 10 }).map((k) => k / 10),
      r: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
    }),
    { minLength: 40, maxLength: 120 },
  )

  test('scores like the metrics and trade statistics, row by row, on any resample', () => {
    fc.assert(
      fc.property(cases, fc.infiniteStream(fc.nat()), (table, draws) => {
        const card = createScorecard({
          y: Uint8Array.from(table, ({ y }) => y),
          netReturns: Float64Array.from(table, ({ r }) => r),
          probabilities: Float64Array.from(table, ({ p }) => p),
          leans: new Float64Array(table.length),
          surprises: new Float64Array(table.length),
          excesses: new Float64Array(table.length),
          times: table.map((_, i) => i),
          labelEnds: table.map((_, i) => i),
          kind: 'probability',
          threshold: 0.5,
          stake: 0.5,
        })
        const rows = Uint32Array.from(table, () => draws.next().value! % table.length)
        const metrics: Partial<Record<ScoreName, Metric>> = {
          auc: new AUC(),
          logLoss: new LogLoss(),
          brier: new Brier(),
          calibrationError: new CalibrationError(),
          accuracy: new Accuracy(),
          precision: new Precision(),
          recall: new Recall(),
        }
        const trades = new TradeStatistics({ stake: 0.5 })
        for (const row of rows) {
          const { y, p, r } = table[row]!
          for (const metric of Object.values(metrics)) metric.update(y, p)
          if (p >= 0.5) trades.update(r)
        }
        const values = scoreRows(card, rows, new Float64Array(SCORES.length))
        for (const [s, { name }] of SCORES.entries()) {
          const metric = metrics[name]
          if (name === 'correlation' || name === 'returnCorrelation') continue
          if (metric === undefined && trades.trades < 30) continue
          const wanted = metric?.value ?? trades.value(name as Parameters<TradeStatistics['value']>[0])
          if (Number.isFinite(wanted)) expect(values[s]!, name).toBeCloseTo(wanted, 9)
          else expect(values[s], name).toBe(wanted)
        }
      }),
    )
  })

  test('correlation is the sum of products over the root of the sums of squares, 0 without a lean', () => {
    const of = (leans: readonly number[]) => {
      const card = createScorecard({
        y: Uint8Array.of(1, 0, 1, 0),
        netReturns: new Float64Array(4),
        probabilities: new Float64Array(4).fill(0.5),
        leans: Float64Array.from(leans),
        surprises: Float64Array.of(0.5, -0.5, 0.6, -0.4),
        excesses: Float64Array.of(0.05, -0.05, 0.06, -0.04),
        times: [0, 1, 2, 3],
        labelEnds: [0, 1, 2, 3],
        kind: 'probability',
        threshold: 0.5,
        stake: 1,
      })
      return scoreRows(card, Uint32Array.of(0, 1, 2, 3), new Float64Array(SCORES.length))
    }
    const together = 0.1 * 0.5 + 0.1 * -0.5 + 0.3 * 0.6 + -0.2 * -0.4
    const [withReturns, withLabels] = of([0.1, 0.1, 0.3, -0.2])
    expect(withLabels).toBeCloseTo(together / Math.sqrt(0.15 * 1.02), 12)
    expect(withReturns).toBeCloseTo(withLabels!, 12)
    expect([...of([0, 0, 0, 0]).slice(0, 2)]).toEqual([0, 0])
  })

  test('counts what each score rests on', () => {
    const card = createScorecard({
      y: Uint8Array.of(1, 1, 0, 1),
      netReturns: new Float64Array(4),
      probabilities: Float64Array.of(0.9, 0.2, 0.5, 0.4),
      leans: new Float64Array(4),
      surprises: new Float64Array(4),
      excesses: new Float64Array(4),
      times: [0, 1, 2, 3],
      labelEnds: [0, 1, 2, 3],
      kind: 'decision',
      threshold: 0.5,
      stake: 1,
    })
    expect(countsOf(card)).toEqual({ rows: 4, taken: 2, ones: 3, rarer: 1 })
  })
})
