import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test, vi } from 'vitest'
import { type XgboostCodec, type XgboostInput, XgboostLearner } from '../../src/xgboost/index.ts'
import { codeOf, drawTable } from './data.ts'
import { from, isHere, theModule, unless } from './package.ts'

const xgboost: XgboostCodec = isHere ? await XgboostLearner.load(from) : (undefined as never)
const create = (options: Partial<XgboostInput> = {}): XgboostLearner =>
  xgboost.create({ features: 1, trees: 20, minSamples: 10, ...options })
const at = (...values: number[]): Float64Array => Float64Array.of(...values)

describe.skipIf(!isHere)(`-1 and missing values${unless}`, () => {
  test('-1 is a number like others: {-1, 0, 1} is learned as {-2, 0, 2} is', () => {
    for (const method of ['hist', 'exact'] as const) {
      const [small, large] = [create({ method }), create({ method })]
      const values = Array.from({ length: 300 }, (_, i) => (i % 3) - 1)
      const y = values.map((value) => Number(value === 0))
      small.fit(
        values.map((value) => at(value)),
        y,
      )
      large.fit(
        values.map((value) => at(2 * value)),
        y,
      )
      for (const value of [-1, 0, 1]) expect(small.predict(at(value))).toBe(large.predict(at(2 * value)))
      expect(small.predict(at(0))).toBeGreaterThan(0.8)
      expect(small.predict(at(-1))).toBeLessThan(0.2)
    }
  })

  test('NaN is missing, in training and in prediction, and is told apart from -1', () => {
    const model = create()
    const values = Array.from({ length: 300 }, (_, i) => [-1, Number.NaN, 1][i % 3]!)
    model.fit(
      values.map((value) => at(value)),
      values.map((value) => Number(Number.isNaN(value))),
    )
    expect(model.predict(at(Number.NaN))).toBeGreaterThan(0.8)
    expect(model.predict(at(-1))).toBeLessThan(0.2)
    expect(model.predict(at(1))).toBeLessThan(0.2)
    model.dispose()
  })

  test('what rounds to -1 is as -1 is', () => {
    const model = create()
    model.fit(
      Array.from({ length: 200 }, (_, i) => at(i % 2 === 0 ? -1 : 1)),
      Array.from({ length: 200 }, (_, i) => i % 2),
    )
    for (const near of [-1 + 1e-9, -1 - 1e-9]) expect(model.predict(at(near))).toBe(model.predict(at(-1)))
    expect(model.predict(at(-1))).toBeLessThan(0.2)
    model.dispose()
  })
})

describe.skipIf(!isHere)(`tables${unless}`, () => {
  test('beyond 5 MB are trained on', () => {
    const { x, y } = drawTable('large', 70_000, 20)
    const model = create({ features: 20, trees: 3, maxDepth: 3 })
    model.fit(x, y)
    expect(model.predict(new Float64Array(20).fill(2, 0, 1))).toBeGreaterThan(
      model.predict(new Float64Array(20).fill(-2, 0, 1)),
    )
    model.dispose()
  }, 60_000)

  test('beyond what the package can address are refused before it tries', () => {
    const model = create({ features: 60_000, minSamples: 1 })
    const row = new Float64Array(60_000)
    const rows = new Array<Float64Array>(1001).fill(row)
    expect(codeOf(() => model.fit(rows, new Float64Array(1001)))).toBe('INVALID_INPUT')
    model.dispose()
  }, 60_000)

  test('of other widths are refused, in training and in prediction', () => {
    const model = create({ features: 3 })
    const { x, y } = drawTable('width', 100, 3)
    model.fit(x, y)
    for (const columns of [0, 2, 4]) {
      expect(codeOf(() => model.predict(new Float64Array(columns)))).toBe('INVALID_INPUT')
      expect(codeOf(() => model.learn(new Float64Array(columns), 1))).toBe('INVALID_INPUT')
      expect(codeOf(() => model.fit([...x.slice(1), new Float64Array(columns)], y))).toBe('INVALID_INPUT')
    }
    expect(codeOf(() => model.predict([1, 2, 3] as never))).toBe('INVALID_INPUT')
    model.dispose()
  })

  test('labels outside a task are refused', () => {
    const model = create()
    const rows = Array.from({ length: 20 }, (_, i) => at(i))
    for (const bad of [2, -1, 0.5, Number.NaN]) {
      expect(codeOf(() => model.fit(rows, new Float64Array(20).fill(bad, 19)))).toBe('INVALID_INPUT')
    }
    model.dispose()
  })
})

