/**
 * A spot exchange from a recording: answers in the shapes of ccxt 4, from a made-up market, without a network.
 *
 * It does what trips up bots: the last candle is still open, pages of candles overlap, an order fills in parts, fees are
 * taken in BNB and, once that is used up, in the asset itself, fills are told again at every request, and a request fails.
 */
import { type Bar, randomWalk } from './prices.ts'

const HOUR = 3_600_000
/** Bars that are there when the bot starts. */
const HISTORY = 1200
const FEE = 0.001
/** What is paid of a fee in BNB, and what a BNB costs. */
const DISCOUNT = 0.75
export const BNB_PRICE = 600

export type Ohlcv = [timestamp: number, open: number, high: number, low: number, close: number, volume: number]
type Fee = { cost: number; currency: string }
export type Trade = {
  id: string
  order: string
  timestamp: number
  datetime: string
  symbol: string
  type: undefined
  side: 'buy' | 'sell'
  takerOrMaker: 'taker' | 'maker'
  price: number
  amount: number
  cost: number
  fee: Fee
  fees: Fee[]
  info: object
}
export type Order = {
  id: string
  clientOrderId: string
  timestamp: number
  datetime: string
  symbol: string
  type: string
  side: 'buy' | 'sell'
  price: number
  stopPrice: number | undefined
  takeProfitPrice: number | undefined
  stopLossPrice: number | undefined
  amount: number
  filled: number
  remaining: number
  average: number | undefined
  status: 'open' | 'closed' | 'canceled'
  fee: undefined
  fees: Fee[]
  trades: Trade[]
  info: object
}
type Params = { clientOrderId: string; stopLoss: { triggerPrice: number }; takeProfit: { triggerPrice: number } }

export class NetworkError extends Error {}

export class RecordedExchange {
  readonly #bars: readonly Bar[]
  #now: number
  #requests = 0
  #balance = { USDT: 10_000, BTC: 0, BNB: 0.05 }
  #entries: (Order & { params: Params })[] = []
  #exits: Order[] = []
  #trades: Trade[] = []

