import { describe, expect, test } from 'vitest'
import type { JsonObject, Snapshot } from '../../../src/contracts.ts'
import { fnv1a } from '../../../src/core/hash.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { packRecord, type State, unpackState } from '../../../src/core/state.ts'
import { GradientBoosting, type GradientBoostingInput } from '../../../src/learners/gradient-boosting/index.ts'

import first from '../../golden/gradient-boosting-v1.json' with { type: 'json' }

type Row = { readonly x: Float64Array; readonly y: number; readonly weight: number }

const options: GradientBoostingInput = { features: 3, trees: 8, window: 120, minSamples: 40, refitEvery: 30 }
const rng = new SeededRng('memory')
/** Sums and products only, so that the digests below hold wherever doubles do. */
const stream: readonly Row[] = Array.from({ length: 400 }, () => {
  const x = Float64Array.from({ length: 3 }, () => (rng.next() < 0.05 ? Number.NaN : rng.next() - 0.5))
  return { x, y: Number((x[0]! || 0) + 0.4 * (rng.next() - 0.5) > 0), weight: 0.5 + rng.next() }
})

const learnAll = (model: GradientBoosting, rows: readonly Row[]): GradientBoosting => {
  for (const { x, y, weight } of rows) model.learn(x, y, weight)
  return model
}
const refit = (model: GradientBoosting): GradientBoosting => {
  for (const _ of model.refit());
  return model
}
const fitted = (rows: readonly Row[], more: Partial<GradientBoostingInput> = {}): GradientBoosting => {
  const model = new GradientBoosting({ ...options, ...more })
  model.fit(
    rows.map(({ x }) => x),
    rows.map(({ y }) => y),
    rows.map(({ weight }) => weight),
  )
  return model
}
const textOf = (model: GradientBoosting): string => JSON.stringify(model)
const learnt = (rows: readonly Row[], more: Partial<GradientBoostingInput> = {}): GradientBoosting =>
  learnAll(new GradientBoosting({ ...options, ...more }), rows)

describe('learning between refits', () => {
  test('before the first trees the prediction is the base rate, off 0 and 1', () => {
    const model = new GradientBoosting(options)
    const x = stream[0]!.x
    expect(model.predict(x)).toBe(0.5)
    for (let i = 0; i < 9; i++) model.learn(x, 1)
    expect(model.predict(x)).toBeCloseTo(9.5 / 10, 12)
  })

  test('a refit is due at minSamples, and then after every refitEvery observations', () => {
    const model = learnt(stream.slice(0, 39))
    expect(model.refitDue).toBe(false)
    learnAll(model, stream.slice(39, 40))
    expect(model.refitDue).toBe(true)
    refit(model)
    expect(model.trees.length).toBeGreaterThan(0)
    expect(model.refitDue).toBe(false)
    learnAll(model, stream.slice(40, 69))
    expect(model.refitDue).toBe(false)
    learnAll(model, stream.slice(69, 70))
    expect(model.refitDue).toBe(true)
  })

  test('learn leaves the trees alone where a refit waits to be asked for, and replaces them where it runs inline', () => {
    const asked = refit(learnt(stream.slice(0, 40)))
    const before = JSON.stringify(asked.trees)
    learnAll(asked, stream.slice(40, 70))
    expect(JSON.stringify(asked.trees)).toBe(before)
    const inline = learnt(stream.slice(0, 69), { refit: 'inline' })
    expect(JSON.stringify(inline.trees)).toBe(before)
    learnAll(inline, stream.slice(69, 70))
    expect(inline.refitDue).toBe(false)
    expect(JSON.stringify(inline.trees)).toBe(JSON.stringify(refit(asked).trees))
  })

  test('the window holds the newest observations and no more', () => {
    const model = refit(learnt(stream))
    expect(model.seen).toBe(400)
    expect(model.trees[0]!.rows).toBe(120)
    expect(JSON.stringify(model.trees)).toBe(JSON.stringify(fitted(stream.slice(-120)).trees))
    const sizes = [learnt(stream.slice(0, 120)), learnt(stream)].map((m) => textOf(m).length)
    expect(Math.abs(sizes[0]! - sizes[1]!)).toBeLessThan(30)
  })
})

