import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { restore } from '../../src/core/snapshot.ts'
import type { ClosedTrade } from '../../src/features/closed-trade.ts'
import { lossStreak, recentExpectancy } from '../../src/features/history.ts'
import { category, type Declaration, FeatureEngineer, numeric, recentWinRate } from '../../src/features/index.ts'
import type { Candle, Signal } from '../../src/market.ts'
import { HOUR, START } from './candles.ts'

const coded = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

const sectors = { A: 'tech', B: 'tech', C: 'energy' }
const declaration = {
  history: {
    rate: recentWinRate(Infinity),
    side: recentWinRate(Infinity, { by: 'side' }),
    hour: recentExpectancy(Infinity, { by: 'hour' }),
    sector: recentExpectancy(Infinity, { by: sectors }),
    source: recentWinRate(Infinity, { by: 'source' }),
    streak: lossStreak({ by: 'source' }),
  },
  meta: { source: category('rules', 'ai') },
} as const satisfies Declaration
const make = (options = {}) => new FeatureEngineer(declaration, options)
type Engineer = ReturnType<typeof make>

const candle = (symbol: string, hour: number): Candle => {
  return { symbol, time: START + hour * HOUR, open: 10, high: 10, low: 10, close: 10 }
}
const signal = (symbol: string, time: number, source = 'ai', side: Signal['side'] = 'long') => {
  return { symbol, side, time, meta: { source } }
}
const rowOf = (engineer: Engineer, asked: ReturnType<typeof signal>) => engineer.row(engineer.vector(asked))
/** A trade of so many hours from `START` on. */
const trade = (from: number, to: number, netReturn: number, parts: Partial<ClosedTrade> = {}): ClosedTrade => ({
  symbol: 'A',
  side: 'long',
  time: START + from * HOUR,
  exitTime: START + to * HOUR,
  won: netReturn > 0 ? 1 : 0,
  netReturn,
  meta: { source: 'ai' },
  ...parts,
})
const known = (...symbols: string[]): Engineer => {
  const engineer = make()
  for (const symbol of symbols) engineer.update(candle(symbol, 0))
  return engineer
}

