/**
 * What `latency.ts` measures: a program by itself, bundled as a bot would have it. 50 features; models with 100 boosted trees in all,
 * or in each of three mixtures. Decisions come in threes, a millisecond apart.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import {
  BaseRate,
  defaultFeatures,
  FeatureEngineer,
  GradientBoosting,
  MeanTarget,
  nodeThread,
  numeric,
  SeededRng,
  type Spawn,
  spawnProcess,
  TradeLearner,
} from 'tradelearn'
import { BackgroundTrainer, defaultRecipe, type SettledRow } from '../../src/lifecycle/background-trainer/index.ts'
import { learnInOrder } from '../../src/lifecycle/background-trainer/recipe.ts'
import type { Models } from '../../src/lifecycle/index.ts'
import { describeMachine, machine } from '../machine.ts'

const gc = globalThis.gc!
const [script = '', seconds, calls, rowsGiven] = process.argv.slice(2)
const SECONDS = Number(seconds)
const CALLS = Number(calls)
/** So many rows and trees make snapshots of a megabyte, most of it the rows that boosted trees remember. */
const ROWS = Number(rowsGiven)
const HOUR = 3_600_000
const START = 1_600_000_000_000
const PARAMS = { trees: 100, maxLeaves: 8, minSamplesLeaf: 10 }

// 28 features from candles, and the bot's own to make 50
const own = Object.fromEntries(Array.from({ length: 22 }, (_, i) => [`own${i}`, numeric()]))
const engineer = new FeatureEngineer({ ...defaultFeatures(), meta: own })
const { size } = engineer.schema
const rng = new SeededRng('latency')
const draw = (): Float64Array => Float64Array.from({ length: size }, () => rng.next() - 0.5)
const rows: SettledRow[] = Array.from({ length: ROWS }, (_, i) => {
  const x = draw()
  const y = rng.next() < 0.5 + 0.4 * Math.tanh(3 * (x[0]! + x[1]! * x[2]!)) ? 1 : 0
  const time = START + i * HOUR
  const netReturn = y ? 0.02 : -0.01
  return {
    id: `${i}`,
    symbol: 'A',
    side: 'long',
    time,
    labelEnd: time + HOUR,
    x,
    probability: 0.5,
    y,
    netReturn,
    stopHit: y ? 0 : 1,
  }
})
const train = (seed: string) => {
  const models = defaultRecipe.create(size, PARAMS, seed)
  const labels = {
    success: rows.map(({ y }) => y),
    expectedReturn: rows.map(({ netReturn }) => netReturn),
    stopRisk: rows.map(({ stopHit }) => stopHit),
  }
  for (const name of ['success', 'expectedReturn', 'stopRisk'] as const) {
    for (const _ of learnInOrder(
      models[name],
      rows.map(({ x }) => x),
      labels[name],
    ));
  }
  return models
}

const account = { equity: 100_000, positions: [] }
const meta = Object.fromEntries(Object.keys(own).map((name, i) => [name, i / 10]))
const signal = { symbol: 'A', side: 'long', time: START + 300 * HOUR, meta } as const

/** Decisions of a learner with such models that has seen 300 candles. */
function decider(models: Models): () => void {
  const features = new FeatureEngineer({ ...defaultFeatures(), meta: own })
  const learner = new TradeLearner({ features, models, mode: 'live', maxOpen: 20, clock: { now: () => 0 } })
  const draws = new SeededRng('prices')
  let price = 100
  for (let i = 0; i < 300; i++) {
    const open = price
    price *= 1 + 0.004 * (draws.next() - 0.5)
    learner.onCandle({
      symbol: 'A',
      time: START + i * HOUR,
      open,
      high: Math.max(open, price) * 1.001,
      low: Math.min(open, price) * 0.999,
      close: price,
      volume: 1,
    })
  }
  return () => {
    const { id, action } = learner.decide(signal, account)
    // not traded, so that it makes room for the next
    if (action !== 'skip') learner.cancel(id)
  }
}
const grown = (): GradientBoosting => {
  const trees = new GradientBoosting({ features: size, task: 'binary', ...PARAMS })
  trees.fit(
    rows.map(({ x }) => x),
    rows.map(({ y }) => y),
  )
  return trees
}
const forest = grown()

const vectors = Array.from({ length: 64 }, draw)
/** Success by 100 trees, return and stop risk by what was usual; and all three by mixtures with 100 trees each. */
const lives = {
  '100 trees': decider({
    success: grown(),
    expectedReturn: new MeanTarget({ features: size }),
    stopRisk: new BaseRate({ features: size }),
  }),
  '3 mixtures with 100 trees each': decider(train('champion')),
}

const micro = (nanoseconds: number): string => (nanoseconds / 1000).toFixed(1)
const milli = (nanoseconds: number): string => (nanoseconds / 1e6).toFixed(2)

