import type { Contribution, Explainable, Learner, Vector } from '../contracts.ts'
import { integer } from '../core/check.ts'
import { logit, sigmoid } from '../core/math.ts'

/** What {@link explainInWords} puts into words: what an `Explainable` learner says about one vector. */
export type WordsInput = {
  /** What the learner predicted. */
  readonly prediction: number
  /** `learner.explains`, `learner.baseValue(x)` and `learner.explain(x)`. */
  readonly explains: Explainable['explains']
  readonly baseValue: number
  readonly contributions: readonly Contribution[]
  /** The features' names and their values, that is `x`. */
  readonly names: readonly string[]
  readonly values: ArrayLike<number>
  /** Features to name; the others are summed up. @defaultValue 3 */
  readonly most?: number
  /** What is predicted. @defaultValue 'win probability', or 'prediction' for values */
  readonly subject?: string
}

/** A feature's part as it is told. */
export type ToldPart = {
  readonly feature: string
  /** NaN where it was missing. */
  readonly value: number
  /** What it added, in the unit of the prediction. */
  readonly amount: number
}

/** A prediction in words; `base`, the told amounts and `rest` add up to the prediction. */
export type Words = {
  readonly text: string
  /** Where the parts start from, in the unit of the prediction. */
  readonly base: number
  readonly told: readonly ToldPart[]
  /** What all others added together. */
  readonly rest: number
}

/**
 * Says in a sentence why a learner predicts what it does for `x`; see {@link explainInWords} for how.
 *
 * @example
 * ```ts
 * explainPrediction(learner, x, ['rsi', 'macd']).text
 * // Win probability 0.63: base 0.58, rsi 28 added 0.07, macd -0.3 took 0.02.
 * ```
 */
export function explainPrediction(
  learner: Pick<Learner, 'predict'> & Explainable,
  x: Vector,
  names: readonly string[],
  more: Pick<WordsInput, 'most' | 'subject'> = {},
): Words {
  const { explains } = learner
  const [prediction, baseValue, contributions] = [learner.predict(x), learner.baseValue(x), learner.explain(x)]
  return explainInWords({ ...more, prediction, explains, baseValue, contributions, names, values: x })
}

/**
 * Says in a sentence why a learner predicts what it does.
 *
 * People read probabilities, not log-odds. Contributions in log-odds are multiplied by the mean slope of the logistic
 * function from the base value to the prediction, (p - p₀) / (logit p - logit p₀), at most ¼. So they add up to p - p₀,
 * keep their signs, order and ratios, and do not depend on the order in which they are told; near 0 and 1, where the
 * same evidence moves a probability less, all shrink alike.
 *
 * The figures add up as printed: the others' part is what is missing between the rounded ones.
 *
 * For a learner and a vector, {@link explainPrediction} collects what this takes.
 */
export function explainInWords(input: WordsInput): Words {
  const { prediction, explains, baseValue, contributions, names, values, most = 3 } = input
  integer('most', most, 0)
  const base = explains === 'log-odds' ? sigmoid(baseValue) : baseValue
  const factor = explains === 'log-odds' ? meanSlope(baseValue, prediction) : 1
  // probabilities are printed to hundredths, values to the fourth digit of the largest figure in the sentence
  const largest = contributions.reduce((most, { amount }) => Math.max(most, Math.abs(amount)), Math.abs(prediction))
  const unit = explains === 'value' ? unitOf(Math.max(largest, Math.abs(base))) : 0.01
  const format = (value: number): number => Number((Math.round(value / unit) * unit).toPrecision(12)) || 0
  const parts = contributions
    .map(({ feature, amount }) => ({
      feature: names[feature] ?? `feature ${feature}`,
      value: values[feature] ?? NaN,
      amount: amount * factor,
    }))
    .filter(({ amount }) => format(amount) !== 0)
    .sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount))
  const told = parts.slice(0, most)
  const rest = told.reduce((left, { amount }) => left - amount, prediction - base)

  // as printed
  const printedRest = format(
    told.reduce((left, { amount }) => left - format(amount), format(prediction) - format(base)),
  )
  const print = (amount: number): string => (explains === 'value' ? String(amount) : amount.toFixed(2))
  const moved = (amount: number): string => `${amount < 0 ? 'took' : 'added'} ${print(Math.abs(format(amount)))}`
  const subject = input.subject ?? (explains === 'value' ? 'prediction' : 'win probability')
  const words = told.map(({ feature, value, amount }) => `${feature} ${written(value)} ${moved(amount)}`)
  if (printedRest !== 0) words.push(`${told.length > 0 ? 'the others' : 'all features together'} ${moved(printedRest)}`)
  const head = `${subject.charAt(0).toUpperCase()}${subject.slice(1)} ${print(format(prediction))}`
  const text =
    words.length > 0
      ? `${head}: base ${print(format(base))}, ${words.join(', ')}.`
      : `${head}, as without any features: none of them moves it.`
  return { text, base, told, rest }
}

/** The mean slope of the logistic function between a base value in log-odds and a probability. */
function meanSlope(baseValue: number, prediction: number): number {
  const rise = logit(prediction) - baseValue
  // over a short way, or where both are as good as certain, its slope there
  const slope = Math.abs(rise) > 1e-6 ? (prediction - sigmoid(baseValue)) / rise : 0
  return slope > 0 ? slope : prediction * (1 - prediction)
}

/** The power of ten of the fourth digit. */
function unitOf(value: number): number {
  const digits = value > 0 ? Math.floor(Math.log10(value)) - 3 : 0
  // smaller ones are not exact
  return Number(`1e${Math.max(digits, -300)}`)
}

const written = (value: number): string => (Number.isNaN(value) ? '(missing)' : String(Number(value.toPrecision(4))))
