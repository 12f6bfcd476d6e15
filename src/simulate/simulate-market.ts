import type { Rng } from '../contracts.ts'
import { fraction, integer, nonNegative, oneOf, openFraction, positive, text, time } from '../core/check.ts'
import { drawFlag, drawInteger } from '../core/draw.ts'
import { TradeLearnError } from '../core/errors.ts'
import { SeededRng } from '../core/rng.ts'
import type { Candle, Side } from '../market.ts'
import { drawPath } from './conditioned-path.ts'
import {
  changedWeights,
  type EdgeChange,
  type EdgeWeights,
  momentumOf,
  type SimulatedMeta,
  type SimulatedSignal,
  WEIGHTS,
  winProbability,
} from './edge.ts'
import { type PriceWalk, stepCandle, volatilityOf } from './price-walk.ts'

/** Options of {@link simulateMarket}. */
export type MarketOptions = {
  /** Equal seeds give equal markets. @defaultValue 'market' */
  readonly seed: string | number
  /** Used instead of `seed` where given; only its forks are, so it is left as it was. */
  readonly rng?: Rng | undefined
  /** @defaultValue ['ALPHA', 'BETA', 'GAMMA', 'DELTA'] */
  readonly symbols: readonly string[]
  /** Signals in all symbols together. @defaultValue 2000 */
  readonly signals: number
  /** Bars from one signal of a symbol to its next; above `maxBars`. @defaultValue 24 */
  readonly spacing: number
  /** Bars within which each bracket is settled. @defaultValue 20 */
  readonly maxBars: number
  /** Bars before the first signal, at least 21. @defaultValue 120 */
  readonly warmup: number
  /** Distance of the stop, in deviations of one bar's return. @defaultValue 2.5 */
  readonly stop: number
  /** Distance of the target, in the same unit. @defaultValue 2.5 */
  readonly target: number
  /** Win rate of signals whose meta says nothing. @defaultValue stop / (stop + target), a fair game before costs */
  readonly winRate: number
  /** Strength of the edge: a Bayes AUC of 0.61 at 0.5, 0.70 at 1, 0.82 at 2; 0 for none. @defaultValue 1 */
  readonly strength: number
  /** Share of the signals made before the edge changes. @defaultValue 0.5 */
  readonly changeAt: number
  /** `"flip"`: what was good is bad. `"redraw"`: other things are good. `"vanish"`: nothing is. `"none"`. @defaultValue 'flip' */
  readonly change: EdgeChange
  /** Deviation of one bar's return, as a fraction of the price. @defaultValue 0.006, as of bitcoin's hours */
  readonly volatility: number
  /** First price of every symbol. @defaultValue 100 */
  readonly startPrice: number
  /** Open time of the first candles. @defaultValue 1577836800000, the start of 2020 */
  readonly startTime: number
  /** Length of a bar in milliseconds. @defaultValue 3600000, an hour */
  readonly timeframe: number
}

/** The truth about one signal, which no model gets to see. */
export type SignalTruth = {
  /** P(target before stop), from which the outcome was drawn. */
  readonly probability: number
  /** The outcome: 1 if the target is touched first, 0 if the stop is. */
  readonly y: 0 | 1
  /** Whether the signal was made after the edge had changed. */
  readonly changed: boolean
}

/** A simulated market. */
export type SimulatedMarket = {
  /** All symbols' candles, by time and then in the order of the symbols. */
  readonly candles: readonly Candle[]
  /** By time. A signal comes before the candle that opens at its time, and after the one that closes then. */
  readonly signals: readonly SimulatedSignal[]
  /** The truth about each signal, in the same order. */
  readonly truth: readonly SignalTruth[]
  /** Time of the first signal made under the changed edge; NaN where there is none. */
  readonly changeTime: number
}

/**
 * Makes a market in which it is known how likely each signal is to win, until that changes half-way.
 *
 * Each symbol is a random walk with slowly varying volatility. Every `spacing` bars a signal of random side says
 * something about itself; with that, and the momentum of its candles, goes a probability
 *
 *     logit P(y = 1) = logit(winRate) + strength (w1 confidence + w2 confirmations + w3 momentum
 *                                                 + w4 confidence × source)
 *
 * from which the outcome y is drawn. The candles after it are the random walk given that outcome: they touch the
 * target first if y is 1, the stop first if y is 0, within `maxBars` bars and never both in one. So the triple-barrier
 * label of every signal is y exactly (for round-trip costs below the target's distance, at least 0.74 % with the
 * defaults), and the best possible model is known: no AUC beats {@link bayesAuc} by more than luck.
 *
 * Time and memory O(candles): 10,000 signals, 240,000 candles, take about a second.
 *
 * @example
 * ```ts
 * const { candles, signals, truth } = simulateMarket({ seed: 7, signals: 4000 })
 * bayesAuc(truth) // { overall: 0.70, before: 0.70, after: 0.70 }
 *
 * let next = 0
 * for (const candle of candles) {
 *   for (; signals[next] && signals[next]!.time <= candle.time; next++) bot.onSignal(signals[next]!)
 *   bot.onCandle(candle)
 * }
 * ```
 */
