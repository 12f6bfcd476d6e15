import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contracts.ts'
import { restore } from '../../src/core/index.ts'
import { crc32, crcTables } from '../../src/learners/forest/model-file-crc.ts'
import { learnerLaws } from '../../src/testing/index.ts'
import { type XgboostCodec, type XgboostInput, XgboostLearner } from '../../src/xgboost/index.ts'
import { codeOf, drawTable, logLoss } from './data.ts'
import { file, from, isHere, theModule, unless } from './package.ts'

/** What we use of the package's class. */
type OwnClass = new (
  params: object,
) => { train(x: number[][], y: number[]): void; predict(x: number[][]): number[]; free(): void }

// defined, not run, where the package is missing
const xgboost: XgboostCodec = isHere ? await XgboostLearner.load(from) : (undefined as never)
const create = (options: Partial<XgboostInput> = {}): XgboostLearner =>
  xgboost.create({ features: 3, trees: 20, minSamples: 30, refitEvery: 50, ...options })

const variants: [string, Partial<XgboostInput>][] = [
  ['binary', {}],
  ['regression', { task: 'regression' }],
  ['exact and pruned', { method: 'exact', minGain: 1 }],
  ['with draws', { rowFraction: 0.6, columnFraction: 0.7 }],
  ['a short window', { window: 60 }],
]
describe.skipIf(!isHere).each(variants)(`laws of learners, %s${unless}`, (_, options) => {
  const laws = isHere ? learnerLaws(() => create(options), xgboost) : []
  for (const { name, run } of laws) test(name, run)
  test('there are some', () => expect(laws.length).toBeGreaterThan(15))
})