describe('closed trades', () => {
  test('are told apart by symbol, side, sector, source and hour of entry', () => {
    const engineer = known('A', 'B', 'C', 'D')
    engineer.settle(trade(0, 1, 0.02))
    engineer.settle(trade(25, 26, -0.01, { symbol: 'B', side: 'short', meta: { source: 'rules' } }))
    engineer.settle(trade(2, 3, -0.04, { symbol: 'C', meta: { source: 'rules' } }))
    const at = START + 48 * HOUR
    expect(rowOf(engineer, signal('A', at))).toMatchObject({
      rate: 1,
      side: 0.5,
      hour: 0.02,
      sector: expect.closeTo(0.005, 12),
      source: 1,
      streak: 0,
    })
    expect(rowOf(engineer, signal('B', at + HOUR, 'rules', 'short'))).toMatchObject({
      rate: 0,
      side: 0,
      hour: -0.01,
      sector: expect.closeTo(0.005, 12),
      source: 0,
      streak: 2,
    })
    // no trade of the symbol, hour or source, and no sector at all
    expect(rowOf(engineer, signal('D', at + 5 * HOUR, 'tea leaves'))).toMatchObject({
      rate: NaN,
      side: 0.5,
      hour: NaN,
      sector: NaN,
      source: NaN,
      streak: NaN,
    })
  })

  test('count half after each half-life of newer ones of their group', () => {
    const engineer = new FeatureEngineer({
      history: { mean: recentExpectancy(2, { by: 'side' }), streak: lossStreak() },
    })
    for (const symbol of ['A', 'B']) engineer.update(candle(symbol, 0))
    for (const [i, netReturn] of [0.04, -0.01, -0.02].entries()) {
      engineer.settle(trade(0, i, netReturn, { symbol: i === 1 ? 'B' : 'A' }))
      engineer.settle(trade(0, i, 5, { side: 'short', symbol: 'B' }))
    }
    const row = engineer.row(engineer.vector({ symbol: 'A', side: 'long', time: START + 2 * HOUR }))
    const [half, root] = [0.5, Math.SQRT1_2]
    expect(row.mean).toBeCloseTo((0.04 * half - 0.01 * root - 0.02) / (half + root + 1), 12)
    expect(row.streak).toBe(1)
  })

  test('count from their exit on, whenever they are told', () => {
    const engineer = known('A')
    engineer.settle(trade(0, 5, 0.01))
    engineer.settle(trade(0, 3, -0.02))
    const rate = (hour: number) => rowOf(engineer, signal('A', START + hour * HOUR)).rate
    expect([2, 3, 4, 5].map(rate)).toEqual([NaN, 0, 0, 0.5])
    expect(rowOf(engineer, signal('A', START + 5 * HOUR - 1)).rate).toBe(0)
    const before = JSON.stringify(engineer)
    rate(9)
    expect(JSON.stringify(engineer)).toBe(before)
  })

  test('count from the newest candle of their symbol where no exit is told', () => {
    const engineer = known('A', 'B')
    engineer.update(candle('A', 4))
    const { exitTime: _, ...open } = trade(0, 0, 0.01)
    engineer.settle(open)
    expect(rowOf(engineer, signal('B', START + 4 * HOUR - 1)).side).toBeNaN()
    expect(rowOf(engineer, signal('B', START + 4 * HOUR)).side).toBe(1)
  })

  test('told in any order, between any candles, are those whose exit has passed, and no others', () => {
    const hour = fc.integer({ min: 0, max: 30 })
    const told = fc
      .record({
        symbol: fc.constantFrom('A', 'B', 'C'),
        side: fc.constantFrom('long' as const, 'short' as const),
        source: fc.constantFrom('rules', 'ai', 'x'),
        from: hour,
        lasts: hour,
        netReturn: fc.integer({ min: -5, max: 5 }),
      })
      .map(({ from, lasts, netReturn, source, ...rest }) =>
        trade(from, from + lasts, netReturn / 100, { ...rest, meta: { source } }),
      )
    const event = fc.oneof(told, fc.constantFrom('A', 'B', 'C'))
    const same = (got: number, wanted: number) =>
      Number.isNaN(wanted) ? expect(got).toBeNaN() : expect(got).toBeCloseTo(wanted, 12)
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    let counted = 0
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60, size: 'max' }), hour, (events, later) => {
        const engineer = known('A', 'B', 'C')
        const trades: ClosedTrade[] = []
        const hours: { [symbol: string]: number } = { A: 0, B: 0, C: 0 }
        for (const one of events) {
          if (typeof one === 'string') engineer.update(candle(one, ++hours[one]!))
          else {
            engineer.settle(one)
            trades.push(one)
          }
        }
        for (const symbol of ['A', 'B', 'C'] as const) {
          const asked = signal(symbol, START + (hours[symbol]! + later) * HOUR, 'rules')
          const past = trades.filter(({ exitTime }) => exitTime! <= asked.time)
          counted += past.length
          const row = rowOf(engineer, asked)
          const wins = (one: readonly ClosedTrade[]) => mean(one.map(({ won }) => won))
          const paid = (one: readonly ClosedTrade[]) => mean(one.map(({ netReturn }) => netReturn))
          same(row.rate, wins(past.filter((one) => one.symbol === symbol)))
          same(row.side, wins(past.filter((one) => one.side === 'long')))
          same(row.source, wins(past.filter((one) => one.meta!['source'] === 'rules')))
          same(row.sector, paid(past.filter((one) => sectors[one.symbol as 'A'] === sectors[symbol])))
          same(row.hour, paid(past.filter(({ time }) => (time - asked.time) % (24 * HOUR) === 0)))
        }
      }),
      { numRuns: 150 },
    )
    expect(counted).toBeGreaterThan(1000)
  })

  test('do not wait for a symbol that has stopped: the earliest exits make room, and older signals are refused', () => {
    const engineer = known('A', 'stopped')
    for (let hour = 1; hour <= 300; hour++) {
      engineer.update(candle('A', hour))
      engineer.settle(trade(0, hour, hour % 3 ? 0.01 : -0.01))
    }
    expect(rowOf(engineer, signal('A', START + 300 * HOUR)).rate).toBeCloseTo(2 / 3, 12)
    expect(JSON.stringify(engineer.toJSON().state['history']).length).toBeLessThan(60_000)
    expect(() => rowOf(engineer, signal('stopped', START + HOUR))).toThrow(coded('INVALID_SIGNAL', 'exit that counts'))
    expect(rowOf(engineer, signal('stopped', START + 100 * HOUR)).side).toBeCloseTo(67 / 100, 12)
  })

  test('of a group too many make the one longest without a trade go', () => {
    const engineer = make({ maxGroups: 2 })
    for (const symbol of ['A', 'B', 'C']) engineer.update(candle(symbol, 0))
    const rates = () => ['A', 'B', 'C'].map((symbol) => rowOf(engineer, signal(symbol, START + 9 * HOUR)).rate)
    const win = (symbol: string) => engineer.settle(trade(0, 0, 0.01, { symbol }))
    win('A')
    win('B')
    win('A')
    expect(rates()).toEqual([1, 1, NaN])
    win('C')
    expect(rates()).toEqual([1, NaN, 1])
    engineer.settle(trade(0, 0, -0.01, { symbol: 'B' }))
    expect(rates()).toEqual([NaN, 0, 1])
    expect(restore(engineer.toJSON(), [engineer.codec()]).options.maxGroups).toBe(2)
    expect(() => make({ maxGroups: 0 })).toThrow(coded('INVALID_OPTION'))
  })

  test('with a number, a flag or nothing for a key each have their group, or none', () => {
    const engineer = new FeatureEngineer({
      history: { rate: recentWinRate(Infinity, { by: 'level' }) },
      meta: { level: { ...numeric(), accepts: (value: unknown): value is never => value !== undefined } },
    })
    engineer.update(candle('A', 0))
    const tell = (level: unknown, netReturn: number) =>
      engineer.settle(trade(0, 0, netReturn, { meta: { level } as never }))
    const note = 'x'.repeat(201)
    for (const level of [1, 1, true, 'x', note, NaN, null, {}, []]) tell(level, level === 1 ? 0.01 : -0.01)
    const rate = (level: unknown) =>
      engineer.vector({ symbol: 'A', side: 'long', time: START, meta: { level } as never })[0]
    expect([1, true, 'x', 2, note, NaN, null].map(rate)).toEqual([1, 0, 0, NaN, NaN, NaN, NaN])
    expect(JSON.stringify(engineer)).not.toContain('xx')
  })

  test('keep an average finite and recovering whatever their returns', () => {
    const engineer = new FeatureEngineer({ history: { mean: recentExpectancy(1) } })
    engineer.update(candle('A', 0))
    for (const netReturn of [1e300, -1e300, 1e308, -1e308]) engineer.settle(trade(0, 0, netReturn))
    for (let i = 0; i < 80; i++) engineer.settle(trade(0, 0, 0.01))
    expect(engineer.vector({ symbol: 'A', side: 'long', time: START })[0]).toBeCloseTo(0.01, 12)
  })
})

