/**
 * Boosted trees by themselves: trained on another thread, judged on what came later, explained, and saved to a file.
 *
 *     npx tsx examples/boosted-trees.ts
 *
 * The table is made of simulated signals, whose true odds are known; yours comes from `buildDataset` in the same way, or
 * from anywhere else: rows of numbers, oldest first, with NaN where one is missing.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  buildDataset,
  category,
  defaultFeatures,
  explainPrediction,
  FeatureEngineer,
  ForestModel,
  GradientBoosting,
  LogLoss,
  MultiGradientBoosting,
  nodeThread,
  numeric,
  permutationImportance,
  simulateMarket,
  type Thread,
  TrainingPool,
  WalkForward,
} from 'tradelearn'

// ------------------------------------------------------------------- a table: one row a signal, and what came of it

const market = simulateMarket({ seed: 'boosted trees', signals: 8000, change: 'none' })
const {
  names = [],
  rows,
  times,
  labelEnds,
  ...outcome
} = buildDataset({
  candles: market.candles,
  signals: market.signals,
  features: new FeatureEngineer({
    ...defaultFeatures(),
    meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
  }),
})
const [y, netReturns] = [Float64Array.from(outcome.y), Float64Array.from(outcome.netReturns)]
const features = names.length
console.log(`${rows.length} signals with ${features} features each.`)

// ------------------------------------------------------------------- training beside the bot

// the installed package needs no more than `new TrainingPool()`
const pool = new TrainingPool(import.meta.url.endsWith('.ts') ? { spawn: threadFromSources } : {})

/** Threads of Node 20 cannot read TypeScript, so from the sources they are taught it first. */
function threadFromSources(): Thread {
  const script = `import { register } from '${import.meta.resolve('tsx/esm/api')}'
    register()
    await import('${new URL('../src/worker/index.ts', import.meta.url)}')`
  return nodeThread(new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`)))
}

/** One line that says how far a training has come. */
const tell = (what: string) => ({
  onProgress(done: number): void {
    if (process.stderr.isTTY) process.stderr.write(done < 1 ? `\r${what}: ${Math.round(100 * done)} % ` : '\r\x1b[K')
  },
})

// ------------------------------------------------------------------- is it good? train on the past, predict what came next

const options = { features, trees: 150, learningRate: 0.05, window: rows.length }
const model = new GradientBoosting(options)
const range = new MultiGradientBoosting({ ...options, loss: 'quantile', quantiles: [0.1, 0.9] })
const losses = { model: new LogLoss(), baseRate: new LogLoss(), trueOdds: new LogLoss() }
const interval = { inside: 0, width: 0, plainWidth: 0 }
const bounds = new Float64Array(range.outputs)
let tested = { start: 0, end: 0 }
let n = 0
const splitter = new WalkForward({ train: 2000, test: 1000 })
for (const fold of splitter.split(times, labelEnds)) {
  const { start, end } = fold.train[0]!
  const [past, outcomes, returns] = [rows.slice(start, end), y.slice(start, end), netReturns.slice(start, end)]
  await pool.fit(model, past, outcomes, tell(`Odds from ${past.length} rows`))
  await pool.fit(range, past, returns, tell(`Returns from ${past.length} rows`))

  // what would be said without looking at any feature
  const baseRate = outcomes.reduce((sum, won) => sum + won, 0) / outcomes.length
  const sorted = returns.sort()
  const plain = sorted[Math.floor(0.9 * sorted.length)]! - sorted[Math.floor(0.1 * sorted.length)]!
  tested = fold.test[0]!
  for (let i = tested.start; i < tested.end; i++, n++) {
    losses.model.update(y[i]!, model.predict(rows[i]!))
    losses.baseRate.update(y[i]!, baseRate)
    losses.trueOdds.update(y[i]!, market.truth[i]!.probability)
    range.predictInto(rows[i]!, bounds)
    if (bounds[0]! <= netReturns[i]! && netReturns[i]! <= bounds[1]!) interval.inside++
    interval.width += bounds[1]! - bounds[0]!
    interval.plainWidth += plain
  }
}
await pool.close()

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const [loss, base, best] = [losses.model.value, losses.baseRate.value, losses.trueOdds.value]
console.log(
  `\nLog loss on ${n} later signals: ${loss.toFixed(4)}, of the base rate ${base.toFixed(4)}, ` +
    `of the true odds ${best.toFixed(4)}:\n${percent((base - loss) / (base - best))} of what can be known.`,
)
console.log(
  `${percent(interval.inside / n)} of their returns lie between the quantiles 0.1 and 0.9, where 80 % should. These are ` +
    `${percent(interval.width / n)} apart,\nand ${percent(interval.plainWidth / n)} for who knows past returns alone.`,
)

// ------------------------------------------------------------------- why? what it relies on, and one prediction in words

const unseen = rows.slice(tested.start, tested.end)
const worth = permutationImportance(model, unseen, y.subarray(tested.start, tested.end))
const gains = model.importance('gain')
console.log(
  '\nHow much the log loss on the newest signals rises without a feature, and its share of the gain in training:',
)
for (const {
  features: [feature = 0],
  mean,
} of [...worth].sort((a, b) => b.mean - a.mean).slice(0, 5)) {
  console.log(`  ${names[feature]!.padEnd(20)} ${mean.toFixed(4)}  ${percent(gains[feature]!).padStart(6)}`)
}
const x = rows.at(-1)!
const words = explainPrediction(model, x, names)
console.log(`\nThe newest signal. ${words.text}`)

// ------------------------------------------------------------------- and away: the trees alone, as a checked file

const folder = mkdtempSync(join(tmpdir(), 'tradelearn-'))
const file = join(folder, 'model.tlm')
writeFileSync(file, model.toForestModel({ names }).toBytes())
const bytes = readFileSync(file)
const copy = ForestModel.fromBytes(bytes)
const same = rows.every((row) => copy.predict(row) === model.predict(row))
console.log(
  `\nA file of ${Math.round(bytes.length / 1000)} kB predicts ${same ? 'the same to the bit' : 'DIFFERENTLY'}.`,
)

// one bit of it is wrong
bytes[1000]! ^= 1
try {
  ForestModel.fromBytes(bytes)
} catch (error) {
  const { code, message } = error as { code: string; message: string }
  console.log(`With one bit changed: ${code}: ${message}`)
}
rmSync(folder, { recursive: true })
process.exitCode = same ? 0 : 1
