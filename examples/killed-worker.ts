/**
 * A bot whose training thread is killed: it decides on, is told why, waits, and gets its new models from the next thread.
 *
 *     npx tsx examples/killed-worker.ts
 *
 * The market is simulated. The bot starts with models that know no more than how often signals pay; a `BackgroundTrainer` goes
 * along with it and trains better ones in a worker. The first worker is terminated in the middle of its work, as a process short of memory would be; another
 * throws at once. Both leave the models that decide as they are.
 */
import { Worker } from 'node:worker_threads'
import {
  BackgroundTrainer,
  BaseRate,
  category,
  DecisionPolicy,
  defaultFeatures,
  FeatureEngineer,
  KillSwitch,
  MeanTarget,
  nodeThread,
  numeric,
  type SimulatedSignal,
  simulateMarket,
  TradeLearner,
} from 'tradelearn'

const HOUR = 3_600_000
const market = simulateMarket({ seed: 'killed', signals: 800, strength: 1.5, change: 'none' })
const signalAt = new Map(market.signals.map((signal) => [`${signal.symbol} ${signal.time}`, signal]))
const start = market.candles[0]!.time
const day = (time: number): string => `day ${String(Math.floor((time - start) / (24 * HOUR))).padStart(3)}`

const features = new FeatureEngineer({
  ...defaultFeatures(),
  meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
})

// an own bot needs no `spawn`: this one loads the worker from its sources, and has accidents
const sources = [import.meta.resolve('tsx/esm/api'), new URL('../src/worker/index.ts', import.meta.url).href]
const script = `import { register } from ${JSON.stringify(sources[0])}; register(); await import(${JSON.stringify(sources[1])})`
let threads = 0
let killed: Worker | undefined
function spawn() {
  threads++
  const code = threads === 2 ? "throw new Error('out of luck')" : script
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
  if (threads === 1) killed = worker
  return nodeThread(worker)
}

const trainer = new BackgroundTrainer({
  schema: features.schema,
  // only when it is asked to; by default it also asks itself, after drift, falls of performance and once in a while
  triggers: [],
  spawn,
  gate: { minDistance: 5 * 24 * HOUR, minNewRows: 50, backOff: 24 * HOUR },
  adopt: (models, { rows }) => learner.replace(models, `trained on ${rows} trades`),
  onEvent: (event) => {
    if (event.type === 'started')
      console.log(`${day(event.time)}  thread ${threads + 1} trains on ${event.rows} trades`)
    // in the middle of its work
    if (event.type === 'progress' && threads === 1 && event.done > 0.2) void killed!.terminate()
    if (event.type !== 'result') return
    const { result } = event
    const said = result.outcome === 'candidate' ? 'better on the same trades' : `${result.code}: ${result.text}`
    console.log(`${day(result.time)}  ${result.outcome}: ${said}`)
  },
})

const learner: TradeLearner<SimulatedSignal> = new TradeLearner<SimulatedSignal>({
  features,
  mode: 'live',
  models: {
    success: new BaseRate({ features: features.schema.size }),
    expectedReturn: new MeanTarget({ features: features.schema.size }),
    stopRisk: new BaseRate({ features: features.schema.size }),
  },
  policy: new DecisionPolicy({ baseSize: 0.02 }),
  // this page is about threads
  killSwitch: new KillSwitch({ losses: Infinity, drawdown: Infinity, latency: Infinity }),
  companions: [trainer],
  reportWithin: 0,
})

let [decided, whileTraining] = [0, 0]
for (const [i, candle] of market.candles.entries()) {
  const signal = signalAt.get(`${candle.symbol} ${candle.time}`)
  if (signal) {
    learner.decide(signal, { equity: 100_000, positions: [] })
    decided++
    if (trainer.running) whileTraining++
  }
  learner.onCandle(candle)
  if (i % (24 * 80) === 0) trainer.request('every few weeks')
  // a year goes by in seconds here: now and then it waits for the thread, which a bot never has to
  await new Promise((resolve) => setImmediate(resolve))
  if (i % 480 === 479) await trainer.idle()
}
await trainer.close()

const { version, trades, faults } = learner.status()
console.log(
  `\n${decided} signals, every one decided, ${whileTraining} of them while a thread was training; ${trades} learned from.`,
)
console.log(`The models in charge now: ${version || 'those of the start'}. Faults of companions: ${faults.length}.`)
