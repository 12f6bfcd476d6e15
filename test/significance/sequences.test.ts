import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Serializable, Snapshot } from '../../src/contracts.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { restore, SeededRng } from '../../src/core/index.ts'
import type { Interval } from '../../src/market.ts'
import {
  BoundedMeanConfidenceSequence,
  MeanConfidenceSequence,
  WinRateConfidenceSequence,
  wilsonInterval,
} from '../../src/significance/index.ts'

type Sequence = Serializable & {
  readonly n: number
  readonly interval: Interval
  readonly p: number
  readonly sizeInBytes: number
}

/** Share of streams in which the truth was ever left out, and of those whose p-value ever fell to 0.05. */
const missesOf = (
  streams: number,
  length: number,
  truth: number,
  draw: (rng: SeededRng) => number,
  create: () => Sequence & { update(value: number): void },
): { readonly missed: number; readonly rejected: number } => {
  let [missed, rejected] = [0, 0]
  for (let seed = 0; seed < streams; seed++) {
    const rng = new SeededRng(seed)
    const sequence = create()
    for (let i = 0; i < length; i++) sequence.update(draw(rng))
    // intersected: what was left out once is left out at the end
    const { low, high } = sequence.interval
    if (low > truth || high < truth) missed++
    if (sequence.p <= 0.05) rejected++
  }
  return { missed: missed / streams, rejected: rejected / streams }
}
/** 0.05 and three deviations of a share of 500 streams. */
const MOST = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 500)

const student = (rng: SeededRng): number => {
  const squares = [1, 2, 3].reduce((sum) => {
    const z = drawNormal(rng)
    return sum + z * z
  }, 0)
  return drawNormal(rng) / Math.sqrt(squares / 3)
}

describe('MeanConfidenceSequence', () => {
  test.each([
    ['normal values', 0, drawNormal],
    ['values with heavy tails', 0, student],
    ['wins at 45 %', 0.45, (rng: SeededRng) => Number(rng.next() < 0.45)],
  ] as const)('ever leaves out the truth in 5 %% of streams of %s at most, looking each time', (_, truth, draw) => {
    const { missed, rejected } = missesOf(500, 800, truth, draw, () => new MeanConfidenceSequence({ against: truth }))
    expect(missed).toBeLessThanOrEqual(MOST)
    expect(rejected).toBe(missed)
  })

  test.each(['lower', 'upper'] as const)('so does the %s bound alone', (sides) => {
    const create = () => new MeanConfidenceSequence({ sides })
    const { missed, rejected } = missesOf(500, 500, 0, drawNormal, create)
    expect(missed).toBeLessThanOrEqual(MOST)
    expect(rejected).toBe(missed)
  })

  test('a usual interval, looked at each time, is wrong several times as often', () => {
    let missed = 0
    for (let seed = 0; seed < 200; seed++) {
      const rng = new SeededRng(seed)
      let sum = 0
      let ever = false
      for (let n = 1; n <= 800; n++) {
        sum += drawNormal(rng)
        if (n >= 20 && Math.abs(sum) > 1.96 * Math.sqrt(n)) ever = true
      }
      if (ever) missed++
    }
    expect(missed / 200).toBeGreaterThan(3 * 0.05)
  })

  test('finds a mean that is there, and narrows', () => {
    const rng = new SeededRng(1)
    const sequence = new MeanConfidenceSequence()
    for (let i = 0; i < 1000; i++) sequence.update(0.3 + drawNormal(rng))
    const { low, high } = sequence.interval
    expect(low).toBeGreaterThan(0.1)
    expect(high).toBeLessThan(0.5)
    expect(sequence.p).toBeLessThan(0.001)
  })

  test('its p-value is at most alpha where the interval leaves out what is tested, and else above', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom('both', 'lower', 'upper'), (seed, sides) => {
        const rng = new SeededRng(seed)
        const sequence = new MeanConfidenceSequence({ sides, tunedAt: 50, coverage: 0.9 })
        for (let i = 0; i < 60; i++) sequence.update(0.3 * (seed % 3) - 0.3 + drawNormal(rng))
        const { low, high } = sequence.interval
        expect(sequence.p <= 0.1).toBe(low >= 0 || high <= 0)
      }),
    )
  })

  test('says nothing before its floor, and nothing while nothing varies', () => {
    const sequence = new MeanConfidenceSequence()
    expect(sequence.value).toBeNaN()
    for (let i = 0; i < 50; i++) sequence.update(-0.1)
    expect(sequence.interval).toEqual({ low: -Infinity, high: Infinity, coverage: 0.95 })
    expect(sequence.p).toBe(1)
  })

  test('stays a number on numbers of any size', () => {
    const sequence = new MeanConfidenceSequence()
    for (let i = 0; i < 100; i++) sequence.update(i % 2 === 0 ? 1e300 : -1e308)
    expect(Number.isFinite(sequence.value)).toBe(true)
    expect(Number.isNaN(sequence.interval.low)).toBe(false)
    expect(sequence.p).toBeGreaterThan(0)
  })
})

