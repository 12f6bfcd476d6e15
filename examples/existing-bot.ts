/**
 * A bot as people write them, and the few lines that add tradelearn to it: those marked `// + tradelearn`.
 *
 *     npx tsx examples/existing-bot.ts
 *
 * The bot trades the alerts of an AI service by a rule of its own, through an exchange that knows bracket orders. It
 * runs twice on the same prices: as it was, and with the marked lines. Half-way the alerts that were good turn bad.
 * Prices are simulated, so it is known that there is something to learn. On real prices there often is not, and
 * `npx tradelearn walk-forward` tells which it is.
 */
import { category, defaultFeatures, FeatureEngineer, KillSwitch, numeric, runInSlices, TradeLearner } from 'tradelearn' // + tradelearn
import { simulateMarket } from 'tradelearn/simulate'

// ------------------------------------------------------------------- the bot's own world: nothing to do with tradelearn

const HOUR = 3_600_000
/** Of the value, each way. */
const FEE = 0.0005

type Candle = { symbol: string; time: number; open: number; high: number; low: number; close: number }
type Bracket = { symbol: string; side: 'long' | 'short'; time: number; price: number; stop: number; target: number }
type Alert = Bracket & { meta: { aiConfidence: number; confirmations: number; source: 'rules' | 'ai' } }
type Order = Bracket & { id: string; quantity: number }
type Trade = Order & { exitPrice: number; exitTime: number; exitReason: 'stop' | 'target'; profit: number }

/** Enters bracket orders at their price and closes them at the stop or the target, at the stop where it may be either. */
class PaperExchange {
  equity = 100_000
  orders: Order[] = []
  trades: Trade[] = []

  get positions() {
    return this.orders.map(({ id, symbol, side, quantity, price }) => ({
      id,
      symbol,
      side,
      notional: quantity * price,
    }))
  }

  placeBracket(order: Order): void {
    this.orders.push(order)
  }

  /** Closes what this candle closes. */
  settle({ symbol, time, high, low }: Candle): Trade[] {
    const closed: Trade[] = []
    for (const order of this.orders) {
      if (order.symbol !== symbol || time < order.time) continue
      const { side, price, stop, target, quantity } = order
      const [stopped, reached] = side === 'long' ? [low <= stop, high >= target] : [high >= stop, low <= target]
      if (!stopped && !reached) continue
      const exitPrice = stopped ? stop : target
      const gain = quantity * (side === 'long' ? exitPrice - price : price - exitPrice)
      const profit = gain - FEE * quantity * (price + exitPrice)
      closed.push({ ...order, exitPrice, exitTime: time, exitReason: stopped ? 'stop' : 'target', profit })
      this.equity += profit
    }
    this.orders = this.orders.filter(({ id }) => closed.every((trade) => trade.id !== id))
    this.trades.push(...closed)
    return closed
  }
}

// ------------------------------------------------------------------------------------------------------ the bot's loop

/** The bot's rule: trade what at least one indicator confirms. */
const isWanted = ({ meta }: Alert): boolean => meta.confirmations >= 1

/** Runs the bot over all candles; without a learner it is the bot as it was. */
async function runBot(
  candles: readonly Candle[],
  alerts: Map<string, Alert>,
  learner?: Learner,
): Promise<PaperExchange> {
  const exchange = new PaperExchange()
  for (const candle of candles) {
    for (const { id, exitPrice, exitTime, exitReason } of exchange.settle(candle)) {
      learner?.learn(id, { exitPrice, exitTime, exitReason }) // + tradelearn
    }
    learner?.onCandle(candle) // + tradelearn
    if (learner?.refitDue) await runInSlices(learner.refit()) // + tradelearn

    const alert = alerts.get(`${candle.symbol} ${candle.time + HOUR}`)
    if (!alert || !isWanted(alert)) continue
    const { equity, positions } = exchange
    const order = { ...alert, id: `${alert.symbol}-${alert.time}`, quantity: (0.1 * equity) / alert.price }
    const decision = learner?.decide(alert, { equity, positions }) // + tradelearn
    if (decision?.action === 'skip') continue // + tradelearn
    if (decision) Object.assign(order, { id: decision.id, quantity: decision.quantity }) // + tradelearn
    exchange.placeBracket(order)
  }
  return exchange
}

// + tradelearn, from here
type Learner = ReturnType<typeof createLearner>
const createLearner = () =>
  new TradeLearner({
    mode: 'live', // begin with 'shadow', which only watches, until the report convinces you
    features: new FeatureEngineer({
      ...defaultFeatures(),
      meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
    }),
    // the default halts after any three losses in a row, and after one slow moment of a busy machine
    killSwitch: new KillSwitch({ mode: 'confidence', latency: Number.POSITIVE_INFINITY }),
  })
// + tradelearn, to here

// ------------------------------------------------------------------------------------------------------ run it both ways

const market = simulateMarket({ seed: 'existing bot', signals: 3200, winRate: 0.54 })
const alerts = new Map(market.signals.map((alert) => [`${alert.symbol} ${alert.time}`, alert]))
const learner = createLearner()
const alone = await runBot(market.candles, alerts)
const learning = await runBot(market.candles, alerts, learner)

const [begin, end] = [market.candles[0]!.time, market.candles.at(-1)!.time]
const quarter = ({ trades }: PaperExchange, q: number): number =>
  trades
    .filter(({ exitTime }) => Math.min(3, Math.floor((4 * (exitTime - begin)) / (end - begin))) === q)
    .reduce((sum, { profit }) => sum + profit, 0)
const figures: readonly (readonly [string, (exchange: PaperExchange) => string])[] = [
  ['trades', ({ trades }) => String(trades.length)],
  ['won', ({ trades }) => `${((100 * trades.filter(({ profit }) => profit > 0).length) / trades.length).toFixed(1)} %`],
  ['profit, quarter 1', (exchange) => quarter(exchange, 0).toFixed(0)],
  ['profit, quarter 2', (exchange) => quarter(exchange, 1).toFixed(0)],
  ['profit, quarter 3: the market has changed', (exchange) => quarter(exchange, 2).toFixed(0)],
  ['profit, quarter 4', (exchange) => quarter(exchange, 3).toFixed(0)],
  ['profit per 100 traded', ({ trades }) => perHundred(trades).toFixed(3)],
  ['equity at the end, from 100000', ({ equity }) => equity.toFixed(0)],
]
function perHundred(trades: readonly Trade[]): number {
  const traded = trades.reduce((sum, { quantity, price }) => sum + quantity * price, 0)
  return (100 * trades.reduce((sum, { profit }) => sum + profit, 0)) / traded
}

console.log(`${''.padEnd(42)}${'bot alone'.padStart(12)}${'with tradelearn'.padStart(18)}`)
for (const [name, of] of figures) console.log(name.padEnd(42) + of(alone).padStart(12) + of(learning).padStart(18))

const { drift, scores, killSwitch } = learner.status()
for (const { time, detector } of drift.marks) {
  console.log(`\n${day(time)}: ${detector} noticed a change (it happened on ${day(market.changeTime)})`)
}
console.log(`Skill over the base rate, lately: ${(100 * scores.skill).toFixed(1)} % of its log loss`)
console.log(`Kill switch: ${killSwitch.cause?.text ?? 'not tripped'}`)
console.log(`The last trade: ${learner.explain(learning.trades.at(-1)!.id).text}`)

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
