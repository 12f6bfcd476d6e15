import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../../src/core/rng.ts'
import { createForest } from '../../../src/learners/forest/forest.ts'
import { ForestModel } from '../../../src/learners/forest/forest-model.ts'
import { marginsInto } from '../../../src/learners/forest/margins.ts'
import type { ModelLink } from '../../../src/learners/forest/model-file.ts'
import { GradientBoosting, MultiGradientBoosting } from '../../../src/learners/gradient-boosting/index.ts'
import { learnerLaws } from '../../../src/testing/index.ts'
import { codeOf, drawModel, drawRows } from './model-file-models.ts'

const rng = new SeededRng('rows')
const rows = Array.from({ length: 400 }, () =>
  Float64Array.from({ length: 5 }, () => (rng.next() < 0.1 ? Number.NaN : rng.next() * 4 - 2)),
)
const probes = drawRows('probes', 200)

describe.each(['sigmoid', 'identity', 'exp'] as const)('laws of a learner, link %s', (link: ModelLink) => {
  const create = (): ForestModel => new ForestModel({ ...drawModel('laws'), link })
  for (const { name, run } of learnerLaws(create, ForestModel, { features: 5, learnsFromX: false })) test(name, run)
})

describe('a model of ours', () => {
  test('predicts to the bit what its boosting predicts, from either file', () => {
    const boosting = new GradientBoosting({ features: 5, minSamplesLeaf: 5, categorical: [4] })
    const days = rows.map((x) => x.with(4, Math.floor(Math.abs(x[0]! || 0) * 3)))
    boosting.fit(
      days,
      days.map((x) => Number(x[1]! + x[4]! > 1)),
    )
    const model = new ForestModel({ forest: boosting.forest, link: 'sigmoid' })
    const copies = [ForestModel.fromBytes(model.toBytes()), ForestModel.fromJSON(JSON.parse(JSON.stringify(model)))]
    for (const x of [...days, ...probes]) {
      for (const copy of [model, ...copies]) expect(copy.predict(x)).toBe(boosting.predict(x))
    }
  })

  test('of counts and of classes likewise', () => {
    const counts = new GradientBoosting({ features: 5, task: 'regression', loss: 'poisson', trees: 20 })
    counts.fit(
      rows,
      rows.map((_, i) => i % 4),
    )
    const model = new ForestModel({ forest: counts.forest, link: 'exp' })
    const classes = new MultiGradientBoosting({ features: 5, loss: 'softmax', classes: 3, trees: 10 })
    classes.fit(
      rows,
      rows.map((x, i) => (x[0]! > 0 ? 2 : i % 2)),
    )
    const shares = new ForestModel({ forest: classes.forest, link: 'softmax' })
    for (const x of probes) {
      expect(model.predict(x)).toBe(counts.predict(x))
      const got = shares.predictInto(x, new Float64Array(3))
      expect(got).toEqual(classes.predictInto(x, new Float64Array(3)))
    }
  })
})

describe('outputs', () => {
  test('margins are those of the plain walk', () => {
    const content = drawModel('margins', 6, 3)
    const model = new ForestModel(content)
    const want = new Float64Array(3)
    for (const x of probes) {
      marginsInto(content.forest, x, 0, want)
      expect(model.marginInto(x, new Float64Array(3))).toEqual(want)
    }
  })

  test('shares add up to 1, extreme margins too', () => {
    const model = new ForestModel({ forest: createForest(1, [1e100, -1e100, 1e100], 0, 0), link: 'softmax' })
    expect([...model.predictInto(new Float64Array(1), new Float64Array(3))]).toEqual([0.5, 0, 0.5])
  })

  test('every link stays finite', () => {
    for (const link of ['sigmoid', 'identity', 'exp'] as const) {
      for (const base of [1e100, -1e100, 800]) {
        const model = new ForestModel({ forest: createForest(1, [base], 0, 0), link })
        expect(Number.isFinite(model.predict(new Float64Array(1)))).toBe(true)
      }
    }
  })

  test('asking for one number of several, or for numbers without room, is refused', () => {
    const model = new ForestModel(drawModel('several', 3, 3))
    expect(codeOf(() => model.predict(probes[0]!))).toBe('INVALID_INPUT')
    expect(codeOf(() => model.predictInto(probes[0]!, new Float64Array(2)))).toBe('INVALID_INPUT')
    expect(codeOf(() => model.predictInto(probes[0]!, [0, 0, 0] as never))).toBe('INVALID_INPUT')
    expect(codeOf(() => model.marginInto(new Float64Array(4), new Float64Array(3)))).toBe('INVALID_INPUT')
  })

  test('it says what it is', () => {
    const model = new ForestModel(drawModel('about', 3, 3))
    expect([model.features, model.outputs, model.task, model.link]).toEqual([5, 3, 'regression', 'softmax'])
    expect(model.names?.[0]).toBe('rsi')
    expect(model.meta?.['trainedOn']).toBe('SPY')
    expect(new ForestModel({ forest: createForest(1, [0], 0, 0), link: 'sigmoid' }).task).toBe('binary')
  })
})

describe('what a trained model hands over', () => {
  const rows = Array.from({ length: 300 }, (_, i) => Float64Array.of((i * 7) % 11, i % 5))
  const y = rows.map(([a]) => Number(a! > 4))

  test('predicts the same, whatever the loss, after a trip through bytes', () => {
    for (const more of [{}, { task: 'regression' }, { task: 'regression', loss: 'poisson' }] as const) {
      const model = new GradientBoosting({ features: 2, trees: 9, ...more })
      model.fit(rows, y)
      const copy = ForestModel.fromBytes(model.toForestModel({ names: ['a', 'b'] }).toBytes())
      for (const x of rows.slice(0, 20)) expect(copy.predict(x)).toBe(model.predict(x))
      expect(copy.names).toEqual(['a', 'b'])
    }
    for (const more of [
      { loss: 'softmax', classes: 2 },
      { loss: 'quantile', quantiles: [0.2, 0.5, 0.8] },
    ] as const) {
      const model = new MultiGradientBoosting({ features: 2, trees: 9, ...more })
      model.fit(rows, y)
      const copy = ForestModel.fromBytes(model.toForestModel().toBytes())
      const [ours, its] = [new Float64Array(model.outputs), new Float64Array(model.outputs)]
      for (const x of rows.slice(0, 20)) expect([...copy.predictInto(x, its)]).toEqual([...model.predictInto(x, ours)])
    }
  })

  test('a link that only a function can say is refused', () => {
    const loss = {
      name: 'own',
      base: () => 0,
      derive: (labels: Float64Array, margins: Float64Array, g: Float64Array, h: Float64Array) => {
        for (let i = 0; i < labels.length; i++) [g[i], h[i]] = [margins[i]! - labels[i]!, 1]
      },
      predict: (margin: number) => 2 * margin,
    }
    const model = new GradientBoosting({ features: 2, task: 'regression', loss: 'own' }, loss)
    expect(() => model.toForestModel()).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
