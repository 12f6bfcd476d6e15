/**
 * A bot that tells its people what they should know: three lines more, and each alert comes once.
 *
 *     npx tsx examples/alerts.ts
 *
 * The market is simulated and turns around in the middle of the year. Alerts go to a logger of pino's shape, which prints them
 * here, and to a chat that is down all year, which harms nobody. When drift has been found the process is killed and starts again
 * from what it saved: what stands is not told a second time.
 */
import {
  AlertDelivery,
  AlertWatch,
  type Candle,
  category,
  type Decision,
  defaultFeatures,
  FeatureEngineer,
  FeatureMonitor,
  KillSwitch,
  numeric,
  type SimulatedSignal,
  simulateMarket,
  TradeLearner,
} from 'tradelearn'

const market = simulateMarket({ seed: 'alerts', signals: 1500, strength: 1.5, change: 'flip' })
const signalAt = new Map(market.signals.map((signal) => [`${signal.symbol} ${signal.time}`, signal]))
const start = market.candles[0]!.time
const DAY = 86_400_000

let summaries = 0
const print = (level: string) => (fields: object, text: string) => {
  const { code, kind, time } = fields as { code: string; kind: string; time: number }
  // one a day is many on a page
  if (code === 'DAILY_SUMMARY' && summaries++ !== 30) return
  const day = String(Math.floor((time - start) / DAY)).padStart(3)
  console.log(`day ${day}  ${level.padEnd(5)} ${kind.padEnd(9)} ${code}: ${text}`)
}
const logger = { info: print('info'), warn: print('warn'), error: print('error'), fatal: print('fatal') }
const chat = (): Promise<never> => Promise.reject(new Error('no network'))

const delivery = new AlertDelivery({ logger, callbacks: [chat] })

/** A watch and what a learner is made with, as every start of the process makes them. */
function bot() {
  const watch = new AlertWatch({ delivery, drawdownLimit: 0.01, repeatAfter: 60 * DAY })
  const features = new FeatureEngineer({
    ...defaultFeatures(),
    meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
  })
  const options = {
    features,
    mode: 'live' as const,
    monitor: new FeatureMonitor({ schema: features.schema }),
    // how quick this machine is says nothing about the market
    killSwitch: new KillSwitch({ losses: 12, drawdown: 0.15, latency: Number.POSITIVE_INFINITY }),
    companions: [watch],
  }
  return { watch, options }
}

let { watch, options } = bot()
let learner = new TradeLearner<SimulatedSignal>(options)
let open: Decision[] = []
let equity = 100_000
let restarted = false

/** Where a trade is closed by this candle: at its stop, else at its target. */
function exitOf({ side, stop, target }: Decision, { high, low }: Candle): number | undefined {
  const [worst, best] = side === 'long' ? [low, high] : [-high, -low]
  const sign = side === 'long' ? 1 : -1
  return worst <= sign * stop ? stop : best >= sign * target ? target : undefined
}

for (const candle of market.candles) {
  const { symbol, time } = candle
  open = open.filter((trade) => {
    const exitPrice = trade.symbol === symbol ? exitOf(trade, candle) : undefined
    if (exitPrice === undefined) return true
    learner.learn(trade.id, { exitPrice, exitTime: time })
    const gain = (exitPrice / trade.price - 1) * (trade.side === 'long' ? 1 : -1)
    equity *= 1 + trade.size * (gain - 0.001)
    return false
  })
  const signal = signalAt.get(`${symbol} ${time}`)
  if (signal) {
    const decision = learner.decide(signal, { equity, positions: [] })
    if (decision.action !== 'skip') open.push(decision)
  }
  learner.onCandle(candle)
  if (learner.refitDue) for (const _ of learner.refit());
  if (!restarted && watch.standing.some(({ code }) => code === 'DRIFT')) {
    restarted = true
    const saved = JSON.stringify(learner)
    console.log(`         restart: ${watch.standing.map(({ code }) => code).join(', ')} stand, and are not told again`)
    ;({ watch, options } = bot())
    learner = TradeLearner.restore<SimulatedSignal>(saved, options)
  }
}
await Promise.resolve()
const { trades, faults } = learner.status()
console.log(
  `\n${trades} outcomes learned from; ${summaries} daily summaries; the chat was not reached ${delivery.failures} times.`,
)
console.log(`Faults of companions: ${faults.length}`)
