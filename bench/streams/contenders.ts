import type { Learner } from 'tradelearn'
import {
  ADWINBagging,
  AdaptiveRandomForest,
  AggregatedMondrianForest,
  ALMA,
  BaseRate,
  BayesianLogisticRegression,
  DriftAware,
  DynamicWeightedMajority,
  ExtremelyFastDecisionTree,
  GaussianNaiveBayes,
  Hedge,
  HoeffdingAdaptiveTree,
  HoeffdingTreeClassifier,
  KNearestNeighbours,
  LastLabel,
  LeveragingBagging,
  LogisticRegression,
  MultiLayerPerceptron,
  OnlineBagging,
  OnlineBoosting,
  PassiveAggressiveClassifier,
  Pipeline,
  StandardScaler,
  StreamingGradientBoosting,
  StreamingRandomPatches,
  TemporallyAugmented,
} from 'tradelearn'

/** What a library reaches on a stream. */
export type Reached = { readonly accuracy: number; readonly logLoss?: number }

/** What a learner is told of a stream. */
export type Shape = {
  readonly features: number
  /** Features that are categories. */
  readonly nominal: readonly number[]
}

/** A learner of ours, and its like in MOA and River. */
export type Contender = {
  readonly name: string
  readonly create: (shape: Shape, seed: string) => Learner
  /** Whether the seed matters. */
  readonly seeded?: boolean
  /** Needs no learning, so there is no speed to speak of. */
  readonly baseline?: boolean
  /** The learner on MOA's command line. */
  readonly moa?: string
  /** The learner in River's words, as an expression; SEED stands for the seed. */
  readonly river?: string
  /** Whether MOA spreads it over threads. */
  readonly spread?: boolean
  /**
   * What they reach on the electricity stream, measured with MOA of September 2025 (to which, as to our trees, the day of
   * the week is a category) and River 0.24.2 (which takes it for a number).
   */
  readonly published?: { readonly moa?: Reached; readonly river?: Reached }
}

/** The learner behind a scaler. */
export const scaled = (features: number, learner: Learner): Learner =>
  new Pipeline({ transformer: new StandardScaler({ features }), learner })

const BASELINES: readonly Contender[] = [
  {
    name: 'LastLabel (no change)',
    create: ({ features }) => new LastLabel({ features }),
    baseline: true,
    moa: 'functions.NoChange',
    published: { moa: { accuracy: 0.8533 }, river: { accuracy: 0.8533 } },
  },
  {
    name: 'BaseRate (prior)',
    create: ({ features }) => new BaseRate({ features }),
    baseline: true,
    moa: 'functions.MajorityClass',
    published: { river: { accuracy: 0.5753 } },
  },
]

const TREES: readonly Contender[] = [
  {
    name: 'HoeffdingTreeClassifier',
    create: (shape) => new HoeffdingTreeClassifier(shape),
    moa: 'trees.HoeffdingTree',
    river: 'HoeffdingTreeClassifier()',
    published: { moa: { accuracy: 0.792 }, river: { accuracy: 0.7983, logLoss: 0.736 } },
  },
  {
    name: 'HoeffdingTreeClassifier, eager',
    create: (shape) => new HoeffdingTreeClassifier({ ...shape, gracePeriod: 50, confidence: 0.01 }),
    moa: 'trees.HoeffdingTree -g 50 -c 0.01',
    river: 'HoeffdingTreeClassifier(grace_period=50, delta=0.01)',
    published: { moa: { accuracy: 0.8218 }, river: { accuracy: 0.8232 } },
  },
  {
    name: 'HoeffdingAdaptiveTree',
    create: (shape) => new HoeffdingAdaptiveTree(shape),
    moa: 'trees.HoeffdingAdaptiveTree',
    river: 'HoeffdingAdaptiveTreeClassifier(seed=SEED)',
    published: { moa: { accuracy: 0.8339 }, river: { accuracy: 0.8309 } },
  },
  {
    name: 'ExtremelyFastDecisionTree',
    create: (shape) => new ExtremelyFastDecisionTree(shape),
    moa: 'trees.EFDT',
    river: 'ExtremelyFastDecisionTreeClassifier()',
    published: { moa: { accuracy: 0.8064 }, river: { accuracy: 0.8303 } },
  },
]

