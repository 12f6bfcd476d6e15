import { describe, expect, test } from 'vitest'
import { RoundTripBuilder, toFill, toOrders } from '../../src/trades/index.ts'

const time = Date.UTC(2024, 0, 2, 15)

describe('fills', () => {
  const wanted = { id: '28457', orderId: '9001', side: 'buy', price: 42_000.5, amount: 0.25, time }

  test('of ccxt', () => {
    const trade = {
      info: {},
      id: '28457',
      order: '9001',
      timestamp: time,
      datetime: '2024-01-02T15:00:00.000Z',
      symbol: 'BTC/USDT',
      type: 'limit',
      side: 'buy',
      takerOrMaker: 'taker',
      price: 42_000.5,
      amount: 0.25,
      cost: 10_500.125,
      fee: { cost: 0.00025, currency: 'BTC' },
    }
    expect(toFill(trade)).toEqual({
      ...wanted,
      symbol: 'BTC/USDT',
      reduceOnly: false,
      fees: [{ cost: 0.00025, currency: 'BTC' }],
    })
    expect(toFill({ ...trade, fee: undefined, fees: [{ cost: '1.5', currency: 'USDT' }] }).fees).toEqual([
      { cost: 1.5, currency: 'USDT' },
    ])
    expect(toFill({ ...trade, fee: { cost: undefined, currency: undefined } }).fees).toEqual([])
  })

  test("of Alpaca's activities", () => {
    const activity = {
      activity_type: 'FILL',
      id: '28457',
      order_id: '9001',
      symbol: 'AAPL',
      side: 'buy',
      type: 'partial_fill',
      price: '42000.5',
      qty: '0.25',
      cum_qty: '0.25',
      transaction_time: '2024-01-02T15:00:00Z',
    }
    expect(toFill(activity)).toEqual({ ...wanted, symbol: 'AAPL', reduceOnly: false, fees: [] })
    expect(toFill({ ...activity, side: 'sell_short' }).side).toBe('sell')
  })

  test("of Alpaca's stream", () => {
    const data = {
      event: 'fill',
      execution_id: '28457',
      price: '42000.5',
      qty: '0.25',
      timestamp: '2024-01-02T15:00:00Z',
      order: {
        id: '9001',
        client_order_id: 'tl-1',
        symbol: 'AAPL',
        side: 'buy',
        order_type: 'market',
        filled_qty: '0.25',
      },
    }
    const fill = { ...wanted, clientOrderId: 'tl-1', symbol: 'AAPL', reduceOnly: false, fees: [] }
    expect(toFill(data)).toEqual(fill)
    expect(toFill({ stream: 'trade_updates', data })).toEqual(fill)
  })

  test.each([
    ['no object', 5],
    ['no id', { order: '1', symbol: 'X', side: 'buy', price: 1, amount: 1, timestamp: time }],
    ['no price', { id: '1', order: '1', symbol: 'X', side: 'buy', amount: 1, timestamp: time }],
    ['no side', { id: '1', order: '1', symbol: 'X', price: 1, amount: 1, timestamp: time }],
    ['no symbol', { id: '1', order: '1', side: 'buy', price: 1, amount: 1, timestamp: time }],
    [
      'a fee without a currency',
      { id: '1', order: '1', symbol: 'X', side: 'buy', price: 1, amount: 1, timestamp: time, fee: { cost: 1 } },
    ],
  ])('with %s are refused', (_name, row) => {
    expect(() => toFill(row)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})

describe('orders of ccxt', () => {
  const order = {
    id: '9001',
    clientOrderId: 'tl-1',
    timestamp: time - 5,
    lastTradeTimestamp: time,
    status: 'closed',
    symbol: 'BTC/USDT:USDT',
    type: 'market',
    side: 'buy',
    price: undefined,
    average: undefined,
    amount: 2,
    filled: 2,
    remaining: 0,
    cost: 202,
    reduceOnly: false,
    fee: { cost: 0.2, currency: 'USDT' },
  }

  test('are read, with the mean price from the cost where it is not given', () => {
    expect(toOrders(order)).toEqual([
      {
        ...{ orderId: '9001', clientOrderId: 'tl-1', symbol: 'BTC/USDT:USDT', side: 'buy', reduceOnly: false },
        ...{ filled: 2, average: 101, time, fees: [{ cost: 0.2, currency: 'USDT' }] },
      },
    ])
  })

  test.each([
    [{ type: 'take_profit_market' }, 'target'],
    [{ type: 'STOP_MARKET' }, 'stop'],
    [{ takeProfitPrice: 110 }, 'target'],
    [{ stopLossPrice: 90 }, 'stop'],
    [{ triggerPrice: 90, reduceOnly: true }, 'stop'],
    [{ triggerPrice: 90 }, undefined],
  ])('%o stand for a %s', (over, purpose) => {
    expect(toOrders({ ...order, ...over })[0]!.purpose).toBe(purpose)
  })

  test('that are still open or were cancelled have nothing filled', () => {
    const [open] = toOrders({
      ...order,
      filled: undefined,
      cost: undefined,
      status: 'canceled',
      lastTradeTimestamp: undefined,
    })
    expect(open).toMatchObject({ filled: 0, time: time - 5 })
    expect(new RoundTripBuilder().order(open!)).toEqual([])
  })
})

test("a bracket of Alpaca, whole: the leg that was filled closes the parent's entry", () => {
  const leg = { symbol: 'AAPL', side: 'sell', order_class: 'bracket', legs: null, submitted_at: '2024-01-02T15:00:00Z' }
  const bracket = {
    id: 'p-1',
    client_order_id: 'tl-7',
    symbol: 'AAPL',
    side: 'buy',
    type: 'market',
    order_class: 'bracket',
    status: 'filled',
    filled_qty: '10',
    filled_avg_price: '187.12',
    filled_at: '2024-01-02T15:00:01.25Z',
    legs: [
      {
        ...leg,
        id: 'l-1',
        client_order_id: 'x1',
        order_type: 'limit',
        status: 'canceled',
        filled_qty: '0',
        filled_avg_price: null,
        filled_at: null,
      },
      {
        ...leg,
        id: 'l-2',
        client_order_id: 'x2',
        order_type: 'stop',
        status: 'filled',
        filled_qty: '10',
        filled_avg_price: '185.02',
        filled_at: '2024-01-02T17:30:00Z',
      },
    ],
  }
  const builder = new RoundTripBuilder()
  // twice, as after a reconnect, and the legs first, as a list of closed orders may have them
  const trips = [...toOrders(bracket)].reverse().flatMap((order) => builder.order(order))
  trips.push(...toOrders(bracket).flatMap((order) => builder.order(order)))
  expect(trips).toEqual([
    {
      ...{ id: 'tl-7', symbol: 'AAPL', side: 'long', amount: 10, exitReason: 'stop' },
      ...{ entryTime: Date.UTC(2024, 0, 2, 15, 0, 1, 250), entryPrice: 187.12 },
      ...{ exitTime: Date.UTC(2024, 0, 2, 17, 30), exitPrice: 185.02, fees: 0, unpricedFees: [] },
    },
  ])
})
