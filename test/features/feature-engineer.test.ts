import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { restore } from '../../src/core/snapshot.ts'
import type { ClosedTrade } from '../../src/features/closed-trade.ts'
import {
  category,
  type Declaration,
  dayOfWeek,
  defaultFeatures,
  FeatureEngineer,
  flag,
  hourOfDay,
  levelOf,
  macd,
  numeric,
  onSymbol,
  optional,
  recentWinRate,
  returns,
  rsi,
  symbolCode,
  tradeSide,
  trendOf,
} from '../../src/features/index.ts'
import type { Candle } from '../../src/market.ts'
import { anyBars, candlesOf, HOUR, START, walk } from './candles.ts'
import { textbook } from './textbook.ts'

const coded = (code: string, message?: string) =>
  expect.objectContaining({ code, ...(message === undefined ? {} : { message: expect.stringContaining(message) }) })

/** Bits, so that NaN equals NaN and 0 differs from -0. */
const bits = (x: Float64Array): string => new BigUint64Array(x.slice().buffer).join()

const declaration = {
  ...defaultFeatures(),
  context: { market: trendOf('SPY', 5), strength: onSymbol('SPY', rsi(3)), vix: levelOf('VIX') },
} as const
const make = () => new FeatureEngineer(declaration)

/** The vector of a long at the symbol's newest close. */
function now<E extends ReturnType<typeof make>>(engineer: E, symbol = 'AAPL', later = 10_000 * HOUR): Float64Array {
  return engineer.vector({ symbol, side: 'long', time: engineer.lastTime(symbol) + later })
}

/** A long that closed when it was entered. */
const closed = (symbol: string, won: 0 | 1, time = START): ClosedTrade => {
  return { symbol, side: 'long', time, exitTime: time, won, netReturn: won === 1 ? 0.01 : -0.01 }
}

/** Several series as one, by time. */
const interleave = (...series: readonly (readonly Candle[])[]): Candle[] =>
  series.flat().sort((a, b) => a.time - b.time)

