import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { JsonValue, Snapshot } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { FeatureDrift } from '../../src/drift/index.ts'
import { category, FeatureEngineer, tradeSide } from '../../src/features/index.ts'
import { FeatureMonitor, type FeatureMonitorOptions } from '../../src/lifecycle/index.ts'
import { sizeLaws } from '../../src/testing/size-laws.ts'
import { errorOf, refused, stateOf } from './helpers.ts'

const schema = { names: ['a', 'b', 'c'] }
const newMonitor = (options: Partial<FeatureMonitorOptions> = {}): FeatureMonitor =>
  new FeatureMonitor({ schema, ...options })
let rng = new SeededRng('monitor')
beforeEach(() => {
  rng = new SeededRng('monitor')
})
const normal = (): number => drawNormal(rng)
/** A vector of independent normal numbers, but for those given. */
const row = (...given: readonly (number | undefined)[]): Float64Array =>
  Float64Array.from(schema.names, (_, i) => given[i] ?? normal())
const feed = (monitor: FeatureMonitor, n: number, make: (i: number) => Float64Array): void => {
  for (let i = 0; i < n; i++) monitor.update(make(i))
}
const codesOf = (monitor: FeatureMonitor): string[] => monitor.issues().map(({ feature, code }) => `${feature} ${code}`)
const rowOf = (monitor: FeatureMonitor, feature: string) =>
  monitor.report().find((health) => health.feature === feature)!

describe('completeness', () => {
  test('of what is always there is whole, and nothing is wrong', () => {
    const monitor = newMonitor()
    feed(monitor, 299, () => row())
    expect(monitor.issues()).toEqual([])
    expect(monitor.report().map(({ feature, complete }) => [feature, complete])).toEqual(
      schema.names.map((name) => [name, true]),
    )
    expect(monitor.summary).toEqual({
      ...{ completeness: 1, stuck: [], incomplete: [], unseen: [], outOfRange: [], drifted: [] },
    })
  })

  test('is the weighted share of late, and no more than 95 % of it is an issue in words', () => {
    const monitor = newMonitor({ halfLife: 50, drift: null })
    const absent = (i: number): boolean => i % 8 === 3
    let [weight, there] = [0, 0]
    for (let i = 0; i < 200; i++) {
      monitor.update(row(undefined, absent(i) ? NaN : undefined))
      weight = weight / 2 ** (1 / 50) + 1
      there = there / 2 ** (1 / 50) + (absent(i) ? 0 : 1)
    }
    const { completeness, complete } = rowOf(monitor, 'b')
    expect(completeness).toBeCloseTo(there / weight, 12)
    expect(complete).toBe(false)
    expect(monitor.summary).toMatchObject({ incomplete: ['b'], completeness: expect.closeTo(1 - 0.125 / 3, 2) })
    expect(monitor.issues()).toHaveLength(1)
    expect(monitor.issues()[0]!.text).toMatch(
      /^"b" is missing in 12\.\d\d % of late; more than 95\.00 % of it is wanted\.$/,
    )
    // and it passes
    feed(monitor, 200, () => row())
    expect(rowOf(monitor, 'b').complete).toBe(true)
  })

  test('is not judged before enough is seen, also where half-lives are short', () => {
    for (const [halfLife, until] of [
      [100, 22],
      [5, 8],
      [1, 1],
    ] as const) {
      const monitor = newMonitor({ halfLife })
      let first = 0
      while (monitor.issues().length === 0) {
        monitor.update(row(NaN))
        first++
      }
      expect(first, `${halfLife}`).toBe(until)
      expect(codesOf(monitor)).toEqual(['a INCOMPLETE'])
    }
    expect(newMonitor().summary.completeness).toBeNaN()
    expect(rowOf(newMonitor(), 'a')).toMatchObject({ completeness: NaN, complete: true })
  })
})