describe.skipIf(!isHere)(`prediction${unless}`, () => {
  test('finds what there is to find', () => {
    const [train, exam] = [drawTable('train', 2000, 5, 0.05), drawTable('exam', 1000, 5, 0.05)]
    const model = create({ features: 5, trees: 100 })
    model.fit(train.x, train.y)
    const loss = logLoss(
      exam.x.map((x) => model.predict(x)),
      exam.y,
    )
    expect(loss).toBeLessThan(0.35)
    model.dispose()
  })

  test('of numbers keeps their place and unit, however far from 0 and however large', () => {
    const { x } = drawTable('numbers', 500, 3)
    for (const [center, unit] of [
      [0, 1],
      [1e6, 1],
      [-5, 1e-9],
      [1e60, 1e58],
    ] as const) {
      const model = create({ task: 'regression', trees: 100 })
      const y = x.map((row) => center + unit * row[0]!)
      model.fit(x, y)
      for (const [i, row] of x.slice(0, 50).entries())
        expect(Math.abs(model.predict(row) - y[i]!) / unit).toBeLessThan(0.3)
      model.dispose()
    }
  })

  test.each(['hist', 'exact'] as const)("is what the package's own class gives, %s", async (method) => {
    const { x } = drawTable('own', 400, 3)
    const y = x.map((_, i) => Number(x[i]![0]! > x[(i + 200) % 400]![0]!)) // as many ones as zeros
    const require = createRequire(import.meta.url)
    const XGBoost = (await require(fileURLToPath(file).replace(/dist.wasm.xgboost\.js$/, 'lib/index.js'))) as OwnClass
    const params = {
      objective: 'binary:logistic',
      max_depth: 4,
      eta: 0.1,
      tree_method: method,
      max_bin: 255,
      subsample: 1,
      iterations: 20,
    }
    const module = await theModule()
    const voice = { print: module.print, printErr: module.printErr }
    Object.assign(module, { print: () => {}, printErr: () => {} })
    const own = new XGBoost(params)
    own.train(
      x.map((row) => [...row]),
      y,
    )
    const model = create({ method })
    model.fit(x, y)
    expect(x.map((row) => model.predict(row))).toEqual(own.predict(x.map((row) => [...row])))
    own.free()
    model.dispose()
    Object.assign(module, voice)
  })

  test('before the first trees is what suits the labels', () => {
    const model = create()
    expect(model.predict(new Float64Array(3))).toBe(0.5)
    for (const y of [1, 1, 1, 0]) model.learn(new Float64Array(3), y)
    expect(model.predict(new Float64Array(3))).toBe(3.5 / 5)
    model.dispose()
  })

  test.each([
    ['constant features', () => new Float64Array(3).fill(7)],
    ['nothing but missing values', () => new Float64Array(3).fill(Number.NaN)],
    ['the largest numbers', (i: number) => new Float64Array(3).fill(i % 2 === 0 ? 1e308 : -1e308)],
    ['the least numbers', (i: number) => new Float64Array(3).fill(i % 2 === 0 ? 5e-324 : -5e-324)],
  ])('of %s is a finite number', (_, row) => {
    for (const method of ['hist', 'exact'] as const) {
      for (const task of ['binary', 'regression'] as const) {
        const model = create({ method, task })
        model.fit(
          Array.from({ length: 100 }, (_, i) => row(i)),
          Array.from({ length: 100 }, (_, i) => i % 2),
        )
        for (const value of [Number.NaN, 0, 7, 1e308, -1e308]) {
          expect(Number.isFinite(model.predict(new Float64Array(3).fill(value)))).toBe(true)
        }
        model.dispose()
      }
    }
  })

  test('of a single class is close to it', () => {
    const { x } = drawTable('one class', 200, 3)
    const model = create()
    model.fit(x, new Float64Array(200).fill(1))
    expect(model.predict(x[0]!)).toBeGreaterThan(0.99)
    model.dispose()
  })

  test('is pulled by weights as by rows that stand there more than once', () => {
    const { x, y } = drawTable('weights', 600, 3)
    const weights = y.map((_, i) => (x[i]![2]! > 0 ? 3 : 1))
    const often = x.flatMap((row, i) => new Array<Float64Array>(weights[i]!).fill(row))
    const [weighted, repeated, plain] = [create(), create(), create()]
    weighted.fit(x, y, weights)
    repeated.fit(
      often,
      y.flatMap((label, i) => new Array<number>(weights[i]!).fill(label)),
    )
    plain.fit(x, y)
    const apart = (a: XgboostLearner, b: XgboostLearner): number =>
      x.reduce((sum, row) => sum + Math.abs(a.predict(row) - b.predict(row)), 0) / x.length
    expect(apart(weighted, repeated)).toBeLessThan(0.02)
    expect(apart(weighted, repeated)).toBeLessThan(apart(weighted, plain))
    for (const model of [weighted, repeated, plain]) model.dispose()
  })

  test('does not change where weights and penalties double together', () => {
    const { x, y } = drawTable('doubled', 300, 3)
    const once = create({ minGain: 0.5, l1: 0.25 })
    const doubled = create({ l2: 2, minHessianLeaf: 2, minGain: 1, l1: 0.5, seed: 1 })
    once.fit(x, y, new Float64Array(300).fill(1024))
    doubled.fit(x, y, new Float64Array(300).fill(2048))
    // the base rate counts one more row, which is less of the doubled weight
    for (const row of x) expect(doubled.predict(row)).toBeCloseTo(once.predict(row), 4)
    once.dispose()
    doubled.dispose()
  })
})

