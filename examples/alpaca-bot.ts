/**
 * A bot on Alpaca's streams with bracket orders, with tradelearn between its signals and its orders.
 *
 *     npx tsx examples/alpaca-bot.ts
 *
 * The broker is a recording in the API's shapes (examples/recorded/alpaca.ts), so this runs without a network: put your
 * client and its two sockets in its place. Prices are a random walk, so nothing is learned here but how it is wired:
 * pages of bars, legs of brackets, and a connection that drops while orders fill.
 */
import {
  type Candle,
  DecisionPolicy,
  expand,
  FeatureEngineer,
  KillSwitch,
  normalizeSeries,
  type Side,
  TradeLearner,
  TripleBarrier,
  toCandle,
  tradeSide,
} from 'tradelearn'
import { outcomeOf, type RoundTrip, RoundTripBuilder, toFill, toOrders } from 'tradelearn/trades'
import { type DataMessage, type Order, RecordedAlpaca, type TradeUpdate } from './recorded/alpaca.ts'

const SYMBOLS = ['AAPL', 'MSFT']
const broker = new RecordedAlpaca(SYMBOLS)
/** No commission; half the spread each way. */
const costs = 0.0001

const learner = new TradeLearner({
  mode: 'shadow', // the default: the bot trades as it did, and the model only watches
  features: new FeatureEngineer({
    ...expand({ timeframe: '1m', indicators: { rsi: [14], macd: [[12, 26, 9]], bollinger: [20] }, timeframes: ['5m'] }),
    signal: { side: tradeSide() },
  }),
  // labels follow the bars from a decision to its target, stop or end; the trades that were made have the last word
  policy: new DecisionPolicy({ costs, stopAtr: 3, targetAtr: 3, baseSize: 0.03 }), // three trades a symbol fit the limits
  labeler: new TripleBarrier({ costs, maxBars: 120 }),
  reportWithin: 1000,
  // the default halts after any three losses in a row, and when the machine is slow
  killSwitch: new KillSwitch({ mode: 'confidence', latency: Number.POSITIVE_INFINITY }),
})
const builder = new RoundTripBuilder()
const trips: RoundTrip[] = []
const counts = { history: 0, stream: 0, known: 0, corrected: 0, fills: 0, rejected: 0, reconnects: -1 }

/** The bot's own rule: with the close when it crosses the mean of its last 20. */
const closes = new Map<string, number[]>(SYMBOLS.map((symbol) => [symbol, []]))
function signalOf({ symbol, close }: Candle): Side | undefined {
  const last = closes.get(symbol)!
  last.push(close)
  if (last.length > 21) last.shift()
  const mean = (from: number): number => last.slice(from, from + 20).reduce((sum, each) => sum + each, 0) / 20
  if (last.length < 21) return undefined
  const [before, now] = [last[19]! - mean(0), last[20]! - mean(1)]
  return before <= 0 && now > 0 ? 'long' : before >= 0 && now < 0 ? 'short' : undefined
}

const newest = new Map<string, number>()
/** Takes in a closed bar once, however often it is told. */
function onBar(candle: Candle): boolean {
  if (candle.time <= (newest.get(candle.symbol) ?? 0)) {
    counts.known++
    return false
  }
  newest.set(candle.symbol, candle.time)
  learner.onCandle(candle)
  return true
}

/** Teaches the learner what has closed; each trade has the id of its decision, which went out as client_order_id. */
function learn(closed: readonly RoundTrip[]): void {
  for (const trip of closed) learner.learn(trip.id, outcomeOf(trip))
  trips.push(...closed)
}

/** After every connect: what was missed meanwhile, and at the first the history. */
async function catchUp(): Promise<void> {
  counts.reconnects++
  // orders as they stand, legs included; what fills have told before counts no second time
  const orders = await broker.getOrders({ status: 'all', nested: true })
  for (const raw of orders) for (const order of toOrders(raw)) learn(builder.order(order))
  const start = new Date(Math.min(...SYMBOLS.map((symbol) => newest.get(symbol) ?? 0))).toISOString()
  for (let page_token: string | null = null, more = true; more; more = page_token !== null) {
    const page = await broker.getBars({ start, page_token })
    const { candles } = normalizeSeries(page, { source: 'alpaca' })
    for (const candle of candles) {
      if (!onBar(candle)) continue
      signalOf(candle) // its mean needs the past too; what it would have signalled then is past
      counts.history++
    }
    page_token = page.next_page_token
  }
}

