import type { State } from '../../core/state.ts'
import type { Reason } from '../../market.ts'
import type { ScopeRules } from './options.ts'

/**
 * One thing that the switch watches for in a scope: what it remembers, and when it has seen enough.
 *
 * A rule knows nothing of scopes, locks and times. It is shown one number at a time and says why it trips, or nothing.
 */
export type Rule<Memory extends State> = {
  /** Its memory before it has seen anything. */
  start(rules: ScopeRules): Memory
  /** Takes in a number; the reason to halt, or null. */
  watch(memory: Memory, value: number, rules: ScopeRules): Reason | null
}