describe('the schema', () => {
  const engineer = new FeatureEngineer({
    ...defaultFeatures(),
    meta: { source: category('rules', 'ai'), sure: numeric() },
  })

  test('names features in order, several outputs behind their name', () => {
    expect(engineer.schema.names.slice(0, 5)).toEqual(['rsi', 'adx', 'adx.plus', 'adx.minus', 'atr'])
    expect(engineer.schema.names).toContain('macd.histogram')
    expect(engineer.schema.names.slice(-7)).toEqual([
      'hour.cos',
      'weekday.sin',
      'weekday.cos',
      'source.rules',
      'source.ai',
      'source.other',
      'sure',
    ])
    expect(engineer.schema.size).toBe(engineer.schema.names.length)
    expect(new FeatureEngineer(defaultFeatures()).schema.size).toBe(28)
  })

  test('directed features change sign with the side of the trade, others do not', () => {
    const both = new FeatureEngineer({ candles: { plain: returns(5) }, directed: { along: returns(5), macd: macd() } })
    for (const candle of walk(60)) both.update(candle)
    const { symbol, time } = walk(60).at(-1)!
    const rowOf = (side: 'long' | 'short') => both.row(both.vector({ symbol, side, time }))
    const [long, short] = [rowOf('long'), rowOf('short')]
    expect(long['plain.5']).not.toBe(0)
    expect(short['plain.5']).toBe(long['plain.5'])
    expect([long['along.5'], short['along.5']]).toEqual([long['plain.5'], -long['plain.5']])
    expect(short['macd.histogram']).toBe(-long['macd.histogram'])
    const fingerprint = (group: 'candles' | 'directed') =>
      new FeatureEngineer({ [group]: { returns: returns(5) } }).schema.fingerprint
    expect(fingerprint('directed')).not.toBe(fingerprint('candles'))
  })

  test('a symbol code is its position in the list, and missing for others', () => {
    const engineer = new FeatureEngineer({ signal: { symbol: symbolCode('AAPL', 'MSFT') } })
    for (const symbol of ['AAPL', 'MSFT', 'TSLA']) engineer.update({ ...walk(1)[0]!, symbol })
    const codeOf = (symbol: string) => engineer.vector({ symbol, side: 'long', time: START })[0]
    expect(['AAPL', 'MSFT', 'TSLA'].map(codeOf)).toEqual([0, 1, Number.NaN])
  })

  test('its fingerprint is stable and changes with any name, parameter or order', () => {
    const prints = [
      { candles: { rsi: rsi(14), macd: macd() } },
      { candles: { macd: macd(), rsi: rsi(14) } },
      { candles: { rsi: rsi(10), macd: macd() } },
      { candles: { rsi14: rsi(14), macd: macd() } },
      { candles: { rsi: rsi(14) }, context: { macd: onSymbol('SPY', macd()) } },
      { candles: { rsi: rsi(14) }, context: { macd: onSymbol('QQQ', macd()) } },
    ].map((features) => new FeatureEngineer(features).schema.fingerprint)
    expect(new Set(prints).size).toBe(prints.length)
    // written down, because saved models refer to it
    expect(new FeatureEngineer({ candles: { rsi: rsi(14) } }).schema.fingerprint).toBe('8df377ba')
  })

  test('refuses names that clash or could not be told from outputs, and none at all', () => {
    const invalid = coded('INVALID_OPTION')
    expect(() => new FeatureEngineer({ candles: { rsi: rsi() }, meta: { rsi: numeric() } })).toThrow(invalid)
    expect(() => new FeatureEngineer({ candles: { 'macd.line': rsi() } })).toThrow(invalid)
    expect(() => new FeatureEngineer({ candles: { ['__proto__']: rsi() } })).toThrow(invalid)
    expect(() => new FeatureEngineer({ candles: { $: rsi() } })).toThrow(invalid)
    expect(() => new FeatureEngineer({ meta: {} })).toThrow(invalid)
    expect(() => category()).toThrow(invalid)
    expect(() => category('ai', '')).toThrow(invalid)
    expect(() => category('ai', 'ai')).toThrow(invalid)
    expect(() => trendOf('')).toThrow(invalid)
    for (const halfLife of [0, 0.5, NaN]) expect(() => recentWinRate(halfLife)).toThrow(invalid)
    expect(recentWinRate(Infinity).kind).toBe('recentWinRate(Infinity)')
    expect(() => new FeatureEngineer({ candles: { rsi: rsi() } }, { maxSymbols: 0 })).toThrow(invalid)
  })

  test.each([
    ['null', null, /"declaration" must be an object/],
    ['nothing', undefined, /"declaration" must be an object/],
    ['a list', [rsi()], /"declaration" must be an object/],
    ['a group of null', { candles: null }, /"candles" must be an object/],
    ['a group that is a list', { candles: [rsi()] }, /"candles" must be an object/],
    ['a number', { candles: { rsi: 3 } }, /"candles.rsi" must be/],
    ['null for a feature', { meta: { vix: null } }, /"meta.vix" must be/],
    ['a factory that was not called', { candles: { rsi } }, /"candles.rsi" must be/],
    ['an empty object', { signal: { side: {} } }, /"signal.side" must be/],
    ['a feature of another group', { candles: { side: tradeSide() } }, /"candles.side" must be/],
    ['an indicator as context', { context: { rsi: rsi() } }, /"context.rsi" must be/],
    ['outputs that are no words', { candles: { rsi: { ...rsi(), outputs: [1] } } }, /"candles.rsi" must be/],
  ])('%s is no declaration', (_, declaration, message) => {
    const make = (): unknown => new FeatureEngineer(declaration as unknown as Declaration)
    expect(make).toThrow(coded('INVALID_OPTION'))
    expect(make).toThrow(message)
  })

  test('a row holds the vector by name', () => {
    const x = Float64Array.from({ length: engineer.schema.size }, (_, i) => i)
    expect(Object.entries(engineer.row(x))).toEqual(engineer.schema.names.map((name, i) => [name, i]))
    expect(() => engineer.row(new Float64Array(3))).toThrow(coded('INVALID_INPUT'))
  })
})