describe('a value that stays', () => {
  test('is stuck after 20 vectors where it used to change, and says for how long', () => {
    const monitor = newMonitor()
    feed(monitor, 100, () => row())
    feed(monitor, 20, () => row(0.25))
    expect(codesOf(monitor)).toEqual([])
    feed(monitor, 1, () => row(0.25))
    expect(monitor.issues()).toMatchObject([
      { feature: 'a', code: 'STUCK', amount: 21, text: '"a" has been 0.25 for 21 vectors; before, for 1 at most.' },
    ])
    expect(monitor.summary.stuck).toEqual(['a'])
    feed(monitor, 1, () => row(NaN))
    expect(codesOf(monitor), 'through a missing value').toContain('a STUCK')
    feed(monitor, 1, () => row())
    expect(rowOf(monitor, 'a')).toMatchObject({ stuck: false, run: 1, longestRun: 21 })
  })

  test('by nature is never stuck: a constant, a side, a flag', () => {
    const monitor = newMonitor({ drift: null })
    for (let i = 0; i < 2000; i++) {
      // the side changes, and then the bot goes long for good
      monitor.update(row(7, i < 100 && i % 3 === 0 ? -1 : 1, i === 50 ? 1 : 0))
      expect(monitor.summary.stuck).toEqual([])
    }
    expect(rowOf(monitor, 'a')).toMatchObject({ run: 2000, value: 7 })
  })

  test('for long by habit is not stuck before three times its longest run', () => {
    const monitor = newMonitor()
    const daily = (i: number) => row(Math.floor(i / 15))
    feed(monitor, 150, daily)
    expect(rowOf(monitor, 'a').longestRun).toBe(15)
    const stuckAt: number[] = []
    for (let i = 1; i <= 600; i++) {
      monitor.update(row(99))
      if (monitor.summary.stuck.length > 0) stuckAt.push(i)
    }
    expect(stuckAt[0]).toBe(46)
    expect(stuckAt.at(-1), 'and then it is how it is now').toBeLessThanOrEqual(450)
    expect(stuckAt).toHaveLength(stuckAt.at(-1)! - 45)
  })

  test('alarms for a bounded time without a drift detector, too', () => {
    const monitor = newMonitor({ drift: null, reference: 5000, stuckAfter: 10 })
    feed(monitor, 100, () => row())
    let stuck = 0
    for (let i = 0; i < 1000; i++) {
      monitor.update(row(1))
      stuck += monitor.summary.stuck.length
    }
    expect(stuck).toBe(90)
  })
})

describe('the range', () => {
  test('is that of the reference’s quantiles, and 2 % of usual values lie outside', () => {
    const monitor = newMonitor({ halfLife: 2000, drift: null })
    const past = Array.from({ length: 300 }, normal)
    for (const value of past) monitor.learn(row(value))
    past.sort((x, y) => x - y)
    expect(rowOf(monitor, 'a')).toMatchObject({ low: past[2], high: past[297], outside: NaN })
    feed(monitor, 4000, () => row())
    const { outside, low } = rowOf(monitor, 'a')
    expect(outside).toBeGreaterThan(0.002)
    expect(outside).toBeLessThan(0.05)
    expect(low, 'what came later does not move it').toBe(past[2])
    expect(monitor.issues()).toEqual([])
  })

  test('is an issue where more than a fifth lies outside', () => {
    const monitor = newMonitor({ drift: null })
    feed(monitor, 300, () => row())
    feed(monitor, 200, () => row(undefined, undefined, 4 + normal()))
    const [issue, ...rest] = monitor.issues()
    expect(rest).toEqual([])
    expect(issue).toMatchObject({ feature: 'c', code: 'OUT_OF_RANGE' })
    expect(issue!.text).toMatch(
      /^"c": [67]\d\.\d\d % of late lay outside -[12]\.\d+ to 2\.\d+, which held 98\.00 % of its reference\.$/,
    )
    expect(monitor.summary.outOfRange).toEqual(['c'])
  })

  test('holds values that equal its bounds, whatever their last bit', () => {
    const monitor = newMonitor({ drift: null })
    feed(monitor, 400, (i) => row(0.1 + 0.2, i % 2 ? 0.1 : 0.7, -0))
    for (const { outside } of monitor.report()) expect(outside).toBe(0)
    // on a line between two of them, 0.058 of the way, this one would come out smaller
    const constant = 0.04533576517091831
    expect(constant * (1 - 0.058) + constant * 0.058).not.toBe(constant)
    const odd = newMonitor({ drift: null, reference: 30, lower: 0.002, upper: 0.998 })
    feed(odd, 100, () => row(constant, -constant))
    expect([rowOf(odd, 'a').outside, rowOf(odd, 'b').outside]).toEqual([0, 0])
  })

  test('is learnt from `learn` alone without judging it', () => {
    const monitor = newMonitor()
    for (let i = 0; i < 100; i++) monitor.learn(row(NaN))
    expect(rowOf(monitor, 'a')).toMatchObject({ completeness: NaN, low: NaN })
    expect(rowOf(monitor, 'b')).toMatchObject({ completeness: NaN, low: expect.closeTo(-2.3, 0) })
    expect(monitor.issues()).toEqual([])
  })
})

