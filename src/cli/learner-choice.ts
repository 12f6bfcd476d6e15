import { Option } from 'commander'
import type { Learner } from '../contracts.ts'
import { StandardScaler } from '../features/index.ts'
import {
  BaseRate,
  BayesianLogisticRegression,
  GradientBoosting,
  HoeffdingTreeClassifier,
  Pipeline,
} from '../learners/index.ts'
import { defaultModels } from '../lifecycle/index.ts'

/** Learners that can be validated by name; each starts fresh. */
export const LEARNERS: { readonly [name: string]: (features: number) => Learner } = {
  mix: (features) => defaultModels(features, { refit: 'inline' }).success,
  trees: (features) =>
    new GradientBoosting({
      features,
      task: 'binary',
      trees: 100,
      maxLeaves: 4,
      minSamplesLeaf: 40,
      learningRate: 0.05,
    }),
  linear: (features) =>
    new Pipeline({
      transformer: new StandardScaler({ features }),
      learner: new BayesianLogisticRegression({ features, halfLife: 2000 }),
    }),
  hoeffding: (features) => new HoeffdingTreeClassifier({ features }),
  'base-rate': (features) => new BaseRate({ features }),
}

/** `--learner`. */
export const learnerOption = (): Option =>
  new Option(
    '-l, --learner <name>',
    'mix: the default of a live bot; trees: gradient boosting; linear: Bayesian logistic regression',
  )
    .choices(Object.keys(LEARNERS))
    .default('mix')
