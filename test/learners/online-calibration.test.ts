import { describe, expect, test } from 'vitest'
import type { Explainable, JsonObject, Learner, Snapshot, Vector } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { logit, logLossOf, sigmoid } from '../../src/core/math.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { MeanTarget } from '../../src/learners/baseline.ts'
import { HoeffdingTreeClassifier } from '../../src/learners/hoeffding-tree/index.ts'
import { LogisticRegression } from '../../src/learners/logistic-regression.ts'
import { OnlineCalibration } from '../../src/learners/online-calibration.ts'
import { fitPlatt } from '../../src/learners/platt.ts'

/** Says σ(x[0]) and learns nothing. */
function fixed(): Learner {
  let seen = 0
  return {
    task: 'binary',
    get seen() {
      return seen
    },
    predict: (x: Vector) => sigmoid(x[0]!),
    learn: () => void seen++,
    toJSON: (): Snapshot => ({ type: 'fixed', version: 1, options: {}, state: {} }),
  }
}

/** Labels whose true log-odds are slope x + offset, where the learner says x. */
function stream(seed: string, slope: number, offset: number): () => { x: Vector; y: number; p: number } {
  const rng = new SeededRng(seed)
  return () => {
    const x = Float64Array.of(1.5 * drawNormal(rng))
    const p = sigmoid(slope * x[0]! + offset)
    return { x, y: rng.next() < p ? 1 : 0, p }
  }
}

describe('fitPlatt', () => {
  test('gives the values of an independent fit (scipy: A = -0.85506, B = -0.07184)', () => {
    const scores = Float64Array.of(-2, -1.5, -1, -0.5, -0.2, 0.1, 0.3, 0.8, 1.2, 2)
    const labels = Float64Array.of(0, 0, 1, 0, 0, 1, 0, 1, 1, 1)
    const { slope, offset } = fitPlatt(scores, labels, 10)
    expect(slope).toBeCloseTo(0.85506, 5)
    expect(offset).toBeCloseTo(0.07184, 5)
  })

  test('all labels alike, or all scores alike, give a finite line', () => {
    const scores = Float64Array.of(-1, 0, 1, 2)
    for (const labels of [new Float64Array(4), new Float64Array(4).fill(1)]) {
      const { slope, offset } = fitPlatt(scores, labels, 4)
      expect(Number.isFinite(slope) && Number.isFinite(offset)).toBe(true)
    }
    const flat = fitPlatt(new Float64Array(4).fill(13), Float64Array.of(0, 1, 1, 1), 4)
    expect(sigmoid(13 * flat.slope + flat.offset)).toBeCloseTo((3 * (4 / 5) + 1 / 3) / 4, 6)
  })

  test('never turns the ranking upside down', () => {
    const { slope, offset } = fitPlatt(Float64Array.of(-2, -1, 1, 2), Float64Array.of(1, 1, 0, 0), 4)
    expect(slope).toBe(0)
    expect(sigmoid(offset)).toBeCloseTo(0.5, 12)
  })

  test('does not mind scores of any size', () => {
    const scores = Float64Array.from({ length: 100 }, (_, i) => (i - 50) * 1e4)
    const labels = Float64Array.from({ length: 100 }, (_, i) => (i % 10 < 3 ? 1 - Number(i > 50) : Number(i > 50)))
    const { slope, offset } = fitPlatt(scores, labels, 100)
    expect(slope).toBeGreaterThan(0)
    expect(Number.isFinite(offset)).toBe(true)
  })
})