describe('an undeclared category', () => {
  const engineer = new FeatureEngineer({
    signal: { side: tradeSide() },
    meta: { source: category('rules', 'ai'), mood: category('other', 'good') },
  })
  engineer.update({ symbol: 'A', time: 1_704_067_200_000, open: 1, high: 1, low: 1, close: 1 })
  const asked = (source: string): Float64Array =>
    engineer.vector({ symbol: 'A', side: 'long', time: 1_704_070_800_000, meta: { source, mood: 'other' } })

  test('in more than 5 % of the signals is an issue, and a declared "other" is none', () => {
    const monitor = new FeatureMonitor({ schema: engineer.schema })
    feed(monitor, 200, (i) => asked(i % 40 === 7 ? 'astrology' : 'ai'))
    expect(monitor.issues()).toEqual([])
    expect(rowOf(monitor, 'source.other').unseen).toBeCloseTo(0.025, 2)
    feed(monitor, 100, (i) => asked(i % 5 === 0 ? 'astrology' : 'ai'))
    expect(monitor.summary).toMatchObject({ unseen: ['source.other'], outOfRange: [] })
    expect(monitor.issues()[0]!.text).toMatch(
      /^"source.other": 1\d\.\d\d % of late had a value that was not declared\.$/,
    )
    expect(rowOf(monitor, 'mood.other')).toMatchObject({ unseen: NaN, outside: 0 })
  })

  test('is told by its name where the schema has no kinds', () => {
    const monitor = new FeatureMonitor({ schema: { names: ['x.other', 'other', 'x'] }, drift: null })
    feed(monitor, 60, () => row(1, 1, 1))
    expect(monitor.summary.unseen).toEqual(['x.other'])
  })
})

