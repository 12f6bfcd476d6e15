import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Candle } from 'tradelearn'
import { expand, FeatureEngineer, type Recipe } from 'tradelearn/features'

/** A recipe of 200 features: 100 of the candles themselves, 100 of bars four times as long. */
const RECIPE: Recipe = {
  timeframe: '1h',
  indicators: {
    rsi: [7, 14],
    macd: [[12, 26, 9]],
    adx: [14],
    atr: [14],
    ema: [
      [9, 21],
      [20, 50],
    ],
    bollinger: [
      [20, 2],
      [50, 2],
    ],
    vwap: [20],
    stochastic: [[14, 3, 3]],
    returns: [[1, 10]],
    volatility: [20],
  },
  timeframes: ['4h'],
  shifts: [1, 2, 3],
}

/** How fast a recipe's features follow, and what they keep. */
export type RecipeFigures = {
  readonly features: number
  readonly candles: number
  /** Candles a second on one core: indicators moved one step; and a vector read off after each besides. */
  readonly updates: number
  readonly vectors: number
  /** Bytes of heap that are kept for each candle that has gone by. */
  readonly heap: number
}

/** Rounds that the median is taken of. */
const ROUNDS = 7

/** Times a recipe of 200 features, candle by candle. */
export function timeRecipe(candles: readonly Candle[], onProgress: (done: number) => void): RecipeFigures {
  const create = (): FeatureEngineer => new FeatureEngineer(expand(RECIPE))
  const { size } = create().schema
  if (size !== 200) throw new Error(`the recipe must make 200 features, got ${size}`)
  const { symbol } = candles[0]!
  const run = (engineer: FeatureEngineer, read: 'read' | 'move'): number => {
    const out = new Float64Array(size)
    const signal = { symbol, side: 'long', time: 0 } as { symbol: string; side: 'long'; time: number }
    const start = performance.now()
    for (const candle of candles) {
      engineer.update(candle)
      if (read === 'move') continue
      signal.time = candle.time
      engineer.vector(signal, out)
    }
    return performance.now() - start
  }
  const perSecond = (read: 'read' | 'move', done: number): number => {
    const times = Array.from({ length: ROUNDS + 1 }, (_, round) => {
      onProgress(done + (0.45 * round) / ROUNDS)
      return run(create(), read)
    })
    // the first round warms up the compiler and does not count
    const sorted = times.slice(1).sort((a, b) => a - b)
    return (candles.length * 1000) / sorted[ROUNDS >> 1]!
  }
  const [updates, vectors] = [perSecond('move', 0), perSecond('read', 0.45)]

  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const engineer = create()
  collect()
  const before = process.memoryUsage().heapUsed
  run(engineer, 'read')
  collect()
  const heap = Math.max(0, process.memoryUsage().heapUsed - before) / candles.length
  // read once more, so that nobody throws it away before it was weighed
  if (engineer.lastTime(symbol) !== candles.at(-1)!.time) throw new Error('the engineer has lost its candles')
  return { features: size, candles: candles.length, updates, vectors, heap }
}
