import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Vector } from '../../src/contracts.ts'
import { restore } from '../../src/core/snapshot.ts'
import { percentileOf, returnsOf } from '../../src/features/context.ts'
import { type Declaration, FeatureEngineer } from '../../src/features/index.ts'
import { betaTo, correlationTo, correlationToPositions, sectorReturn } from '../../src/features/peers.ts'
import type { Candle, Position, Side } from '../../src/market.ts'
import { anyBars, candlesOf, HOUR, START, walk } from './candles.ts'

const coded = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })
const bits = (x: Vector): string => new BigUint64Array(x.slice().buffer).join()
const same = (got: number, wanted: number, what?: string) =>
  Number.isNaN(wanted) ? expect(got, what).toBeNaN() : expect(got, what).toBeCloseTo(wanted, 9)

const at = (symbol: string, hour: number, close: number): Candle => {
  return { symbol, time: START + hour * HOUR, open: close, high: close, low: close, close }
}
const position = (symbol: string, side: Side = 'long', notional = 100): Position => ({ symbol, side, notional })
const sectors = { A: 'tech', B: 'tech', C: 'tech', X: 'energy' }
const declaration = {
  context: {
    market: returnsOf('M', 1, 3),
    rank: percentileOf('M', 4),
    beta: betaTo('M', 4),
    alike: correlationTo('M', 4),
    sector: sectorReturn(sectors, 3),
    held: correlationToPositions(4),
  },
} as const satisfies Declaration
const make = () => new FeatureEngineer(declaration)
const feed = (candles: readonly Candle[], engineer = make()) => {
  for (const candle of candles) engineer.update(candle)
  return engineer
}
const far = START + 1e5 * HOUR
const ask = (engineer: ReturnType<typeof make>, symbol: string, positions?: readonly Position[], side: Side = 'long') =>
  engineer.vector({ symbol, side, time: far }, undefined, positions && { positions })

/** Pearson's correlation and the slope of `a` on `b`, in two passes. */
function relate(a: readonly number[], b: readonly number[]): { correlation: number; beta: number } {
  const mean = (x: readonly number[]) => x.reduce((sum, value) => sum + value, 0) / x.length
  const [ma, mb] = [mean(a), mean(b)]
  const sum = (x: readonly number[], y: readonly number[], mx: number, my: number) =>
    x.reduce((total, value, i) => total + (value - mx) * (y[i]! - my), 0)
  const [aa, bb, ab] = [sum(a, a, ma, ma), sum(b, b, mb, mb), sum(a, b, ma, mb)]
  const [stillA, stillB] = [aa < 1e-26, bb < 1e-26]
  return { correlation: stillA || stillB ? NaN : ab / Math.sqrt(aa * bb), beta: stillB ? NaN : ab / bb }
}

/** The newest log returns between candles that both have, over the newest 17 candles of each. */
function common(a: readonly Candle[], b: readonly Candle[], bars: number): [number[], number[]] {
  const others = new Map(b.slice(-4 * bars - 1).map(({ time, close }) => [time, close]))
  const pairs = a
    .slice(-4 * bars - 1)
    .filter(({ time }) => others.has(time))
    .map(({ time, close }) => [close, others.get(time)!] as const)
  const step = (side: 0 | 1) => pairs.slice(1).map((pair, i) => Math.log(pair[side] / pairs[i]![side]))
  return [step(0).slice(-bars), step(1).slice(-bars)]
}