describe('WinRateConfidenceSequence', () => {
  test.each([0.1, 0.45, 0.5])('ever leaves out a win rate of %d in 5 %% of streams at most', (rate) => {
    let [missed, rejected] = [0, 0]
    for (let seed = 0; seed < 500; seed++) {
      const rng = new SeededRng(seed)
      const sequence = new WinRateConfidenceSequence({ against: rate })
      for (let i = 0; i < 400; i++) sequence.update(rng.next() < rate)
      const { low, high } = sequence.interval
      if (low > rate || high < rate) missed++
      if (sequence.p <= 0.05) rejected++
    }
    expect(missed / 500).toBeLessThanOrEqual(MOST)
    expect(rejected).toBe(missed)
  })

  test('is wider than an interval for one look, on average, and not by much', () => {
    let [always, once] = [0, 0]
    for (let seed = 0; seed < 60; seed++) {
      const rng = new SeededRng(seed)
      const sequence = new WinRateConfidenceSequence()
      for (let i = 0; i < 300; i++) sequence.update(rng.next() < 0.55)
      const [usual, valid] = [wilsonInterval(Math.round(sequence.value * 300), 300), sequence.interval]
      always += valid.high - valid.low
      once += usual.high - usual.low
    }
    expect(always / once).toBeGreaterThan(1.1)
    expect(always / once).toBeLessThan(1.7)
  })

  test('refuses what is neither won nor lost', () => {
    expect(() => new WinRateConfidenceSequence().update(1 as unknown as boolean)).toThrow('"won" must be true or false')
  })
})

describe('BoundedMeanConfidenceSequence', () => {
  test.each([
    ['rare wins', 0.05, (rng: SeededRng) => Number(rng.next() < 0.05)],
    ['coins', 0.5, (rng: SeededRng) => Number(rng.next() < 0.5)],
    ['values anywhere', 0.5, (rng: SeededRng) => rng.next()],
  ] as const)('ever leaves out the mean of %s in 5 %% of streams at most', (_, truth, draw) => {
    const create = () => new BoundedMeanConfidenceSequence({ least: 0, most: 1, against: truth })
    const { missed, rejected } = missesOf(500, 60, truth, draw, create)
    expect(missed).toBeLessThanOrEqual(MOST)
    expect(rejected).toBeLessThanOrEqual(MOST)
  })

  test('narrows, holds its mean, and does not depend on the unit', () => {
    const rng = new SeededRng(3)
    const [unit, wide] = [
      new BoundedMeanConfidenceSequence({ least: 0, most: 1 }),
      new BoundedMeanConfidenceSequence({ least: -2, most: 6 }),
    ]
    for (let i = 0; i < 300; i++) {
      const x = rng.next() < 0.4 ? 0.75 : 0.25
      unit.update(x)
      wide.update(8 * x - 2)
    }
    const { low, high } = unit.interval
    expect(high - low).toBeLessThan(0.12)
    expect(low < unit.value && unit.value < high).toBe(true)
    expect(wide.interval.low).toBeCloseTo(8 * low - 2, 9)
    expect(wide.interval.high).toBeCloseTo(8 * high - 2, 9)
  })

  test('counts what lies beyond a bound as the bound', () => {
    const [beyond, at] = [
      new BoundedMeanConfidenceSequence({ least: -1, most: 2 }),
      new BoundedMeanConfidenceSequence({ least: -1, most: 2 }),
    ]
    for (const x of [5, -9, 1e300]) beyond.update(x)
    for (const x of [2, -1, 2]) at.update(x)
    expect(beyond.interval).toEqual(at.interval)
    expect(beyond.value).toBeCloseTo(1, 12)
  })

  test('refuses bounds that are none, and means that cannot be', () => {
    expect(() => new BoundedMeanConfidenceSequence({ least: 1, most: 1 })).toThrow('"most" must be above "least"')
    expect(() => new BoundedMeanConfidenceSequence({ least: -1e308, most: 1e308 })).toThrow('"most"')
    expect(() => new BoundedMeanConfidenceSequence({ least: 0, most: 1, against: 1 })).toThrow('"against"')
  })
})

