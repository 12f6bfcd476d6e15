import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRng } from '../../src/core/rng.ts'
import { restore } from '../../src/core/snapshot.ts'
import { labelFromOutcome } from '../../src/labels/index.ts'
import { type Fill, type OrderState, outcomeOf, RoundTripBuilder } from '../../src/trades/index.ts'

const T0 = 1_700_000_000_000
let serial = 0
const fill = (over: Partial<Fill>): Fill => ({
  id: `f${++serial}`,
  orderId: 'o1',
  symbol: 'BTC/USDT',
  side: 'buy',
  reduceOnly: false,
  price: 100,
  amount: 1,
  time: T0 + serial * 1000,
  fees: [],
  ...over,
})
const order = (over: Partial<OrderState>): OrderState => ({
  orderId: 'o1',
  symbol: 'BTC/USDT',
  side: 'buy',
  reduceOnly: false,
  filled: 0,
  average: 0,
  time: T0,
  fees: [],
  ...over,
})

describe('RoundTripBuilder', () => {
  test('an entry and its exit are a trade under the client order id of the entry', () => {
    const builder = new RoundTripBuilder()
    expect(builder.fill(fill({ clientOrderId: 'tl-1', time: T0 }))).toEqual([])
    expect(builder.open()).toEqual([
      { id: 'tl-1', symbol: 'BTC/USDT', side: 'long', held: 1, entryTime: T0, entryPrice: 100 },
    ])
    const trips = builder.fill(fill({ orderId: 'o2', side: 'sell', price: 104, time: T0 + 5 }))
    expect(trips).toEqual([
      {
        ...{ id: 'tl-1', symbol: 'BTC/USDT', side: 'long', amount: 1 },
        ...{ entryTime: T0, entryPrice: 100, exitTime: T0 + 5, exitPrice: 104, exitReason: 'exit' },
        ...{ fees: 0, unpricedFees: [] },
      },
    ])
    expect(builder.open()).toEqual([])
    const label = labelFromOutcome({ id: 'tl-1', side: 'long', price: 100 }, outcomeOf(trips[0]!), 0.001)
    expect(label.netReturn).toBeCloseTo(0.04, 12)
  })

  test('partial fills of entry and exit give mean prices', () => {
    const builder = new RoundTripBuilder()
    builder.fill(fill({ amount: 1, price: 100 }))
    builder.fill(fill({ amount: 3, price: 104 }))
    expect(builder.fill(fill({ orderId: 'o2', side: 'sell', amount: 1, price: 110 }))).toEqual([])
    const [trip] = builder.fill(fill({ orderId: 'o3', side: 'sell', amount: 3, price: 106 }))
    expect(trip).toMatchObject({ entryPrice: 103, exitPrice: 107, amount: 4 })
  })

  test('a short is entered by a sell', () => {
    const builder = new RoundTripBuilder()
    builder.fill(fill({ side: 'sell', price: 100 }))
    const [trip] = builder.fill(fill({ orderId: 'o2', price: 90 }))
    expect(trip).toMatchObject({ side: 'short', entryPrice: 100, exitPrice: 90 })
  })

  test('a reversal closes one trade and opens the next', () => {
    const builder = new RoundTripBuilder()
    builder.fill(fill({ clientOrderId: 'a', amount: 2 }))
    const [trip] = builder.fill(fill({ orderId: 'o2', clientOrderId: 'b', side: 'sell', amount: 5, price: 104 }))
    expect(trip).toMatchObject({ id: 'a', amount: 2, exitPrice: 104 })
    expect(builder.open()).toMatchObject([{ id: 'b', side: 'short', held: 3, entryPrice: 104 }])
  })

  test('a reduce-only order never opens anything: what it has too much waits', () => {
    const builder = new RoundTripBuilder()
    builder.fill(fill({ amount: 2 }))
    const trips = builder.fill(fill({ orderId: 'o2', side: 'sell', amount: 5, reduceOnly: true }))
    expect(trips).toHaveLength(1)
    expect([builder.open().length, builder.waiting]).toEqual([0, 1])
  })

  test('several positions of a symbol are closed oldest first, or newest first', () => {
    for (const matching of ['fifo', 'lifo'] as const) {
      const builder = new RoundTripBuilder({ matching })
      for (const id of ['a', 'b', 'c']) builder.fill(fill({ orderId: id, clientOrderId: id }))
      const trips = builder.fill(fill({ orderId: 'x', side: 'sell', amount: 2 }))
      expect(trips.map(({ id }) => id)).toEqual(matching === 'fifo' ? ['a', 'b'] : ['c', 'b'])
    }
  })

  test("a bracket's leg closes its own entry, whichever is older, and says which barrier it was", () => {
    const builder = new RoundTripBuilder()
    builder.fill(fill({ orderId: 'old', clientOrderId: 'old' }))
    builder.fill(fill({ orderId: 'new', clientOrderId: 'new' }))
    builder.order(order({ orderId: 'leg', side: 'sell', parentId: 'new', purpose: 'stop', reduceOnly: true }))
    const [trip, ...others] = builder.fill(fill({ orderId: 'leg', side: 'sell', price: 95 }))
    expect(others).toEqual([])
    expect(trip).toMatchObject({ id: 'new', exitReason: 'stop', exitPrice: 95 })
    expect(builder.open().map(({ id }) => id)).toEqual(['old'])
  })

  test('an exit that arrives before its entry waits for it', () => {
    const builder = new RoundTripBuilder()
    const leg = { orderId: 'leg', side: 'sell', parentId: 'entry', purpose: 'target', reduceOnly: true } as const
    expect(builder.fill(fill({ ...leg, price: 110 }))).toEqual([])
    expect(builder.fill(fill({ orderId: 'entry', clientOrderId: 'tl-9' }))).toMatchObject([
      { id: 'tl-9', exitPrice: 110, exitReason: 'target' },
    ])
    expect(builder.waiting).toBe(0)
  })

  test('a rest that no lot size can sell is let go, and how much that may be is an option', () => {
    const sell = fill({ orderId: 'o2', side: 'sell', amount: 0.02534 })
    for (const dust of [0.01, 0.0001]) {
      const builder = new RoundTripBuilder({ dust })
      builder.fill(fill({ amount: 0.02537, fees: [{ cost: 0.0000025, currency: 'BTC' }] }))
      expect(builder.fill(sell).length).toBe(dust === 0.01 ? 1 : 0)
      expect(builder.open().length).toBe(dust === 0.01 ? 0 : 1)
    }
  })

  describe('fees', () => {
    test('in the quote currency count as they are', () => {
      const builder = new RoundTripBuilder()
      builder.fill(fill({ fees: [{ cost: 0.1, currency: 'USDT' }] }))
      const [trip] = builder.fill(
        fill({ orderId: 'o2', side: 'sell', price: 110, fees: [{ cost: 0.11, currency: 'USDT' }] }),
      )
      expect(trip!.fees).toBeCloseTo(0.0021, 12)
    })

    test('in the base currency count at the price of the fill, and the buyer has so much less to sell', () => {
      for (const sold of [0.999, 1]) {
        const builder = new RoundTripBuilder()
        builder.fill(fill({ fees: [{ cost: 0.001, currency: 'BTC' }] }))
        expect(builder.open()[0]!.held).toBeCloseTo(0.999, 12)
        const [trip] = builder.fill(fill({ orderId: 'o2', side: 'sell', amount: sold, price: 110 }))
        expect(trip!.fees).toBeCloseTo(0.001, 12)
        expect(builder.open()).toEqual([])
      }
    })

    test('in a third currency need a price, and are listed without one', () => {
      const fees = [{ cost: 0.001, currency: 'BNB' }]
      for (const feePrices of [{ BNB: 600 }, {}]) {
        const builder = new RoundTripBuilder({ feePrices })
        builder.fill(fill({ fees }))
        const [trip] = builder.fill(fill({ orderId: 'o2', side: 'sell', fees }))
        expect(trip!.fees).toBeCloseTo('BNB' in feePrices ? 0.012 : 0, 12)
        expect(trip!.unpricedFees).toEqual('BNB' in feePrices ? [] : [{ cost: 0.002, currency: 'BNB' }])
      }
    })
  })

  test('what is told twice after a reconnect, by fills, by orders or by both, counts once', () => {
    const entry = [
      fill({ orderId: 'e', clientOrderId: 'tl-1', amount: 1, price: 100, fees: [{ cost: 0.1, currency: 'USDT' }] }),
      fill({ orderId: 'e', amount: 2, price: 103, fees: [{ cost: 0.2, currency: 'USDT' }] }),
    ]
    const seen: OrderState[] = [
      order({ orderId: 'e', clientOrderId: 'tl-1', filled: 1, average: 100, fees: [{ cost: 0.1, currency: 'USDT' }] }),
      order({ orderId: 'e', filled: 3, average: 102, fees: [{ cost: 0.3, currency: 'USDT' }] }),
    ]
    const exit = fill({ orderId: 'x', side: 'sell', amount: 3, price: 105 })
    const wanted = { id: 'tl-1', amount: 3, entryPrice: 102, exitPrice: 105, fees: 0.3 / 306 }
    const messages: (Fill | OrderState)[] = [...entry, ...entry, ...seen, ...seen]
    fc.assert(
      fc.property(fc.shuffledSubarray(messages, { minLength: 8 }), (shuffled) => {
        const builder = new RoundTripBuilder()
        for (const message of shuffled) {
          if ('id' in message) builder.fill(message)
          else builder.order(message)
        }
        const [trip, ...none] = [...builder.fill(exit), ...builder.fill(exit)]
        expect(none).toEqual([])
        expect(trip!.id).toBe('tl-1')
        expect(trip!.amount).toBeCloseTo(wanted.amount, 9)
        // which message says what a part cost differs with the order, but not by much
        expect(Math.abs(trip!.entryPrice - wanted.entryPrice)).toBeLessThan(1.5)
        expect(builder.open()).toEqual([])
      }),
    )
    const builder = new RoundTripBuilder()
    for (const message of [...entry, ...entry]) builder.fill(message)
    for (const message of seen) builder.order(message)
    const [trip] = builder.fill(exit)
    expect(trip!.entryPrice).toBeCloseTo(wanted.entryPrice, 12)
    expect(trip!.fees).toBeCloseTo(wanted.fees, 12)
  })

  test('pairs what a plain queue pairs', () => {
    const step = fc.record({ side: fc.constantFrom('buy', 'sell'), amount: fc.integer({ min: 1, max: 5 }) })
    fc.assert(
      fc.property(
        fc.array(step as fc.Arbitrary<{ side: 'buy' | 'sell'; amount: number }>, { maxLength: 40 }),
        (steps) => {
          const builder = new RoundTripBuilder()
          const queue: { id: string; left: number; side: 'buy' | 'sell' }[] = []
          const wanted: string[] = []
          const found: string[] = []
          for (const [i, { side, amount }] of steps.entries()) {
            let rest = amount
            while (rest > 0 && queue.length > 0 && queue[0]!.side !== side) {
              const taken = Math.min(rest, queue[0]!.left)
              rest -= taken
              queue[0]!.left -= taken
              if (queue[0]!.left === 0) wanted.push(queue.shift()!.id)
            }
            if (rest > 0) queue.push({ id: `c${i}`, left: rest, side })
            const trips = builder.fill(fill({ orderId: `o${i}`, clientOrderId: `c${i}`, side, amount }))
            found.push(...trips.map(({ id }) => id))
          }
          expect(found).toEqual(wanted)
          expect(builder.open().map(({ id, held }) => [id, held])).toEqual(queue.map(({ id, left }) => [id, left]))
        },
      ),
    )
  })

  test('what makes no sense is refused and changes nothing', () => {
    const builder = new RoundTripBuilder()
    builder.fill(fill({ amount: 2 }))
    const before = JSON.stringify(builder)
    for (const bad of [
      fill({ price: 0 }),
      fill({ amount: Number.NaN }),
      fill({ side: 'hold' as 'buy' }),
      fill({ symbol: '' }),
      fill({ time: 5 }),
      fill({ id: '' }),
      fill({ side: 'sell' }),
      fill({ fees: [{ cost: Number.NaN, currency: 'USDT' }] }),
      null as unknown as Fill,
    ]) {
      expect(() => builder.fill(bad)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    }
    for (const bad of [order({ filled: -1 }), order({ filled: 1, average: 0 }), null as unknown as OrderState]) {
      expect(() => builder.order(bad)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    }
    expect(JSON.stringify(builder)).toBe(before)
    expect(() => new RoundTripBuilder({ feePrices: { BNB: -1 } })).toThrow('feePrices.BNB')
  })

  test('remembers no more orders than asked for', () => {
    const builder = new RoundTripBuilder({ remember: 5 })
    for (let i = 0; i < 100; i++) builder.fill(fill({ orderId: `o${i}`, side: i % 2 === 0 ? 'buy' : 'sell' }))
    const { orders, fills } = JSON.parse(JSON.stringify(builder)).state
    expect([orders.length, fills.length]).toEqual([5, 5])
  })
})

describe('snapshots', () => {
  function live(builder: RoundTripBuilder, from: number, to: number): string {
    const said: string[] = []
    for (let i = from; i < to; i++) {
      const rng = new SeededRng(`trip ${i}`)
      const message = fill({
        id: `f${i}`,
        orderId: `o${Math.floor(i / 2)}`,
        clientOrderId: `c${Math.floor(i / 2)}`,
        side: Math.floor(i / 2) % 3 === 0 ? 'sell' : 'buy',
        amount: 1 + Math.floor(3 * rng.next()),
        price: 100 + rng.next(),
        time: T0 + i,
        reduceOnly: Math.floor(i / 2) % 6 === 0,
        fees: [{ cost: 0.01, currency: i % 4 === 0 ? 'BTC' : i % 4 === 1 ? 'BNB' : 'USDT' }],
      })
      said.push(JSON.stringify(builder.fill(message)))
    }
    return said.join('\n')
  }

  test('a builder read back goes on to the bit', () => {
    for (const stop of [0, 1, 7, 40, 99]) {
      const steady = new RoundTripBuilder({ remember: 20, feePrices: { BNB: 600 } })
      live(steady, 0, stop)
      const restored = restore(JSON.parse(JSON.stringify(steady)), [RoundTripBuilder])
      expect(live(restored, stop, 120)).toBe(live(steady, stop, 120))
      expect(JSON.stringify(restored)).toBe(JSON.stringify(steady))
    }
  })

  test('a damaged one gives a coded error or a working builder', () => {
    const builder = new RoundTripBuilder()
    live(builder, 0, 40)
    const text = JSON.stringify(builder)
    const rng = new SeededRng('damage')
    const words = ['-1', '0', '1e308', 'null', '"x"', '[]', '{}', 'true']
    for (let i = 0; i < 400; i++) {
      const values = [...text.matchAll(/:("[^"]*"|-?\d[\d.e+-]*|true|false|null)/g)]
      const victim = values[Math.floor(rng.next() * values.length)]!
      const word = words[Math.floor(rng.next() * words.length)]!
      const damaged = `${text.slice(0, victim.index)}:${word}${text.slice(victim.index + victim[0].length)}`
      try {
        live(restore(JSON.parse(damaged), [RoundTripBuilder]), 40, 60)
      } catch (error) {
        expect(error, damaged).toMatchObject({ name: 'TradeLearnError' })
      }
    }
  })
})