describe('a change of distribution', () => {
  /** What is no longer there by its mean, but by its spread. */
  const changed = (i: number, at: number) => row(undefined, i < at ? undefined : 3 * normal())

  test('is found and reported until it is a half-life ago; the range is learnt anew', () => {
    const monitor = newMonitor({ halfLife: 150 })
    feed(monitor, 400, () => row())
    const { high } = rowOf(monitor, 'b')
    const found: number[] = []
    for (let i = 0; i < 500; i++) {
      monitor.update(changed(i, 0))
      if (monitor.summary.drifted.length > 0) found.push(i)
    }
    expect(found[0]).toBe(99)
    expect(found).toHaveLength(151)
    const health = rowOf(monitor, 'b')
    expect(health.high).toBeGreaterThan(2 * high)
    expect(health.outside).toBeLessThan(0.06)
    expect(health).toMatchObject({ driftedAgo: 400 })
    // of two normal distributions, one three times as wide, 0.24; and what a hundred values add by chance
    expect(health.driftDistance).toBeGreaterThan(0.18)
    expect(health.driftDistance).toBeLessThan(0.4)
    expect(rowOf(monitor, 'a')).toMatchObject({ driftedAgo: NaN, driftDistance: NaN })
  })

  test('is said with its distance, beside what the newest test found of the others', () => {
    const monitor = newMonitor()
    feed(monitor, 500, (i) => changed(i, 400))
    const [issue, ...rest] = monitor.issues().filter(({ code }) => code === 'DRIFTED')
    expect(rest).toEqual([])
    expect(issue!.text).toMatch(/^"b": its distribution changed by a distance of 0\.\d+, found 0 vectors ago\.$/)
    expect(rowOf(monitor, 'b').falseDiscoveryRate).toBeLessThan(0.01)
    expect(rowOf(monitor, 'a').falseDiscoveryRate).toBeGreaterThan(0.05)
  })

  test('that is none is hardly ever reported, in however many features', () => {
    const names = Array.from({ length: 40 }, (_, i) => `f${i}`)
    let reports = 0
    for (let run = 0; run < 4; run++) {
      const monitor = new FeatureMonitor({ schema: { names } })
      for (let i = 0; i < 1500; i++) monitor.update(Float64Array.from(names, normal))
      reports += monitor.report().filter(({ driftedAgo }) => !Number.isNaN(driftedAgo)).length
    }
    expect(reports).toBeLessThanOrEqual(2)
  })

  test('is watched by the detector that is given, or by none', () => {
    const drift = new FeatureDrift({ features: 3, reference: 40, window: 20 })
    const monitor = newMonitor({ drift })
    feed(monitor, 60, (i) => row(i < 40 ? undefined : 9))
    expect(drift.seen).toBe(60)
    expect(monitor.summary.drifted).toEqual(['a'])
    const rarely = new FeatureDrift({ features: 3 })
    feed(newMonitor({ drift: rarely, driftEvery: 7 }), 60, () => row())
    expect(rarely.seen).toBe(8)
    const blind = newMonitor({ drift: null })
    feed(blind, 600, (i) => row(i < 300 ? undefined : 9 + normal()))
    expect(blind.summary).toMatchObject({ drifted: [], outOfRange: ['a'] })
    expect(rowOf(blind, 'a')).toMatchObject({ distance: NaN, falseDiscoveryRate: NaN })
  })
})

test('the report names every feature once: the worst first, and the sound ones in the schema’s order', () => {
  const names = ['sound', 'gone', 'stuck', 'well', 'half', 'out']
  const monitor = new FeatureMonitor({ schema: { names } })
  const vector = (now: boolean): Float64Array =>
    Float64Array.of(
      normal(),
      now ? NaN : normal(),
      now ? 1 : normal(),
      normal(),
      now && normal() > 0 ? NaN : normal(),
      normal() + (now ? 9 : 0),
    )
  feed(monitor, 300, () => vector(false))
  feed(monitor, 60, () => vector(true))
  expect(monitor.report().map(({ feature }) => feature)).toEqual(['stuck', 'gone', 'half', 'out', 'sound', 'well'])
  expect(codesOf(monitor)).toEqual(['stuck STUCK', 'gone INCOMPLETE', 'half INCOMPLETE', 'out OUT_OF_RANGE'])
  expect(monitor.issues()).toEqual(monitor.report().flatMap(({ issues }) => issues))
  expect(monitor.summary).toMatchObject({ stuck: ['stuck'], incomplete: ['gone', 'half'], outOfRange: ['out'] })
})

