/**
 * The life of models: one is trained, challenges, proves itself and decides, until a later one chooses better or it does harm.
 *
 *     npx tsx examples/model-life.ts
 *
 * The market is simulated: in the middle what paid before loses. The bot starts without any model worth the name. A
 * `BackgroundTrainer` knows when to train, a `Rollout` says how much of the signals a new model may decide, a registry keeps the
 * books, and a `Succession` joins them. Nobody does anything by hand.
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
  MemoryModelStore,
  nodeThread,
  numeric,
  RegisteredModels,
  Rollout,
  type SimulatedSignal,
  Succession,
  simulateMarket,
  TradeLearner,
  type Transition,
} from 'tradelearn'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const market = simulateMarket({ seed: 'model life', signals: 2400, strength: 2, change: 'flip' })
const signalAt = new Map(market.signals.map((signal) => [`${signal.symbol} ${signal.time}`, signal]))
const start = market.candles[0]!.time
const say = (time: number, text: string): void =>
  console.log(`day ${String(Math.floor((time - start) / DAY)).padStart(3)}  ${text}`)

const features = new FeatureEngineer({
  ...defaultFeatures(),
  meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
})
const { schema } = features

// a file store keeps them across restarts: `new ModelFiles({ directory })` and `new JournalStore({ directory })`
const registered = await RegisteredModels.open({ models: new MemoryModelStore() })
const succession = new Succession({
  registered,
  details: { name: 'trees', schema: schema.fingerprint },
  onWarning: (text) => console.log(`         ${text}`),
})

// an own bot needs no `spawn`: this one loads the worker from its sources
const sources = [import.meta.resolve('tsx/esm/api'), new URL('../src/worker/index.ts', import.meta.url).href]
const script = `import { register } from ${JSON.stringify(sources[0])}; register(); await import(${JSON.stringify(sources[1])})`
const trainer = new BackgroundTrainer({
  schema,
  spawn: () => nodeThread(new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`))),
  gate: { minDistance: 20 * DAY, minNewRows: 200 },
  adopt: succession.adopt,
  onEvent: (event) => {
    if (event.type === 'started') say(event.time, `training on ${event.rows} trades: ${event.wishes[0]!.text}`)
    if (event.type === 'result' && 'code' in event.result)
      say(event.result.time, `${event.result.outcome}: ${event.result.text}`)
    succession.onEvent(event)
  },
})

/** What a rollout has done, as a person would say it. */
function tell({ time, to, cause, text }: Transition, model: string): void {
  const what = to.status === 'running' ? `decides ${100 * learner.rollout!.share} % of signals` : to.status
  say(time, `${model} ${what} (${cause.toLowerCase()}): ${text}`)
}

const learner: TradeLearner<SimulatedSignal> = new TradeLearner<SimulatedSignal>({
  features,
  mode: 'live',
  models: {
    success: new BaseRate({ features: schema.size }),
    expectedReturn: new MeanTarget({ features: schema.size }),
    stopRisk: new BaseRate({ features: schema.size }),
  },
  policy: new DecisionPolicy({ baseSize: 0.02 }),
  // this page is about models
  killSwitch: new KillSwitch({ losses: Infinity, drawdown: Infinity, latency: Infinity }),
  rollout: new Rollout({ name: 'trial' }),
  companions: [trainer, succession, { moved: tell }],
  reportWithin: 0,
})
succession.serve(learner)

for (const [i, candle] of market.candles.entries()) {
  const signal = signalAt.get(`${candle.symbol} ${candle.time}`)
  if (signal) learner.decide(signal, { equity: 100_000, positions: [] })
  learner.onCandle(candle)
  // years go by in seconds here: now and then they wait for the thread, which a bot never has to
  await new Promise((resolve) => setImmediate(resolve))
  if (i % 480 === 479) {
    await trainer.idle()
    await succession.settled()
  }
}
await trainer.close()
await succession.settled()

console.log('\nIn the books:')
for (const { version, id, rejected } of registered.registry.versions) {
  const { rollout, challenger } = learner.status()
  const trial = id === challenger && rollout ? { share: rollout.share } : null
  console.log(`  ${id}: ${rejected?.text ?? registered.registry.status(version, trial as never)}`)
}
console.log(`Decides now: ${learner.status().version || 'the models of the start'}.`)
await registered.close()