describe.skipIf(!isHere)(`snapshots${unless}`, () => {
  const trained = (): XgboostLearner => {
    const { x, y } = drawTable('snapshots', 200, 3)
    const model = create()
    model.fit(x, y)
    return model
  }

  test('that were damaged are refused', () => {
    const model = trained()
    const whole = JSON.parse(JSON.stringify(model)) as Snapshot
    const bytes = Buffer.from((whole.state['model'] as { data: string }).data, 'base64')
    for (let i = 0; i < 60; i++) {
      const bad = Buffer.from(bytes)
      bad[Math.floor((i / 60) * bad.length)]! ^= 1 << (i % 8)
      const state = { ...whole.state, model: { $: 'Uint8Array', data: bad.toString('base64') } }
      expect(codeOf(() => restore({ ...whole, state }, [xgboost]))).toBe('CORRUPT_SNAPSHOT')
    }
    for (const [key, value] of [
      ['seen', -1],
      ['center', 7],
      ['spread', 0],
      ['checksum', 0],
    ] as const) {
      expect(codeOf(() => restore({ ...whole, state: { ...whole.state, [key]: value } }, [xgboost]))).toBe(
        'CORRUPT_SNAPSHOT',
      )
    }
    model.dispose()
  })

  test('that were forged, with a right checksum, are refused, or predict finite numbers', async () => {
    const module = await theModule()
    const { x, y } = drawTable('forged', 200, 3)
    const model = create({ trees: 3, maxDepth: 2 })
    model.fit(x, y)
    const whole = JSON.parse(JSON.stringify(model)) as Snapshot
    const bytes = Buffer.from((whole.state['model'] as { data: string }).data, 'base64')
    const before = module.HEAPU8.length
    const forge = (bad: Uint8Array): void => {
      const data = Buffer.from(bad).toString('base64')
      const checksum = crc32(bad, 0, bad.length, crcTables())
      const state = { ...whole.state, model: { $: 'Uint8Array', data }, checksum }
      let read: XgboostLearner
      try {
        read = restore({ ...whole, state }, [xgboost])
      } catch (error) {
        expect((error as { code?: string }).code).toBe('CORRUPT_SNAPSHOT')
        return
      }
      for (const row of x.slice(0, 10)) expect(Number.isFinite(read.predict(row))).toBe(true)
      read.dispose()
    }
    for (let at = 0; at < bytes.length; at++) {
      for (const to of [0, 127, 255]) {
        const bad = Uint8Array.from(bytes)
        bad[at] = to
        forge(bad)
      }
    }
    for (let length = 1; length < bytes.length; length += 7) forge(Uint8Array.from(bytes.subarray(0, length)))
    forge(Uint8Array.of(...bytes, 0))
    expect(module.HEAPU8.length).toBe(before)
    model.dispose()
  }, 60_000)

  test('are read by what load gives, and predict to the bit', () => {
    const model = trained()
    const again = restore(JSON.parse(JSON.stringify(model)) as Snapshot, [xgboost])
    for (const x of drawTable('probes', 50, 3, 0.2).x) expect(again.predict(x)).toBe(model.predict(x))
    model.dispose()
    again.dispose()
  })
})

describe.skipIf(!isHere)(`chance${unless}`, () => {
  const draws = { rowFraction: 0.5, columnFraction: 0.5 }
  const { x, y } = drawTable('chance', 300, 3)
  const after = (options: Partial<XgboostInput>): string => {
    const model = create(options)
    model.fit(x, y)
    const text = JSON.stringify(model.toJSON().state)
    model.dispose()
    return text
  }

  test('is the same for equal seeds, whatever was trained in between, and another for others', () => {
    const first = after(draws)
    after({ ...draws, trees: 7 })
    expect(after(draws)).toBe(first)
    expect(after({ ...draws, seed: 'other' })).not.toBe(first)
  })

  test('of several learners that refit in turns does not mix', () => {
    const alone = (options: Partial<XgboostInput>): XgboostLearner => {
      const model = create(options)
      for (const [i, row] of x.entries()) model.learn(row, y[i]!)
      return model
    }
    for (const options of [{}, draws]) {
      const [a, b, c] = [alone(options), alone({ ...options, trees: 33 }), alone(options)]
      for (const _ of c.refit());
      const [one, two] = [a.refit(), b.refit()]
      for (let steps = 0; steps < 100; steps++) {
        one.next()
        two.next()
      }
      expect(JSON.stringify(a)).toBe(JSON.stringify(c))
      for (const model of [a, b, c]) model.dispose()
    }
  })
})