describe('vectors', () => {
  test('equal the features computed over the whole series, at every candle', () => {
    const candles = walk(300)
    const engineer = new FeatureEngineer(defaultFeatures())
    const wanted = textbook(candles)
    candles.forEach((candle, i) => {
      engineer.update(candle)
      const row = engineer.row(engineer.vector({ symbol: 'AAPL', side: 'long', time: candle.time })) as {
        [name: string]: number
      }
      for (const [name, column] of Object.entries(wanted)) {
        if (Number.isNaN(column[i])) expect(row[name]).toBeNaN()
        else expect(row[name]).toBeCloseTo(column[i]!, 9)
      }
    })
  })

  test('do not change, to the bit, whatever candles come after', () => {
    const bars = anyBars(2, 60)
    fc.assert(
      fc.property(bars, bars, bars, fc.nat(), (past, future, market, at) => {
        const cut = at % past.length
        const context = candlesOf(market, 'SPY')
        const one = interleave(candlesOf(past), context)
        const other = interleave(
          candlesOf([...past.slice(0, cut + 1), ...future]),
          context.filter(({ time }) => time <= START + cut * HOUR),
        )
        // the same definitions at work on both, step by step, so that shared state would show
        const [a, b] = [make(), make()]
        const [seenA, seenB]: [string[], string[]] = [[], []]
        for (let i = 0; i < Math.max(one.length, other.length); i++) {
          for (const [engineer, series, seen] of [
            [a, one, seenA],
            [b, other, seenB],
          ] as const) {
            const candle = series[i]
            if (!candle) continue
            engineer.update(candle)
            if (engineer.knows('AAPL') && candle.time <= START + cut * HOUR) seen.push(bits(now(engineer)))
          }
        }
        expect(seenB).toEqual(seenA)
      }),
      { numRuns: 60 },
    )
  })

  test('are never infinite, and missing only while warming up or without volume', () => {
    fc.assert(
      fc.property(anyBars(35, 60), (bars) => {
        const engineer = make()
        for (const candle of candlesOf(bars)) engineer.update(candle)
        const row = engineer.row(now(engineer))
        for (const [name, value] of Object.entries(row)) {
          expect(Math.abs(value)).not.toBe(Infinity)
          if (!/^(volume|vwap|market|strength|vix|winRate)/.test(name)) expect(value, name).not.toBeNaN()
        }
      }),
      { numRuns: 50 },
    )
  })

  test('turn an overflow into a missing value', () => {
    const engineer = new FeatureEngineer({
      meta: { big: { ...numeric(), write: (_v: number, out: Float64Array, at: number) => void (out[at] = Infinity) } },
    })
    engineer.update(walk(1)[0]!)
    expect([...engineer.vector({ symbol: 'AAPL', side: 'long', time: START, meta: { big: 1 } })]).toEqual([NaN])
  })

  test('are pure, and go into the array that is given', () => {
    const engineer = make()
    for (const candle of walk(50)) engineer.update(candle)
    const before = JSON.stringify(engineer)
    const first = now(engineer)
    const out = new Float64Array(engineer.schema.size).fill(5)
    expect(engineer.vector({ symbol: 'AAPL', side: 'long', time: START + 99_999 * HOUR }, out)).toBe(out)
    expect(JSON.stringify(engineer)).toBe(before)
    engineer.update({ ...walk(51).at(-1)!, close: 101, high: 300, low: 50 })
    expect(bits(now(engineer))).not.toBe(bits(first))
    expect(() =>
      engineer.vector({ symbol: 'AAPL', side: 'long', time: START + 99_999 * HOUR }, new Float64Array(2)),
    ).toThrow(coded('INVALID_INPUT'))
  })

  test('tell side and time, in UTC, as points on circles', () => {
    const engineer = new FeatureEngineer({ signal: { side: tradeSide(), hour: hourOfDay(), weekday: dayOfWeek() } })
    engineer.update({ ...walk(1)[0]!, time: Date.UTC(1969, 0, 1) })
    const at = (side: 'long' | 'short', time: number) => engineer.row(engineer.vector({ symbol: 'AAPL', side, time }))
    const circle = (turns: number) => [Math.sin(2 * Math.PI * turns), Math.cos(2 * Math.PI * turns)] as const
    // 2024-01-01 was a Monday, 1969-07-22 a Tuesday
    for (const [time, day, part] of [
      [Date.UTC(2024, 0, 1), 0, 0],
      [Date.UTC(2024, 0, 1, 6), 0, 1 / 4],
      [Date.UTC(2024, 0, 7, 21), 6, 7 / 8],
      [Date.UTC(2024, 0, 8), 0, 0],
      [Date.UTC(1969, 6, 22, 12), 1, 1 / 2],
    ] as const) {
      const row = at('short', time)
      expect(row.side).toBe(-1)
      expect(row['hour.sin']).toBeCloseTo(circle(part)[0], 12)
      expect(row['hour.cos']).toBeCloseTo(circle(part)[1], 12)
      expect(row['weekday.sin']).toBeCloseTo(circle(day / 7)[0], 12)
      expect(row['weekday.cos']).toBeCloseTo(circle(day / 7)[1], 12)
    }
    expect(at('long', START).side).toBe(1)
  })

  test('refuse signals that are from before a candle they would look at', () => {
    const engineer = make()
    for (const candle of walk(3)) engineer.update(candle)
    const signal = { symbol: 'AAPL', side: 'long', time: START + 2 * HOUR } as const
    expect(() => engineer.vector({ ...signal, time: signal.time - 1 })).toThrow(coded('INVALID_SIGNAL', 'AAPL'))
    expect(() => engineer.vector(signal)).not.toThrow()
    for (const candle of walk(4, { symbol: 'SPY' })) engineer.update(candle)
    expect(() => engineer.vector(signal)).toThrow(coded('INVALID_SIGNAL', 'SPY'))
    expect(() => engineer.vector({ ...signal, time: START + 3 * HOUR })).not.toThrow()
  })

  test('refuse what is not a signal', () => {
    const engineer = make()
    for (const candle of walk(3)) engineer.update(candle)
    const signal = { symbol: 'AAPL', side: 'long', time: START + 2 * HOUR } as const
    const invalid = coded('INVALID_SIGNAL')
    expect(() => engineer.vector(null as never)).toThrow(invalid)
    expect(() => engineer.vector({ ...signal, side: 'buy' as never })).toThrow(invalid)
    expect(() => engineer.vector({ ...signal, symbol: '' })).toThrow(invalid)
    expect(() => engineer.vector({ ...signal, time: 1_700_000_000 })).toThrow(coded('INVALID_TIME'))
    expect(() => engineer.vector({ ...signal, symbol: 'MSFT' })).toThrow(coded('UNKNOWN_SYMBOL', 'known: AAPL'))
  })
})

