/**
 * How fast everything on a bot's way is: medians and 99th percentiles, and the indicators beside their peers.
 *
 *     npm run bench
 *     npm run bench -- --json figures.json
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  category,
  defaultFeatures,
  defaultModels,
  FeatureEngineer,
  KillSwitch,
  numeric,
  type Refittable,
  simulateMarket,
  TradeLearner,
} from 'tradelearn'
import { Progress } from '../../src/cli/progress.ts'
import { formatTable } from '../../src/cli/table.ts'
import { describeMachine, machine } from '../machine.ts'
import { compareIndicators, TOGETHER } from './indicators.ts'
import { timeRecipe } from './recipe.ts'
import { duration, Timings } from './timings.ts'
import { FEATURES, ROWS, Session, TREES, wideLearner, wideMarket } from './workload.ts'

const HELP = `Usage: npm run bench -- [options]

Measures on this machine: a candle, a feature vector, decide, learn, refits and snapshots; the indicators beside
those of trading-signals; and a recipe of 200 features. Takes about a minute. Figures go to stdout, progress to stderr.

  --json <file>  also writes the figures as JSON
  --help         this text
`

/** Calls behind each 99th percentile: 50 of them lie above it. */
const CALLS = 5000
/** Trades before anything is timed, so that models and the compiler are warm. */
const WARM_UP = 1000
const WIDE = `${FEATURES} features, 3 x ${TREES} trees`
/** Promises, in milliseconds, for the 99th percentile. Refits are apart, as they run when the bot asks for them. */
const TARGETS = [
  { name: `decide, ${WIDE}`, limit: 1 },
  { name: `learn, ${WIDE}`, limit: 5 },
] as const

const timings: Timings[] = []
const watch = (name: string): Timings => {
  const timing = new Timings(name)
  timings.push(timing)
  return timing
}
// a halted bot decides faster, and three losses in a row would halt it
const fearless = (): KillSwitch =>
  new KillSwitch({ losses: Number.POSITIVE_INFINITY, drawdown: Number.POSITIVE_INFINITY })

/** A bot as it comes: the default features, three more of its own, and the default models. */
function timeDefaults(): void {
  const market = simulateMarket({ seed: 'bench', signals: WARM_UP + CALLS })
  const declared = () =>
    new FeatureEngineer({
      ...defaultFeatures(),
      meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
    })
  const features = declared()
  const { size } = features.schema
  const candles = market.candles.slice(0, 40_000)
  const update = watch(`FeatureEngineer.update, a candle, ${size} features`)
  for (const candle of candles) update.time(() => features.update(candle))

  const out = new Float64Array(size)
  const time = candles.at(-1)!.time
  const vector = watch(`FeatureEngineer.vector, ${size} features`)
  for (const signal of market.signals.slice(0, CALLS)) {
    const asked = { ...signal, time }
    vector.time(() => features.vector(asked, out))
  }

  const create = () => ({ features: declared(), killSwitch: fearless() })
  const session = new Session(new TradeLearner(create()), market)
  session.play(WARM_UP, {})
  for (const _ of session.learner.refit());
  session.play(CALLS, {
    candle: watch(`onCandle, ${size} features`),
    decide: watch(`decide, default models, ${size} features`),
    learn: watch(`learn, default models, ${size} features`),
  })
  timeSnapshots(session.learner, create, `default models, ${size} features`)
}

/** What the promises are about: 200 features, and three models of 200 trees that remember 5,000 trades. */
function timeWide(onProgress: (done: number) => void): void {
  const market = wideMarket(ROWS + CALLS + 100)
  const wide = wideLearner()
  const session = new Session(new TradeLearner({ ...wide, killSwitch: fearless() }), market)
  session.play(ROWS, {})
  onProgress(0.2)

  const refit = watch(`refit, ${ROWS} rows, ${FEATURES} features, ${TREES} trees`)
  const step = watch('  one step of it, between which other events run')
  for (const model of Object.values(wide.models!)) {
    const work = (model as unknown as Refittable).refit()
    refit.time(() => {
      while (!step.time(() => work.next()).done);
    })
    onProgress(0.2 + 0.15 * refit.calls)
  }
  session.play(CALLS, {
    candle: watch(`onCandle, ${FEATURES} features`),
    decide: watch(TARGETS[0].name),
    learn: watch(TARGETS[1].name),
  })
  onProgress(0.8)
  timeSnapshots(session.learner, () => wideLearner(), WIDE)
  onProgress(0.9)

  const { features } = wideLearner()
  const mixed = new TradeLearner({ features, models: defaultModels(FEATURES), killSwitch: fearless() })
  const mixture = new Session(mixed, market)
  mixture.play(WARM_UP, {})
  for (const _ of mixed.refit());
  mixture.play(CALLS, {
    decide: watch(`decide, default models, ${FEATURES} features`),
    learn: watch(`learn, default models, ${FEATURES} features`),
  })
}