async function onData(messages: readonly DataMessage[]): Promise<void> {
  for (const message of messages) {
    if (message.T === 'success' && message.msg === 'authenticated') await catchUp()
    if (message.T === 'u') counts.corrected++ // learned from already; what a late trade changes is small
    if (message.T !== 'b') continue
    const candle = toCandle(message, { source: 'alpaca' })
    if (!onBar(candle)) continue
    counts.stream++
    const side = signalOf(candle)
    if (side) await trade(candle, side)
  }
  if (learner.refitDue) for (const _ of learner.refit()); // or a TrainingPool, on another thread
}

async function trade({ symbol, close }: Candle, side: Side): Promise<void> {
  const positions = builder
    .open()
    .map(({ id, held, entryPrice, ...lot }) => ({ ...lot, id, notional: held * entryPrice }))
  // the broker nets longs against shorts; several on one side are fine, as legs know whose they are
  if (positions.some((lot) => lot.symbol === symbol && lot.side !== side)) return
  const { equity } = await broker.getAccount()
  const decision = learner.decide(
    { symbol, side, time: broker.now, price: close },
    { equity: Number(equity), positions },
  )
  const qty = Math.floor(decision.quantity) // brackets take whole shares
  if (decision.action === 'skip' || qty === 0) {
    if (decision.action !== 'skip') learner.cancel(decision.id)
    return
  }
  const order: Order = await broker.createOrder({
    ...{ symbol, qty: String(qty), side: side === 'long' ? 'buy' : 'sell', type: 'market', time_in_force: 'gtc' },
    ...{ order_class: 'bracket', client_order_id: decision.id },
    take_profit: { limit_price: decision.target.toFixed(2) },
    stop_loss: { stop_price: decision.stop.toFixed(2) },
  })
  // the answer holds the legs: from here on the builder knows which fill ends which trade
  for (const state of toOrders(order)) builder.order(state)
}

async function onTrading(message: TradeUpdate): Promise<void> {
  const { event, order } = message.data
  if (event === 'fill' || event === 'partial_fill') {
    counts.fills++
    learn(builder.fill(toFill(message)))
  } else if (event === 'rejected') {
    counts.rejected++
    learner.cancel(order.client_order_id) // never traded: followed on bars, as a skipped signal is
  }
}

await broker.play({ data: onData, trading: onTrading })

const count = (reason: string): number => trips.filter(({ exitReason }) => exitReason === reason).length
const gain = (side: Side, from: number, to: number): number => (side === 'long' ? to - from : from - to)
const made = trips.reduce((sum, trip) => sum + trip.amount * gain(trip.side, trip.entryPrice, trip.exitPrice), 0)
const open = builder
  .open()
  .reduce((sum, lot) => sum + lot.held * gain(lot.side, lot.entryPrice, closes.get(lot.symbol)!.at(-1)!), 0)
const { equity } = await broker.getAccount()
const { trades, model, scores, killSwitch } = learner.status()
console.log(
  `Bars           ${counts.history} by request, ${counts.stream} by stream, ${counts.known} told again, ${counts.corrected} corrected`,
)
console.log(`Orders         ${counts.fills} fills, ${counts.rejected} rejected, ${counts.reconnects} reconnects`)
console.log(
  `Round trips    ${trips.length}: target ${count('target')}, stop ${count('stop')}, other ${count('exit')}; ${builder.open().length} still open`,
)
console.log(
  `Profit         ${(made + open).toFixed(2)} by round trips, ${(Number(equity) - 100_000).toFixed(2)} by the account`,
)
console.log(`Learned from   ${trades} trades; the model is ${model}`)
console.log(
  `Log loss       ${scores.logLoss.toFixed(3)}, base rate ${scores.baseRateLogLoss.toFixed(3)}: a random walk tells nothing`,
)
console.log(`Kill switch    ${killSwitch.cause?.text ?? 'not tripped'}`)