describe('a reference symbol', () => {
  test('shows its returns and where its close ranks', () => {
    const engineer = feed(
      [10, 20, 15, 12].map((close, i) => at('M', i, close)),
      feed([at('A', 0, 1)]),
    )
    const row = engineer.row(ask(engineer, 'A'))
    expect(row['market.1']).toBeCloseTo(Math.log(12 / 15), 12)
    expect(row['market.3']).toBeCloseTo(Math.log(12 / 10), 12)
    expect(row.rank).toBeCloseTo(1 / 3, 12)
    expect(engineer.schema.kinds.slice(0, 3)).toEqual(['returns(1,3) of M', 'returns(1,3) of M', 'percentile(4) of M'])
  })

  test('moves with the symbol as the textbook says, over candles that both have', () => {
    const gappy = fc.tuple(
      anyBars(8, 40),
      fc.array(
        fc.nat(9).map((n) => n > 2),
        { minLength: 40, maxLength: 40 },
      ),
    )
    let defined = 0
    fc.assert(
      fc.property(gappy, gappy, ([barsA, keepA], [barsM, keepM]) => {
        const a = candlesOf(barsA, 'A').filter((_, i) => i === 0 || keepA[i])
        const m = candlesOf(barsM, 'M').filter((_, i) => keepM[i])
        const engineer = feed([...a, ...m])
        const [x, y] = common(a, m, 4)
        const { correlation, beta } = x.length < 4 ? { correlation: NaN, beta: NaN } : relate(x, y)
        const row = engineer.row(ask(engineer, 'A', [position('M')]))
        same(row.alike, correlation)
        same(row.beta, beta)
        same(row.held, correlation)
        if (!Number.isNaN(correlation)) defined++
      }),
      { numRuns: 300 },
    )
    expect(defined).toBeGreaterThan(100)
  })

  test('moves with itself, and with what does not move it does not', () => {
    const engineer = feed(walk(20, { symbol: 'M' }))
    feed(
      walk(20).map(({ time }) => ({ ...at('A', 0, 7), time })),
      engineer,
    )
    const own = engineer.row(ask(engineer, 'M'))
    expect(own.alike).toBeCloseTo(1, 12)
    expect(own.beta).toBeCloseTo(1, 12)
    const still = engineer.row(ask(engineer, 'A'))
    expect([still.alike, still.beta]).toEqual([NaN, 0])
    // equal steps differ by rounding alone, which is no movement
    const line = new FeatureEngineer({ context: { alike: correlationTo('L', 5), beta: betaTo('L', 5) } })
    for (let i = 0; i < 9; i++) {
      line.update(at('L', i, 100 * Math.exp(0.01 * i)))
      line.update(at('A', i, 100 + (i % 3)))
    }
    expect([...line.vector({ symbol: 'A', side: 'long', time: far })]).toEqual([NaN, NaN])
  })

  test('is found at any price', () => {
    for (const scale of [1e-8, 1e7, 1e300]) {
      const m = walk(20, { symbol: 'M', seed: 'm' })
      const scaled = m.map((candle) => at('M', (candle.time - START) / HOUR, candle.close * scale))
      const rowOf = (candles: readonly Candle[]) => {
        const engineer = feed([...walk(20).map((candle) => ({ ...candle, symbol: 'A' })), ...candles])
        return engineer.row(ask(engineer, 'A'))
      }
      const [plain, big] = [rowOf(m), rowOf(scaled)]
      same(big.alike, plain.alike)
      same(big.beta, plain.beta)
    }
  })
})

describe('the sector', () => {
  const engineer = feed([
    ...[1, 2, 4, 8].map((close, i) => at('A', i, close)),
    ...[10, 11, 12, 13, 20].map((close, i) => at('B', i, close)),
    ...[5, 5, 5, 10].map((close, i) => at('C', i, close)),
    ...[1, 2, 3, 4].map((close, i) => at('X', i, close)),
    at('other', 3, 9),
  ])
  const sector = (symbol: string, hour: number) =>
    engineer.row(engineer.vector({ symbol, side: 'long', time: START + hour * HOUR })).sector

  test('is the mean of its other symbols, as of the signal', () => {
    expect(sector('A', 9)).toBeCloseTo((Math.log(20 / 11) + Math.log(2)) / 2, 12)
    expect(sector('A', 3)).toBeCloseTo((Math.log(13 / 10) + Math.log(2)) / 2, 12)
    expect(sector('C', 9)).toBeCloseTo((Math.log(8) + Math.log(20 / 11)) / 2, 12)
  })

  test('is missing where there is no other, or none is known long enough, and where there is no sector', () => {
    expect([sector('X', 9), sector('other', 9)]).toEqual([NaN, NaN])
    const young = feed([at('A', 5, 1), at('B', 5, 1), at('B', 6, 2)])
    expect(young.row(ask(young, 'A')).sector).toBeNaN()
  })

  test('leaves out what has stopped trading', () => {
    const stopped = feed([
      ...[10, 20, 40, 80].map((close, i) => at('B', i, close)),
      ...[3, 4, 5, 6].map((close, i) => at('C', i + 20, close)),
      ...[1, 1, 1, 1].map((close, i) => at('A', i + 20, close)),
    ])
    expect(stopped.row(ask(stopped, 'A')).sector).toBeCloseTo(Math.log(2), 12)
  })
})