describe('a trade that cannot be', () => {
  const cases: readonly (readonly [string, string, unknown, string])[] = [
    ['nothing', 'INVALID_OUTCOME', undefined, 'object'],
    ['a symbol alone', 'INVALID_OUTCOME', 'A', 'object'],
    ['no symbol', 'INVALID_OUTCOME', trade(0, 1, 0.1, { symbol: '' }), 'trade.symbol'],
    ['an unknown symbol', 'UNKNOWN_SYMBOL', trade(0, 1, 0.1, { symbol: 'Z' }), '"Z"'],
    ['another side', 'INVALID_OUTCOME', trade(0, 1, 0.1, { side: 'buy' as never }), 'trade.side'],
    ['a time in seconds', 'INVALID_TIME', trade(0, 1, 0.1, { time: 1.7e9 }), 'trade.time'],
    ['an exit before its entry', 'INVALID_OUTCOME', trade(2, 1, 0.1), 'trade.exitTime'],
    ['an exit that is no time', 'INVALID_TIME', trade(0, 1, 0.1, { exitTime: NaN }), 'trade.exitTime'],
    ['half a win', 'INVALID_OUTCOME', trade(0, 1, 0.1, { won: 0.5 as never }), 'trade.won'],
    ['a return that is no number', 'INVALID_OUTCOME', trade(0, 1, NaN), 'trade.netReturn'],
    ['meta in a list', 'INVALID_OUTCOME', trade(0, 1, 0.1, { meta: [] as never }), 'trade.meta'],
  ]
  test.each(cases)('%s: an error that names it, and everything is as it was', (_, code, told, named) => {
    const engineer = known('A')
    engineer.settle(trade(0, 1, 0.1))
    const before = JSON.stringify(engineer)
    expect(() => engineer.settle(told as ClosedTrade)).toThrow(coded(code, named))
    expect(JSON.stringify(engineer)).toBe(before)
  })
})

