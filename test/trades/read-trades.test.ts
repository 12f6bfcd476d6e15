import { describe, expect, test } from 'vitest'
import { outcomeOf, readFreqtrade, readTrades, signalOf } from '../../src/trades/index.ts'

const entryTime = Date.UTC(2024, 0, 2, 15)
const exitTime = Date.UTC(2024, 0, 3)

describe('trades from CSV', () => {
  test('all documented columns, in any order and spelling, others as meta', () => {
    const csv = [
      'Exit Price,ai_confidence,source,symbol,SIDE,entry_time,EntryPrice,close_date,exit_reason,fees,stop,target,id',
      '104,0.7,ai,BTC,buy,2024-01-02T15:00:00Z,100,2024-01-03,target,0.002,98,104,tl-1',
      '99,,rules,BTC,short,1704207600,98,2024-01-03,,,,,',
    ].join('\n')
    const [first, second] = readTrades(csv)
    expect(first).toEqual({
      ...{ id: 'tl-1', symbol: 'BTC', side: 'long', entryTime, entryPrice: 100, exitTime, exitPrice: 104 },
      ...{ exitReason: 'target', fees: 0.002, stop: 98, target: 104, meta: { ai_confidence: 0.7, source: 'ai' } },
    })
    expect(second).toEqual({
      ...{ symbol: 'BTC', side: 'short', entryTime, entryPrice: 98, exitTime, exitPrice: 99 },
      meta: { ai_confidence: null, source: 'rules' },
    })
    expect(signalOf(first!)).toEqual({
      ...{ symbol: 'BTC', side: 'long', time: entryTime, price: 100, stop: 98, target: 104 },
      meta: { ai_confidence: 0.7, source: 'ai' },
    })
    expect(outcomeOf(first!)).toEqual({ entryPrice: 100, exitPrice: 104, exitTime, exitReason: 'target', fees: 0.002 })
  })

  const header = 'side,entry_time,entry_price,exit_time,exit_price'
  test('a file of one symbol takes its name from the options, and rows come in the order of their entries', () => {
    const csv = `\uFEFF${header}\nlong,2024-02-01,100,2024-02-02,101\nlong,2024-01-01,90,2024-01-02,91\n\n`
    expect(readTrades(csv, { symbol: 'X' }).map(({ entryPrice }) => entryPrice)).toEqual([90, 100])
  })

  test('columns can be left out of the meta, and dates with slashes need an order', () => {
    const csv = `${header},note\nlong,01/02/2024,100,01/03/2024,101,hello`
    expect(() => readTrades(csv, { symbol: 'X' })).toThrow('Line 2')
    const [trade] = readTrades(csv, { symbol: 'X', dateOrder: 'month/day/year', ignore: ['note'] })
    expect(trade).not.toHaveProperty('meta')
    expect(trade!.entryTime).toBe(Date.UTC(2024, 0, 2))
  })

  test.each([
    ['a missing column', 'side,entry_time,entry_price,exit_time\n', '"exitPrice"'],
    ['no symbol at all', `${header}\n`, '"symbol"', {}],
    ['a side that is none', `${header}\nup,2024-01-01,1,2024-01-02,1`, 'Line 2: "side"'],
    ['an exit before the entry', `${header}\nlong,2024-01-02,1,2024-01-01,1`, 'Line 2: "exitTime"'],
    ['a price that is none', `${header}\nlong,2024-01-01,x,2024-01-02,1`, 'Line 2: "entryPrice"'],
    ['a missing price', `${header}\nlong,2024-01-01,,2024-01-02,1`, 'Line 2: "entryPrice"'],
    ['a ragged row', `${header}\nlong,2024-01-01`, 'CSV table'],
  ])('%s is refused', (_name, csv, message, options = { symbol: 'X' }) => {
    expect(() => readTrades(csv, options)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(message) }),
    )
  })
})

describe('trades from freqtrade', () => {
  const trade = {
    pair: 'ETH/BTC',
    stake_amount: 0.05,
    amount: 1.25,
    open_date: '2024-01-02 15:00:00+00:00',
    close_date: '2024-01-03 00:00:00+00:00',
    open_rate: 0.04,
    close_rate: 0.042,
    fee_open: 0.001,
    fee_close: 0.001,
    profit_ratio: 0.0478,
    exit_reason: 'roi',
    initial_stop_loss_abs: 0.036,
    stop_loss_abs: 0.037,
    is_open: false,
    is_short: false,
    enter_tag: 'rsi_low',
  }
  const file = (...trades: object[]): object => ({ strategy: { Mine: { trades } }, strategy_comparison: [] })

  test('are read, and the net return is that of freqtrade', () => {
    const [read] = readFreqtrade(JSON.stringify(file(trade, { ...trade, is_open: true })))
    expect(read).toEqual({
      ...{ symbol: 'ETH/BTC', side: 'long', entryTime, entryPrice: 0.04, exitTime, exitPrice: 0.042 },
      ...{ exitReason: 'target', fees: expect.closeTo(0.00205, 12), stop: 0.036, meta: { enterTag: 'rsi_low' } },
    })
    // freqtrade pays the opening fee on top of the stake: (0.042 * 0.999) / (0.04 * 1.001) - 1
    const net = read!.exitPrice / read!.entryPrice - 1 - read!.fees!
    expect(net).toBeCloseTo((0.042 * 0.999) / (0.04 * 1.001) - 1, 3)
  })

  test.each([
    ['roi', 'target'],
    ['stop_loss', 'stop'],
    ['trailing_stop_loss', 'stop'],
    ['stoploss_on_exchange', 'stop'],
    ['exit_signal', 'exit'],
    ['force_exit', 'exit'],
  ])('%s is a %s', (reason, wanted) => {
    expect(readFreqtrade(file({ ...trade, exit_reason: reason }))[0]!.exitReason).toBe(wanted)
  })

  test('older files say sell_reason and timestamps', () => {
    const { exit_reason: _, open_date: __, ...old } = trade
    const [read] = readFreqtrade({
      trades: [{ ...old, sell_reason: 'stop_loss', open_timestamp: entryTime, is_short: true }],
    })
    expect(read).toMatchObject({ exitReason: 'stop', entryTime, side: 'short' })
  })

  test('what is no backtest is refused', () => {
    const two = { strategy: { A: { trades: [] }, B: { trades: [] } } }
    expect(readFreqtrade(two, 'B')).toEqual([])
    for (const [json, message] of [
      ['{', 'must be JSON'],
      [5, 'must be an object'],
      [{ strategy: { A: {} } }, '"trades"'],
      [two, '"strategy" must be one of "A", "B"'],
      [file({ ...trade, open_rate: null }), '"open_rate"'],
      [file({ ...trade, close_date: '2020-01-01' }), 'Trade 0: "exitTime"'],
      [file(null as unknown as object), 'must be an object'],
    ] as const) {
      expect(() => readFreqtrade(json)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^INVALID/), message: expect.stringContaining(message) }),
      )
    }
  })
})
