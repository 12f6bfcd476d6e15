import { drawNormal } from '../../src/core/draw.ts'
import { SeededRng } from '../../src/core/rng.ts'
import {
  AdaptiveParameters,
  type AdaptiveParametersOptions,
  type ClosedSignal,
} from '../../src/decision/adaptive-parameters/index.ts'
import { machine } from '../machine.ts'

// How often adaptive parameters change where nothing is better, and how soon where something is:
// npx tsx bench/lifecycle/adaptive.ts [seeds]

const HOUR = 3_600_000
const ATR = 0.01
const seeds = Number(process.argv[2] ?? 20)

/** Mean return in ATR by probability and by the first source's vote, and the advantage of stops below 2 ATR. */
type World = {
  readonly mean: (probability: number, vote: number) => number
  readonly nearStop: number
  /** Signals whose labels are open at one time. */
  readonly open: number
}
/** Trades above 0.6 earn what deserves the full size, others nothing: no other value is better. */
const rest: World = { mean: (p) => (p > 0.6 ? 0.25 : 0), nearStop: 0, open: 1 }

function* closed(parameters: AdaptiveParameters, seed: string, n: number, world: World): Generator<ClosedSignal> {
  const rng = new SeededRng(seed)
  const { mean, nearStop, open } = world
  const shocks = Float64Array.from({ length: n + open }, () => drawNormal(rng))
  const { stopAtr, targetAtr } = parameters.distances
  const noise = () => 1.5 * drawNormal(rng)
  for (let i = 0; i < n; i++) {
    let shock = 0
    for (let j = 0; j < open; j++) shock += shocks[i + j]!
    const probability = 0.45 + 0.35 * rng.next()
    const votes = parameters.options.sources.map(() => (rng.next() < 0.5 ? 1 : -1))
    const gain = mean(probability, votes[0] ?? 0) + (1.5 * shock) / Math.sqrt(open)
    const time = 1_700_000_000_000 + i * HOUR
    yield {
      time,
      closedAt: time + open * HOUR,
      probability,
      wanted: probability > 0.6,
      netReturn: Math.max(-3.5, Math.min(3.5, gain)) * ATR,
      atr: ATR,
      votes,
      stopReturns: Float64Array.from(stopAtr, (distance) => ((distance < 2 ? nearStop : 0) + noise()) * ATR),
      targetReturns: Float64Array.from(targetAtr, () => noise() * ATR),
    }
  }
}

const options: Partial<AdaptiveParametersOptions> = { sources: ['a', 'b'] }

function falseChanges(every: number, open: number, signals: number): string {
  let changes = 0
  let clusters = 0
  for (let seed = 0; seed < seeds; seed++) {
    const parameters = new AdaptiveParameters({ ...options, falseChangeEvery: every })
    for (const signal of closed(parameters, `rest ${seed}`, signals, { ...rest, open })) parameters.learn(signal)
    changes += parameters.history.filter(({ kind }) => kind === 'learnt' || kind === 'proposed').length
    clusters += parameters.clusters
  }
  const found =
    changes > 0 ? Math.round(clusters / changes).toLocaleString('en') : `none in ${clusters.toLocaleString('en')}`
  return `| ${every.toLocaleString('en')} | ${open} | ${clusters.toLocaleString('en')} | ${changes} | ${found} |`
}

/** Signals until a parameter first moved or was proposed, in the median of all seeds. */
function delay(what: string, name: string, world: World, every: number): string {
  const limit = 30_000
  const delays: number[] = []
  for (let seed = 0; seed < seeds; seed++) {
    const parameters = new AdaptiveParameters({ ...options, falseChangeEvery: every })
    let n = 0
    for (const signal of closed(parameters, `${what} ${seed}`, limit, world)) {
      parameters.learn(signal)
      n++
      if (parameters.history.some((change) => change.name === name)) break
    }
    delays.push(n)
  }
  delays.sort((a, b) => a - b)
  const show = (n: number): string => (n < limit ? n.toLocaleString('en') : 'over 30,000')
  const [median, slow] = [delays[seeds >> 1]!, delays[Math.floor(seeds * 0.9)]!]
  return `| ${what} | ${name} | ${every.toLocaleString('en')} | ${show(median)} | ${show(slow)} |`
}

const { cpu, node } = machine()
console.log(`${cpu}, Node ${node}, ${seeds} seeds\n`)
console.log('| stated: one change in | labels open | independent decisions | changes | measured: one in |')
console.log('|---:|---:|---:|---:|---:|')
console.log(falseChanges(100, 1, 10_000))
console.log(falseChanges(1000, 1, 20_000))
console.log(falseChanges(100, 24, 30_000))
console.log(
  '\n| what is better | parameter | stated: one false in | signals, median | 90 % |\n|---|---|---:|---:|---:|',
)
for (const every of [1000, 10_000]) {
  const band = (loss: number): World => ({ ...rest, mean: (p) => (p > 0.69 ? 0.3 : p > 0.6 ? -loss : 0) })
  console.log(delay('0.60 to 0.69 loses 0.5 ATR', 'entryThreshold', band(0.5), every))
  console.log(delay('0.60 to 0.69 loses 0.25 ATR', 'entryThreshold', band(0.25), every))
  console.log(delay('all lose 0.25 ATR', 'sizeMultiplier', { ...rest, mean: () => -0.25 }, every))
  console.log(delay('nearer stops return 0.3 ATR more', 'stopAtr', { ...rest, nearStop: 0.3 }, every))
  console.log(delay('a source is worth 0.4 ATR', 'weight:a', { ...rest, mean: (_, vote) => 0.4 * vote }, every))
}
const parameters = new AdaptiveParameters(options)
const signals = [...closed(parameters, 'speed', 20_000, rest)]
const start = process.hrtime.bigint()
for (const signal of signals) parameters.learn(signal)
console.log(
  `\n${(Number(process.hrtime.bigint() - start) / 1e3 / signals.length).toFixed(1)} us a closed signal, 2 sources`,
)