  constructor(bars = 5000) {
    const start = Date.UTC(2024, 0, 1)
    this.#bars = randomWalk(
      'ccxt',
      Array.from({ length: bars }, (_, i) => start + i * HOUR),
      40_000,
      0.006,
    )
    // twenty minutes past the hour
    this.#now = this.#bars[HISTORY]!.time + HOUR / 3
  }

  get ended(): boolean {
    return this.#now > this.#bars.at(-1)!.time
  }

  milliseconds(): number {
    return this.#now
  }

  amountToPrecision(_symbol: string, amount: number): string {
    return (Math.floor(amount * 1e5) / 1e5).toFixed(5)
  }

  /** Oldest first, from `since` on; the last row is the bar that is still open. */
  async fetchOHLCV(_symbol: string, _timeframe: '1h', since: number, limit: number): Promise<Ohlcv[]> {
    const rows = this.#bars.filter(({ time }) => time >= since && time <= this.#now).slice(0, limit)
    return rows.map((bar): Ohlcv => {
      const { time, open, high, low, close, volume } = bar
      if (time + HOUR <= this.#now) return [time, open, high, low, close, volume]
      const middle = (open + close) / 2
      return [time, open, Math.max(open, middle), Math.min(open, middle), middle, volume / 3]
    })
  }

  async fetchBalance(): Promise<{ total: { USDT: number; BTC: number; BNB: number } }> {
    return { total: { ...this.#balance } }
  }

  /** A limit order with a stop loss and a take profit attached, as exchanges acknowledge it: open, nothing filled. */
  async createOrder(
    symbol: string,
    type: 'limit',
    side: 'buy',
    amount: number,
    price: number,
    params: Params,
  ): Promise<Order> {
    const order = this.#order(params.clientOrderId, symbol, type, side, amount, price)
    this.#entries.push({ ...order, params })
    return order
  }

  async fetchOpenOrders(_symbol: string): Promise<Order[]> {
    return [...this.#entries, ...this.#exits].map((order) => ({ ...order }))
  }

  /** All fills from `since` on, whether they were told before or not. */
  async fetchMyTrades(_symbol: string, since: number): Promise<Trade[]> {
    if (++this.#requests % 1000 === 0) throw new NetworkError('connection reset by peer')
    return this.#trades.filter(({ timestamp }) => timestamp >= since)
  }

  /** Time goes by, and the market with it. */
  async sleep(milliseconds: number): Promise<void> {
    const before = this.#now
    this.#now += milliseconds
    for (const { params, ...order } of this.#entries.splice(0)) {
      // in two parts, seconds after it was placed
      const part = Number(this.amountToPrecision('', 0.6 * order.amount))
      const bought = this.#fill(order, part, order.price, order.timestamp + 1500)
      const rest = this.#fill(order, order.amount - part, order.price, order.timestamp + 4000)
      // to the last satoshi: what a lot size leaves behind would keep the position open
      const held = Number((bought + rest).toFixed(8))
      const { stopLoss, takeProfit, clientOrderId } = params
      const exit = (kind: string, type: string, trigger: number): Order =>
        this.#order(`${clientOrderId}-${kind}`, order.symbol, type, 'sell', held, trigger)
      const [stop, target] = [stopLoss.triggerPrice, takeProfit.triggerPrice]
      this.#exits.push({ ...exit('sl', 'stop_loss_limit', stop), stopPrice: stop, stopLossPrice: stop })
      this.#exits.push({ ...exit('tp', 'take_profit_limit', target), stopPrice: target, takeProfitPrice: target })
    }
    for (const { time, low, high } of this.#bars) {
      const end = time + HOUR
      if (end <= before || end > this.#now) continue
      const hit =
        this.#exits.find(({ stopLossPrice }) => stopLossPrice !== undefined && low <= stopLossPrice) ??
        this.#exits.find(({ takeProfitPrice }) => takeProfitPrice !== undefined && high >= takeProfitPrice)
      if (!hit) continue
      this.#fill(hit, hit.amount, hit.price, end - 60_000)
      this.#exits = []
    }
  }

  #order(id: string, symbol: string, type: string, side: 'buy' | 'sell', amount: number, price: number): Order {
    const timestamp = this.#now
    const [stopPrice, takeProfitPrice, stopLossPrice, average, fee] = [
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]
    return {
      ...{ id: String(7_000_000 + ++this.#requests), clientOrderId: id, timestamp, datetime: iso(timestamp), symbol },
      ...{
        type,
        side,
        price,
        stopPrice,
        takeProfitPrice,
        stopLossPrice,
        amount,
        filled: 0,
        remaining: amount,
        average,
      },
      ...{ status: 'open', fee, fees: [], trades: [], info: {} },
    }
  }

  /** Books a fill and returns what arrived of it. */
  #fill({ id, side, symbol }: Order, amount: number, price: number, timestamp: number): number {
    const balance = this.#balance
    const cost = amount * price
    const inBnb = (FEE * DISCOUNT * cost) / BNB_PRICE
    const [base, quote] = [side === 'buy' ? amount : -amount, side === 'buy' ? -cost : cost]
    let fee: Fee = { cost: inBnb, currency: 'BNB' }
    if (balance.BNB >= inBnb) balance.BNB -= inBnb
    else if (side === 'buy') balance.BTC -= (fee = { cost: FEE * amount, currency: 'BTC' }).cost
    else balance.USDT -= (fee = { cost: FEE * cost, currency: 'USDT' }).cost
    balance.BTC += base
    balance.USDT += quote
    const datetime = iso(timestamp)
    this.#trades.push({
      ...{ id: String(90_000 + this.#trades.length), order: id, timestamp, datetime, symbol, type: undefined, side },
      ...{ takerOrMaker: side === 'buy' ? 'taker' : 'maker', price, amount, cost, fee, fees: [fee], info: {} },
    })
    return fee.currency === 'BTC' ? amount - fee.cost : amount
  }
}

const iso = (time: number): string => new Date(time).toISOString()
