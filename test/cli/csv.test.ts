import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { readCandles, readSignals } from '../../src/cli/csv.ts'

const folder = mkdtempSync(join(tmpdir(), 'csv-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function file(content: string | Uint8Array, name = `f${files++}.csv`): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const candles = (text: string, options = {}) => readCandles(file(text), options)
const HEAD = 'time,open,high,low,close,volume\n'
const DAY = 86_400_000
const D3 = Date.UTC(2000, 0, 3)

/** The code and message of the error. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    const { name, code, message } = error as { name: string; code: string; message: string }
    return `${name} ${code} ${message}`
  }
  return 'no error'
}

describe('candles', () => {
  test('a plain file', () => {
    const path = file(`${HEAD}2000-01-03,1,2,0.5,1.5,100\n2000-01-04,1.5,2,1,2,\n`, 'spy_1d.csv')
    expect(readCandles(path)).toEqual({
      candles: [
        { symbol: 'spy_1d', time: D3, open: 1, high: 2, low: 0.5, close: 1.5, volume: 100 },
        { symbol: 'spy_1d', time: D3 + DAY, open: 1.5, high: 2, low: 1, close: 2 },
      ],
      skipped: 0,
      notes: [],
    })
    expect(readCandles(path, { symbol: 'SPY' }).candles[0]!.symbol).toBe('SPY')
  })

  test('headers in any order and case, with other names, spaces, a BOM and unknown columns', () => {
    const text = '\uFEFFTicker, Vol ,AdjClose,Close,Low,High,OPEN,Date\r\nX, 7 ,9,1.5,1,2,1.2,2000-01-03\r\n\r\n'
    expect(candles(text).candles).toEqual([
      { symbol: 'X', time: D3, open: 1.2, high: 2, low: 1, close: 1.5, volume: 7 },
    ])
  })

  test.each(['\t', ';'])('columns parted by %j', (sign) => {
    expect(candles(`${HEAD}2000-01-03,1,2,0.5,1.5,100\n`.replaceAll(',', sign)).candles[0]!.volume).toBe(100)
  })

  test.each([
    ['2000-01-03', D3],
    ['2000/01/03', D3],
    ['20000103', D3],
    ['946857600000', D3],
    ['2000-01-03T14:30', D3 + 14.5 * 3_600_000],
    ['2000-01-03 14:30:15', D3 + 14.5 * 3_600_000 + 15_000],
    ['2000-01-03T14:30:00.250Z', D3 + 14.5 * 3_600_000 + 250],
    ['2000-01-03T14:30:00.999999999Z', D3 + 14.5 * 3_600_000 + 999],
    ['2000-01-03T00:00:00+05:30', D3 - 5.5 * 3_600_000],
    ['2000-01-03T00:00:00-0500', D3 + 5 * 3_600_000],
    ['1950-01-03', Date.UTC(1950, 0, 3)],
    ['1970-01-05', 4 * DAY],
    ['2000-02-29', Date.UTC(2000, 1, 29)],
  ])('the time %s', (text, time) => {
    expect(candles(`${HEAD}${text},1,1,1,1,1`).candles[0]!.time).toBe(time)
  })

  test('ISO dates come back as they were written', () => {
    const dates = fc.date({ min: new Date('1900-01-01'), max: new Date('2199-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(dates, (date) => {
        expect(candles(`${HEAD}${date.toISOString()},1,1,1,1,1`).candles[0]!.time).toBe(date.getTime())
      }),
      { numRuns: 50 },
    )
  })

  test.each([
    ['946857600', /looks like seconds/],
    ['1704067200000000', /micro/],
    ['01/03/2017', /two ways/],
    ['2017-02-30', /calendar/],
    ['2017-13-01', /calendar/],
    ['2017-01-01T24:00', /calendar/],
    ['yesterday', /"yesterday"/],
    ['', /got ""/],
  ])('the time %j is refused with its line', (text, message) => {
    const said = refusal(() => candles(`${HEAD}2000-01-03,1,1,1,1,1\n${text},1,1,1,1,1`))
    expect(said).toMatch(/^TradeLearnError INVALID_TIME f\d+\.csv, line 3: "time" must be/)
    expect(said).toMatch(message)
  })

  test.each(['', 'abc', '0', '-1', 'NaN', 'Infinity', '1e999', '0x10', '1,5'])('the price %j is refused', (price) => {
    expect(refusal(() => candles(`${HEAD}\n2000-01-03,1,1,1,"${price}",1`))).toMatch(
      /INVALID_CANDLE f\d+\.csv, line 3: "close" must be a positive number, got "/,
    )
  })

  test('a bad volume is refused', () => {
    expect(refusal(() => candles(`${HEAD}2000-01-03,1,1,1,1,-5`))).toMatch(/line 2: "volume" .* got "-5"/)
  })

  test.each(['2000-01-04,3,2,1,1.5,1', '2000-01-04,1,2,1,0.5,1', '2000-01-04,1,1,2,1,1'])(
    'prices outside high and low are refused: %s',
    (row) => {
      expect(refusal(() => candles(`${HEAD}2000-01-03,1,1,1,1,1\n${row}`))).toMatch(
        /INVALID_CANDLE .*line 3: .*low <= open/,
      )
    },
  )

  test('bad rows are skipped and counted on request', () => {
    const text = `${HEAD}2000-01-03,1,1,1,1,1\n2000-01-04,3,2,1,1,1\n2000-01-05,x,2,1,1,1\n2000-01-06,1,1,1,1,1\n`
    const { candles: kept, skipped, notes } = candles(text, { onBadRow: 'skip' })
    expect(kept.map(({ time }) => (time - D3) / DAY)).toEqual([0, 3])
    expect(skipped).toBe(2)
    expect(notes).toEqual([expect.stringMatching(/skipped 2 of 4 rows; the first: .*line 3/)])
    const nothing = refusal(() => candles(`${HEAD}2000-01-04,3,2,1,1,1`, { onBadRow: 'skip' }))
    expect(nothing).toMatch(/NOT_ENOUGH_DATA .*got 1 bad ones; the first: .*line 2/)
  })

  test('a file with the newest row first is turned around, and said so', () => {
    const { candles: read, notes } = candles(`${HEAD}2000-01-05,1,1,1,1,\n2000-01-04,1,1,1,1,\n2000-01-03,1,1,1,1,\n`)
    expect(read.map(({ time }) => (time - D3) / DAY)).toEqual([0, 1, 2])
    expect(notes).toEqual([expect.stringContaining('newest row comes first')])
  })

  test('duplicates and rows out of order are refused with both lines, also among bad rows that are skipped', () => {
    const row = (day: number) => `2000-01-0${day},1,1,1,1,1\n`
    const twice = () => candles(HEAD + row(3) + row(4) + row(4), { onBadRow: 'skip' })
    expect(refusal(twice)).toMatch(/DUPLICATE_CANDLE .*line 4: .*than on line 3/)
    expect(refusal(() => candles(HEAD + row(3) + row(5) + row(4) + row(6)))).toMatch(/OUT_OF_ORDER .*line 4: .*line 3/)
    // newest first: the second in time stands before
    expect(refusal(() => candles(HEAD + row(6) + row(6) + row(3)))).toMatch(/DUPLICATE_CANDLE .*line 2: .*line 3/)
  })

  test('several symbols are merged by time', () => {
    const text = 'time,symbol,open,high,low,close\n2000-01-03,B,1,1,1,1\n2000-01-04,B,1,1,1,1\n2000-01-03,A,1,1,1,1\n'
    expect(candles(text, { symbol: 'ignored' }).candles.map(({ symbol }) => symbol)).toEqual(['B', 'A', 'B'])
  })

  test('what is wrong with the file is said', () => {
    expect(refusal(() => readCandles(join(folder, 'absent.csv')))).toMatch(/INVALID_INPUT absent.csv must be .*ENOENT/)
    expect(refusal(() => candles(''))).toMatch(/INVALID_INPUT .* empty file/)
    expect(refusal(() => candles(HEAD))).toMatch(/NOT_ENOUGH_DATA/)
    expect(refusal(() => candles('date,close\n2000-01-03,1'))).toMatch(/must have a column "open", got "date", "close"/)
    expect(refusal(() => candles(`date,${HEAD}`))).toMatch(/one column for the time, got "date" and "time"/)
    expect(refusal(() => candles('time,open,Open\n'))).toMatch(/two columns "Open"/)
    expect(refusal(() => candles(`${HEAD}2000-01-03,1,1,1,1,1\n2000-01-04,1,1\n`))).toMatch(
      /line 3: wanted 6 columns .*got 3/,
    )
    expect(refusal(() => candles(`${HEAD}2000-01-03,"1,1,1\n`))).toMatch(/INVALID_INPUT .*[Qq]uote/)
  })

  test('blank lines at the end and lines of commas count for nothing', () => {
    expect(candles(`${HEAD}2000-01-03,1,1,1,1,1\n\n,,,,,\n  \n`).candles.length).toBe(1)
  })

  test('a gzipped file is the file', () => {
    const text = `${HEAD}2000-01-03,1,2,0.5,1.5,100\n`
    const packed = readCandles(file(gzipSync(text), 'packed.csv.gz'))
    expect(packed.candles).toEqual(readCandles(file(text, 'packed.csv')).candles)
    expect(refusal(() => readCandles(file(gzipSync(text).subarray(0, 30), 'cut.csv.gz')))).toMatch(
      /INVALID_INPUT cut.csv.gz/,
    )
  })
})

describe('signals', () => {
  const HEADER = 'Time,Symbol,Side,Price,Stop,Target,rsi,Setup,confirmed,__proto__\n'

  test('known columns and the bot’s own', () => {
    const path = file(`${HEADER}2000-01-03,SPY,LONG,100,99,,31.5,break out,true,x\n2000-01-03,QQQ,short,,,,,,FALSE,1\n`)
    const { signals, notes } = readSignals(path)
    expect(notes).toEqual([])
    expect(signals[0]).toMatchObject({ symbol: 'SPY', side: 'long', time: D3, price: 100, stop: 99 })
    expect(Object.keys(signals[0]!)).not.toContain('target')
    expect(Object.entries(signals[0]!.meta!)).toEqual([
      ['rsi', 31.5],
      ['Setup', 'break out'],
      ['confirmed', true],
      ['__proto__', 'x'],
    ])
    expect(Object.entries(signals[1]!.meta!).slice(0, 3)).toEqual([
      ['rsi', null],
      ['Setup', null],
      ['confirmed', false],
    ])
  })

  test('no own columns, no meta; no rows, no signals', () => {
    expect(readSignals(file('time,symbol,side\n2000-01-03,A,long')).signals).toEqual([
      { symbol: 'A', side: 'long', time: D3 },
    ])
    expect(readSignals(file('time,symbol,side\n')).signals).toEqual([])
  })

  test('newest first is turned around, disorder is refused', () => {
    const head = 'time,symbol,side\n'
    const { signals, notes } = readSignals(file(`${head}2000-01-04,A,long\n2000-01-03,A,short\n`))
    expect(signals.map(({ side }) => side)).toEqual(['short', 'long'])
    expect(notes.length).toBe(1)
    const mixed = file(`${head}2000-01-03,A,long\n2000-01-05,A,long\n2000-01-04,A,long\n2000-01-06,A,long\n`)
    expect(refusal(() => readSignals(mixed))).toMatch(/OUT_OF_ORDER .*line 4: .*line 3/)
  })

  test.each([
    ['2000-01-03,A,buy,,', /INVALID_SIGNAL .*line 2: "side" must be "long" or "short", got "buy"/],
    ['2000-01-03,,long,,', /INVALID_SIGNAL .*"symbol" must be a non-empty text/],
    ['2000-01-03,A,long,-1,', /INVALID_SIGNAL .*"price" must be a positive number, got "-1"/],
    ['946857600,A,long,,', /INVALID_TIME .*seconds/],
  ])('refused: %s', (row, message) => {
    expect(refusal(() => readSignals(file(`time,symbol,side,price,stop\n${row}`)))).toMatch(message)
  })
})

describe('real files', () => {
  const shared = join(import.meta.dirname, '../../../shared/data/market')
  const none = !existsSync(shared)

  test('daily S&P 500 from 2000 to 2020', () => {
    const path = join(import.meta.dirname, '../../node_modules/vega-datasets/data/sp500-2000.csv')
    const { candles: read, notes } = readCandles(path, { symbol: 'SPX' })
    expect([read.length, read[0]!.time, read.at(-1)!.close, notes]).toEqual([5105, D3, 2874.560059, []])
  })

  test.skipIf(none)('daily prices of SPY, hours of bitcoin, the S&P 500 since 1950', () => {
    expect(readCandles(join(shared, 'spy_1d.csv')).candles.length).toBe(5849)
    expect(readCandles(join(shared, 'btcusd_1h.csv.gz')).candles.length).toBe(20_111)
    expect(readCandles(join(shared, 'spx_1d_1950_2012.csv.gz')).candles.length).toBe(15_821)
  })

  test.skipIf(none)('the 47 days on which the VIX opened outside its range', () => {
    const path = join(shared, 'vix_1d.csv')
    expect(refusal(() => readCandles(path))).toMatch(/INVALID_CANDLE vix_1d.csv, line 535: .*open 19.24, high 18.57/)
    const { candles: read, skipped } = readCandles(path, { onBadRow: 'skip' })
    expect([read.length, skipped]).toEqual([9235 - 47, 47])
  })

  test.skipIf(none)('broken quotes', () => {
    expect(refusal(() => readCandles(join(shared, 'bad_quotes.csv')))).toMatch(/bad_quotes.csv, line 2: "date" must be/)
  })
})
