/**
 * A learner of your own: held to the laws that all learners obey, then put in the place of a default model.
 *
 *     npx tsx examples/own-learner.ts
 *
 * This one asks its neighbours: the share of winners among the most similar past trades.
 */
import {
  AUC,
  BaseRate,
  bayesAuc,
  category,
  defaultModels,
  FeatureEngineer,
  Hedge,
  type Learner,
  type Models,
  numeric,
  Pipeline,
  replay,
  rsiMomentum,
  type Snapshot,
  StandardScaler,
  simulateMarket,
  TradeLearnError,
  TradeLearner,
  tradeSide,
  type Vector,
} from 'tradelearn'
import { learnerLaws } from 'tradelearn/testing'

/** Trades that it remembers, and how many of them it asks. */
const MEMORY = 500
const NEIGHBOURS = 40

/** One trade: what was known, with null for missing as JSON has no NaN, and what came of it. */
type Trade = { readonly x: readonly (number | null)[]; readonly y: 0 | 1; readonly weight: number }

class NearestNeighbours implements Learner {
  static readonly type: string = 'example-nearest-neighbours'
  static readonly version: number = 1

  readonly task = 'binary'
  readonly options: { readonly features: number }
  #state: { seen: number; trades: Trade[] } = { seen: 0, trades: [] }

  constructor(options: { readonly features: number }) {
    this.options = options
  }

  get seen(): number {
    return this.#state.seen
  }

  predict(x: Vector): number {
    this.#checkVector(x)
    const nearest = this.#state.trades
      .map((trade) => ({ ...trade, distance: distanceOf(trade.x, x) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, NEIGHBOURS)
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
    // one imagined winner and one loser: never quite sure, and one half while nothing is known
    return (sum(nearest.map(({ y, weight }) => y * weight)) + 1) / (sum(nearest.map(({ weight }) => weight)) + 2)
  }

  learn(x: Vector, y: number, weight = 1): void {
    // first everything that can refuse, then the change
    this.#checkVector(x)
    if (y !== 0 && y !== 1) throw new TradeLearnError('INVALID_INPUT', `"y" must be 0 or 1, got ${y}.`)
    if (!(weight > 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new TradeLearnError('INVALID_INPUT', `"weight" must be a positive number, got ${weight}.`)
    }
    const { trades } = this.#state
    trades.push({ x: Array.from(x, (value) => (Number.isNaN(value) ? null : value)), y, weight })
    if (trades.length > MEMORY) trades.shift()
    this.#state.seen++
  }

  toJSON(): Snapshot {
    return { type: NearestNeighbours.type, version: 1, options: this.options, state: { ...this.#state } }
  }

  static fromJSON({ options, state }: Snapshot): NearestNeighbours {
    // a file may be damaged: every number is looked at before it is believed
    const { features } = options
    const { seen, trades } = state
    if (
      !isCount(features) ||
      !isCount(seen) ||
      !Array.isArray(trades) ||
      !trades.every((trade) => isTrade(trade, features))
    ) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', 'A snapshot of nearest neighbours must hold "seen" and "trades".')
    }
    const learner = new NearestNeighbours({ features })
    learner.#state = { seen, trades: [...trades] }
    return learner
  }

  #checkVector(x: Vector): void {
    const { features } = this.options
    const isVector = x instanceof Float64Array && x.length === features
    if (!isVector || x.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY)) {
      throw new TradeLearnError('INVALID_INPUT', `"x" must be ${features} numbers, NaN where missing.`)
    }
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function isTrade({ x, y, weight }: Trade, features: number): boolean {
  const isWeight = Number.isFinite(weight) && weight > 0
  return isWeight && (y === 0 || y === 1) && x.length === features && x.every((v) => v === null || Number.isFinite(v))
}

/** The squared distance, where what is missing counts as ordinary. */
function distanceOf(a: Trade['x'], b: Vector): number {
  return a.reduce<number>((sum, value, i) => {
    const gap = (value ?? 0) - (Number.isNaN(b[i]) ? 0 : b[i]!)
    return sum + gap * gap
  }, 0)
}

// 1. the laws; in a test runner: `for (const { name, run } of laws) test(name, run)`
const laws = learnerLaws(() => new NearestNeighbours({ features: 3 }), NearestNeighbours)
for (const { run } of laws) run() // throws where one is broken
console.log(`It obeys all ${laws.length} laws of a learner.`)

// 2. in a TradeLearner, with its inputs brought to one scale, and beside a base rate for the days on which it knows nothing
const declareFeatures = () =>
  new FeatureEngineer({
    directed: { momentum: rsiMomentum() },
    signal: { side: tradeSide() },
    meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
  })
const { size } = declareFeatures().schema
const own = new Pipeline({
  transformer: new StandardScaler({ features: size }),
  learner: new NearestNeighbours({ features: size }),
})
const withOwn: Models = {
  ...defaultModels(size),
  success: new Hedge({ learners: [new BaseRate({ features: size }), own] }),
}

// 3. does it know anything? beside the default model and the best possible, on the same signals
const market = simulateMarket({ seed: 'own learner', signals: 1500, change: 'none' })
const { candles, signals } = market
const play = (models: Models) => replay({ candles, signals, learner: { features: declareFeatures(), models } })
const aucOf = ({ signals: settled }: ReturnType<typeof play>): string => {
  const auc = new AUC()
  for (const { decision, label } of settled) auc.update(label.y, decision.prediction.probability)
  return auc.value.toFixed(3)
}
const played = play(withOwn)
console.log(`AUC from the first signal on: own learner ${aucOf(played)}, default ${aucOf(play(defaultModels(size)))}.`)
console.log(`The best possible is ${bayesAuc(market.truth).overall.toFixed(3)}, for who knows the truth beforehand.`)

// 4. and back from a file: name its codec
const text = JSON.stringify(played.learner)
const again = TradeLearner.restore(text, { features: declareFeatures(), codecs: [NearestNeighbours] })
console.log(
  `Restored ${JSON.stringify(again) === text ? 'to the bit' : 'DIFFERENTLY'} after ${again.status().trades} trades.`,
)