describe('fitPlatt from a line', () => {
  /** Labels of log-odds 0.6 s - 0.3, and how often they are read: once for each and each pass over them. */
  const counted = (n: number): { scores: Float64Array; labels: Float64Array; passes: () => number } => {
    const rng = new SeededRng('warm')
    const scores = Float64Array.from({ length: n }, () => 1.5 * drawNormal(rng))
    const labels = scores.map((s) => Number(rng.next() < sigmoid(0.6 * s - 0.3)))
    let reads = 0
    const watched = new Proxy(scores, {
      get: (list, key) => {
        reads++
        return list[key as unknown as number]
      },
    })
    return { scores: watched, labels, passes: () => reads / n }
  }

  test.each([
    { slope: 0.6, offset: -0.3 },
    { slope: 1, offset: 0 },
    { slope: 0, offset: 2 },
    { slope: 40, offset: -9 },
    { slope: 1e6, offset: 1e6 },
  ])('%j ends where the cold start does', (start) => {
    const { scores, labels } = counted(2000)
    const cold = fitPlatt(scores, labels, 2000)
    const warm = fitPlatt(scores, labels, 2000, start)
    expect(warm.slope).toBeCloseTo(cold.slope, 6)
    expect(warm.offset).toBeCloseTo(cold.offset, 6)
  })

  test('takes at most four passes over the pairs from a line that is nearly right, and ten from nothing', () => {
    const { scores, labels, passes } = counted(2000)
    const cold = fitPlatt(scores, labels, 2000)
    const before = passes()
    expect(before).toBeLessThanOrEqual(10)
    fitPlatt(scores, labels, 2000, { slope: cold.slope + 0.02, offset: cold.offset - 0.02 })
    expect(passes() - before).toBeLessThanOrEqual(4)
  })
})

