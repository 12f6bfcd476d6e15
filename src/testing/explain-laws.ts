import type { Explainable, Learner } from '../contracts.ts'
import { holds, type Law, sameNumber, stateOf } from './law.ts'

/** The laws of {@link Explainable}, for learners that have been trained. */
export function explainLaws(
  trained: () => Learner & Explainable,
  features: number,
  probes: readonly Float64Array[],
): Law[] {
  return [
    {
      name: 'explain is pure',
      run: () => {
        const learner = trained()
        const before = stateOf(learner)
        for (const x of probes) {
          const original = x.slice()
          const first = JSON.stringify(learner.explain(x))
          holds(JSON.stringify(learner.explain(x)) === first, 'a second explanation differs')
          for (let i = 0; i < features; i++) sameNumber(x[i]!, original[i]!, `x[${i}] after explain`)
        }
        holds(stateOf(learner) === before, 'explain changed the state')
      },
    },
    {
      name: 'explain gives each feature once at most, with finite amounts, largest magnitude first',
      run: () => {
        const learner = trained()
        const extremes = [Number.NaN, 0, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324].map((v) =>
          new Float64Array(features).fill(v),
        )
        for (const x of [...probes, ...extremes]) {
          const named = new Set<number>()
          let last = Number.POSITIVE_INFINITY
          for (const { feature, amount } of learner.explain(x)) {
            const valid = Number.isInteger(feature) && feature >= 0 && feature < features
            holds(valid, `wanted a feature from 0 to ${features - 1}, got ${feature}`)
            holds(!named.has(feature), `feature ${feature} stands there twice`)
            named.add(feature)
            holds(Number.isFinite(amount), `feature ${feature} is given ${amount} for [${x}]`)
            holds(Math.abs(amount) <= last, `${amount} comes after an amount of magnitude ${last}`)
            last = Math.abs(amount)
          }
        }
      },
    },
    {
      name: 'the base value and the contributions add up to the prediction, or to its log-odds',
      run: () => {
        const learner = trained()
        // learners from before there were base values
        if (!('baseValue' in learner)) return
        const unit = learner.explains
        const units = learner.task === 'binary' ? ['log-odds', 'probability'] : ['value']
        holds(units.includes(unit), `wanted "explains" to be one of ${units}, got ${unit}`)
        const missing = new Float64Array(features).fill(Number.NaN)
        for (const x of [...probes, missing, new Float64Array(features)]) {
          let sum = learner.baseValue(x)
          let size = Math.abs(sum)
          for (const { amount } of learner.explain(x)) {
            sum += amount
            size += Math.abs(amount)
          }
          const p = learner.predict(x)
          // log-odds beyond 10 have lost digits in the probability: compared there
          const inside = unit !== 'log-odds' || Math.abs(sum) <= 10
          const said = unit === 'log-odds' && inside ? Math.log(p / (1 - p)) : p
          const wanted = inside ? sum : 1 / (1 + Math.exp(-sum))
          const close = Math.abs(wanted - said) <= 1e-9 * (1 + size)
          holds(close, `base value and contributions add up to ${wanted}, the prediction is ${said}`)
        }
      },
    },
  ]
}
