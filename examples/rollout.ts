/**
 * A model's first year: it watches, is tried on a growing share of signals, and decides them all. In the middle of the year its
 * market turns around.
 *
 *     npx tsx examples/rollout.ts
 *
 * The market is simulated, so what the signals are worth is known: in the second half of the year what paid before loses. The
 * bot asks before every signal; who decides it is dealt out by the rollout. What it does is printed as a timeline, with the
 * drift that the learner notices.
 */
import {
  category,
  type Decision,
  DecisionPolicy,
  defaultFeatures,
  FeatureEngineer,
  KillSwitch,
  numeric,
  Rollout,
  type SimulatedSignal,
  simulateMarket,
  TradeLearner,
} from 'tradelearn'

const DAY = 86_400_000
const market = simulateMarket({ seed: 'first year', signals: 1500, strength: 1.5, change: 'flip' })
const signalAt = new Map(market.signals.map((signal) => [`${signal.symbol} ${signal.time}`, signal]))
const start = market.candles[0]!.time

const learner = new TradeLearner<SimulatedSignal>({
  features: new FeatureEngineer({
    ...defaultFeatures(),
    meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
  }),
  policy: new DecisionPolicy({ baseSize: 0.02 }),
  // this page is about the rollout's own guards
  killSwitch: new KillSwitch({
    losses: Number.POSITIVE_INFINITY,
    drawdown: Number.POSITIVE_INFINITY,
    latency: Number.POSITIVE_INFINITY,
  }),
  rollout: new Rollout({ name: 'first-model' }),
  reportWithin: 0,
})

const day = (time: number): string => `day ${String(Math.floor((time - start) / DAY)).padStart(3)}`
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const account = { equity: 100_000, positions: [] }
const kept: Decision[] = []
let seen = 0
let drifts = 0

console.log(`${day(start)}  shadow: the model only watches; every signal is traded as the bot alone would`)
for (const candle of market.candles) {
  const signal = signalAt.get(`${candle.symbol} ${candle.time}`)
  if (signal) kept.push(learner.decide(signal, account))
  learner.onCandle(candle)
  if (learner.refitDue) for (const _ of learner.refit());

  // the rollout is pure bookkeeping: what is new since the last candle is the end of its history
  const { history } = learner.rollout!
  for (const { time, to, cause, text } of history.slice(seen)) {
    const what =
      to.status === 'running'
        ? `${percent(learner.rollout!.share)} of signals are the model's`
        : to.status === 'promoted'
          ? 'all signals are the model’s'
          : to.status
    console.log(`${day(time)}  ${what} (${cause.toLowerCase()}): ${text}`)
  }
  seen = history.length
  const marks = learner.status().drift.marks
  for (const { time, detector, kept: newest } of marks.slice(drifts)) {
    console.log(
      `${day(time)}  ${detector} finds that the market has changed: the models keep their newest ${newest} trades`,
    )
  }
  drifts = marks.length
}

const { rollout, trades } = learner.status()
const byModel = kept.filter(({ mode }) => mode === 'live').length
console.log(`\n${kept.length} signals, ${byModel} of them decided by the model; ${trades} outcomes learned from.`)
console.log(
  `At the end: ${rollout!.status}, evidence ${rollout!.evidence.toPrecision(3)}, what it keeps wins ${percent(rollout!.keptWinRate)} where all win ${percent(rollout!.winRate)}.`,
)
