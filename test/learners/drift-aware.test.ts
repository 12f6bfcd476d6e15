import { describe, expect, test } from 'vitest'
import type { Codec, DriftDetector, DriftLevel, Learner, Snapshot } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { checkSnapshot, restore, snapshot } from '../../src/core/snapshot.ts'
import { unpackState } from '../../src/core/state.ts'
import { ADWIN } from '../../src/drift/adwin.ts'
import { PageHinkley } from '../../src/drift/page-hinkley.ts'
import { BaseRate, MeanTarget } from '../../src/learners/baseline.ts'
import { BayesianLogisticRegression } from '../../src/learners/bayesian-logistic-regression.ts'
import { DriftAware, type DriftAwareOptions } from '../../src/learners/drift-aware.ts'
import { LinearRegression } from '../../src/learners/linear-regression.ts'
import { learnerLaws } from '../../src/testing/index.ts'
import { codeOf, edited, type Parts } from './edited.ts'
import { Lazy, logisticStream, meanOf, reread } from './helpers.ts'

/** Says what it is told to, one verdict a value, then "stable". */
class Script implements DriftDetector {
  static readonly type: string = 'script'
  static readonly version: number = 1

  level: DriftLevel = 'stable'
  readonly values: number[] = []
  readonly #levels: readonly DriftLevel[]

  constructor(levels: readonly DriftLevel[]) {
    this.#levels = levels
  }

  update(value: number): DriftLevel {
    this.level = this.#levels[this.values.length] ?? 'stable'
    this.values.push(value)
    return this.level
  }