describe('what the account holds', () => {
  const engineer = feed(['A', 'B', 'M'].flatMap((symbol) => walk(30, { symbol, seed: symbol })))
  const held = (positions?: readonly Position[], side: Side = 'long') => {
    const row = engineer.row(ask(engineer, 'A', positions, side))
    return [row.held, row['held.highest']] as const
  }
  const [toB] = held([position('B')])
  const [toM] = held([position('M')])

  test('counts by its notional, and against the trade where the sides differ', () => {
    expect(Math.abs(toB - toM)).toBeGreaterThan(1e-3)
    expect(held([position('B', 'short')])).toEqual([-toB, -toB])
    expect(held([position('B')], 'short')).toEqual([-toB, -toB])
    expect(held([position('B', 'short')], 'short')).toEqual([toB, toB])
    const [value, highest] = held([position('B', 'long', 300), position('M', 'short', 100)])
    expect(value).toBeCloseTo(0.75 * toB - 0.25 * toM, 12)
    expect(highest).toBe(Math.max(toB, -toM))
    expect(held([position('A')])).toEqual([1, 1])
    expect(held([position('A', 'short')])).toEqual([-1, -1])
  })

  test('is missing where there is none, or none that can be compared', () => {
    for (const positions of [undefined, [], [position('unheard of')], [position('B', 'long', 0)].slice(1)]) {
      expect(held(positions)).toEqual([NaN, NaN])
    }
    expect(held([position('unheard of'), position('B')])).toEqual([toB, toB])
    expect(held([position('B', 'long', 0)])).toEqual([NaN, toB])
  })

  test('that is no account is refused with a code', () => {
    const refused = (positions: unknown, named: string) =>
      expect(() => ask(engineer, 'A', positions as never)).toThrow(coded('INVALID_ACCOUNT', named))
    refused('all', '"positions"')
    refused({}, '"positions"')
    refused([null], '"positions[0]"')
    refused([position('B'), { ...position('B'), side: 'buy' }], '"positions[1]"')
    refused([{ ...position('B'), notional: -1 }], '"positions[0]"')
    refused([{ ...position('B'), notional: NaN }], '"positions[0]"')
    refused([{ ...position('B'), symbol: 7 }], '"positions[0]"')
    // who looks at no positions does not look at these
    const plain = new FeatureEngineer({ context: { market: returnsOf('M', 1) } })
    plain.update(at('A', 0, 1))
    const asked = { symbol: 'A', side: 'long', time: far } as const
    expect(() => plain.vector(asked, undefined, { positions: 'all' as never })).not.toThrow()
    expect(() => engineer.vector(asked, undefined, null as never)).not.toThrow()
  })
})