describe('meta', () => {
  const engineer = new FeatureEngineer({
    meta: {
      sure: numeric(),
      source: category('rules', 'ai'),
      urgent: flag(),
      votes: optional(numeric()),
      mood: optional(category('calm', 'wild')),
    },
  })
  engineer.update(walk(1)[0]!)
  const signal = { symbol: 'AAPL', side: 'long', time: START } as const
  const full = { sure: 0.7, source: 'ai', urgent: true } as const

  test('becomes numbers: words one each, flags 0 or 1, what is optional missing', () => {
    expect(engineer.row(engineer.vector({ ...signal, meta: { ...full, votes: 3, mood: 'calm' } }))).toEqual({
      sure: 0.7,
      'source.rules': 0,
      'source.ai': 1,
      'source.other': 0,
      urgent: 1,
      votes: 3,
      'mood.calm': 1,
      'mood.wild': 0,
      'mood.other': 0,
    })
    for (const meta of [full, { ...full, votes: null, mood: null }, { ...full, votes: NaN }]) {
      expect([...engineer.vector({ ...signal, meta })].slice(5)).toEqual([NaN, NaN, NaN, NaN])
    }
  })

  test('of a category that was not declared is a value of its own, not missing and not an error', () => {
    const row = (source: string) => {
      const {
        'source.rules': rules,
        'source.ai': ai,
        'source.other': other,
      } = engineer.row(engineer.vector({ ...signal, meta: { ...full, source } }))
      return [rules, ai, other]
    }
    expect(row('rules')).toEqual([1, 0, 0])
    for (const unseen of ['tea leaves', '', 'AI', 'other', 'constructor', '__proto__']) {
      expect(row(unseen), unseen).toEqual([0, 0, 1])
    }
    // where it is one of the words it takes the unseen in
    const named = new FeatureEngineer({ meta: { mood: category('other', 'calm') } })
    named.update(walk(1)[0]!)
    expect(named.schema.names).toEqual(['mood.other', 'mood.calm'])
    for (const mood of ['other', 'wild']) expect([...named.vector({ ...signal, meta: { mood } })]).toEqual([1, 0])
  })

  test('that is absent, of the wrong kind or unknown is an error that names it', () => {
    const refused = (meta: unknown, message: string) =>
      expect(() => engineer.vector({ ...signal, meta } as never)).toThrow(coded('INVALID_SIGNAL', message))
    refused(undefined, '"signal.meta.sure" must be a finite number, got undefined')
    refused('yes', '"signal.meta" must be an object')
    refused({ ...full, sure: NaN }, 'sure')
    refused({ ...full, sure: '0.7' }, 'sure')
    refused({ ...full, sure: Infinity }, 'sure')
    refused({ ...full, source: 7 }, '"signal.meta.source" must be a text, got 7')
    refused({ ...full, source: null }, '"signal.meta.source" must be a text, got null')
    refused({ ...full, urgent: 1 }, 'urgent')
    refused({ ...full, votes: Infinity }, 'votes')
    refused({ ...full, votes: 'many' }, 'votes')
    refused({ ...full, luck: 1, omen: 2 }, 'got luck, omen')
    refused(Object.create(full), 'sure')
    expect(() => make().vector({ ...signal, meta: {} })).toThrow(coded('UNKNOWN_SYMBOL'))
  })
})

