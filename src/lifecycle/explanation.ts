import type { Learner } from '../contracts.ts'
import { explainByWithholding } from '../learners/index.ts'
import type { Decision } from '../market.ts'

/** One feature's part in a decision. */
export type Cause = {
  readonly feature: string
  /** Its value when the decision was made; NaN where it was missing. */
  readonly value: number
  /** How much lower the probability would be without knowing it. */
  readonly amount: number
}

/** Why the model said what it said. */
export type Explanation = {
  readonly decisionId: string
  /** The probability that was stored with the decision, and what the model says to the same features today. */
  readonly probability: { readonly atDecision: number; readonly now: number }
  /** All features, largest part first. */
  readonly causes: readonly Cause[]
  /** The largest parts as a sentence. */
  readonly text: string
}

const percent = (p: number): string => `${(100 * p).toFixed(1)} %`
const signed = (amount: number): string => `${amount < 0 ? '-' : '+'}${(100 * Math.abs(amount)).toFixed(1)}`

/** Explains a decision by what each of its features adds to the probability of success. */
export function explainDecision(
  decision: Decision,
  x: Float64Array,
  model: Learner,
  names: readonly string[],
): Explanation {
  const now = model.predict(x)
  const causes = explainByWithholding(model, x).map(({ feature, amount }) => ({
    feature: names[feature]!,
    value: x[feature]!,
    amount,
  }))
  const told = causes
    .filter(({ amount }) => Math.abs(amount) >= 0.0005)
    .slice(0, 3)
    .map(
      ({ feature, value, amount }) =>
        `${feature} ${Number.isNaN(value) ? 'missing' : format(value)} ${signed(amount)} points`,
    )
  return {
    decisionId: decision.id,
    probability: { atDecision: decision.prediction.probability, now },
    causes,
    text: `Win probability ${percent(now)}: ${told.length > 0 ? told.join(', ') : 'no feature moves it'}.`,
  }
}

/** A number as a person would write it: four significant digits. */
const format = (value: number): string => String(Number(value.toPrecision(4)))
