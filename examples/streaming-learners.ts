/**
 * Learners that learn from one trade at a time, on a market whose edge turns around half-way.
 *
 *     npx tsx examples/streaming-learners.ts
 *
 * Every trade is predicted before its outcome is learned. Beside the learners stand the base rate, which looks at no
 * feature, and the true odds, which no learner can beat.
 */
import {
  AdaptiveRandomForest,
  BaseRate,
  BayesianLogisticRegression,
  DriftAware,
  HoeffdingTreeClassifier,
  type Learner,
  LeveragingBagging,
  LogLoss,
  PageHinkley,
  PassiveAggressiveClassifier,
  Pipeline,
  SeededRng,
  StandardScaler,
  StreamingGradientBoosting,
} from 'tradelearn'

const TRADES = 8000
const features = 6

const learners: { readonly [name: string]: Learner } = {
  'base rate': new BaseRate({ features }),
  'Bayesian logistic regression': new BayesianLogisticRegression({ features }),
  'passive-aggressive, scaled': new Pipeline({
    transformer: new StandardScaler({ features }),
    learner: new PassiveAggressiveClassifier({ features }),
  }),
  'Hoeffding tree': new HoeffdingTreeClassifier({ features }),
  'the same, replaced at a drift': new DriftAware({
    create: () => new HoeffdingTreeClassifier({ features }),
    detector: new PageHinkley({ falseAlarmEvery: 10_000, direction: 'up' }),
  }),
  'leveraging bagging': new LeveragingBagging({ features }),
  'adaptive random forest': new AdaptiveRandomForest({ features }),
  'streaming gradient boosting': new StreamingGradientBoosting({ features }),
}

/** Log loss before the turn, in the tenth after it, and in the last quarter. */
const SPANS = [
  [500, TRADES / 2],
  [TRADES / 2, 0.6 * TRADES],
  [0.75 * TRADES, TRADES],
] as const
const names = ['the true odds', ...Object.keys(learners)]
const losses = new Map(names.map((name) => [name, SPANS.map(() => new LogLoss())]))

const rng = new SeededRng('streaming learners')
const x = new Float64Array(features)
for (let i = 0; i < TRADES; i++) {
  for (let f = 0; f < features; f++) x[f] = 2 * rng.next() - 1
  const edge = i < TRADES / 2 ? 1 : -1
  const odds = 1 / (1 + Math.exp(-edge * (2 * x[0]! - 1.5 * x[1]! * Math.sign(x[2]!))))
  const won = Number(rng.next() < odds)
  for (const name of names) {
    // first predict, then learn
    const p = name === 'the true odds' ? odds : learners[name]!.predict(x)
    SPANS.forEach(([from, to], k) => {
      if (i >= from && i < to) losses.get(name)![k]!.update(won, p)
    })
    if (name in learners) learners[name]!.learn(x, won)
  }
}

console.log(`Log loss over ${TRADES} trades; the edge turns around half-way.\n`)
console.log(`${'learner'.padEnd(30)}  before  just after  last quarter`)
for (const [name, spans] of losses) {
  const [before, after, last] = spans.map(({ value }) => value.toFixed(3))
  console.log(`${name.padEnd(30)}  ${before}   ${after!.padStart(7)}  ${last!.padStart(12)}`)
}