  toJSON(): Snapshot {
    return snapshot(Script, {}, { levels: this.#levels, values: this.values })
  }

  static fromJSON(json: Snapshot): Script {
    const state = unpackState(checkSnapshot(Script, json).state, { levels: [''], values: [0] })
    const script = new Script(state.levels as DriftLevel[])
    script.values.push(...state.values)
    return script
  }
}

const features = 3
const codecs: readonly Codec[] = [ADWIN, PageHinkley, BaseRate, MeanTarget, LinearRegression, Lazy, Script]
const all: readonly Codec[] = [...codecs, BayesianLogisticRegression, DriftAware]
const bayes = (): Learner => new BayesianLogisticRegression({ features })
const baseRate = (): Learner => new BaseRate({ features: 1 })
const kinds: readonly [string, () => DriftAware, learnsFromX: boolean][] = [
  ['with its own detectors', () => new DriftAware({ create: bayes }), true],
  [
    'of numbers with a nervous detector',
    () =>
      new DriftAware({
        create: () => new LinearRegression({ features }),
        detector: new PageHinkley({ threshold: 1, direction: 'up' }),
        minSamples: 20,
      }),
    true,
  ],
  [
    'of learners that can refit',
    () => new DriftAware({ create: () => new Lazy({ features, start: 0.5 }), detector: new Script([]), watch: 'loss' }),
    false,
  ],
]

describe.each(kinds)('DriftAware %s', (_, create, learnsFromX) => {
  for (const { name, run } of learnerLaws(create, DriftAware, { features, codecs: all, learnsFromX })) test(name, run)
})

/** Observations that the learner in charge has learned from, read off a base rate that was only taught ones. */
const ageOf = (learner: Learner): number => {
  const p = learner.predict(Float64Array.of(0))
  return Math.round((1 - 2 * p) / (p - 1))
}

function scripted(levels: readonly DriftLevel[], options: Partial<DriftAwareOptions> = {}): DriftAware {
  return new DriftAware({ create: baseRate, detector: new Script(levels), minSamples: 0, ...options })
}
const teach = (learner: Learner, n: number): void => {
  for (let i = 0; i < n; i++) learner.learn(Float64Array.of(0), 1)
}

describe('DriftAware', () => {
  test('hands over to the learner that began at the warning', () => {
    const learner = scripted(['stable', 'stable', 'warning', 'stable', 'drift'])
    teach(learner, 4)
    expect(learner.isWarned).toBe(true)
    expect(ageOf(learner)).toBe(4)
    teach(learner, 1)
    // the warned row, the stable one after it, and the row of the drift
    expect(ageOf(learner)).toBe(3)
    expect([learner.isWarned, learner.warnings, learner.drifts, learner.seen]).toEqual([false, 1, 1, 5])
  })

  test('starts afresh where nothing had warned', () => {
    const learner = scripted(['stable', 'stable', 'drift'])
    teach(learner, 3)
    expect(ageOf(learner)).toBe(1)
  })

  test('a warning that lasts keeps the learner that it started', () => {
    const learner = scripted(['warning', 'warning', 'warning', 'drift'])
    teach(learner, 4)
    expect([ageOf(learner), learner.warnings]).toEqual([4, 1])
  })

  test('a warning without a drift is forgotten after "patience" observations', () => {
    const levels: DriftLevel[] = ['warning', 'stable', 'stable', 'stable', 'warning', 'drift']
    const learner = scripted(levels, { patience: 3 })
    teach(learner, 3)
    expect(learner.isWarned).toBe(true)
    teach(learner, 1)
    expect(learner.isWarned).toBe(false)
    teach(learner, 2)
    expect([ageOf(learner), learner.warnings]).toEqual([2, 2])
  })

  test('what has only begun to learn is not thrown away again', () => {
    const learner = scripted(['stable', 'drift', 'drift', 'drift', 'stable', 'drift'], { minSamples: 2 })
    teach(learner, 2)
    expect([learner.drifts, ageOf(learner)]).toEqual([0, 2])
    teach(learner, 1)
    expect([learner.drifts, ageOf(learner)]).toEqual([1, 1])
    teach(learner, 1)
    expect([learner.drifts, ageOf(learner)]).toEqual([1, 2])
    teach(learner, 2)
    expect([learner.drifts, ageOf(learner)]).toEqual([2, 1])
  })

  test('a second detector warns for one that never does', () => {
    const learner = scripted(['stable', 'stable', 'stable', 'drift'], { warner: new Script(['stable', 'drift']) })
    teach(learner, 4)
    expect(ageOf(learner)).toBe(3)
  })

  test('detectors see the error of what was said before the label was learned', () => {
    const detector = new Script([])
    const learner = new DriftAware({ create: baseRate, detector })
    const x = Float64Array.of(0)
    for (const y of [1, 0, 1, 1, 0]) learner.learn(x, y)
    // said: 1/2, 2/3, 1/2, 3/5, 4/6
    expect(detector.values).toEqual([1, 1, 1, 0, 1])
    const careful = new Script([])
    const brier = new DriftAware({ create: baseRate, detector: careful, watch: 'loss' })
    for (const y of [1, 0]) brier.learn(x, y)
    expect(careful.values).toEqual([1 / 4, (2 / 3) * (2 / 3)])
  })

  test('the loss of a regression lies in [0, 1] and does not depend on the unit of y', () => {
    const lossesAt = (unit: number): number[] => {
      const rng = new SeededRng('losses')
      const detector = new Script([])
      const learner = new DriftAware({ create: () => new MeanTarget({ features: 1 }), detector })
      for (let i = 0; i < 300; i++) learner.learn(Float64Array.of(0), unit * drawNormal(rng))
      return detector.values
    }
    const losses = lossesAt(1)
    expect(Math.min(...losses)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...losses)).toBeLessThanOrEqual(1)
    for (const unit of [2 ** -30, 2 ** 30]) expect(lossesAt(unit)).toEqual(losses)
  })

  test('after an abrupt drift it is ahead of the learner alone, and on a steady stream nothing is lost', () => {
    const run = (learner: Learner, turnAt: number): number[] => {
      const draw = logisticStream('drift aware', features, 2)
      return Array.from({ length: 6000 }, (_, i) => {
        const { x, y } = draw(i < turnAt ? 1 : -1)
        const right = Number(learner.predict(x) >= 0.5 === (y === 1))
        learner.learn(x, y)
        return right
      })
    }
    const stubborn = (): Learner => new BayesianLogisticRegression({ features, halfLife: Infinity })
    const aware = new DriftAware({ create: stubborn })
    const later = (rights: number[]): number => meanOf(rights.slice(3000))
    expect(later(run(aware, 3000))).toBeGreaterThan(later(run(stubborn(), 3000)) + 0.2)
    expect(aware.drifts).toBeGreaterThanOrEqual(1)
    const steady = new DriftAware({ create: stubborn })
    expect(run(steady, Infinity)).toEqual(run(stubborn(), Infinity))
    expect(steady.drifts).toBe(0)
  })

  test('a change of a regression is found as well', () => {
    const rng = new SeededRng('regression drift')
    const learner = new DriftAware({ create: () => new MeanTarget({ features: 1 }) })
    for (let i = 0; i < 4000; i++) learner.learn(Float64Array.of(0), drawNormal(rng) + (i < 2000 ? 0 : 6))
    expect(learner.drifts).toBeGreaterThanOrEqual(1)
    expect(learner.predict(Float64Array.of(0))).toBeCloseTo(6, 0)
  })

  test('a learner restored in the middle of a warning hands over all the same', () => {
    const learner = scripted(['stable', 'warning', 'stable', 'drift', 'drift'])
    teach(learner, 3)
    const copy = reread(learner, all)
    teach(copy, 1)
    expect(ageOf(copy)).toBe(3)
    // and makes new ones after that
    teach(copy, 1)
    expect(ageOf(copy)).toBe(1)
  })

  test('refuses a factory that makes the same learner twice, and bad options', () => {
    const one = baseRate()
    expect(() => new DriftAware({ create: () => one })).toThrow(/"create"/)
    expect(() => scripted([], { patience: 0 })).toThrow(/"patience"/)
    expect(() => scripted([], { minSamples: -1 })).toThrow(/"minSamples"/)
    expect(() => scripted([], { watch: 'hope' as 'loss' })).toThrow(/"watch"/)
  })
})

describe('a snapshot of DriftAware is refused', () => {
  const warned = (): DriftAware => {
    const learner = new DriftAware({ create: bayes, detector: new Script(['stable', 'warning']) })
    for (let i = 0; i < 5; i++) learner.learn(Float64Array.of(i, 1, 2), i % 2)
    expect(learner.isWarned).toBe(true)
    return learner
  }
  const open = (learner: Learner): Parts => edited(learner, () => {})
  const read = (change: (state: Parts) => void): unknown => codeOf(() => restore(edited(warned(), change), all))
  const wide = (): Parts => open(new BayesianLogisticRegression({ features: 4 }))

  test('with learners of another task, width or number than there can be', () => {
    expect(read(() => {})).toBe(undefined)
    const regression = open(new LinearRegression({ features }))
    const changes: readonly ((state: Parts) => void)[] = [
      (state) => Object.assign(state, { active: regression }),
      (state) => Object.assign(state, { background: [regression] }),
      (state) => Object.assign(state, { active: wide() }),
      (state) => Object.assign(state, { background: [wide()] }),
      (state) => Object.assign(state, { prototype: wide() }),
      (state) => state.background.push(state.background[0]),
      (state) => Object.assign(state, { warners: [state.detector, state.detector] }),
    ]
    for (const change of changes) expect(read(change), String(change)).toBe('CORRUPT_SNAPSHOT')
  })

  test('with counts and errors that are none', () => {
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const name of ['seen', 'age', 'quiet', 'warnings', 'drifts']) {
        expect(read((state) => Object.assign(state, { [name]: value }))).toBe('CORRUPT_SNAPSHOT')
      }
      for (const name of ['n', 'mean', 'variance']) {
        expect(read((state) => Object.assign(state.errors, { [name]: value }))).toBe('CORRUPT_SNAPSHOT')
      }
    }
  })
})

test('a second learner that wants other vectors is found out before anything has changed', () => {
  /** Says nothing of its width outside. */
  class Shy extends Lazy {
    constructor(wanted: { readonly features: number; readonly start: number }) {
      super(wanted)
      Object.defineProperty(this, 'options', { value: {} })
    }
    override predict(x: Float64Array): number {
      if (x.length !== Shy.wanted.get(this)) throw new RangeError('length')
      return 0.9
    }
    static readonly wanted = new WeakMap<Shy, number>()
  }
  let made = 0
  const create = (): Learner => {
    const shy = new Shy({ features, start: 0.5 })
    // the first is the sample of those to come
    Shy.wanted.set(shy, made++ === 0 ? features + 1 : features)
    return shy
  }
  const detector = new Script(['warning'])
  const learner = new DriftAware({ create, detector })
  expect(() => learner.learn(new Float64Array(features), 0)).toThrow('length')
  expect([detector.values.length, learner.seen, learner.warnings]).toEqual([0, 0, 0])
})