describe('symbols', () => {
  test('interleaved ones are as they are alone', () => {
    const [a, b] = [walk(80), walk(80, { seed: 'other', symbol: 'MSFT', price: 30 })]
    const [both, onlyA, onlyB] = [make(), make(), make()]
    for (let i = 0; i < 80; i++) {
      both.update(a[i]!)
      onlyA.update(a[i]!)
      both.update(b[i]!)
      onlyB.update(b[i]!)
      expect(bits(now(both, 'AAPL'))).toBe(bits(now(onlyA, 'AAPL')))
      expect(bits(now(both, 'MSFT'))).toBe(bits(now(onlyB, 'MSFT')))
    }
  })

  test('appear with their first candle', () => {
    const engineer = make()
    const [candle] = walk(1)
    expect(engineer.knows('AAPL')).toBe(false)
    engineer.update(candle!)
    expect([engineer.knows('AAPL'), engineer.lastTime('AAPL'), engineer.lastClose('AAPL')]).toEqual([
      true,
      START,
      candle!.close,
    ])
  })

  test('that are unknown are refused, with a few that are known', () => {
    const engineer = make()
    for (let i = 0; i < 8; i++) engineer.update({ ...walk(1)[0]!, symbol: `S${i}` })
    for (const ask of [
      () => engineer.lastClose('X'),
      () => engineer.lastTime('X'),
      () => engineer.atr('X'),
      () => engineer.settle(closed('X', 1)),
      () => engineer.vector({ symbol: 'X', side: 'long', time: START }),
    ]) {
      expect(ask).toThrow(coded('UNKNOWN_SYMBOL', 'got "X"; known: S0, S1, S2, S3, S4 and 3 more.'))
    }
    expect(() => make().atr('X')).toThrow(coded('UNKNOWN_SYMBOL', 'known: none'))
    for (const name of ['__proto__', 'constructor', 'toString']) expect(engineer.knows(name)).toBe(false)
  })

  test('with any name work, and survive a snapshot', () => {
    const engineer = make()
    const names = ['600519', '__proto__', '7', 'constructor', '$', 'ÄÖ/USD']
    for (const symbol of names) engineer.update({ ...walk(1)[0]!, symbol })
    const copy = restore(JSON.parse(JSON.stringify(engineer)), [engineer.codec()])
    for (const symbol of names) expect(copy.knows(symbol)).toBe(true)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(engineer))
  })

  test('are bounded by an option', () => {
    const engineer = new FeatureEngineer({ candles: { rsi: rsi() } }, { maxSymbols: 2 })
    for (const symbol of ['A', 'B', 'A'])
      engineer.update({ ...walk(3)[symbol === 'B' ? 0 : engineer.knows('A') ? 2 : 0]!, symbol })
    const before = JSON.stringify(engineer)
    expect(() => engineer.update({ ...walk(1)[0]!, symbol: 'C' })).toThrow(coded('UNKNOWN_SYMBOL', '"C"'))
    expect(JSON.stringify(engineer)).toBe(before)
  })

  test('the ATR is in price units and there whatever is declared', () => {
    const engineer = new FeatureEngineer({ signal: { side: tradeSide() } })
    const candles = walk(40)
    candles.forEach((candle, i) => {
      engineer.update(candle)
      if (i < 13) expect(engineer.atr('AAPL')).toBeNaN()
    })
    expect(engineer.atr('AAPL')).toBeCloseTo(textbook(candles)['atr']!.at(-1)! * candles.at(-1)!.close, 10)
  })
})