describe('OnlineCalibration', () => {
  test('passes the learner through until it has seen minSamples labels', () => {
    const learner = new OnlineCalibration({ learner: fixed(), minSamples: 200 })
    const draw = stream('early', 0.3, 0.5)
    for (let i = 0; i < 199; i++) {
      const { x, y } = draw()
      expect(learner.predict(x)).toBe(sigmoid(x[0]!))
      learner.learn(x, y)
    }
    expect(learner.active).toBe(false)
    const { x, y } = draw()
    learner.learn(x, y)
    expect(learner.active).toBe(true)
  })

  test('halves the calibration error of a learner that is three times too sure and too hopeful', () => {
    const learner = new OnlineCalibration({ learner: fixed() })
    const draw = stream('boast', 1 / 3, -0.4)
    let raw = 0
    let corrected = 0
    let rawLoss = 0
    let correctedLoss = 0
    for (let i = 0; i < 3000; i++) {
      const { x, y, p } = draw()
      if (i >= 500) {
        const [q, c] = [sigmoid(x[0]!), learner.predict(x)]
        raw += Math.abs(q - p)
        corrected += Math.abs(c - p)
        rawLoss += logLossOf(y, q)
        correctedLoss += logLossOf(y, c)
      }
      learner.learn(x, y)
    }
    expect(corrected).toBeLessThan(raw / 3)
    expect(correctedLoss).toBeLessThan(rawLoss - 0.05 * 2500)
    expect(learner.slope).toBeCloseTo(1 / 3, 0)
    expect(learner.offset).toBeLessThan(-0.1)
  })

  test('costs a learner that is calibrated already less than 0.003 nats a label', () => {
    const learner = new OnlineCalibration({ learner: fixed() })
    const draw = stream('true', 1, 0)
    let excess = 0
    for (let i = 0; i < 4000; i++) {
      const { x, y } = draw()
      excess += logLossOf(y, learner.predict(x)) - logLossOf(y, sigmoid(x[0]!))
      learner.learn(x, y)
    }
    expect(excess / 4000).toBeLessThan(0.003)
  })

  test('steps back when the learner becomes right by itself', () => {
    const learner = new OnlineCalibration({ learner: fixed(), halfLife: 50 })
    const wrong = stream('wrong', 0.2, -1)
    for (let i = 0; i < 600; i++) {
      const { x, y } = wrong()
      learner.learn(x, y)
    }
    expect(learner.active).toBe(true)
    const right = stream('right', 1, 0)
    let stepped = false
    for (let i = 0; i < 250; i++) {
      const { x, y } = right()
      learner.learn(x, y)
      stepped ||= !learner.active
    }
    expect(stepped).toBe(true)
  })

  test('fits the newest pairs alone, wherever the ring turns and whatever was forgotten', () => {
    const learner = new OnlineCalibration({ learner: fixed(), minSamples: 40, window: 50, refitEvery: 10 })
    const draw = stream('ring', 0.5, 0)
    const pairs: [score: number, label: number][] = []
    const expectFit = (newest: number): void => {
      const kept = pairs.slice(-newest)
      const scores = Float64Array.from(kept, ([score]) => score)
      const labels = Float64Array.from(kept, ([, label]) => label)
      const { slope, offset } = fitPlatt(scores, labels, newest)
      // the learner starts from its last line, which ends within the tolerance of the fit
      expect(learner.slope).toBeCloseTo(slope, 6)
      expect(learner.offset).toBeCloseTo(offset, 6)
    }
    for (let i = 1; i <= 80; i++) {
      const { x, y } = draw()
      pairs.push([logit(sigmoid(x[0]!), 1e-6), y])
      learner.learn(x, y)
      if (i === 20) expectFit(20)
      if (i === 70) expectFit(50)
      if (i === 73) learner.forget(23)
    }
    expectFit(30)
  })

  /** Labels whose truth is any function of what the learner says. */
  const bent = (seed: string, truth: (score: number) => number) => {
    const rng = new SeededRng(seed)
    return () => {
      const x = Float64Array.of(1.5 * drawNormal(rng))
      return { x, y: rng.next() < truth(x[0]!) ? 1 : 0 }
    }
  }
  const shapes = {
    'right already': (s: number) => sigmoid(s),
    'a line': (s: number) => sigmoid(0.4 * s - 0.3),
    'bent at one end': (s: number) => sigmoid(s > 0 ? 0.1 * s : 1.5 * s),
    'a staircase': (s: number) => (s < -1.2 ? 0.1 : s < 1.2 ? 0.45 : 0.55),
    noise: () => 0.45,
  }
  test.each(Object.entries(shapes))(
    'is not worse than no correction beyond noise where the truth is %s',
    (name, truth) => {
      for (const seed of ['a', 'b', 'c']) {
        const learner = new OnlineCalibration({ learner: fixed(), window: 2000 })
        const draw = bent(`${name}/${seed}`, truth)
        let sum = 0
        let squares = 0
        let changes = 0
        let before = learner.method
        for (let i = 0; i < 4000; i++) {
          const { x, y } = draw()
          const excess = logLossOf(y, learner.predict(x)) - logLossOf(y, sigmoid(x[0]!))
          sum += excess
          squares += excess * excess
          learner.learn(x, y)
          if (learner.method !== before) changes++
          before = learner.method
        }
        // three standard errors of the sum, and no more than 5 in 10,000 nats a label
        expect(sum).toBeLessThanOrEqual(3 * Math.sqrt(squares))
        expect(sum / 4000).toBeLessThan(0.0005)
        // it does not flap
        expect(changes).toBeLessThan(40)
      }
    },
  )

  test('takes the more pliant correction where the stiffer one cannot follow', () => {
    const used = (truth: (score: number) => number, labels: number): string[] => {
      const learner = new OnlineCalibration({ learner: fixed(), window: 2000 })
      const draw = bent('shape', truth)
      const methods: string[] = []
      for (let i = 0; i < labels; i++) {
        const { x, y } = draw()
        learner.learn(x, y)
        methods.push(learner.method)
      }
      return methods
    }
    const share = (methods: string[], method: string): number =>
      methods.filter((one) => one === method).length / methods.length
    expect(share(used(shapes.noise, 4000).slice(1000), 'none')).toBe(0)
    expect(share(used(shapes['bent at one end'], 6000).slice(3000), 'platt')).toBeLessThan(0.5)
    // three steps that neither a line nor a bent one can be
    const steps = used((s) => (s < -0.5 ? 0.2 : s < 0.5 ? 0.8 : 0.85), 6000)
    expect(share(steps.slice(2000), 'isotonic')).toBeGreaterThan(0.5)
    // nor before there is enough for it
    expect(steps.slice(0, 999)).not.toContain('isotonic')
    expect(steps.slice(0, 399)).not.toContain('beta')
  })

  test('tries no method that it was not told to', () => {
    const learner = new OnlineCalibration({ learner: fixed(), methods: ['platt'], window: 2000 })
    const draw = bent('shape', shapes['a staircase'])
    for (let i = 0; i < 3000; i++) {
      const { x, y } = draw()
      learner.learn(x, y)
      expect(['none', 'platt']).toContain(learner.method)
    }
    expect(() => new OnlineCalibration({ learner: fixed(), methods: ['guess' as 'platt'] })).toThrow(/"methods"/)
  })

  test('goes on from a snapshot to the bit, and reads that of version 1', () => {
    const codecs = [OnlineCalibration, LogisticRegression]
    const create = () =>
      new OnlineCalibration({ learner: new LogisticRegression({ features: 1 }), minSamples: 20, window: 200 })
    const draw = bent('saved', shapes['a staircase'])
    const rows = Array.from({ length: 400 }, draw)
    const through = create()
    let stopped: OnlineCalibration = create()
    const methods = new Set<string>()
    for (const [i, { x, y }] of rows.entries()) {
      through.learn(x, y)
      stopped.learn(x, y)
      methods.add(through.method)
      if (i % 50 === 49) stopped = restore(JSON.parse(JSON.stringify(stopped)) as Snapshot, codecs) as OnlineCalibration
    }
    expect(methods.size).toBeGreaterThan(1)
    expect(JSON.stringify(stopped)).toBe(JSON.stringify(through))

    const now = JSON.parse(JSON.stringify(through)) as { state: JsonObject; options: JsonObject }
    const { seen, scores, labels, learner } = now.state
    const moments = (mean: number) => ({ n: 80, mean, variance: 0.01 })
    const old = {
      type: 'online-calibration',
      version: 1,
      options: { minSamples: 20, window: 200, refitEvery: 25, halfLife: 200 },
      state: { seen, scores, labels, learner, slope: 0.5, offset: -0.1, raw: moments(0.7), corrected: moments(0.6) },
    } as unknown as Snapshot
    const read = restore(old, codecs) as OnlineCalibration
    expect(read).toMatchObject({ seen: 400, active: true, method: 'platt', slope: 0.5, offset: -0.1 })
    const raw = read.learner.predict(Float64Array.of(1))
    expect(read.predict(Float64Array.of(1))).toBeCloseTo(sigmoid(0.5 * logit(raw) - 0.1), 12)
    const worse = { ...old, state: { ...old.state, corrected: moments(0.8) } } as Snapshot
    expect((restore(worse, codecs) as OnlineCalibration).active).toBe(false)
  })

  test('a half-life is a number of at least 1, or Infinity', () => {
    for (const halfLife of [0, 0.5, NaN, '20' as unknown as number]) {
      expect(() => new OnlineCalibration({ learner: fixed(), halfLife })).toThrow(
        /"halfLife" must be a number of at least 1, or Infinity/,
      )
    }
    expect(new OnlineCalibration({ learner: fixed(), halfLife: Infinity }).options.halfLife).toBe(Infinity)
  })

  test('a regression is refused', () => {
    expect(() => new OnlineCalibration({ learner: new MeanTarget({ features: 1 }) })).toThrow(
      /"learner" must be binary, got regression/,
    )
  })
})