describe('a history feature', () => {
  test('says what it goes by in its kind, and is as it was where it goes by symbol', () => {
    const kinds = (by: Parameters<typeof lossStreak>[0]) => [
      recentWinRate(20, by).kind,
      recentExpectancy(9, by).kind,
      lossStreak(by).kind,
    ]
    expect(kinds({})).toEqual(['recentWinRate(20)', 'recentExpectancy(9)', 'lossStreak'])
    expect(kinds({ by: 'hour' })).toEqual([
      'recentWinRate(20) by hour',
      'recentExpectancy(9) by hour',
      'lossStreak by hour',
    ])
    expect(lossStreak({ by: 'source' }).kind).toBe('lossStreak by meta source')
    const kindOf = (by: { [symbol: string]: string }) => lossStreak({ by }).kind
    expect(kindOf({ A: 'x', B: 'y' })).toMatch(/^lossStreak by sectors [0-9a-f]{8}$/)
    expect(kindOf({ B: 'y', A: 'x' })).toBe(kindOf({ A: 'x', B: 'y' }))
    expect(kindOf({ A: 'x', B: 'x' })).not.toBe(kindOf({ A: 'x', B: 'y' }))
  })

  test('goes by what is declared only, and by a map that stays as it was', () => {
    const slip = () =>
      new FeatureEngineer({ history: { rate: recentWinRate(20, { by: 'sorce' }) }, meta: { source: numeric() } })
    expect(slip).toThrow(coded('INVALID_OPTION', '"history.rate.by"'))
    for (const by of ['', {}, [], null, 7, { A: '' }, { A: 1 }]) {
      expect(() => recentWinRate(20, { by: by as never }), JSON.stringify(by)).toThrow(coded('INVALID_OPTION'))
    }
    const map: { [symbol: string]: string } = { A: 'x' }
    const feature = recentWinRate(20, { by: map })
    map['B'] = 'x'
    expect(feature.by).toEqual({ A: 'x' })
    const { by: _, ...without } = recentWinRate()
    expect(() => new FeatureEngineer({ history: { rate: without as never } })).toThrow(
      coded('INVALID_OPTION', 'history.rate'),
    )
  })

  test('by any name of a symbol or sector works', () => {
    const names = ['__proto__', 'constructor', '7', 'ÄÖ/USD']
    const by = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}: "toString"`).join()}}`)
    const engineer = new FeatureEngineer({ history: { own: recentWinRate(), sector: recentWinRate(20, { by }) } })
    for (const symbol of names) engineer.update(candle(symbol, 0))
    engineer.settle(trade(0, 0, 0.1, { symbol: '__proto__' }))
    const copy = restore(JSON.parse(JSON.stringify(engineer)), [engineer.codec()])
    const rows = names.map((symbol) => [...copy.vector({ symbol, side: 'long', time: START })])
    expect(rows).toEqual([[1, 1], ...names.slice(1).map(() => [NaN, 1])])
  })
})

