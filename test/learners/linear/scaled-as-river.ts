import type { Learner, Transformer, Vector } from '../../../src/contracts.ts'
import { StandardScaler } from '../../../src/features/index.ts'

/**
 * A learner behind a scaler in River's order: the scaler learns a row before the learner gets it. `Pipeline` does it
 * after, so that nothing is taught by what is not yet known when the row is predicted.
 */
export class ScaledAsRiver {
  readonly #scaler: Transformer
  readonly #learner: Learner
  readonly #scratch: Vector

  constructor(features: number, learner: Learner) {
    this.#scaler = new StandardScaler({ features })
    this.#learner = learner
    this.#scratch = new Float64Array(features)
  }

  predict(x: Vector): number {
    return this.#learner.predict(this.#scaler.transform(x, this.#scratch))
  }

  learn(x: Vector, y: number): void {
    this.#scaler.learn(x)
    this.#learner.learn(this.#scaler.transform(x, this.#scratch), y)
  }
}
