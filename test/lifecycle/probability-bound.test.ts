import { describe, expect, test } from 'vitest'
import type { DriftDetector, ProbabilityBound, Snapshot } from '../../src/contracts.ts'
import { snapshot } from '../../src/core/snapshot.ts'
import { DecisionPolicy } from '../../src/decision/index.ts'
import { ReliabilityBound } from '../../src/learners/index.ts'
import { type RestoreOptions, TradeLearner, type TradeLearnerOptions } from '../../src/lifecycle/index.ts'
import { Parrot, parrots } from './doubles.ts'
import {
  account,
  candleAt,
  errorOf,
  HOUR,
  patient,
  type SmallSignal,
  START,
  signalAt,
  smallFeatures,
  smallOptions,
  stateOf,
} from './helpers.ts'

const optionsWith = (more: Partial<TradeLearnerOptions<SmallSignal>> = {}): RestoreOptions<SmallSignal> => ({
  ...smallOptions(),
  models: parrots(0.7),
  policy: new DecisionPolicy({
    minTrades: 0,
    sizing: 'kelly',
    kellyFraction: 0.002,
    takeAbove: 0.55,
    targetStretch: 1,
  }),
  killSwitch: patient(),
  detectors: [],
  bound: new ReliabilityBound({ confidence: 0.9, halfLife: 1000 }),
  codecs: [Parrot],
  ...more,
  features: smallFeatures(),
})

/** So many signals, whose trades win as `wins` says; returns the last decision. */
function live(
  learner: TradeLearner<SmallSignal>,
  [from, to]: readonly [number, number],
  wins: (bar: number) => boolean,
) {
  for (let bar = from; bar < to; bar++) {
    learner.onCandle(candleAt('A', bar, 100))
    const { id } = learner.decide(signalAt(bar + 1), account)
    learner.learn(id, { exitPrice: wins(bar) ? 103 : 97, exitTime: START + (bar + 1) * HOUR })
  }
  learner.onCandle(candleAt('A', to, 100))
  return learner.decide(signalAt(to + 1), account)
}

/** What a learner saves of its bound. */
const boundOf = (learner: object): string | undefined => {
  const { parts } = (JSON.parse(stateOf(learner)) as { state: { parts: { bound?: object } } }).state
  return parts.bound && JSON.stringify(parts.bound)
}

const kept = (bar: number): boolean => bar % 10 < 7
const broken = (bar: number): boolean => bar % 10 < 5