describe('an explanation of corrected probabilities', () => {
  const learners: readonly (Learner & Explainable)[] = [
    new LogisticRegression({ features: 2, learningRate: 0.5 }),
    new HoeffdingTreeClassifier({ features: 2, gracePeriod: 30, confidence: 0.1 }),
  ]
  test.each(learners)('adds up to them, in the unit of $explains', (learner) => {
    const calibration = new OnlineCalibration({ learner, minSamples: 20, window: 300 }) as OnlineCalibration &
      Explainable
    const rng = new SeededRng('calibrated')
    const draw = (): Float64Array => Float64Array.of(drawNormal(rng), drawNormal(rng))
    let corrected = 0
    for (let i = 0; i < 1500; i++) {
      const x = draw()
      if (i > 300 && calibration.active) {
        corrected++
        const sum = calibration.explain(x).reduce((total, { amount }) => total + amount, calibration.baseValue(x))
        const p = calibration.predict(x)
        if (calibration.explains === 'log-odds') expect(sigmoid(sum)).toBeCloseTo(p, 9)
        else expect(sum).toBeCloseTo(p, 9)
      }
      // labels say less than the features seem to, so that learners are too sure of themselves
      calibration.learn(x, rng.next() < 0.5 + 0.1 * Math.sign(x[0]! * x[1]!) ? 1 : 0)
    }
    expect(calibration.explains).toBe(learner.explains)
    expect(corrected).toBeGreaterThan(100)
  })
})
