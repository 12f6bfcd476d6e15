import {
  buildDataset,
  type Dataset,
  defaultFeatures,
  FeatureEngineer,
  GradientBoosting,
  levelOf,
  type ScoreName,
  ShuffledSplit,
  type Signal,
  type Splitter,
  simulateRandomWalk,
  TripleBarrier,
  WalkForward,
  walkForward,
} from 'tradelearn'

/** AUC on prices in which nothing can be known: the truth is 0.5. */
export type Canary = { readonly honest: number; readonly shuffled: number }

/**
 * Signals on every bar of a random walk, so that neighbours' labels are made from the same bars, judged twice: by
 * walking forward, and by a shuffled split, which cheats. Another symbol's price level tells the models what time it
 * is, which is all that cheating takes.
 */
export function playCanary(seed: string): Canary {
  const { candles } = simulateRandomWalk({ seed, symbols: ['WALK', 'CLOCK'], signals: 250 })
  const dataset = buildDataset({
    candles,
    features: new FeatureEngineer({
      ...defaultFeatures(),
      context: { clock: levelOf('CLOCK') },
    }),
    labeler: new TripleBarrier({ maxBars: 48, costs: 0 }),
    signals: ({ symbol, time, close }): Signal | undefined =>
      symbol === 'WALK' && time >= candles[400]!.time
        ? // six deviations of one bar: about half of the trades reach one of them in time
          { symbol, side: 'long', time: time + 3_600_000, stop: close * 0.964, target: close * 1.036 }
        : undefined,
  })
  return {
    honest: aucOf(dataset, new WalkForward({ train: 1000, test: 500 })),
    shuffled: aucOf(dataset, new ShuffledSplit({ seed })),
  }
}

function aucOf(dataset: Dataset, splitter: Splitter): number {
  const features = dataset.rows[0]!.length
  const create = (): GradientBoosting => new GradientBoosting({ features, trees: 30 })
  const { scores } = walkForward(dataset, create, splitter, { resamples: 50 })
  const name: ScoreName = 'auc'
  return scores.find((score) => score.name === name)!.model.value
}