/** Milliseconds that this thread has waited for a core, where Linux says so: what others on the machine have cost. */
function waited(): number {
  const path = '/proc/thread-self/schedstat'
  return existsSync(path) ? Number(readFileSync(path, 'utf8').split(' ')[1]) / 1e6 : NaN
}

/** Decisions for some seconds, with the delay of the event loop beside them. */
async function phase(name: string, what: string, decide: () => void): Promise<void> {
  const decisions = createHistogram()
  const predictions = createHistogram()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const before = waited()
  const end = performance.now() + 1000 * SECONDS
  let k = 0
  while (performance.now() < end) {
    for (let i = 0; i < 3; i++) {
      const x = vectors[k++ & 63]!
      const a = process.hrtime.bigint()
      forest.predict(x)
      const b = process.hrtime.bigint()
      decide()
      const c = process.hrtime.bigint()
      predictions.record(b - a || 1n)
      decisions.record(c - b || 1n)
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  delay.disable()
  const share = (100 * (waited() - before)) / (1000 * SECONDS)
  const shares = [50, 99, 99.9] as const
  const line = (histogram: { percentile(p: number): number; max: number }, unit: (n: number) => string): string =>
    [...shares.map((p) => unit(histogram.percentile(p))), unit(histogram.max)].join(' | ')
  console.log(`| ${name} | decide, ${what}, µs | ${line(decisions, micro)} |`)
  console.log(`| ${name} | predict of 100 trees, µs | ${line(predictions, micro)} |`)
  console.log(`| ${name} | event-loop delay, ms | ${line(delay, milli)} |`)
  console.log(`| ${name} | of the time waited for a core | ${share.toFixed(1)} % | | | |`)
}

/** Bytes by which the heap has grown after so many calls. */
function growth(act: (i: number) => void): number {
  for (let i = 0; i < 20_000; i++) act(i)
  gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < CALLS; i++) act(i)
  gc()
  return process.memoryUsage().heapUsed - before
}

console.log(describeMachine(machine()))
console.log(`${size} features, ${ROWS} rows, ${SECONDS} s a phase\n`)
console.log('| phase | what | p50 | p99 | p99.9 | max |\n|---|---|---|---|---|---|')
for (const [what, decide] of Object.entries(lives)) {
  for (let i = 0; i < 3000; i++) decide()
  await phase('idle', what, decide)
}

/** A phase in which retrainings follow each other without a pause. */
async function retraining(name: string, spawn: Spawn): Promise<void> {
  const swaps: number[] = []
  let training = true
  const trainer = new BackgroundTrainer({
    schema: engineer.schema,
    triggers: [],
    plan: { folds: 2 },
    spawn,
    gate: { minDistance: 0, minNewRows: 0 },
    clock: { now: () => performance.now() },
    adopt: () => {},
    onEvent: (event) => {
      if (event.type !== 'result') return
      if (event.result.outcome === 'candidate') swaps.push(event.result.swapMs)
      else if (event.result.outcome !== 'aborted') console.error(event.result)
    },
  })
  for (const row of rows) trainer.observe(row)
  const work = (async () => {
    while (training) {
      trainer.request('bench')
      await trainer.idle()
    }
  })()
  for (const [what, decide] of Object.entries(lives)) await phase(name, what, decide)
  training = false
  trainer.abort()
  await work
  await trainer.close()
  swapped.push(`${name}: ${swaps.length} candidates adopted, swap gaps up to ${Math.max(...swaps).toFixed(3)} ms`)
}
const swapped: string[] = []
await retraining('retraining in a worker', () => nodeThread(new Worker(script)))
await retraining('retraining in a process', () => spawnProcess(pathToFileURL(script)))
console.log(`\n${swapped.join('\n')}`)

// the swap alone, of models of a megabyte
const bytes = (models: object): number =>
  Object.values(models).reduce((sum, model) => sum + JSON.stringify(model).length, 0)
const [one, two] = [train('one'), train('two')]
let current = one
const gaps = createHistogram()
for (let i = 0; i < 10_000; i++) {
  const a = process.hrtime.bigint()
  current = i % 2 ? one : two
  current.success.predict(vectors[i & 63]!)
  gaps.record(process.hrtime.bigint() - a || 1n)
}
console.log(
  `swap of models of ${(bytes(one) / 1e6).toFixed(2)} MB with the first prediction after it: p50 ${micro(gaps.percentile(50))} µs, p99.9 ${micro(gaps.percentile(99.9))} µs`,
)

console.log(
  `\nheap after ${CALLS} calls: predict ${growth((i) => void forest.predict(vectors[i & 63]!))} bytes, decide ${growth(lives['3 mixtures with 100 trees each'])} bytes`,
)