function timeSnapshots(
  learner: TradeLearner,
  create: () => { readonly features: FeatureEngineer },
  what: string,
): void {
  const megabytes = `${(JSON.stringify(learner).length / 1e6).toFixed(1)} MB`
  const save = watch(`snapshot to text, ${what}, ${megabytes}`)
  const load = watch(`restore from text, ${what}`)
  for (let i = 0; i < 5; i++) {
    const text = save.time(() => JSON.stringify(learner))
    load.time(() => TradeLearner.restore(text, create()))
  }
}

function main(json: string | undefined): void {
  const progress = new Progress({ label: 'bench' })
  timeDefaults()
  progress.update(0.15)
  timeWide((done) => progress.update(0.15 + 0.7 * done))
  const { candles } = simulateMarket({ symbols: ['ONE'], signals: 5000 })
  const peers = compareIndicators(candles, (done) => progress.update(0.85 + 0.1 * done))
  const recipe = timeRecipe(candles.slice(0, 100_000), (done) => progress.update(0.95 + 0.05 * done))
  progress.finish()

  const host = machine()
  const rows = timings.map((timing) => ({
    name: timing.name,
    calls: timing.calls,
    median: timing.quantile(0.5),
    // a handful of calls has no 99th percentile
    p99: timing.calls >= 1000 ? timing.quantile(0.99) : Number.NaN,
    longest: timing.quantile(1),
  }))
  const targets = TARGETS.map(({ name, limit }) => {
    const { p99, calls } = rows.find((row) => row.name === name)!
    return { name, limit, p99, calls, met: calls >= CALLS && p99 < limit }
  })

  console.log(describeMachine(host))
  console.log(
    `\n${formatTable([
      ['what', 'calls', 'median', 'p99', 'longest'],
      ...rows.map(({ name, calls, median, p99, longest }) => [
        name,
        calls,
        duration(median),
        duration(p99),
        duration(longest),
      ]),
    ])}`,
  )
  console.log(
    '\nRefits run outside decide and learn. With runInSlices a refit holds up other events for at most 5 ms and one step.',
  )
  console.log(
    `\n${formatTable([
      ['indicator, ns a candle', 'tradelearn', 'trading-signals', 'ratio'],
      ...peers.map(({ name, ours, peer, ratio }) => [name, ours.toFixed(0), peer.toFixed(0), `${ratio.toFixed(1)}x`]),
    ])}`,
  )
  console.log('\nBoth update and read at every candle, and agree on the result. Above 1x tradelearn is faster.\n')
  const rate = (perSecond: number): string => `${(perSecond / 1000).toFixed(0)},000`
  console.log(
    `A recipe of ${recipe.features} features over ${recipe.candles} candles: ${rate(recipe.updates)} candles a second, ` +
      `${rate(recipe.vectors)} with a vector read off after each; ${recipe.heap.toFixed(2)} bytes of heap kept a candle.\n`,
  )
  const together = peers.find(({ name }) => name === TOGETHER)!
  const says = (met: boolean, what: string): void => console.log(`${met ? 'met' : 'MISSED'}: ${what}`)
  says(together.ours < 150, `the seven indicators in under 150 ns a candle: ${together.ours.toFixed(0)} ns`)
  says(together.ratio >= 5, `5 times as fast as trading-signals: ${together.ratio.toFixed(1)} times`)
  says(recipe.vectors > 200_000, `200 features at over 200,000 candles a second: ${rate(recipe.vectors)}`)
  says(recipe.heap < 5, `under 5 bytes of heap a candle: ${recipe.heap.toFixed(2)}`)
  for (const { name, limit, p99, calls, met } of targets) {
    console.log(`${met ? 'met' : 'MISSED'}: p99 under ${limit} ms for ${name}: ${duration(p99)} over ${calls} calls`)
  }
  if (json)
    writeFileSync(json, `${JSON.stringify({ machine: host, unit: 'ms', rows, peers, recipe, targets }, null, 2)}\n`)
}

const { values: flags } = parseArgs({ options: { json: { type: 'string' }, help: { type: 'boolean' } } })
if (flags.help) console.log(HELP)
else main(flags.json)
