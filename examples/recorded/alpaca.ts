/**
 * A broker from a recording: answers and messages in the shapes of Alpaca's trading and market data API (v2), from a
 * made-up market, without a network.
 *
 * It does what trips up bots: pages of bars, bars that were told before and bars that are corrected later, sessions with
 * nights between them, fills in parts, a connection that drops while orders fill, and an order that is rejected.
 */
import { type Bar, randomWalk } from './prices.ts'

const MINUTE = 60_000
const DAY = 86_400_000
/** 14:30 to 21:00 UTC, as New York's in winter. */
const [OPENING, SESSION] = [14.5 * 60 * MINUTE, 390]
/** Minutes that are there when the bot starts: one session. */
const HISTORY = SESSION
const PAGE = 400

/** A bar of the historical API. */
export type RestBar = { t: string; o: number; h: number; l: number; c: number; v: number; n: number; vw: number }
export type BarsPage = { bars: { [symbol: string]: RestBar[] }; next_page_token: string | null }
/** A message of the stream of market data; they come in arrays. */
export type DataMessage =
  | { T: 'success'; msg: 'connected' | 'authenticated' }
  | { T: 'subscription'; bars: string[] }
  | (RestBar & { T: 'b' | 'u'; S: string })
export type Order = {
  id: string
  client_order_id: string
  created_at: string
  updated_at: string
  submitted_at: string
  filled_at: string | null
  symbol: string
  asset_class: 'us_equity'
  qty: string
  filled_qty: string
  filled_avg_price: string | null
  order_class: 'bracket'
  order_type: 'market' | 'limit' | 'stop'
  type: 'market' | 'limit' | 'stop'
  side: 'buy' | 'sell'
  time_in_force: 'gtc'
  limit_price: string | null
  stop_price: string | null
  status: 'new' | 'held' | 'partially_filled' | 'filled' | 'canceled' | 'rejected'
  legs: Order[] | null
}
/** A message of the stream of trading. */
export type TradeUpdate = {
  stream: 'trade_updates'
  data: {
    event: 'new' | 'partial_fill' | 'fill' | 'canceled' | 'rejected'
    execution_id: string
    order: Order
    timestamp: string
    price?: string
    qty?: string
    position_qty?: string
  }
}
export type NewOrder = {
  symbol: string
  qty: string
  side: 'buy' | 'sell'
  type: 'market'
  time_in_force: 'gtc'
  order_class: 'bracket'
  client_order_id: string
  take_profit: { limit_price: string }
  stop_loss: { stop_price: string }
}
type Handlers = { data(messages: DataMessage[]): Promise<void>; trading(message: TradeUpdate): Promise<void> }

export class RecordedAlpaca {
  readonly #times: readonly number[]
  readonly #bars: ReadonlyMap<string, readonly Bar[]>
  #at = HISTORY
  #orders: Order[] = []
  #executions = 0
  #cash = 100_000
  #connected = true
  readonly #held = new Map<string, number>()

  constructor(symbols: readonly string[], sessions = 7) {
    const monday = Date.UTC(2024, 0, 8)
    const days = Array.from({ length: sessions }, (_, i) => monday + (i + 2 * Math.floor(i / 5)) * DAY)
    this.#times = days.flatMap((day) => Array.from({ length: SESSION }, (_, i) => day + OPENING + i * MINUTE))
    this.#bars = new Map(symbols.map((symbol) => [symbol, randomWalk(`alpaca ${symbol}`, this.#times, 150, 0.0008)]))
  }

  /** When the newest bar has closed. */
  get now(): number {
    return this.#times[this.#at - 1]! + MINUTE
  }