describe('refit', () => {
  test.each([{}, { rowFraction: 0.7, columnFraction: 0.5 }, { task: 'regression' as const, bins: 8 }])(
    'is fit on the window, bit for bit, with %o',
    (more) => {
      for (const n of [10, 40, 120]) {
        const rows = stream.slice(0, n)
        expect(textOf(refit(learnt(rows, more)))).toBe(textOf(fitted(rows, more)))
      }
    },
  )

  test('draws anew each time, yet the same in every run', () => {
    const [first, second] = [1, 2].map(() => refit(refit(learnt(stream, { rowFraction: 0.5 }))))
    expect(textOf(first!)).toBe(textOf(second!))
    const once = refit(learnt(stream, { rowFraction: 0.5 }))
    expect(JSON.stringify(once.trees)).not.toBe(JSON.stringify(first!.trees))
    expect(JSON.stringify(refit(learnt(stream, { rowFraction: 0.5, seed: 2 })).trees)).not.toBe(
      JSON.stringify(once.trees),
    )
  })

  test('dropped at any step it has changed nothing', () => {
    const model = refit(learnt(stream.slice(0, 100)))
    learnAll(model, stream.slice(100, 140))
    const before = textOf(model)
    for (let stop = 0; stop < 11; stop++) {
      const steps = model.refit()
      for (let i = 0; i < stop; i++) expect(steps.next().done).toBe(false)
      steps.return()
      expect(textOf(model)).toBe(before)
    }
  })

  test('trains on the window as it was, and keeps what came meanwhile', () => {
    const model = learnt(stream.slice(0, 100))
    const steps = model.refit()
    steps.next()
    learnAll(model, stream.slice(100, 135))
    while (!steps.next().done);
    expect(JSON.stringify(model.trees)).toBe(JSON.stringify(refit(learnt(stream.slice(0, 100))).trees))
    expect(model.seen).toBe(135)
    expect(model.refitDue, '35 new observations').toBe(true)
    const twice = refit(refit(learnt(stream.slice(0, 135))))
    expect(JSON.stringify(refit(model).trees)).toBe(JSON.stringify(twice.trees))
  })

  test('is of no effect once fit, forget or another refit has overtaken it', () => {
    for (const overtake of [
      (model: GradientBoosting) => model.fit([new Float64Array(3)], [1]),
      (model: GradientBoosting) => model.forget(50),
      (model: GradientBoosting) => void refit(model),
    ]) {
      const model = learnt(stream.slice(0, 100))
      const steps = model.refit()
      steps.next()
      overtake(model)
      const before = textOf(model)
      while (!steps.next().done);
      expect(textOf(model)).toBe(before)
    }
  })
})

describe('forget', () => {
  test('keeps the newest observations, and asks for a refit on them', () => {
    const model = refit(learnt(stream))
    model.forget(60)
    expect(model.refitDue).toBe(true)
    expect(model.seen).toBe(400)
    refit(model)
    expect(model.refitDue).toBe(false)
    expect(JSON.stringify(model.trees)).toBe(JSON.stringify(fitted(stream.slice(-60)).trees))
  })

  test('below minSamples the refit falls back to the base rate, until there is enough again', () => {
    const model = refit(learnt(stream))
    model.forget(2)
    refit(model)
    expect(model.trees).toEqual([])
    const [a, b] = stream.slice(-2)
    const rate = (a!.y * a!.weight + b!.y * b!.weight + 0.5) / (a!.weight + b!.weight + 1)
    expect(model.predict(a!.x)).toBeCloseTo(rate, 12)
    learnAll(model, stream.slice(0, 37))
    expect(model.refitDue).toBe(false)
    learnAll(model, stream.slice(37, 38))
    expect(model.refitDue).toBe(true)
    expect(refit(model).trees.length).toBeGreaterThan(0)
  })

  test('forgetting all of an untrained model leaves the prior', () => {
    const model = learnt(stream.slice(0, 20))
    model.forget(0)
    expect(model.predict(stream[0]!.x)).toBe(0.5)
    for (const keep of [-1, 1.5, Number.NaN]) expect(() => model.forget(keep)).toThrow(/keep/)
  })

  test('inline, the next observation brings the refit', () => {
    const model = learnt(stream, { refit: 'inline' })
    model.forget(70)
    learnAll(model, stream.slice(0, 1))
    expect(model.trees[0]!.rows).toBe(71)
  })
})