describe('context and history', () => {
  test('context follows the other symbol and is missing before it has come', () => {
    const engineer = new FeatureEngineer({ context: { vix: levelOf('VIX'), market: trendOf('SPY', 2) } })
    const [candle] = walk(1)
    engineer.update(candle!)
    expect([...engineer.vector({ symbol: 'AAPL', side: 'long', time: START })]).toEqual([NaN, NaN])
    engineer.update({ ...candle!, symbol: 'VIX', open: 18, high: 20, low: 17, close: 19 })
    for (const [i, close] of [10, 11, 12].entries()) {
      engineer.update({ symbol: 'SPY', time: START + i, open: close, high: close, low: close, close })
    }
    expect([...engineer.vector({ symbol: 'AAPL', side: 'long', time: START + 2 })]).toEqual([19, 1])
    expect([...engineer.vector({ symbol: 'SPY', side: 'long', time: START + 2 })]).toEqual([19, 1])
  })

  test('the recent win rate is the symbol’s own, and its newest trades count most', () => {
    const engineer = new FeatureEngineer({ history: { winRate: recentWinRate(2) } })
    for (const symbol of ['A', 'B']) engineer.update({ ...walk(1)[0]!, symbol })
    const rate = (symbol: string) => engineer.vector({ symbol, side: 'long', time: START })[0]
    expect(rate('A')).toBeNaN()
    engineer.settle(closed('A', 1))
    expect(rate('A')).toBe(1)
    engineer.settle(closed('A', 0))
    engineer.settle(closed('A', 0))
    // weights halve every two trades: 1/2, 1/sqrt 2, 1
    expect(rate('A')).toBeCloseTo(0.5 / (0.5 + Math.SQRT1_2 + 1), 12)
    expect(rate('B')).toBeNaN()
    const before = JSON.stringify(engineer)
    expect(() => engineer.settle(closed('A', 0.5 as never))).toThrow(coded('INVALID_OUTCOME'))
    expect(JSON.stringify(engineer)).toBe(before)
  })
})

describe('bad candles', () => {
  const good = walk(30).at(-1)!
  const wrong: readonly (readonly [string, string, unknown])[] = [
    ['nothing', 'INVALID_CANDLE', undefined],
    ['null', 'INVALID_CANDLE', null],
    ['no symbol', 'INVALID_CANDLE', { ...good, symbol: '' }],
    ['a close of NaN', 'INVALID_CANDLE', { ...good, close: NaN }],
    ['a negative price', 'INVALID_CANDLE', { ...good, low: -1 }],
    ['high below low', 'INVALID_CANDLE', { ...good, high: good.low, low: good.high }],
    ['a price in text', 'INVALID_CANDLE', { ...good, open: '100' }],
    ['a negative volume', 'INVALID_CANDLE', { ...good, volume: -1 }],
    ['an infinite volume', 'INVALID_CANDLE', { ...good, volume: Infinity }],
    ['a time in seconds', 'INVALID_TIME', { ...good, time: 1_700_000_000 }],
    ['the time of the last', 'DUPLICATE_CANDLE', { ...good, time: START + 28 * HOUR }],
    ['a time before the last', 'OUT_OF_ORDER', { ...good, time: START }],
    ['a new symbol, but no price', 'INVALID_CANDLE', { ...good, symbol: 'NEW', close: 0 }],
  ]

  test.each(wrong)('%s: an error, and everything is as it was', (_, code, candle) => {
    const engineer = make()
    for (const each of walk(29)) engineer.update(each)
    const before = JSON.stringify(engineer)
    expect(() => engineer.update(candle as Candle)).toThrow(coded(code))
    expect(JSON.stringify(engineer)).toBe(before)
    expect(() => engineer.update(good)).not.toThrow()
  })
})

