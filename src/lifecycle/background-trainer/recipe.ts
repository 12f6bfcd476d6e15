import type { JsonObject, Learner } from '../../contracts.ts'
import { StandardScaler } from '../../features/index.ts'
import {
  BaseRate,
  BayesianLogisticRegression,
  GradientBoosting,
  Hedge,
  isRefittable,
  LinearRegression,
  MeanTarget,
  OnlineCalibration,
  Pipeline,
} from '../../learners/index.ts'
import { float, int, type Space } from '../../study/index.ts'
import type { Models } from '../parts.ts'

/** How models are made anew: what the worker runs. */
export type RetrainRecipe = {
  /** What jobs call it by. */
  readonly name: string
  /** What a study may choose. @defaultValue nothing */
  readonly space?: Space
  /** Fresh models for vectors of so many features; `params` are those of the space, or none. */
  create(features: number, params: JsonObject, seed: string): Models
}

/**
 * Fresh default models with trees of a chosen size: a mixture of the base rate, a linear model and boosted trees, with
 * calibrated probabilities, as `defaultModels`.
 */
export const defaultRecipe: RetrainRecipe = {
  name: 'default',
  space: {
    trees: int({ low: 20, high: 200, log: true }),
    maxLeaves: int({ low: 2, high: 16, log: true }),
    minSamplesLeaf: int({ low: 10, high: 160, log: true }),
    learningRate: float({ low: 0.02, high: 0.2, log: true }),
  },
  create(features, params, seed) {
    // as in `defaultModels`: weak signals want few leaves and many rows in each
    const {
      trees = 60,
      maxLeaves = 4,
      minSamplesLeaf = 40,
      learningRate = 0.08,
    } = params as {
      readonly [name: string]: number
    }
    const forest = (task: 'binary' | 'regression', label: string): GradientBoosting =>
      new GradientBoosting({
        features,
        task,
        trees,
        maxLeaves,
        minSamplesLeaf,
        learningRate,
        refitEvery: 100,
        seed: `${seed}/${label}`,
        refit: 'asked',
      })
    const scaled = (learner: Learner): Pipeline =>
      new Pipeline({ transformer: new StandardScaler({ features }), learner })
    const probability = (label: string): Hedge =>
      new Hedge({
        learners: [
          new BaseRate({ features }),
          scaled(new BayesianLogisticRegression({ features, halfLife: 2000 })),
          forest('binary', label),
        ],
      })
    return {
      success: new OnlineCalibration({ learner: probability('success'), window: 2000 }),
      expectedReturn: new Hedge({
        learners: [
          new MeanTarget({ features }),
          scaled(new LinearRegression({ features })),
          forest('regression', 'return'),
        ],
      }),
      stopRisk: probability('stop'),
    }
  },
}

/** Rows that are learned in one step. */
const ROWS_A_STEP = 50

/**
 * Shows rows to a learner in their order, as it would have met them live, and trains what waits to be asked after each
 * quarter of them. So a calibration inside learns from predictions that were made before their labels. Yields the
 * fraction done.
 */
export function* learnInOrder(
  learner: Learner,
  rows: readonly Float64Array[],
  y: ArrayLike<number>,
): Generator<number, void, void> {
  const n = rows.length
  let next = 1
  for (let i = 0; i < n; i++) {
    learner.learn(rows[i]!, y[i]!)
    if (i + 1 >= (next * n) / 4) {
      // a refit trains one part of a mixture; as many as there are parts may be due
      for (let parts = 0; parts < 16 && isRefittable(learner) && learner.refitDue; parts++) {
        for (const _ of learner.refit()) yield (i + 1) / n
      }
      next++
    }
    if (i % ROWS_A_STEP === ROWS_A_STEP - 1) yield (i + 1) / n
  }
}