const ENSEMBLES: readonly Contender[] = [
  {
    name: 'OnlineBagging',
    create: ({ features }, seed) => new OnlineBagging({ features, seed }),
    seeded: true,
    moa: 'meta.OzaBag -s 10',
    river: 'BaggingClassifier(HoeffdingTreeClassifier(), n_models=10, seed=SEED)',
    published: { moa: { accuracy: 0.8243 }, river: { accuracy: 0.8404 } },
  },
  {
    name: 'ADWINBagging',
    create: ({ features }, seed) => new ADWINBagging({ features, seed }),
    seeded: true,
    moa: 'meta.OzaBagAdwin -s 10',
    river: 'ADWINBaggingClassifier(HoeffdingTreeClassifier(), n_models=10, seed=SEED)',
    published: { moa: { accuracy: 0.8435 }, river: { accuracy: 0.8286 } },
  },
  {
    name: 'LeveragingBagging',
    create: ({ features }, seed) => new LeveragingBagging({ features, seed }),
    seeded: true,
    moa: 'meta.LeveragingBag -s 10',
    river: 'LeveragingBaggingClassifier(HoeffdingTreeClassifier(), n_models=10, seed=SEED)',
    published: { moa: { accuracy: 0.898 }, river: { accuracy: 0.895, logLoss: 0.274 } },
  },
  {
    name: 'OnlineBoosting',
    create: ({ features }, seed) => new OnlineBoosting({ features, seed }),
    seeded: true,
    moa: 'meta.OzaBoostAdwin -s 10',
    river: 'AdaBoostClassifier(HoeffdingTreeClassifier(), n_models=10, seed=SEED)',
    published: { moa: { accuracy: 0.8876 }, river: { accuracy: 0.8789 } },
  },
  {
    name: 'AdaptiveRandomForest',
    create: ({ features }, seed) => new AdaptiveRandomForest({ features, seed }),
    seeded: true,
    moa: 'meta.AdaptiveRandomForest -s 10 -o (sqrt(M)+1)',
    river: 'ARFClassifier(n_models=10, seed=SEED)',
    published: { moa: { accuracy: 0.8934 }, river: { accuracy: 0.8857, logLoss: 0.29 } },
  },
  {
    name: 'StreamingRandomPatches',
    create: ({ features }, seed) => new StreamingRandomPatches({ features, seed }),
    seeded: true,
    moa: 'meta.StreamingRandomPatches -s 10',
    river: 'SRPClassifier(n_models=10, seed=SEED)',
    published: { moa: { accuracy: 0.8882 }, river: { accuracy: 0.8816, logLoss: 0.313 } },
  },
  {
    name: 'DynamicWeightedMajority',
    create: ({ features }) => new DynamicWeightedMajority({ features }),
    moa: 'meta.DynamicWeightedMajority',
  },
  {
    // half as many trees as MOA's, whose published figure is that of 100
    name: 'StreamingGradientBoosting',
    create: ({ features }, seed) => new StreamingGradientBoosting({ features, seed }),
    seeded: true,
    moa: 'meta.StreamingGradientBoostedTrees -s 50 -L 0.1',
    spread: true,
    published: { moa: { accuracy: 0.9015, logLoss: 1.85 } },
  },
  {
    name: 'StreamingGradientBoosting, 100 stages',
    create: ({ features }, seed) => new StreamingGradientBoosting({ features, seed, stages: 100 }),
    seeded: true,
    moa: 'meta.StreamingGradientBoostedTrees -L 0.1',
    spread: true,
    published: { moa: { accuracy: 0.9015, logLoss: 1.85 } },
  },
  {
    name: 'AggregatedMondrianForest',
    create: ({ features }, seed) => new AggregatedMondrianForest({ features, seed }),
    seeded: true,
    river: 'AMFClassifier(n_estimators=10, seed=SEED)',
    published: { river: { accuracy: 0.8415, logLoss: 0.39 } },
  },
]

const OTHERS: readonly Contender[] = [
  {
    name: 'GaussianNaiveBayes',
    create: (shape) => new GaussianNaiveBayes(shape),
    moa: 'bayes.NaiveBayes',
    river: 'GaussianNB()',
    published: { moa: { accuracy: 0.7336 }, river: { accuracy: 0.7287, logLoss: 0.973 } },
  },
  {
    name: 'KNearestNeighbours, scaled',
    create: ({ features }) => scaled(features, new KNearestNeighbours({ features })),
    moa: 'lazy.kNN',
    river: 'StandardScaler() | KNNClassifier()',
    published: { moa: { accuracy: 0.7838 }, river: { accuracy: 0.8532 } },
  },
  {
    name: 'MultiLayerPerceptron, scaled',
    create: ({ features }, seed) => scaled(features, new MultiLayerPerceptron({ features, seed })),
    seeded: true,
  },
  {
    name: 'LogisticRegression, scaled',
    create: ({ features }) => scaled(features, new LogisticRegression({ features, learningRate: 0.1 })),
    river: 'StandardScaler() | LogisticRegression(SGD(0.1))',
    published: { river: { accuracy: 0.8949, logLoss: 0.296 } },
  },
  {
    name: 'PassiveAggressiveClassifier, scaled',
    create: ({ features }) => scaled(features, new PassiveAggressiveClassifier({ features })),
    river: 'StandardScaler() | PAClassifier()',
    published: { river: { accuracy: 0.9227, logLoss: 0.232 } },
  },
  {
    name: 'ALMA, scaled',
    create: ({ features }) => scaled(features, new ALMA({ features })),
    river: 'StandardScaler() | ALMAClassifier()',
    published: { river: { accuracy: 0.9064 } },
  },
  {
    name: 'BayesianLogisticRegression, scaled',
    create: ({ features }) => scaled(features, new BayesianLogisticRegression({ features })),
  },
]

const MIXTURES: readonly Contender[] = [
  {
    name: 'DriftAware with HoeffdingTreeClassifier',
    create: (shape) => new DriftAware({ create: () => new HoeffdingTreeClassifier(shape) }),
  },
  {
    name: 'PassiveAggressiveClassifier, augmented, scaled',
    create: ({ features }) =>
      new TemporallyAugmented({
        features,
        create: (wide) => scaled(wide, new PassiveAggressiveClassifier({ features: wide })),
      }),
  },
  {
    name: 'Hedge of tree, logistic, last label, prior',
    create: ({ features }) =>
      new Hedge({
        learners: [
          new HoeffdingTreeClassifier({ features, gracePeriod: 50, confidence: 0.01 }),
          scaled(features, new LogisticRegression({ features, learningRate: 0.1 })),
          new LastLabel({ features }),
          new BaseRate({ features }),
        ],
      }),
  },
]

/** In the order of the tables. */
export const CONTENDERS: readonly Contender[] = [...BASELINES, ...TREES, ...ENSEMBLES, ...OTHERS, ...MIXTURES]
