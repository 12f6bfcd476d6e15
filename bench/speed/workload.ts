import {
  type Candle,
  type Label,
  SeededRng,
  type Signal,
  type SimulatedSignal,
  simulateMarket,
  type TradeLearner,
  type TradeLearnerOptions,
  TripleBarrier,
} from 'tradelearn'
import {
  adx,
  atr,
  bollinger,
  type Declaration,
  emaDistance,
  FeatureEngineer,
  macd,
  numeric,
  returns,
  rsi,
  rsiMomentum,
  trendStrength,
  volatility,
  volumeRatio,
  volumeSurge,
  vwapDistance,
} from 'tradelearn/features'
import { GradientBoosting } from 'tradelearn/learners'
import type { Timings } from './timings.ts'

export const FEATURES = 200
export const TREES = 200
export const ROWS = 5000

const PERIODS = [5, 7, 10, 14, 20, 28, 40, 60]
const META = 40

const byPeriod = <T>(name: string, create: (period: number) => T): { [key: string]: T } =>
  Object.fromEntries(PERIODS.map((period) => [`${name}${period}`, create(period)]))

/** 160 numbers from candles, eight periods of everything, and 40 of the bot's own. */
function wideDeclaration(): Declaration {
  return {
    candles: {
      ...byPeriod('rsi', rsi),
      ...byPeriod('adx', adx),
      ...byPeriod('atr', atr),
      ...byPeriod('bollinger', (period) => bollinger(period)),
      ...byPeriod('volumeRatio', volumeRatio),
      ...byPeriod('volumeSurge', (period) => volumeSurge(period, 4 * period)),
      ...byPeriod('trendStrength', trendStrength),
      ...byPeriod('volatility', volatility),
    },
    directed: {
      ...byPeriod('vwap', vwapDistance),
      ...byPeriod('rsiMomentum', (period) => rsiMomentum(period)),
      ...byPeriod('ema', (period) => emaDistance(period, 2 * period)),
      ...byPeriod('macd', (period) => macd(period, 2 * period, period)),
      returns: returns(1, 2, 3, 5, 8, 13, 21, 34),
    },
    meta: Object.fromEntries(Array.from({ length: META }, (_, i) => [`meta${i}`, numeric()])),
  }
}

/** Options of a learner of 200 features, and of three models of 200 boosted trees each. */
export function wideLearner(): TradeLearnerOptions & { readonly features: FeatureEngineer } {
  const features = new FeatureEngineer(wideDeclaration()) as FeatureEngineer
  if (features.schema.size !== FEATURES) throw new Error(`wanted ${FEATURES} features, got ${features.schema.size}`)
  const model = (task: 'binary' | 'regression', seed: string): GradientBoosting =>
    new GradientBoosting({ features: FEATURES, task, trees: TREES, window: ROWS, seed })
  return {
    features,
    models: {
      success: model('binary', 'success'),
      expectedReturn: model('regression', 'return'),
      stopRisk: model('binary', 'stop'),
    },
  }
}

/** A simulated market whose signals carry 40 numbers: three that mean something, the rest noise. */
export function wideMarket(signals: number): { candles: readonly Candle[]; signals: readonly Signal[] } {
  const market = simulateMarket({ seed: 'bench', signals })
  const noise = new SeededRng('bench/noise')
  const widen = (signal: SimulatedSignal): Signal => {
    const { aiConfidence, confirmations, source } = signal.meta
    const known = [aiConfidence, confirmations, source === 'ai' ? 1 : 0]
    const meta = Object.fromEntries(Array.from({ length: META }, (_, i) => [`meta${i}`, known[i] ?? noise.next()]))
    return { ...signal, meta }
  }
  return { candles: market.candles, signals: market.signals.map(widen) }
}

/** What to time; what is left out is done all the same. */
export type Watch = { readonly candle?: Timings; readonly decide?: Timings; readonly learn?: Timings }

const ACCOUNT = { equity: 100_000, positions: [] }

/** A bot that trades every signal of a market and reports each trade when its bracket ends. Refits are not run. */
export class Session<S extends Signal> {
  readonly learner: TradeLearner<S>
  readonly #candles: readonly Candle[]
  readonly #signals: readonly S[]
  readonly #exchange = new TripleBarrier()
  #candle = 0
  #signal = 0
  #learned = 0

  constructor(learner: TradeLearner<S>, market: { candles: readonly Candle[]; signals: readonly S[] }) {
    this.learner = learner
    this.#candles = market.candles
    this.#signals = market.signals
  }

  /** Goes on until `trades` more have been learned. */
  play(trades: number, { candle: onCandle, decide, learn }: Watch, onTrade: () => void = () => {}): void {
    const goal = this.#learned + trades
    while (this.#learned < goal && this.#candle < this.#candles.length) {
      const candle = this.#candles[this.#candle++]!
      for (let next = this.#signals[this.#signal]; next && next.time <= candle.time; ) {
        this.#decide(next, decide)
        next = this.#signals[++this.#signal]
      }
      for (const label of this.#exchange.advance(candle)) {
        this.#learn(label, learn)
        this.#learned++
        onTrade()
      }
      timed(onCandle, () => this.learner.onCandle(candle))
    }
  }

  #decide(signal: S, watch: Timings | undefined): void {
    const { id, symbol, side, time, price, stop, target } = timed(watch, () => this.learner.decide(signal, ACCOUNT))
    this.#exchange.open({ id, symbol, side, time, price, stop, target })
  }

  #learn({ id, exitPrice, exitTime, exitReason }: Label, watch: Timings | undefined): void {
    timed(watch, () => this.learner.learn(id, { exitPrice, exitTime, exitReason }))
  }
}

const timed = <T>(watch: Timings | undefined, act: () => T): T => (watch ? watch.time(act) : act())
