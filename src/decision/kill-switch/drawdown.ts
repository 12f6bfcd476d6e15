import { show } from '../../core/errors.ts'
import { because, percent } from '../reasons.ts'
import type { Rule } from './rule.ts'

/** The newest equity, and the highest so far; NaN before the first. */
export type DrawdownMemory = { value: number; peak: number }

/**
 * Trips when equity has fallen by more than a fraction `drawdown` from its peak.
 *
 * For all trading it is shown the account's equity. For a model, a side or a symbol it is shown what an equity of 1 would
 * have become by their trades alone, each times its share of equity. A limit of losses is no statistic: it is the same in
 * either mode.
 */
export const drawdownRule: Rule<DrawdownMemory> = {
  start: () => ({ value: NaN, peak: NaN }),

  watch(memory, equity, { drawdown }) {
    memory.value = equity
    if (!(memory.peak >= equity)) memory.peak = equity
    const fall = equity > 0 ? (memory.peak - equity) / memory.peak : 1
    if (!(fall > drawdown)) return null
    const numbers = `Equity of ${show(equity)} is ${percent(fall)} below its peak of ${show(memory.peak)}`
    return because('DRAWDOWN', `${numbers}; more than ${percent(drawdown)} halts.`)
  },
}
