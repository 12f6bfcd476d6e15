/**
 * A bot whose numbers follow its own trades: threshold, size, stop, target and the weights of two sources, within bounds.
 *
 *     npx tsx examples/adaptive.ts
 *
 * The market is simulated, so what is right is known. An analyst says how sure he is of each signal and is too sure: of what he
 * gives 63 % less than half wins; and half-way the market turns around, so that he is most sure of what loses. Two sources vote
 * beside him: the trend knows something, the moon nothing. The numbers start where the operator has put them. Each change is
 * printed with what it rests on; one of more than 20 % waits for a person, who looks at it for a week. At the end the person
 * takes one back.
 */
import {
  AdaptiveParameters,
  AdaptivePolicy,
  atr,
  BaseRate,
  FeatureEngineer,
  KillSwitch,
  type Learner,
  MeanTarget,
  numeric,
  type ParameterChange,
  type Signal,
  simulateMarket,
  TradeLearner,
  type Vector,
} from 'tradelearn'

const DAY = 86_400_000
type Said = { readonly sure: number; readonly trend: number; readonly moon: number }

const { candles, signals } = simulateMarket({ seed: 'b', signals: 5000, strength: 2, change: 'flip' })
const start = candles[0]!.time
const said = signals.map(
  ({ symbol, side, time, meta }): Signal<Said> => ({
    ...{ symbol, side, time },
    meta: {
      sure: 0.55 + 0.3 * meta!.aiConfidence,
      trend: meta!.confirmations > 2 ? 1 : -1,
      moon: Math.floor(time / DAY) % 2 === 0 ? 1 : -1,
    },
  }),
)

/** The analyst's word instead of a model. */
class Analyst implements Learner {
  readonly task = 'binary'
  readonly seen = 0
  readonly #at: number
  constructor(at: number) {
    this.#at = at
  }
  predict(x: Vector): number {
    return x[this.#at]!
  }
  learn(): void {}
  toJSON() {
    return { type: 'analyst', version: 1, options: { at: this.#at }, state: {} }
  }
}

const day = (time: number): string => `day ${String(Math.floor((time - start) / DAY)).padStart(3)}`
const describe = ({ time, name, kind, from, to, evidence }: ParameterChange): string => {
  const unit = name === 'entryThreshold' || name.endsWith('Atr') ? ' ATR' : ''
  const rests = evidence
    ? `better by ${evidence.estimate.toPrecision(2)}${unit} a decision [${evidence.low.toPrecision(2)}, ${evidence.high.toPrecision(2)}], ${evidence.n} pieces of evidence`
    : 'a person says so'
  return `${day(time)}  ${name.padEnd(15)} ${kind.padEnd(9)} ${from} -> ${to}  ${rests}`
}

const features = new FeatureEngineer({
  candles: { atr: atr(14) },
  meta: { sure: numeric(), trend: numeric(), moon: numeric() },
})
const { names, size } = features.schema

// these are the lines that a bot needs
const adaptive = new AdaptivePolicy({
  baseSize: 0.05,
  skipBelow: 0.6,
  minTrades: 0,
  parameters: new AdaptiveParameters({ sources: ['trend', 'moon'] }),
  onChange: (change) => console.log(describe(change)),
})
const learner = new TradeLearner<Signal<Said>>({
  features,
  mode: 'live',
  policy: adaptive,
  companions: [adaptive],
  models: {
    success: new Analyst(names.indexOf('sure')),
    expectedReturn: new MeanTarget({ features: size }),
    stopRisk: new BaseRate({ features: size }),
  },
  // this page is about numbers that change, not about a halt
  killSwitch: new KillSwitch({ losses: Number.POSITIVE_INFINITY, drawdown: Number.POSITIVE_INFINITY }),
  reportWithin: 0,
})

const account = { equity: 100_000, positions: [] }
let next = 0
let lastReasons = ''
for (const candle of candles) {
  for (; said[next] && said[next]!.time <= candle.time; next++) {
    const { reasons } = learner.decide(said[next]!, account)
    if (reasons.some(({ code }) => code === 'SOURCES')) lastReasons = reasons.map(({ text }) => text).join(' ')
  }
  learner.onCandle(candle)
  for (const { id, time } of adaptive.report.pending) {
    if (candle.time < time + 7 * DAY) continue
    adaptive.parameters.approve(id, 'operator', 'I have looked at it for a week')
    console.log(describe(adaptive.report.history.at(-1)!))
  }
}

console.log(
  `\n${adaptive.report.seen} signals learned from. A decision made with learnt numbers says so:\n  ${lastReasons}`,
)
const moved = adaptive.report.history.findLast(({ kind }) => kind === 'learnt' || kind === 'approved')!
adaptive.parameters.revert(moved.id, 'one thing at a time')
console.log(`\nTaken back:\n${describe(adaptive.report.history.at(-1)!)}\n\nIn use, and what the configuration says:`)
for (const { name, value, approved } of adaptive.report.values) {
  console.log(`  ${name.padEnd(15)} ${String(value).padEnd(5)} ${approved}`)
}
for (const { name, to } of adaptive.report.pending) console.log(`  waiting for a person: ${name} to ${to}`)