describe('input', () => {
  test('a table that does not fit together is refused and leaves the model as it was', () => {
    const model = refit(learnt(stream.slice(0, 60)))
    const before = textOf(model)
    const x = new Float64Array(3)
    for (const act of [
      () => model.fit([x, x], [1]),
      () => model.fit([x], [1], [1, 2]),
      () => model.fit([x, new Float64Array(2)], [1, 0]),
      () => model.fit([x, x], [1, 0.5]),
      () => model.fit([x, x], [1, 0], [1, 0]),
      () => model.predict(new Float64Array(4)),
      () => model.explain(new Float64Array(4)),
    ]) {
      expect(act).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
      expect(textOf(model)).toBe(before)
    }
  })

  test('options out of range are refused', () => {
    const bad: Partial<GradientBoostingInput>[] = [
      { features: 0 },
      { trees: 0 },
      { learningRate: 0 },
      { maxLeaves: 1 },
      { maxDepth: 0 },
      { minSamplesLeaf: 0 },
      { minHessianLeaf: 0 },
      { l2: -1 },
      { bins: 1 },
      { bins: 256 },
      { rowFraction: 0 },
      { columnFraction: 1.1 },
      { seed: '' },
      { window: 0 },
      { window: 49, minSamples: 50 },
      { refitEvery: 0 },
    ]
    for (const one of bad) {
      expect(() => new GradientBoosting({ features: 3, ...one }), JSON.stringify(one)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    }
  })
})

describe('snapshots', () => {
  const whole = JSON.parse(textOf(refit(learnt(stream.slice(0, 150), { maxLeaves: 4 })))) as Snapshot
  type Forest = { [key: string]: State }

  /** The snapshot with one array or number of the forest changed. */
  const damaged = (change: (forest: Forest) => void): Snapshot => {
    const forest = { ...(unpackState(whole.state['forest'], {}) as Forest) }
    change(forest)
    return { ...whole, state: { ...whole.state, forest: packRecord(forest) as JsonObject } }
  }
  const put = (key: string, at: number, value: number) => (forest: Forest) => {
    ;(forest[key] as Float64Array)[at] = value
  }

  test('one of version 1 is read, predicts as it did, and is written as version 2', () => {
    const model = GradientBoosting.fromJSON(first.snapshot as unknown as Snapshot)
    const at = (i: number): Float64Array => Float64Array.of((i * 7) % 11, i % 5 === 0 ? Number.NaN : (i * 3) % 13)
    expect(first.predictions.map((_, i) => model.predict(at(i)))).toEqual(first.predictions)
    expect(model.seen).toBe(45)
    expect(model.toJSON().version).toBe(2)
    expect(textOf(GradientBoosting.fromJSON(model.toJSON()))).toBe(textOf(model))
    const damaged = { ...first.snapshot, state: { ...first.snapshot.state, forest: {} } } as unknown as Snapshot
    expect(() => GradientBoosting.fromJSON(damaged)).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
  })

  test('missing is missing, whatever the bits of the NaN', () => {
    const odd = new Float64Array(new BigUint64Array(3).fill(0xfff8_0000_0000_beefn).buffer)
    const [one, other] = [odd, new Float64Array(3).fill(Number.NaN)].map((x) => learnt([{ x, y: 1, weight: 1 }]))
    expect(textOf(one!)).toBe(textOf(other!))
  })

  test('an undamaged forest is read back', () => {
    expect(textOf(GradientBoosting.fromJSON(damaged(() => {})))).toBe(JSON.stringify(whole))
  })

  test.each<[string, (forest: Forest) => void]>([
    ['a child that is its own parent', put('left', 0, 0)],
    ['a child before its parent', put('right', 2, 1)],
    ['a child outside', put('right', 0, 99999)],
    ['a negative child', put('left', 0, -5)],
    ['a child in another tree', put('left', 0, 8)],
    ['an unknown feature', put('feature', 0, 3)],
    ['a feature below -1', put('feature', 0, -2)],
    ['a missing direction of 2', put('missingLeft', 0, 2)],
    ['an infinite value', put('value', 1, Number.POSITIVE_INFINITY)],
    ['a value that is not a number', put('value', 1, Number.NaN)],
    ['a threshold that is not a number', put('threshold', 0, Number.NaN)],
    ['a negative gain', put('gain', 0, -1)],
    ['a negative cover', put('cover', 0, -1)],
    ['an unknown output', put('output', 0, 1)],
    ['a set outside', put('set', 0, 0)],
    ['a first root that is not 0', put('roots', 0, 1)],
    ['a root outside', put('roots', 1, 99999)],
    ['roots out of order', put('roots', 1, 0)],
    ['an array cut short', (forest) => (forest['gain'] = (forest['gain'] as Float64Array).slice(1))],
    ['no roots', (forest) => (forest['roots'] = new Int32Array(0))],
    ['an infinite base', (forest) => (forest['base'] = Float64Array.of(Number.POSITIVE_INFINITY))],
  ])('a forest with %s is refused', (_, change) => {
    expect(() => GradientBoosting.fromJSON(damaged(change))).toThrow(
      expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
    )
  })

  test.each<[string, { [key: string]: State }]>([
    ['an infinite feature', { x: Float64Array.of(1, 2, Number.NEGATIVE_INFINITY) }],
    ['too few values', { x: Float64Array.of(1, 2) }],
    ['a label of 0.5', { y: Float64Array.of(0.5) }],
    ['a weight of 0', { weights: Float64Array.of(0) }],
    ['a missing weight', { weights: new Float64Array(0) }],
    [
      'more rows than it may hold',
      { x: new Float64Array(363), y: new Float64Array(121), weights: new Float64Array(121).fill(1) },
    ],
  ])('a window with %s is refused', (_, change) => {
    const window = { x: Float64Array.of(1, 2, 3), y: Float64Array.of(1), weights: Float64Array.of(1) }
    const snapshot = (changed: object): Snapshot => ({
      ...whole,
      state: { ...whole.state, window: packRecord({ ...window, ...changed }) },
    })
    expect(GradientBoosting.fromJSON(snapshot({})).seen).toBe(150)
    expect(() => GradientBoosting.fromJSON(snapshot(change))).toThrow(
      expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }),
    )
  })

  test('a life with refits, forgetting and restores in the middle gives the same bits as one without restores', () => {
    const live = (restoring: (model: GradientBoosting) => GradientBoosting): string => {
      let model = new GradientBoosting({ ...options, refit: 'inline', rowFraction: 0.6 })
      for (const [i, { x, y, weight }] of stream.entries()) {
        model.learn(x, y, weight)
        if (i === 211) model.forget(45)
        if (i % 23 === 0) model = restoring(model)
      }
      return textOf(model)
    }
    expect(live((model) => GradientBoosting.fromJSON(JSON.parse(textOf(model))))).toBe(live((model) => model))
  })

  test.each([
    ['binary', {}, 'a936c7b1'],
    ['regression', { task: 'regression' as const }, 'dfabdf77'],
    ['sampled', { rowFraction: 0.6, columnFraction: 0.7 }, 'e242ecf8'],
  ])('the bits of a %s model are those of this version', (_, more, digest) => {
    expect(fnv1a(textOf(refit(learnt(stream, more))))).toBe(digest)
  })
})