describe('all sequences', () => {
  const codecs = [MeanConfidenceSequence, WinRateConfidenceSequence, BoundedMeanConfidenceSequence]
  const make: readonly (() => { readonly sequence: Sequence; readonly feed: (x: number) => void })[] = [
    () => {
      const sequence = new MeanConfidenceSequence({ minSamples: 5, sides: 'lower' })
      return { sequence, feed: (x) => sequence.update(x) }
    },
    () => {
      const sequence = new WinRateConfidenceSequence({ priorWins: 2 })
      return { sequence, feed: (x) => sequence.update(x > 0) }
    },
    () => {
      const sequence = new BoundedMeanConfidenceSequence({ least: -3, most: 3 })
      return { sequence, feed: (x) => sequence.update(x) }
    },
  ]
  const grown = (create: (typeof make)[number]): { sequence: Sequence; feed: (x: number) => void } => {
    const made = create()
    const rng = new SeededRng(1)
    for (let i = 0; i < 120; i++) made.feed(0.4 + drawNormal(rng))
    return made
  }

  test.each(make.map((create) => [create().sequence.toJSON().type, create] as const))(
    '%s goes on as if never saved',
    (_, create) => {
      const { sequence, feed } = grown(create)
      const text = JSON.stringify(sequence)
      const copy = restore(JSON.parse(text) as Snapshot, codecs) as Sequence & { update(x: number | boolean): void }
      expect(JSON.stringify(copy)).toBe(text)
      for (const x of [0.5, -2, 1.5, 0.25]) {
        feed(x)
        copy.update(sequence.toJSON().type === 'win-rate-confidence-sequence' ? x > 0 : x)
      }
      expect(JSON.stringify(copy)).toBe(JSON.stringify(sequence))
      expect(copy.interval).toEqual(sequence.interval)
      expect(copy.p).toBe(sequence.p)
    },
  )

  test.each(make.map((create) => [create().sequence.toJSON().type, create] as const))(
    '%s has bounded memory, takes no NaN and keeps its state when it refuses',
    (_, create) => {
      const { sequence, feed } = grown(create)
      expect(sequence.sizeInBytes).toBe(create().sequence.sizeInBytes)
      if (sequence.toJSON().type === 'win-rate-confidence-sequence') return
      const before = JSON.stringify(sequence)
      for (const bad of [NaN, Infinity]) expect(() => feed(bad)).toThrow('"value" must be a finite number')
      expect(JSON.stringify(sequence)).toBe(before)
    },
  )

  test.each(make.map((create) => [create().sequence.toJSON().type, create] as const))(
    '%s refuses damaged snapshots',
    (type, create) => {
      const good = JSON.parse(JSON.stringify(grown(create).sequence)) as {
        options: Record<string, unknown>
        state: Record<string, unknown>
      }
      const bad: unknown[] = [
        null,
        'x',
        -1,
        1e9,
        0.5,
        [],
        {},
        { $: 'NaN' },
        { $: 'Float64Array', data: 'AAAAAAAA8D8=' },
      ]
      for (const part of ['options', 'state'] as const) {
        for (const key of Object.keys(good[part])) {
          // what is left out, and what fits nowhere
          const { [key]: _, ...rest } = good[part]
          expect(() => restore({ ...good, [part]: rest } as unknown as Snapshot, codecs)).toThrow()
          for (const value of bad) {
            const snapshot = { ...good, [part]: { ...good[part], [key]: value } } as unknown as Snapshot
            try {
              // some other numbers are possible ones: what is read must be sound then
              const read = restore(snapshot, codecs) as Sequence
              expect(Number.isNaN(read.interval.low), `${type} ${key} ${JSON.stringify(value)}`).toBe(false)
              expect(read.p >= 0 && read.p <= 1).toBe(true)
            } catch (error) {
              expect((error as { code?: string }).code, `${type} ${part}.${key} ${JSON.stringify(value)}`).toMatch(
                /^(CORRUPT_SNAPSHOT|INVALID_OPTION)$/,
              )
            }
          }
        }
      }
    },
  )

  test('counts that cannot be are refused', () => {
    const spoil = (sequence: Sequence, change: object): Snapshot => {
      const json = JSON.parse(JSON.stringify(sequence)) as Snapshot
      return { ...json, state: { ...json.state, ...change } }
    }
    const won = new WinRateConfidenceSequence()
    won.update(true)
    for (const change of [{ wins: 2 }, { n: -1 }, { logMixture: 5 }, { peak: -1 }, { low: 2 }]) {
      expect(() => restore(spoil(won, change), codecs)).toThrow('must be')
    }
    const bounded = new BoundedMeanConfidenceSequence({ least: 0, most: 1 })
    bounded.update(1)
    for (const change of [{ n: 0 }, { sum: 2 }, { low: 500 }, { high: 0 }, { peak: 9 }]) {
      expect(() => restore(spoil(bounded, change), codecs)).toThrow('must be')
    }
    const mean = new MeanConfidenceSequence()
    mean.update(1)
    for (const change of [{ p: 2 }, { values: { n: 1.5, mean: 0, m2: 0 } }, { values: { n: 1, mean: 0, m2: -1 } }]) {
      expect(() => restore(spoil(mean, change), codecs)).toThrow('must be')
    }
  })
})
