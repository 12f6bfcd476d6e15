import {
  BayesianLogisticRegression,
  buildDataset,
  category,
  type Dataset,
  type Declaration,
  defaultFeatures,
  FeatureEngineer,
  GradientBoosting,
  type Learner,
  numeric,
  Pipeline,
  SeededRng,
  type Signal,
  StandardScaler,
  shuffleCandles,
  simulateMarket,
  TripleBarrier,
  type Validation,
  WalkForward,
  walkForward,
} from 'tradelearn'

/** The learners that are judged, by name. */
export const LEARNERS: { readonly [name: string]: (features: number) => Learner } = {
  linear: (features) =>
    new Pipeline({
      transformer: new StandardScaler({ features }),
      learner: new BayesianLogisticRegression({ features }),
    }),
  trees: (features) =>
    new GradientBoosting({ features, task: 'binary', trees: 60, maxLeaves: 4, minSamplesLeaf: 40, learningRate: 0.08 }),
}

const META: Declaration = {
  ...defaultFeatures(),
  meta: { aiConfidence: numeric(), confirmations: numeric(), source: category('rules', 'ai') },
}

/** A simulated market's signals as rows; a strength of 0 is a market without any edge. */
export function marketOf(seed: string, signals: number, strength: number): Dataset {
  const market = simulateMarket({ seed, signals, strength, change: 'none' })
  return buildDataset({ ...market, features: new FeatureEngineer(META), labeler: new TripleBarrier({ costs: 0 }) })
}

/** A signal on every bar, so that up to 24 labels overlap, on prices whose bars were dealt anew. */
export function walkOf(seed: string): Dataset {
  const { candles } = simulateMarket({ seed, signals: 120, symbols: ['WALK'], strength: 0, change: 'none' })
  return buildDataset({
    candles: shuffleCandles(candles, new SeededRng(seed)),
    features: new FeatureEngineer(defaultFeatures()),
    labeler: new TripleBarrier({ maxBars: 24, costs: 0 }),
    signals: ({ symbol, time, close }): Signal | undefined => ({
      symbol,
      side: 'long',
      time: time + 3_600_000,
      stop: close * 0.975,
      target: close * 1.025,
    }),
  })
}

/** A third to begin with, then six folds. */
export function judged(dataset: Dataset, create: (features: number) => Learner, seed: string): Validation {
  const n = dataset.rows.length
  const splitter = new WalkForward({ train: Math.floor(n / 3), test: Math.ceil(n / 9) })
  const features = dataset.rows[0]!.length
  return walkForward(dataset, () => create(features), splitter, { resamples: 100, seed })
}

/** What was claimed over many seeds. */
export type Claims = {
  readonly seeds: number
  /** Share of seeds in which skill was claimed. */
  readonly claimed: number
  /** Of which for leaning the right way, which the power line is about. */
  readonly direction: number
  /** Mean correlation found, and mean error of it. */
  readonly correlation: number
  readonly error: number
  /** Mean of what the power line calls detectable in four of five cases. */
  readonly detectable: number
  readonly signals: number
}

/** Judges one learner on one kind of data over many seeds. */
export function claimsOver(seeds: number, datasetOf: (seed: string) => Dataset, learner: string): Claims {
  const found = Array.from({ length: seeds }, (_, i) => judged(datasetOf(`skill ${i}`), LEARNERS[learner]!, String(i)))
  const mean = (of: (validation: Validation) => number): number =>
    found.reduce((sum, validation) => sum + of(validation), 0) / seeds
  const correlations = found.map(({ scores }) => scores.find(({ name }) => name === 'correlation')!.model.value)
  const centre = correlations.reduce((sum, value) => sum + value, 0) / seeds
  return {
    seeds,
    claimed: mean(({ verdict }) => Number(verdict.skill === 'shown')),
    direction: mean(({ verdict }) => Number(verdict.direction === 'shown')),
    correlation: centre,
    error: Math.sqrt(correlations.reduce((sum, value) => sum + (value - centre) * (value - centre), 0) / (seeds - 1)),
    detectable: mean(({ verdict }) => verdict.power.detectable),
    signals: Math.round(mean(({ predictions }) => predictions.length)),
  }
}