export function simulateMarket(options: Partial<MarketOptions> = {}): SimulatedMarket {
  const checked = checkOptions(options)
  const { signals: count, symbols, spacing, warmup, change, changeAt, timeframe, startTime } = checked
  const rng = checked.rng ?? new SeededRng(checked.seed)
  const edges = [WEIGHTS, changedWeights(WEIGHTS, change, rng.fork('change'))] as const
  const firstChanged = change === 'none' ? count : Math.floor(count * changeAt)

  // signal i is made after `bars(i)` bars, in symbol i modulo their number: staggered, so that order is time
  const bars = (i: number): number => {
    const nth = i % symbols.length
    return warmup + Math.floor((nth * spacing) / symbols.length) + spacing * ((i - nth) / symbols.length)
  }
  const length = bars(count - 1) + spacing
  time('the last candle', startTime + length * timeframe)

  const series: Candle[][] = []
  const signals = new Array<SimulatedSignal>(count)
  const truth = new Array<SignalTruth>(count)
  for (const [nth, symbol] of symbols.entries()) {
    const source = { rng: rng.fork(`symbol/${symbol}`), symbol, walk: { price: checked.startPrice, heat: 0 } }
    const candles: Candle[] = []
    for (let i = nth; i < count; i += symbols.length) {
      drawFree(candles, bars(i), source, checked)
      const weights = edges[i < firstChanged ? 0 : 1]
      const [signal, probability] = drawSignal(candles, source, weights, checked)
      const y = drawFlag(source.rng, probability) ? 1 : 0
      const goal = {
        side: signal.side,
        stop: signal.stop!,
        target: signal.target!,
        y,
        maxBars: checked.maxBars,
      } as const
      const { walk } = source
      for (const candle of drawPath(walk, source.rng, checked.volatility, goal, symbol, signal.time, timeframe)) {
        candles.push(candle)
      }
      signals[i] = signal
      truth[i] = { probability, y, changed: i >= firstChanged }
    }
    drawFree(candles, length, source, checked)
    series.push(candles)
  }

  const candles: Candle[] = []
  for (let bar = 0; bar < length; bar++) for (const one of series) candles.push(one[bar]!)
  return { candles, signals, truth, changeTime: signals[firstChanged]?.time ?? NaN }
}

/** Where one symbol's candles come from. */
type Source = { readonly rng: Rng; readonly symbol: string; readonly walk: PriceWalk }

/** Lets the price walk freely until there are `length` candles. */
function drawFree(candles: Candle[], length: number, { rng, symbol, walk }: Source, options: MarketOptions): void {
  const { startTime, timeframe, volatility } = options
  while (candles.length < length) {
    candles.push(stepCandle(walk, rng, volatility, symbol, startTime + candles.length * timeframe))
  }
}

/** A signal at the newest close, and its probability to win. */
function drawSignal(
  candles: readonly Candle[],
  { rng, symbol, walk }: Source,
  weights: EdgeWeights,
  options: MarketOptions,
): readonly [SimulatedSignal, number] {
  const side: Side = drawFlag(rng, 0.5) ? 'long' : 'short'
  const meta: SimulatedMeta = {
    aiConfidence: rng.next(),
    confirmations: drawInteger(rng, 6),
    source: drawFlag(rng, 0.5) ? 'ai' : 'rules',
  }
  // distances are in logarithms, as the walk is: so equal ones are reached equally often
  const unit = (side === 'long' ? 1 : -1) * volatilityOf(walk, options.volatility)
  const signal: SimulatedSignal = {
    symbol,
    side,
    time: options.startTime + candles.length * options.timeframe,
    price: walk.price,
    stop: walk.price * Math.exp(-unit * options.stop),
    target: walk.price * Math.exp(unit * options.target),
    meta,
  }
  const { strength, winRate } = options
  return [signal, winProbability(meta, momentumOf(candles, side), weights, strength, winRate)]
}

function checkOptions(options: Partial<MarketOptions>): MarketOptions {
  const { seed = 'market', rng, symbols = ['ALPHA', 'BETA', 'GAMMA', 'DELTA'], signals = 2000 } = options
  const { spacing = 24, maxBars = 20, warmup = 120, stop = 2.5, target = 2.5 } = options
  const { winRate = stop / (stop + target), strength = 1, changeAt = 0.5, change = 'flip' } = options
  const { volatility = 0.006, startPrice = 100, startTime = 1_577_836_800_000, timeframe = 3_600_000 } = options
  integer('symbols.length', symbols.length)
  for (const [i, symbol] of symbols.entries()) text(`symbols[${i}]`, symbol)
  if (new Set(symbols).size < symbols.length) refuse('symbols', 'all different', 'the same one twice')
  integer('spacing', spacing)
  if (!(spacing > integer('maxBars', maxBars))) refuse('spacing', `above "maxBars" (${maxBars})`, spacing)
  positive('stop', stop)
  positive('target', target)
  positive('volatility', volatility)
  return {
    seed,
    rng,
    symbols,
    signals: integer('signals', signals),
    spacing,
    maxBars,
    // momentum looks back over 21 closes
    warmup: integer('warmup', warmup, 21),
    stop,
    target,
    winRate: openFraction('winRate', winRate),
    strength: nonNegative('strength', strength),
    changeAt: fraction('changeAt', changeAt),
    change: oneOf('change', change, ['flip', 'redraw', 'vanish', 'none']),
    volatility,
    startPrice: positive('startPrice', startPrice),
    startTime: time('startTime', startTime),
    timeframe: integer('timeframe', timeframe),
  }
}

function refuse(name: string, wanted: string, got: string | number): never {
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be ${wanted}, got ${got}.`)
}