const extremes = fc.oneof(
  fc.double({ noNaN: false, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, NaN, 1e300, -1e300, 5e-324, Number.MAX_VALUE),
)
const small = (): FeatureMonitor =>
  newMonitor({ reference: 20, halfLife: 8, minSamples: 4, stuckAfter: 3, maxOutside: 0.1 })

describe('a monitor', () => {
  test('goes on from its text to the bit, whatever it was fed and whenever', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), extremes, extremes), {
          minLength: 40,
          maxLength: 160,
          size: 'max',
        }),
        fc.nat(120),
        (events, stop) => {
          const play = (stops: boolean): FeatureMonitor => {
            let monitor = small()
            for (const [i, [kind, a, b]] of events.entries()) {
              if (stops && i === stop) monitor = restore(JSON.parse(stateOf(monitor)), [FeatureMonitor])
              const x = Float64Array.of(a, i < 70 ? kind : kind + 20, i < 25 || kind === 0 ? b : 4)
              if (kind === 9) monitor.learn(x)
              else monitor.update(x)
            }
            return monitor
          }
          const [through, stopped] = [play(false), play(true)]
          expect(stateOf(stopped)).toBe(stateOf(through))
          expect(stopped.report()).toEqual(through.report())
          for (const { code } of through.issues()) seen.add(code)
          for (const { completeness, outside, text } of through
            .report()
            .flatMap((health) => health.issues.map(({ text }) => ({ ...health, text })))) {
            expect(text).not.toMatch(/NaN|Infinity|undefined/)
            expect(completeness >= 0 && completeness <= 1, `${completeness}`).toBe(true)
            expect(outside < 0 || outside > 1).toBe(false)
          }
        },
      ),
      { numRuns: 150, seed: 3 },
    )
    expect([...seen].sort()).toEqual(['DRIFTED', 'INCOMPLETE', 'OUT_OF_RANGE', 'STUCK'])
  })

  test('keeps neither the vector nor more memory than at first, and says how much', () => {
    const monitor = small()
    const { sizeInBytes } = monitor
    const x = row(1, 2, 3)
    feed(monitor, 500, () => x)
    expect([...x]).toEqual([1, 2, 3])
    expect(monitor.sizeInBytes).toBe(sizeInBytes)
    const copy = (part: FeatureMonitor) => restore(JSON.parse(stateOf(part)), [FeatureMonitor])
    for (const { run } of sizeLaws(() => monitor, copy)) run()
    const large = new FeatureMonitor({ schema: { names: Array.from({ length: 100 }, (_, i) => `${i}`) } })
    expect(large.sizeInBytes / 100).toBeLessThan(9000)
  })

  test('refuses vectors that are none, and stays as it was', () => {
    const monitor = small()
    feed(monitor, 30, () => row())
    for (const verb of ['update', 'learn'] as const) {
      refused(monitor, 'INVALID_INPUT', /3 features, got 2/, () => monitor[verb](new Float64Array(2)))
      refused(monitor, 'INVALID_INPUT', /x\[2\].*Infinity/, () => monitor[verb](row(1, 2, Infinity)))
      refused(monitor, 'INVALID_INPUT', /Float64Array, got an array/, () => monitor[verb]([1, 2, 3] as never))
    }
  })

  test.each<[string, unknown, RegExp]>([
    ['schema', undefined, /"schema" must have 1 to 100000 names.*got undefined/],
    ['schema', { names: [] }, /names/],
    ['schema', { names: ['a', 'a', 'b'] }, /different names/],
    ['schema', { names: ['a', 'b'], kinds: ['x'] }, /a kind for each, got 2 and 1/],
    ['schema', { names: [1, 2] }, /names/],
    ['halfLife', 0.5, /"halfLife".*got 0.5/],
    ['minSamples', 0, /"minSamples"/],
    ['minComplete', 2, /"minComplete"/],
    ['reference', 19, /"reference" must be a whole number of at least 20, got 19/],
    ['reference', 1e9, /"reference" times features must be at most/],
    ['lower', 0.99, /"upper" must be above "lower", 0.99, got 0.99/],
    ['upper', 1.5, /"upper"/],
    ['maxOutside', -1, /"maxOutside"/],
    ['maxUnseen', NaN, /"maxUnseen"/],
    ['stuckAfter', 0, /"stuckAfter"/],
    ['driftEvery', 0.5, /"driftEvery"/],
    ['drift', new FeatureDrift({ features: 2 }), /"drift" must watch the schema's 3 features, got 2/],
    ['drift', {}, /"drift" must watch.*got undefined/],
  ])('refuses the option %s of %j', (name, value, says) => {
    const { code, message } = errorOf(() => newMonitor({ [name]: value }))
    expect(code).toBe('INVALID_OPTION')
    expect(message).toMatch(says)
  })
})