describe('snapshots', () => {
  test('one restored at any point continues bit for bit', () => {
    const event = fc.tuple(
      fc.constantFrom('AAPL', 'SPY', 'VIX', 'MSFT'),
      fc.constantFrom(undefined, 0 as const, 1 as const),
    )
    fc.assert(
      fc.property(anyBars(1, 60), fc.array(event, { minLength: 60, maxLength: 60 }), fc.nat(), (bars, events, at) => {
        const engineer = make()
        let copy = make()
        bars.forEach((bar, i) => {
          const [symbol, won] = events[i]!
          const candle = { symbol, time: START + i * HOUR, ...bar }
          for (const each of [engineer, copy]) {
            each.update(candle)
            if (won !== undefined) each.settle(closed(symbol, won, candle.time))
          }
          if (i === at % bars.length) copy = restore(JSON.parse(JSON.stringify(engineer)), [make().codec()])
          expect(bits(now(copy, symbol))).toBe(bits(now(engineer, symbol)))
          expect(copy.atr(symbol)).toBe(engineer.atr(symbol))
        })
        expect(JSON.stringify(copy)).toBe(JSON.stringify(engineer))
      }),
      { numRuns: 60 },
    )
  })

  test('keep options and hold the schema', () => {
    const engineer = new FeatureEngineer({ candles: { rsi: rsi() } }, { maxSymbols: 5 })
    const { names, kinds, fingerprint } = engineer.schema
    expect(engineer.toJSON()).toMatchObject({
      type: 'feature-engineer',
      version: 2,
      options: { maxSymbols: 5, maxGroups: 1000, names, kinds, fingerprint },
    })
    expect(restore(engineer.toJSON(), [engineer.codec()]).options).toEqual({ maxSymbols: 5, maxGroups: 1000 })
  })

  test('share nothing with what they were taken from', () => {
    const engineer = make()
    for (const candle of walk(30)) engineer.update(candle)
    const json = engineer.toJSON()
    const before = JSON.stringify(json)
    const copy = restore(json, [engineer.codec()])
    engineer.update(walk(31).at(-1)!)
    expect(JSON.stringify(json)).toBe(before)
    expect(JSON.stringify(copy)).toBe(before)
    copy.update(walk(31).at(-1)!)
    expect(JSON.stringify(json)).toBe(before)
  })

  test('of another declaration are refused, with what differs', () => {
    const json = new FeatureEngineer({ candles: { rsi: rsi(14), macd: macd() } }).toJSON()
    const read =
      (other: Parameters<typeof FeatureEngineer.prototype.codec> extends [] ? FeatureEngineer : never) => () =>
        other.codec().fromJSON(json, () => other as never)
    const mismatch = (message: string) => coded('SCHEMA_MISMATCH', message)
    expect(read(new FeatureEngineer({ candles: { rsi: rsi(10), macd: macd() } }))).toThrow(
      mismatch('changed rsi from rsi(14) to rsi(10)'),
    )
    expect(read(new FeatureEngineer({ candles: { rsi: rsi(14) }, signal: { side: tradeSide() } }))).toThrow(
      mismatch('added side; removed macd.line, macd.signal, macd.histogram'),
    )
    expect(read(new FeatureEngineer({ candles: { macd: macd(), rsi: rsi(14) } }))).toThrow(mismatch('another order'))
    expect(read(new FeatureEngineer(defaultFeatures()))).toThrow(mismatch('and 19 more'))
  })

  test('that are damaged are refused', () => {
    const engineer = new FeatureEngineer({ candles: { rsi: rsi(14) } })
    for (const candle of walk(5)) engineer.update(candle)
    const damage = (change: (json: { state: { symbols: unknown[] }; version: number; type: string }) => void) => () => {
      const json = JSON.parse(JSON.stringify(engineer))
      change(json)
      engineer.codec().fromJSON(json, () => engineer as never)
    }
    expect(damage(() => {})).not.toThrow()
    expect(damage(({ state }) => state.symbols.push(state.symbols[0]))).toThrow(coded('CORRUPT_SNAPSHOT', 'once'))
    expect(damage(({ state }) => state.symbols.push({}))).toThrow(coded('CORRUPT_SNAPSHOT'))
    expect(damage((json) => (json.version = 99))).toThrow(coded('UNSUPPORTED_VERSION'))
    expect(damage((json) => (json.type = 'adwin'))).toThrow(coded('UNKNOWN_SNAPSHOT'))
  })
})