describe.skipIf(!isHere)(`memory${unless}`, () => {
  const { x, y } = drawTable('memory', 1000, 10)

  test('stays flat over refits, fits, dropped refits, copies and learners that are disposed of', async () => {
    const module = await theModule()
    const turn = (): void => {
      const model = create({ features: 10, trees: 20 })
      model.fit(x, y)
      model.fit(x, y)
      for (const _ of model.refit());
      const dropped = model.refit()
      dropped.next()
      dropped.next()
      dropped.return()
      const copy = xgboost.fromJSON(model.toJSON(), () => model)
      copy.dispose()
      model.dispose()
    }
    for (let i = 0; i < 5; i++) turn()
    const before = module.HEAPU8.length
    for (let i = 0; i < 30; i++) turn()
    expect(module.HEAPU8.length).toBe(before)
  }, 60_000)

  test('every model is freed once, and no more than once', async () => {
    const module = await theModule()
    const made = [vi.spyOn(module, '_create_model'), vi.spyOn(module, '_load_model')]
    const freed = vi.spyOn(module, '_free_memory_model')
    const model = create({ features: 10 })
    model.fit(x, y)
    for (const _ of model.refit());
    const overtaken = model.refit()
    overtaken.next()
    model.forget(500)
    for (const _ of overtaken);
    const late = model.refit()
    late.next()
    model.dispose()
    for (const _ of late);
    model.dispose()
    model.dispose()
    const pointers = (spies: { mock: { calls: unknown[][]; results: { value: unknown }[] } }[]): unknown[] =>
      spies.flatMap(({ mock }) => mock.results.map(({ value }) => value)).sort()
    expect(freed.mock.calls.map(([pointer]) => pointer).sort()).toEqual(pointers(made))
    expect(freed.mock.calls.length).toBe(8)
    vi.restoreAllMocks()
  })

  test('of learners and refits that were forgotten comes back', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const module = await theModule()
    const freed = vi.spyOn(module, '_free_memory_model')
    const forget = (): void => {
      const model = create({ features: 10, trees: 5 })
      model.fit(x, y)
      model.refit().next()
    }
    for (let i = 0; i < 5; i++) forget()
    const before = freed.mock.calls.length
    for (let i = 0; i < 50 && freed.mock.calls.length < before + 8; i++) {
      collect()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(freed.mock.calls.length).toBeGreaterThanOrEqual(before + 8)
    vi.restoreAllMocks()
  }, 30_000)

  test('nothing but its snapshot is had of a learner that was disposed of', () => {
    const model = create({ features: 10 })
    model.fit(x, y)
    const before = JSON.stringify(model)
    model.dispose()
    model.dispose()
    const asks: [string, () => unknown][] = [
      ['predict', () => model.predict(x[0]!)],
      ['learn', () => model.learn(x[0]!, 1)],
      ['fit', () => model.fit(x, y)],
      ['refit', () => model.refit().next()],
      ['forget', () => model.forget(1)],
    ]
    for (const [what, ask] of asks) expect(codeOf(ask), what).toBe('DISPOSED')
    expect(JSON.stringify(model)).toBe(before)
  })
})

describe.skipIf(!isHere)(`silence${unless}`, () => {
  test('training, prediction and refused models print nothing, and the module keeps its own voice', async () => {
    const module = await theModule()
    const [print, printErr] = [vi.fn(), vi.fn()]
    const own = { print: module.print, printErr: module.printErr }
    Object.assign(module, { print, printErr })
    const { x, y } = drawTable('silence', 100, 3)
    const model = create({ features: 3 })
    model.fit(x, y)
    model.predict(x[0]!)
    model.dispose()
    expect([print, printErr].map(({ mock }) => mock.calls.length)).toEqual([0, 0])
    expect([module.print, module.printErr]).toEqual([print, printErr])
    Object.assign(module, own)
  })

  test('what the compiled code throws, numbers and texts, comes as a coded error with what it said', async () => {
    const module = await theModule()
    const { x, y } = drawTable('throws', 100, 3)
    const model = create({ features: 3 })
    const before = JSON.stringify(model)
    const spy = vi.spyOn(module, '_train_full_model').mockImplementation(() => {
      module.printErr('[01:02:03] label must be in [0,1]')
      throw 5360216
    })
    expect(() => model.fit(x, y)).toThrow(/label must be in/)
    expect(codeOf(() => model.fit(x, y))).toBe('INVALID_INPUT')
    spy.mockRestore()
    expect(JSON.stringify(model)).toBe(before)
    model.fit(x, y)
    model.dispose()
  })
})