  /** `GET /v2/stocks/bars`: all bars that have closed, page by page. */
  async getBars({ start, page_token }: { start: string; page_token: string | null }): Promise<BarsPage> {
    const all = [...this.#bars].flatMap(([symbol, bars]) => bars.slice(0, this.#at).map((bar) => ({ symbol, bar })))
    const wanted = all.filter(({ bar }) => bar.time >= Date.parse(start))
    const from = Number(page_token ?? 0)
    const bars: { [symbol: string]: RestBar[] } = {}
    for (const { symbol, bar } of wanted.slice(from, from + PAGE)) (bars[symbol] ??= []).push(restBar(bar))
    return { bars, next_page_token: from + PAGE < wanted.length ? String(from + PAGE) : null }
  }

  /** `GET /v2/account` */
  async getAccount(): Promise<{ equity: string }> {
    const worth = [...this.#held].reduce((sum, [symbol, qty]) => sum + qty * this.#bar(symbol).close, 0)
    return { equity: (this.#cash + worth).toFixed(2) }
  }

  /** `GET /v2/orders?status=all&nested=true`: brackets with their legs, as they stand now. */
  async getOrders(_: { status: 'all'; nested: true }): Promise<Order[]> {
    return structuredClone(this.#orders)
  }

  /** `POST /v2/orders`: the answer holds the legs of the bracket. */
  async createOrder(request: NewOrder): Promise<Order> {
    const { symbol, qty, side, client_order_id, take_profit, stop_loss } = request
    const out = side === 'buy' ? 'sell' : 'buy'
    const order = this.#order({ symbol, qty, side, client_order_id, type: 'market', order_type: 'market' })
    const leg = (facts: Partial<Order>): Order => this.#order({ symbol, qty, side: out, status: 'held', ...facts })
    order.legs = [
      leg({ type: 'limit', order_type: 'limit', limit_price: take_profit.limit_price }),
      leg({ type: 'stop', order_type: 'stop', stop_price: stop_loss.stop_price }),
    ]
    this.#orders.push(order)
    return structuredClone(order)
  }

  /** Plays the recording to its end, minute by minute. */
  async play({ data, trading }: Handlers): Promise<void> {
    const greet = async (): Promise<void> => {
      await data([{ T: 'success', msg: 'connected' }])
      await data([{ T: 'success', msg: 'authenticated' }])
      await data([{ T: 'subscription', bars: [...this.#bars.keys()] }])
    }
    await greet()
    for (; this.#at < this.#times.length; this.#at++) {
      // ten minutes of every session nothing arrives, while orders fill
      const minute = this.#at % SESSION
      this.#connected = minute < 200 || minute >= 210
      const updates = this.#trade()
      if (!this.#connected) continue
      if (minute === 210) await greet()
      for (const update of updates) await trading(update)
      this.#at++ // the bar has closed, and who asks gets it
      const messages = [...this.#bars.keys()].map((S) => ({ T: 'b' as const, S, ...restBar(this.#bar(S)) }))
      await data(messages)
      // a late trade: the bar is told once more, with another volume
      if (minute % 50 === 7) await data(messages.slice(0, 1).map((bar) => ({ ...bar, T: 'u' as const, v: bar.v + 5 })))
      this.#at--
    }
  }

  #bar(symbol: string): Bar {
    return this.#bars.get(symbol)![this.#at - 1]!
  }

  /** What this minute does to orders, in messages. */
  #trade(): TradeUpdate[] {
    const updates: TradeUpdate[] = []
    for (const [i, order] of this.#orders.entries()) {
      const { open, high, low } = this.#bars.get(order.symbol)![this.#at]!
      if (order.status === 'new') {
        if (i % 25 === 24) {
          order.status = 'rejected'
          for (const leg of order.legs!) leg.status = 'canceled'
          updates.push(this.#update('rejected', order))
          continue
        }
        const first = Math.ceil(Number(order.qty) / 2)
        updates.push(this.#fill(order, first, open), this.#fill(order, Number(order.qty) - first, open))
        for (const leg of order.legs!) leg.status = 'new'
      }
      const [target, stop] = order.legs as [Order, Order]
      if (order.status !== 'filled' || target.status !== 'new') continue
      const long = order.side === 'buy'
      const [limit, trigger] = [Number(target.limit_price), Number(stop.stop_price)]
      const stopped = long ? low <= trigger : high >= trigger
      if (!stopped && !(long ? high >= limit : low <= limit)) continue
      const [hit, other] = stopped ? [stop, target] : [target, stop]
      updates.push(this.#fill(hit, Number(hit.qty), stopped ? trigger : limit))
      other.status = 'canceled'
      updates.push(this.#update('canceled', other))
    }
    return updates.filter(({ data }) => data.qty !== '0')
  }

  #fill(order: Order, qty: number, price: number): TradeUpdate {
    const filled = Number(order.filled_qty)
    const average = (filled * Number(order.filled_avg_price ?? 0) + qty * price) / (filled + qty)
    order.filled_qty = String(filled + qty)
    order.filled_avg_price = String(average)
    order.status = order.filled_qty === order.qty ? 'filled' : 'partially_filled'
    const signed = order.side === 'buy' ? qty : -qty
    this.#cash -= signed * price
    this.#held.set(order.symbol, (this.#held.get(order.symbol) ?? 0) + signed)
    const update = this.#update(order.status === 'filled' ? 'fill' : 'partial_fill', order)
    order.filled_at = update.data.timestamp
    const position_qty = String(this.#held.get(order.symbol))
    return { ...update, data: { ...update.data, price: String(price), qty: String(qty), position_qty } }
  }

  /** What is told of an order; a leg's own message does not say whose leg it is. */
  #update(event: TradeUpdate['data']['event'], order: Order): TradeUpdate {
    const timestamp = new Date(this.#times[this.#at]! + 30_000 + ++this.#executions).toISOString()
    order.updated_at = timestamp
    const execution_id = `execution-${this.#executions}`
    return { stream: 'trade_updates', data: { event, execution_id, order: { ...order, legs: null }, timestamp } }
  }

  #order(facts: Pick<Order, 'symbol' | 'qty' | 'side'> & Partial<Order>): Order {
    const id = `order-${++this.#executions}`
    const at = new Date(this.now + 500).toISOString()
    return {
      ...{ id, client_order_id: `${id}-leg`, created_at: at, updated_at: at, submitted_at: at, filled_at: null },
      ...{ asset_class: 'us_equity', filled_qty: '0', filled_avg_price: null, order_class: 'bracket', legs: null },
      ...{
        order_type: 'market',
        type: 'market',
        time_in_force: 'gtc',
        limit_price: null,
        stop_price: null,
        status: 'new',
      },
      ...facts,
    }
  }
}

function restBar({ time, open, high, low, close, volume }: Bar): RestBar {
  const t = new Date(time).toISOString().replace('.000Z', 'Z')
  return { t, o: open, h: high, l: low, c: close, v: volume, n: 12, vw: (high + low + close) / 3 }
}