describe('context', () => {
  const world = fc
    .tuple(anyBars(2, 25), anyBars(2, 25), anyBars(2, 25), anyBars(2, 25))
    .map((bars) => ['A', 'B', 'M', 'X'].map((symbol, i) => candlesOf(bars[i]!, symbol)))
  const positions = [position('B'), position('M', 'short', 7), position('A', 'short', 2)]
  const views = (engineer: ReturnType<typeof make>) =>
    ['A', 'B', 'M', 'X'].map((symbol) => bits(ask(engineer, symbol, positions, symbol === 'B' ? 'short' : 'long')))

  test('is the same to the bit in whatever order the symbols’ candles come', () => {
    fc.assert(
      fc.property(world, fc.array(fc.nat(3), { minLength: 100, maxLength: 100 }), (series, order) => {
        const left = series.map((candles) => [...candles])
        const shuffled: Candle[] = []
        for (const pick of order) {
          const candle = left[pick]!.shift()
          if (candle) shuffled.push(candle)
        }
        shuffled.push(...left.flat())
        expect(views(feed(shuffled))).toEqual(views(feed(series.flat())))
      }),
      { numRuns: 60 },
    )
  })

  test('does not change, to the bit, whatever candles come after', () => {
    fc.assert(
      fc.property(world, world, fc.nat(24), (one, other, cut) => {
        const until = START + cut * HOUR
        const mixed = one.map((candles, i) => [
          ...candles.filter(({ time }) => time <= until),
          ...other[i]!.filter(({ time }) => time > until),
        ])
        const seen = (series: readonly (readonly Candle[])[]) => {
          const engineer = make()
          const found: string[] = []
          for (const candle of series.flat().sort((a, b) => a.time - b.time)) {
            engineer.update(candle)
            if (candle.time > until) continue
            found.push(bits(ask(engineer, candle.symbol, positions)))
          }
          return found
        }
        expect(seen(mixed)).toEqual(seen(one))
      }),
      { numRuns: 60 },
    )
  })

  test('of a signal that is a few candles old is that of its time', () => {
    const whole = fc
      .tuple(anyBars(25, 25), anyBars(25, 25), anyBars(25, 25))
      .map((bars) => ['A', 'B', 'X'].map((symbol, i) => candlesOf(bars[i]!, symbol)))
    fc.assert(
      fc.property(whole, fc.integer({ min: 0, max: 21 }), (series, cut) => {
        const until = START + cut * HOUR
        const engineer = feed(series.flatMap((candles) => candles.slice(0, cut + 1)))
        const view = () => engineer.vector({ symbol: 'A', side: 'long', time: until }, undefined, { positions })
        const now = bits(view())
        feed([...series[1]!.slice(cut + 1, cut + 4), ...series[2]!.slice(cut + 1, cut + 4)], engineer)
        expect(bits(view())).toBe(now)
      }),
      { numRuns: 100 },
    )
  })

  test('restored at any point continues bit for bit', () => {
    fc.assert(
      fc.property(world, fc.nat(), (series, at) => {
        const candles = series.flat().sort((a, b) => a.time - b.time)
        const engineer = make()
        let copy = make()
        candles.forEach((candle, i) => {
          engineer.update(candle)
          copy.update(candle)
          if (i === at % candles.length) copy = restore(JSON.parse(JSON.stringify(engineer)), [make().codec()])
        })
        expect(views(copy)).toEqual(views(engineer))
        expect(JSON.stringify(copy)).toBe(JSON.stringify(engineer))
      }),
      { numRuns: 40 },
    )
  })

  test('that is damaged on the way is refused with a code', () => {
    const engineer = feed(walk(5, { symbol: 'A' }))
    const damage = (change: (tape: { [key: string]: unknown }) => void) => () => {
      const json = JSON.parse(JSON.stringify(engineer))
      change(json.state.symbols[0].tape)
      return restore(json, [engineer.codec()])
    }
    expect(damage(() => {})).not.toThrow()
    for (const change of [
      { size: 1e15 },
      { size: -1 },
      { head: 1e9 },
      { head: 0.5 },
      { times: { $: 'Float64Array', data: '' } },
      { closes: [] },
    ]) {
      expect(damage((tape) => Object.assign(tape, change))).toThrow(coded('CORRUPT_SNAPSHOT'))
    }
  })

  test('keeps no candles where no feature compares symbols', () => {
    const json = JSON.stringify(feed(walk(9), new FeatureEngineer({ context: { m: returnsOf('M', 1) } }) as never))
    expect(json).toContain('"tape":{"times":{"$":"Float64Array","data":""}')
  })

  test('is declared with sane options and names what it looks at', () => {
    const invalid = coded('INVALID_OPTION')
    for (const bars of [0, 1, 1.5, NaN, '5' as never]) {
      for (const wrong of [
        () => correlationTo('M', bars),
        () => betaTo('M', bars),
        () => correlationToPositions(bars),
      ]) {
        expect(wrong).toThrow(invalid)
      }
    }
    expect(() => sectorReturn(sectors, 0)).toThrow(invalid)
    expect(() => sectorReturn({})).toThrow(invalid)
    expect(() => correlationTo('')).toThrow(invalid)
    expect(() => percentileOf('M', 1)).toThrow(invalid)
    expect(() => returnsOf('M')).toThrow(invalid)
    expect(() => new FeatureEngineer({ context: { odd: { ...betaTo('M'), lookBack: NaN } } })).toThrow(invalid)
    expect([correlationTo('M', 9).kind, betaTo('M').kind, correlationToPositions().kind]).toEqual([
      'correlation(9) to M',
      'beta(50) to M',
      'correlationToPositions(50)',
    ])
    expect(sectorReturn(sectors).kind).toMatch(/^sectorReturn\(20\) by sectors [0-9a-f]{8}$/)
  })
})