describe('a learner with a probability bound', () => {
  test('says nothing of it while too little is known, and then what became of such predictions', () => {
    const learner = new TradeLearner<SmallSignal>(optionsWith())
    expect(live(learner, [0, 10], kept).prediction).not.toHaveProperty('probabilityLow')
    const { prediction } = live(learner, [12, 300], kept)
    expect(prediction.probabilityLow).toBeGreaterThan(0.63)
    expect(prediction.probabilityLow).toBeLessThan(0.69)
    const other = new TradeLearner<SmallSignal>(optionsWith())
    const low = live(other, [0, 300], broken).prediction.probabilityLow!
    expect(low).toBeGreaterThan(0.43)
    expect(low).toBeLessThan(0.49)
    expect(other.predict(signalAt(301)).probabilityLow).toBe(low)
  })

  test('sizes by Kelly on it: a model that keeps its word is staked on, one that does not is skipped', () => {
    const size = (wins: (bar: number) => boolean, more = {}): number =>
      live(new TradeLearner<SmallSignal>(optionsWith(more)), [0, 300], wins).size
    const without = { bound: undefined } as never
    expect(size(kept)).toBeGreaterThan(0)
    expect(size(broken)).toBe(0)
    // a count of trades knows no better of one than of the other
    expect(size(broken, without)).toBe(size(kept, without))
    expect(size(kept, without)).toBeGreaterThan(0)
    // more trades of evidence than a tenth of all
    expect(size(kept)).toBeGreaterThan(size(kept, without))
  })

  test('goes on after a restart to the bit, under the confidence of today', () => {
    const learner = new TradeLearner<SmallSignal>(optionsWith())
    live(learner, [0, 100], kept)
    const saved = stateOf(learner)
    const restored = TradeLearner.restore<SmallSignal>(
      saved,
      optionsWith({ bound: new ReliabilityBound({ halfLife: 1000 }) }),
    )
    expect(boundOf(restored)).toBe(boundOf(learner))
    const low = learner.predict(signalAt(101)).probabilityLow!
    expect(restored.predict(signalAt(101)).probabilityLow).toBe(low)
    const surer = new ReliabilityBound({ halfLife: 1000, confidence: 0.99 })
    const careful = TradeLearner.restore<SmallSignal>(saved, optionsWith({ bound: surer }))
    expect(careful.predict(signalAt(101)).probabilityLow).toBeLessThan(low - 0.03)
  })

  test('snapshots are as they were where there is none, and are read with and without one', () => {
    const without = optionsWith({ bound: undefined } as never)
    const learner = new TradeLearner<SmallSignal>(without)
    live(learner, [0, 50], kept)
    const saved = stateOf(learner)
    expect(saved).not.toContain('"bound"')
    const joined = TradeLearner.restore<SmallSignal>(saved, optionsWith())
    expect(joined.predict(signalAt(51))).not.toHaveProperty('probabilityLow')
    const left = TradeLearner.restore<SmallSignal>(stateOf(joined), { ...without })
    expect(stateOf(left)).not.toContain('"bound"')
  })

  test('refuses something else in its place in a file', () => {
    const learner = new TradeLearner<SmallSignal>(optionsWith())
    const saved = JSON.parse(stateOf(learner)) as Snapshot
    const parts = saved.state['parts'] as unknown as { [name: string]: Snapshot }
    const changed = (bound: unknown): string =>
      JSON.stringify({ ...saved, state: { ...saved.state, parts: { ...parts, bound } } })
    for (const bound of [7, null, { ...parts['bound'], state: {} }]) {
      expect(errorOf(() => TradeLearner.restore<SmallSignal>(changed(bound), optionsWith())).code).toBe(
        'CORRUPT_SNAPSHOT',
      )
    }
    // one of another kind has counted something else
    const other = TradeLearner.restore<SmallSignal>(changed(parts['interval']), optionsWith())
    expect(boundOf(other)).toBe(boundOf(learner))
  })

  test('lets go of the past when a detector finds a new regime', () => {
    let errors = 0
    const detector = {
      level: 'stable',
      update: () => (++errors === 200 ? 'drift' : 'stable'),
      toJSON: () => snapshot({ type: 'two-hundred', version: 1 } as never, {}, {}),
    } as DriftDetector
    const low = (detectors: readonly DriftDetector[]): number =>
      live(
        new TradeLearner<SmallSignal>(optionsWith({ detectors, keepAfterDrift: 20 })),
        [0, 240],
        (bar) => bar < 200 && kept(bar),
      ).prediction.probabilityLow!
    expect(low([detector])).toBeLessThan(low([]) - 0.1)
  })

  test('of the caller own is asked where there is a probability, and kept below it', () => {
    const told: number[] = []
    const own: ProbabilityBound = {
      lowerBound: (p) => p + 0.1,
      learn: (p) => void told.push(p),
      anew: () => ({ ...own, lowerBound: () => 0.2 }),
      toJSON: () => snapshot({ type: 'own-bound', version: 1 } as never, {}, {}),
    }
    const models = parrots(0.7)
    const learner = new TradeLearner<SmallSignal>(optionsWith({ bound: own, models }))
    expect(live(learner, [0, 3], kept).prediction.probabilityLow).toBe(0.7)
    expect(told).toEqual([0.7, 0.7, 0.7])
    models.success.answer = Number.NaN
    expect(live(learner, [4, 6], kept).prediction).not.toHaveProperty('probabilityLow')
    // what became of their predictions says nothing about others
    learner.replace(parrots(0.7), 'second')
    expect(live(learner, [7, 8], kept).prediction.probabilityLow).toBe(0.2)
  })
})
