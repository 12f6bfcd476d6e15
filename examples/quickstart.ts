/**
 * The whole of tradelearn in one loop: candles in, signals decided on, closed trades learned from.
 *
 *     npx tsx examples/quickstart.ts
 *
 * Prices and signals are simulated here; yours come from your exchange and your strategy.
 */
import {
  category,
  defaultFeatures,
  FeatureEngineer,
  numeric,
  runInSlices,
  simulateMarket,
  TradeLearner,
  TripleBarrier,
} from 'tradelearn'

const { candles, signals } = simulateMarket({ seed: 'quickstart', signals: 1000, strength: 1.5 })
const features = new FeatureEngineer({
  ...defaultFeatures(),
  meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
})
// "shadow", the default, answers with the bot's own behaviour; what the model would do is in `decision.model`
const learner = new TradeLearner({ features, mode: 'shadow' })
const broker = new TripleBarrier() // stands in for yours: ends every trade at its stop or target
const account = { equity: 50_000, positions: [] }

let next = 0
for (const candle of candles) {
  // signals of this bar's open, made from the bars before it
  for (; signals[next] && signals[next]!.time <= candle.time; next++) {
    const signal = signals[next]!
    const decision = learner.decide(signal, account)
    if (decision.action !== 'skip') broker.open(decision)
    if (next % 125 === 124)
      console.log(`${next + 1}. ${signal.side} ${signal.symbol}: ${decision.model.reasons[0]!.text}`)
  }
  // the bar itself: trades that it ended, then the candle for everything that follows prices
  for (const { id, exitPrice, exitTime, exitReason } of broker.advance(candle)) {
    learner.learn(id, { exitPrice, exitTime, exitReason })
  }
  learner.onCandle(candle)
  // training waits until it is asked for, and leaves other events their turn
  if (learner.refitDue) await runInSlices(learner.refit())
  // three losses in a row halt everything until a person has looked
  if (learner.status().killSwitch.halted) learner.resume('looked into it: an ordinary run of losses')
}

const { trades, model, scores } = learner.status()
console.log(`\n${trades} trades learned from; the model is ${model}.`)
console.log(`Log loss ${scores.logLoss.toFixed(3)}, of the base rate ${scores.baseRateLogLoss.toFixed(3)}.`)
const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`
console.log(
  `Mean net return: all signals ${percent(scores.meanReturnAll)}, those the model keeps ${percent(scores.meanReturnKept)}.`,
)
