import {
  AUC,
  category,
  defaultFeatures,
  FeatureEngineer,
  KillSwitch,
  type MarketOptions,
  numeric,
  replay,
  simulateMarket,
} from 'tradelearn'

/** A model's AUC on some signals beside the best one there is on the same signals. */
export type Ranked = { readonly model: number; readonly best: number }

/** How one simulated market went. Everything is out of sample: predictions were made before labels existed. */
export type Played = {
  /** The last half of what came before the change: the model has learned by then. */
  readonly before: Ranked
  /** The tenth of all signals right after the change. */
  readonly after: Ranked
  /** The last quarter of all signals. */
  readonly end: Ranked
  /** Labels from the change to the first drift mark after it; NaN where none came or nothing changed. */
  readonly delay: number
  /** Drift marks that no change explains: before it, or anywhere where there is none. */
  readonly falseAlarms: number
}

/** Plays a simulated market through a TradeLearner with default models. */
export function playMarket(options: Partial<MarketOptions>, onProgress: (done: number) => void): Played {
  const { candles, signals, truth } = simulateMarket(options)
  const features = new FeatureEngineer({
    ...defaultFeatures(),
    meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
  })
  const result = replay({
    candles,
    signals,
    learner: {
      mode: 'live',
      features,
      // halts would hide the model
      killSwitch: new KillSwitch({ losses: Number.POSITIVE_INFINITY, drawdown: Number.POSITIVE_INFINITY }),
    },
    onProgress,
  })
  const rank = (from: number, to: number): Ranked => {
    const [model, best] = [new AUC(), new AUC()]
    for (const [i, { decision, label }] of result.signals.slice(from, to).entries()) {
      model.update(label.y, decision.prediction.probability)
      best.update(label.y, truth[from + i]!.probability)
    }
    return { model: model.value, best: best.value }
  }
  const n = truth.length
  const first = truth.findIndex(({ changed }) => changed)
  const change = first < 0 ? n : first
  const half = first < 0 ? n / 2 : first
  const marks = result.learner.status().drift.marks.map(({ trades }) => trades)
  return {
    before: rank(Math.floor(half / 2), half),
    after: rank(half, Math.floor(half + n / 10)),
    end: rank(Math.floor(0.75 * n), n),
    delay: (marks.find((trades) => trades > change) ?? Number.NaN) - change,
    falseAlarms: marks.filter((trades) => trades <= change).length,
  }
}
