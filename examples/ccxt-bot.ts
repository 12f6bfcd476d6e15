/**
 * A bot that polls an exchange through ccxt, with tradelearn between its signals and its orders.
 *
 *     npx tsx examples/ccxt-bot.ts
 *
 * The exchange is a recording in ccxt's shapes (examples/recorded/ccxt.ts), so this runs without a network: put
 * `new ccxt.binance({ ... })` in its place. Prices are a random walk, so nothing is learned here but how it is wired:
 * open candles, overlapping pages, fills told twice, and fees in three currencies, none of which the bot handles itself.
 */
import {
  expand,
  FeatureEngineer,
  hourOfDay,
  KillSwitch,
  normalizeSeries,
  recentWinRate,
  TradeLearner,
} from 'tradelearn'
import { outcomeOf, type RoundTrip, RoundTripBuilder, toFill, toOrders } from 'tradelearn/trades'
import { BNB_PRICE, NetworkError, RecordedExchange } from './recorded/ccxt.ts'

const SYMBOL = 'BTC/USDT'
const HOUR = 3_600_000
/** Rows that one request gives at most. */
const PAGE = 500

const exchange = new RecordedExchange()
const learner = new TradeLearner({
  // 'shadow', the default: the bot trades as it did, and what the model would have done is in `decision.model`
  mode: 'shadow',
  features: new FeatureEngineer({
    ...expand({
      timeframe: '1h',
      indicators: { rsi: [7, 14], macd: [[12, 26, 9]], adx: [14] },
      timeframes: ['4h'],
      shifts: [1],
    }),
    history: { winRate: recentWinRate(20) },
    signal: { hour: hourOfDay() },
  }),
  reportWithin: 1000, // candles that a trade's own outcome is waited for
  // the default halts after any three losses in a row, and when the machine is slow
  killSwitch: new KillSwitch({ mode: 'confidence', latency: Number.POSITIVE_INFINITY }),
})
// no exchange tells what a trade made, only fills: this pairs them, whatever order and however often they come
const builder = new RoundTripBuilder({ feePrices: { BNB: BNB_PRICE } })
const counts = { rows: 0, open: 0, doubles: 0, candles: 0, fills: 0, failures: 0 }
const trips: RoundTrip[] = []

/** The bot's own rule: long when the close rises through the mean of the last 20. */
const closes: number[] = []
function isSignal(close: number): boolean {
  closes.push(close)
  if (closes.length > 21) closes.shift()
  const mean = (from: number): number => closes.slice(from, from + 20).reduce((sum, each) => sum + each, 0) / 20
  return closes.length === 21 && closes[19]! <= mean(0) && closes[20]! > mean(1)
}

let newest = exchange.milliseconds() - 1200 * HOUR
/** Reads what candles have closed since the last time; the history at the first. */
async function readCandles() {
  const rows: unknown[] = []
  for (let since = newest, more = true; more; ) {
    const page = await exchange.fetchOHLCV(SYMBOL, '1h', since, PAGE)
    rows.push(...page)
    more = page.length === PAGE
    since = page.at(-1)?.[0] ?? since // the next page begins with the row that this one ends with
  }
  // `now` tells which bar is still open: without it the model would learn from half a candle
  const now = exchange.milliseconds()
  const { candles, issues } = normalizeSeries(rows, { symbol: SYMBOL, timeframe: '1h', now, conflicts: 'last' })
  counts.rows += rows.length
  counts.open += issues.filter(({ code }) => code === 'OPEN_CANDLE').length
  counts.doubles += issues.filter(({ code }) => code === 'DUPLICATE_CANDLE').length
  return candles.filter(({ time }) => time > newest)
}

let lastFill = 0
/** Tells the learner how trades closed. Fills come with an overlap, as clocks differ; the builder counts each once. */
async function learnFromFills() {
  // which order is a stop and which a target; only orders that are open, as what they cost is told by their fills
  for (const order of await exchange.fetchOpenOrders(SYMBOL)) for (const state of toOrders(order)) builder.order(state)
  for (const trade of await exchange.fetchMyTrades(SYMBOL, lastFill - 24 * HOUR)) {
    counts.fills++
    lastFill = Math.max(lastFill, trade.timestamp)
    for (const trip of builder.fill(toFill(trade))) {
      learner.learn(trip.id, outcomeOf(trip)) // its id is the decision's, which went out as clientOrderId
      trips.push(trip)
    }
  }
}

for (; !exchange.ended; await exchange.sleep(HOUR)) {
  await learnFromFills().catch((error) => {
    if (!(error instanceof NetworkError)) throw error
    counts.failures++ // what was missed comes with the next request
  })
  let wanted = false
  for (const candle of await readCandles()) {
    learner.onCandle(candle)
    newest = candle.time
    counts.candles++
    wanted = isSignal(candle.close)
  }
  if (learner.refitDue) for (const _ of learner.refit()); // or a TrainingPool, on another thread
  // one position a symbol, so that a fill that sells can only close this one
  if (!wanted || builder.open().length > 0) continue

  const price = closes.at(-1)!
  const { total } = await exchange.fetchBalance()
  const account = { equity: total.USDT + total.BTC * price + total.BNB * BNB_PRICE, positions: [] }
  const decision = learner.decide({ symbol: SYMBOL, side: 'long', time: exchange.milliseconds(), price }, account)
  if (decision.action === 'skip') continue
  const amount = Number(exchange.amountToPrecision(SYMBOL, decision.quantity))
  const order = await exchange.createOrder(SYMBOL, 'limit', 'buy', amount, price, {
    clientOrderId: decision.id,
    stopLoss: { triggerPrice: decision.stop },
    takeProfit: { triggerPrice: decision.target },
  })
  for (const state of toOrders(order)) builder.order(state) // from here on fills of this order are that decision's
}
// a restart keeps both: JSON.stringify({ learner, builder }) and TradeLearner.restore, RoundTripBuilder.fromJSON

const mean = (values: readonly number[]): string =>
  ((100 * values.reduce((sum, each) => sum + each, 0)) / values.length).toFixed(3)
const { trades, model, scores, killSwitch } = learner.status()
console.log(
  `Rows of candles   ${counts.rows}: ${counts.candles} closed and new, ${counts.open} still open, ${counts.doubles} twice in one answer`,
)
console.log(
  `Fills             ${counts.fills} told, ${counts.failures} requests failed; ${trips.length} round trips, ${builder.open().length} still open`,
)
console.log(
  `Exits             ${['target', 'stop', 'exit'].map((reason) => `${reason} ${trips.filter((trip) => trip.exitReason === reason).length}`).join(', ')}`,
)
console.log(
  `Fees              ${mean(trips.map(({ fees }) => fees!))} % of the entry, ${trips.flatMap((trip) => trip.unpricedFees).length} without a price`,
)
console.log(`Learned from      ${trades} trades; the model is ${model}`)
console.log(
  `Log loss          ${scores.logLoss.toFixed(3)}, base rate ${scores.baseRateLogLoss.toFixed(3)}: a random walk tells nothing`,
)
console.log(`Kill switch       ${killSwitch.cause?.text ?? 'not tripped'}`)
