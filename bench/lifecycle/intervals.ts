/**
 * Coverage of 90 % intervals in every 500 labels, on hourly prices and on simulated regimes, beside plain rolling quantiles.
 *
 *     npm run bench:intervals -- [folder with the candles]
 *
 * A straight line over the default features forecasts the net return of a long trade on every bar; each label is known
 * when its trade closes, and intervals are judged in the order in which labels come in. SPY, BTC and the simulated
 * regimes were looked at when the defaults were chosen; AAPL and EURUSD were not.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Candle,
  ConformalInterval,
  defaultFeatures,
  FeatureEngineer,
  FixedHorizon,
  LinearRegression,
  Pipeline,
  SeededRng,
  StandardScaler,
  TripleBarrier,
} from 'tradelearn'
import { readCandles } from '../../src/cli/csv.ts'
import { drawNormal } from '../../src/core/draw.ts'
import { describeMachine, machine } from '../machine.ts'

const HOUR = 3_600_000
const WINDOW = 500
const WARM = 60
const COSTS = 0.0005

const FILES = { SPY: 'spy_1h.csv.gz', BTC: 'btcusd_1h.csv.gz', AAPL: 'aapl_1h.csv.gz', EURUSD: 'eurusd_1h.csv.gz' }
const TASKS = {
  'next hour': () => new FixedHorizon({ bars: 1, costs: COSTS }),
  '6 hours': () => new FixedHorizon({ bars: 6, costs: COSTS }),
  'bracket of 2:3 ATR, 24 bars': () => new TripleBarrier({ maxBars: 24, costs: COSTS }),
  '24 hours': () => new FixedHorizon({ bars: 24, costs: COSTS }),
}
const METHODS = {
  'rolling quantile of 500': () => new ConformalInterval({ learningRate: 0, window: 500 }),
  'rate 0.01, window 500': () => new ConformalInterval({ learningRate: 0.01, window: 500 }),
  'the default': () => new ConformalInterval(),
}

/** Twenty thousand hours whose volatility changes threefold every thousand, with fat tails. */
function regimes(): readonly Candle[] {
  const rng = new SeededRng('regimes')
  let close = 100
  return Array.from({ length: 20_000 }, (_, i) => {
    const deviation = [0.004, 0.012, 0.002, 0.006][Math.floor(i / 1000) % 4]!
    const open = close
    let high = open
    let low = open
    for (let step = 0; step < 6; step++) {
      const chi = Math.abs(drawNormal(rng)) + 0.4
      close *= Math.exp((deviation / Math.sqrt(6)) * (drawNormal(rng) / chi))
      high = Math.max(high, close)
      low = Math.min(low, close)
    }
    return { symbol: 'SIM', time: 1_600_000_000_000 + i * HOUR, open, high, low, close, volume: 1000 }
  })
}

type Trade = { readonly id: string; readonly x: Float64Array; readonly forecast: number; readonly scale: number }

/** Each method's hits, in the order in which labels came in, and the widths of their intervals in per cent. */
function run(candles: readonly Candle[], labeler: () => FixedHorizon | TripleBarrier) {
  const { symbol } = candles[0]!
  const engineer = new FeatureEngineer(defaultFeatures())
  const features = engineer.schema.size
  const line = new Pipeline({
    transformer: new StandardScaler({ features }),
    learner: new LinearRegression({ features }),
  })
  const watch = labeler()
  const open = new Map<string, Trade & { readonly halves: readonly number[] }>()
  const players = Object.entries(METHODS).map(([name, create]) => ({
    name,
    interval: create(),
    hits: [] as number[],
    widths: [] as number[],
  }))
  for (const [i, candle] of candles.entries()) {
    engineer.update(candle)
    for (const { id, netReturn } of watch.advance(candle)) {
      const { x, forecast, scale, halves } = open.get(id)!
      open.delete(id)
      const residual = netReturn - forecast
      for (const [m, player] of players.entries()) {
        const half = halves[m]!
        if (!Number.isNaN(half)) {
          player.hits.push(Math.abs(residual) <= half ? 1 : 0)
          player.widths.push(200 * half)
        }
        player.interval.learn(residual, scale, half)
      }
      line.learn(x, netReturn)
    }
    const { time, close: price } = candle
    const atr = engineer.atr(symbol)
    // a market that stands still, as EURUSD on weekends, is not traded: a tenth of a pip is no distance for a stop
    if (i < WARM || !(atr > 1e-5 * price)) continue
    const id = String(i)
    const x = engineer.vector({ symbol, side: 'long', time: time + 1, price })
    const scale = (2 * atr) / price
    const halves = players.map(({ interval }) => interval.halfWidth(scale))
    open.set(id, { id, x, forecast: line.predict(x), scale, halves })
    watch.open({ id, symbol, side: 'long', time: time + 1, price, stop: price - 2 * atr, target: price + 3 * atr })
  }
  return players
}

function windows(hits: readonly number[]): { min: number; max: number; mean: number; outside: number; all: number } {
  let sum = 0
  let [min, max, outside, all] = [1, 0, 0, 0]
  for (const [i, hit] of hits.entries()) {
    sum += hit - (hits[i - WINDOW] ?? 0)
    if (i < WINDOW - 1) continue
    const coverage = sum / WINDOW
    min = Math.min(min, coverage)
    max = Math.max(max, coverage)
    if (coverage < 0.85 || coverage > 0.95) outside++
    all++
  }
  return { min, max, mean: hits.reduce((total, hit) => total + hit, 0) / hits.length, outside, all }
}

const medianOf = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!
/** A forecast that flew off, as the line's does after EURUSD's standstills, makes a mean width that says nothing. */
const percent = (width: number): string => (width > 1000 ? '> 1000 %' : `${width.toFixed(2)} %`)

const folder = process.argv[2] ?? process.env['MARKET_DATA'] ?? 'data/market'
const markets: [string, readonly Candle[]][] = [['simulated regimes', regimes()]]
for (const [name, file] of Object.entries(FILES)) {
  const path = join(folder, file)
  if (existsSync(path)) markets.push([name, readCandles(path, { symbol: name }).candles])
  else console.log(`${name}: no ${path}, left out.`)
}
console.log(describeMachine(machine()))
console.log(
  '| market | outcome | method | lowest | highest | mean | windows outside 85-95 % | median width | mean width |',
)
console.log('|---|---|---|---|---|---|---|---|---|')
for (const [market, candles] of markets) {
  for (const [task, labeler] of Object.entries(TASKS)) {
    for (const { name, hits, widths } of run(candles, labeler)) {
      const { min, max, mean, outside, all } = windows(hits)
      const cells = [min, max, mean].map((share) => `${(100 * share).toFixed(1)} %`)
      console.log(
        `| ${[market, task, name, ...cells, `${((100 * outside) / all).toFixed(2)} %`, ...[medianOf(widths), widths.reduce((sum, width) => sum + width, 0) / widths.length].map(percent)].join(' | ')} |`,
      )
    }
  }
}
