import type { Policy } from '../contracts.ts'
import type { Plan } from '../market.ts'
import { holds, type Law } from './law.ts'

/** The laws of a {@link Policy} that plans trades, on predictions and contexts of your choice. */
export function policyLaws<Prediction, Context>(
  create: () => Policy<Prediction, Context, Plan>,
  cases: readonly (readonly [Prediction, Context])[],
): Law[] {
  return [
    {
      name: 'is pure: the same question gets the same answer, and changes nothing',
      run: () => {
        const policy = create()
        for (const [prediction, context] of cases) {
          const before = JSON.stringify([prediction, context])
          const first = JSON.stringify(policy.decide(prediction, context))
          for (const other of cases) policy.decide(...other)
          holds(JSON.stringify(policy.decide(prediction, context)) === first, 'the second answer differs')
          holds(JSON.stringify([prediction, context]) === before, 'the question was changed')
        }
      },
    },
    {
      name: 'gives a size from 0 to 1 and a reason on every path, and no size when it skips',
      run: () => {
        for (const [prediction, context] of cases) {
          const { action, size, quantity, reasons } = create().decide(prediction, context)
          holds(size >= 0 && size <= 1, `size ${size}`)
          holds(Number.isFinite(quantity) && quantity >= 0, `quantity ${quantity}`)
          holds(reasons.length > 0 && reasons.every(({ code, text }) => code !== '' && text !== ''), 'no reason')
          holds(action !== 'skip' || (size === 0 && quantity === 0), 'a skip with a size')
        }
      },
    },
  ]
}