describe('a snapshot of histories', () => {
  const event = fc.record({
    symbol: fc.constantFrom('A', 'B', 'C'),
    source: fc.constantFrom('rules', 'ai', 'x', 'y'),
    ahead: fc.integer({ min: -3, max: 6 }),
    netReturn: fc.integer({ min: -5, max: 5 }),
    moves: fc.boolean(),
  })

  test('taken at any point continues bit for bit', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 20, maxLength: 50, size: 'max' }), fc.nat(), (events, at) => {
        const first = make({ maxGroups: 2 })
        for (const symbol of ['A', 'B', 'C']) first.update(candle(symbol, 0))
        let copy = restore(first.toJSON(), [make().codec()])
        const hours: { [symbol: string]: number } = { A: 0, B: 0, C: 0 }
        events.forEach(({ symbol, source, ahead, netReturn, moves }, i) => {
          for (const each of [first, copy]) {
            if (moves) each.update(candle(symbol, hours[symbol]! + 1))
            const exit = Math.max(hours[symbol]! + ahead, 0)
            each.settle(trade(0, exit, netReturn / 100, { symbol, meta: { source } }))
          }
          if (moves) hours[symbol]!++
          if (i === at % events.length) copy = restore(JSON.parse(JSON.stringify(first)), [make().codec()])
          const asked = signal(symbol, START + 60 * HOUR, source)
          expect([...copy.vector(asked)]).toEqual([...first.vector(asked)])
        })
        expect(JSON.stringify(copy)).toBe(JSON.stringify(first))
      }),
      { numRuns: 60 },
    )
  })

  test('that is damaged is refused with a code', () => {
    const engineer = known('A', 'B')
    engineer.settle(trade(0, 0, 0.1))
    engineer.settle(trade(0, 7, 0.1))
    engineer.settle(trade(0, 8, 0.1))
    type History = { groups: { [key: string]: unknown[] }; waiting: { [key: string]: unknown }[]; counted: unknown }
    const damage = (change: (history: History) => void) => () => {
      const json = JSON.parse(JSON.stringify(engineer))
      change(json.state.history)
      return restore(json, [engineer.codec()])
    }
    expect(damage(() => {})).not.toThrow()
    const corrupt = coded('CORRUPT_SNAPSHOT')
    expect(damage(({ groups }) => groups['rate']!.push(groups['rate']![0]))).toThrow(corrupt)
    expect(damage(({ groups }) => void delete groups['rate'])).toThrow(corrupt)
    expect(damage(({ groups }) => groups['rate']!.push({ group: 'x', state: { n: 1 } }))).toThrow(corrupt)
    expect(
      damage(({ groups }) => {
        for (let i = 0; i < 1001; i++) groups['streak']!.push({ group: `${i}`, state: { losses: 1 } })
      }),
    ).toThrow(corrupt)
    expect(damage(({ waiting }) => waiting.reverse())).toThrow(corrupt)
    expect(damage(({ waiting }) => void (waiting[0]!['won'] = 7))).toThrow(corrupt)
    expect(damage(({ waiting }) => void (waiting[0]!['exitTime'] = 0))).toThrow()
    expect(damage(({ waiting }) => waiting.push(...Array.from({ length: 300 }, () => waiting[1]!)))).toThrow(corrupt)
    expect(damage((history) => void (history.counted = { $: 'NaN' }))).toThrow(corrupt)
    expect(damage((history) => void (history.counted = 'now'))).toThrow(corrupt)
    const odd = damage(({ waiting }) => void (waiting[0]!['meta'] = { source: { deep: [] }, other: 'x' }))()
    expect(rowOf(odd, signal('A', START + 9 * HOUR)).rate).toBe(1)
  })
})
