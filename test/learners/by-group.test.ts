import { describe, expect, test } from 'vitest'
import type { Learner } from '../../src/contracts.ts'
import { isExplainable, isForgetful, isRefittable } from '../../src/learners/abilities.ts'
import { BaseRate, MeanTarget } from '../../src/learners/baseline.ts'
import { ByGroup } from '../../src/learners/by-group.ts'
import { LogisticRegression } from '../../src/learners/logistic-regression.ts'
import { Lazy, reread } from './helpers.ts'

const create = (): Learner => new BaseRate({ features: 2 })
const row = (code: number): Float64Array => Float64Array.of(0, code)
const grouped = (options: { minSamples?: number; maxGroups?: number } = {}): ByGroup =>
  new ByGroup({ pooled: create(), create, column: 1, ...options })

describe('ByGroup', () => {
  test("asks a group's own learner only once it has seen minSamples of its own", () => {
    const learner = grouped({ minSamples: 20 })
    for (let i = 0; i < 100; i++) learner.learn(row(1), 0)
    for (let i = 0; i < 19; i++) learner.learn(row(2), 1)
    expect(learner.predict(row(2))).toBeCloseTo(20 / 121, 12)
    learner.learn(row(2), 1)
    expect(learner.predict(row(2))).toBeCloseTo(21 / 22, 12)
    expect(learner.predict(row(1))).toBeCloseTo(1 / 102, 12)
    expect(learner.predict(row(3))).toBeCloseTo(21 / 122, 12)
    expect(learner.seen).toBe(120)
  })

  test('leaves codes that are missing, broken or too many to the pooled learner', () => {
    const learner = grouped({ minSamples: 1, maxGroups: 2 })
    for (const code of [NaN, 1.5, 1, -7, 3, 4]) learner.learn(row(code), 1)
    expect(learner.groups).toBe(2)
    expect(learner.predict(row(-7))).toBeCloseTo(2 / 3, 12)
    for (const code of [NaN, 1.5, 3]) expect(learner.predict(row(code))).toBeCloseTo(7 / 8, 12)
  })

  test('makes new groups after a restore just as before', () => {
    const learner = grouped({ minSamples: 1 })
    learner.learn(row(1), 1)
    const copy = reread(learner, [ByGroup, BaseRate])
    for (const each of [learner, copy]) each.learn(row(2), 0)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(learner))
    expect(copy.predict(row(2))).toBeCloseTo(1 / 3, 12)
  })

  test('has the abilities of its learners', () => {
    const base = grouped({ minSamples: 1 })
    expect([isRefittable(base), isForgetful(base), isExplainable(base)]).toEqual([false, true, false])
    const line = (): Learner => new LogisticRegression({ features: 2 })
    const lines = new ByGroup({ pooled: line(), create: line, column: 1 })
    expect([isRefittable(lines), isForgetful(lines), isExplainable(lines)]).toEqual([false, true, true])
    const lazy = (): Learner => new Lazy({ features: 2, start: 0.5 })
    const lazies = new ByGroup({ pooled: lazy(), create: lazy, column: 1, minSamples: 1 })
    expect([isRefittable(lazies), isForgetful(lazies), isExplainable(lazies)]).toEqual([true, false, false])

    for (let i = 0; i < 10; i++) lazies.learn(row(1), 1)
    if (!isRefittable(lazies) || !isForgetful(base)) throw new Error('abilities are missing')
    // first the pooled learner, then the group's
    for (const _ of lazies.refit());
    expect([lazies.predict(row(2)), lazies.predict(row(1))]).toEqual([11 / 12, 0.5])
    for (const _ of lazies.refit());
    expect(lazies.predict(row(1))).toBe(11 / 12)
    expect(lazies.refitDue).toBe(false)

    base.learn(row(1), 1)
    base.forget(0)
    expect(base.predict(row(1))).toBe(0.5)
  })

  test('mistakes in its making are refused', () => {
    const same = create()
    expect(() => new ByGroup({ pooled: create(), create: () => same, column: 0 })).toThrow(/a new learner each time/)
    expect(() => new ByGroup({ pooled: new MeanTarget({ features: 2 }), create, column: 0 })).toThrow(
      /must make regression learners, got binary/,
    )
    const beyond = new ByGroup({ pooled: create(), create, column: 2 })
    expect(() => beyond.learn(row(1), 1)).toThrow(/"x" must have a feature 2/)
    expect(beyond.seen).toBe(0)
  })

  test('group learners that take vectors of another length refuse them before the pooled one has learned', () => {
    const learner = new ByGroup({
      pooled: new BaseRate({ features: 2 }),
      create: () => new BaseRate({ features: 3 }),
      column: 0,
    })
    const before = JSON.stringify(learner)
    expect(() => learner.learn(Float64Array.of(7, 0.3), 1)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    expect(JSON.stringify(learner)).toBe(before)
  })
})
