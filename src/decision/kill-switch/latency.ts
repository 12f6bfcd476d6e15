import { show } from '../../core/errors.ts'
import { because } from '../reasons.ts'
import type { Rule } from './rule.ts'

/**
 * Trips when a prediction took more than `latency` milliseconds.
 *
 * One long garbage collection is enough, or the first call of a cold process: a lock that ends by itself suits it.
 */
export const slowPrediction: Rule<null> = {
  start: () => null,

  watch(_, ms, { latency }) {
    return ms > latency ? because('LATENCY', `A prediction took ${show(ms)} ms; more than ${latency} ms halts.`) : null
  },
}