describe('a damaged snapshot', () => {
  const monitor = small()
  feed(monitor, 90, (i) => row(i > 70 ? 1 : undefined, i % 3 ? undefined : NaN, i > 50 ? 9 : undefined))
  const saved = stateOf(monitor)
  const pathsOf = (value: unknown, path: readonly string[] = []): (readonly string[])[] =>
    typeof value === 'object' && value !== null
      ? [path, ...Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...path, key]))]
      : [path]
  const paths = pathsOf(JSON.parse(saved)).slice(1)
  const altered = (path: readonly string[], value: JsonValue | undefined): Snapshot => {
    const copy = JSON.parse(saved)
    let at = copy
    for (const key of path.slice(0, -1)) at = at[key]
    if (value === undefined) delete at[path.at(-1)!]
    else at[path.at(-1)!] = value
    return JSON.parse(JSON.stringify(copy))
  }
  const packed = (...values: number[]): JsonValue => JSON.parse(stateOf({ toJSON: () => pack(values) }))
  const pack = (values: number[]) => {
    const bytes = new Uint8Array(Float64Array.from(values).buffer)
    return { $: 'Float64Array', data: btoa(String.fromCharCode(...bytes)) }
  }

  test('is refused wherever a value is missing', () => {
    for (const path of paths.filter((path) => !/^(names|kinds)$/.test(path.at(-2)!))) {
      const { code } = errorOf(() => restore(altered(path, undefined), [FeatureMonitor]))
      expect(['CORRUPT_SNAPSHOT', 'UNKNOWN_SNAPSHOT', 'INVALID_OPTION'], path.join('.')).toContain(code)
    }
  })

  test.each<[string, JsonValue]>([
    ['state.seen', 5],
    ['state.seen', 1.5],
    ['state.missing.0.mean', 1.5],
    ['state.missing.0.n', 1e9],
    ['state.missing.0.n', -1],
    ['state.outside.1.variance', -1],
    ['state.last', packed(1, 2)],
    ['state.last', packed(1, 2, Infinity)],
    ['state.run', packed(1, 2, 2.5)],
    ['state.run', packed(1, 2, NaN)],
    ['state.longest', packed(1, 2, -1)],
    ['state.driftedAt', packed(1, 2, 1e9)],
    ['state.distance', packed(1, 2, Infinity)],
    ['state.references.columns.0.head', 99],
    ['state.references.columns.0.values', packed(1, 2)],
    ['options.reference', 1e9],
    ['options.reference', 21],
    ['options.names', ['a', 'b']],
    ['options.names', ['a', 'b', 'a']],
    ['options.halfLife', 0],
    ['state.drift.options.features', 2],
    ['state.drift', 'none'],
    ['version', 2],
  ])('is refused where %s is %j', (path, value) => {
    const { code } = errorOf(() => restore(altered(path.split('.'), value), [FeatureMonitor]))
    expect(['CORRUPT_SNAPSHOT', 'UNSUPPORTED_VERSION', 'INVALID_OPTION']).toContain(code)
  })

  test('gives a coded error or a monitor that works, whatever is damaged', () => {
    const damage = fc.constantFrom<JsonValue | undefined>(
      undefined,
      null,
      'x',
      -1,
      0.5,
      1e9,
      true,
      [],
      {},
      { $: 'NaN' },
    )
    let refusals = 0
    fc.assert(
      fc.property(fc.constantFrom(...paths), damage, (path, value) => {
        let read: FeatureMonitor
        try {
          read = restore(altered(path, value), [FeatureMonitor])
        } catch (error) {
          expect(error, path.join('.')).toMatchObject({ name: 'TradeLearnError' })
          refusals++
          return
        }
        feed(read, 60, () => row())
        read.report()
        expect(read.summary.completeness, path.join('.')).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 500, seed: 9 },
    )
    expect(refusals).toBeGreaterThan(300)
  })
})
