import type { AlertRule } from './alert.ts'
import { countingRules } from './counting-rules.ts'
import { type AlertRuleOptions, checkRuleOptions } from './options.ts'
import { readingRules } from './reading-rules.ts'

/**
 * The rules that an `Alerts` starts with.
 *
 * A threshold on a small sample fires on noise: "accuracy of the last 50 below 55 %" does so in every life of a model that is
 * right in 57 %. So the rules that count wait for evidence that holds however often one looks, and say how often they are
 * wrong; the others read what is so.
 */
export function defaultAlertRules(options: Partial<AlertRuleOptions> = {}): readonly AlertRule[] {
  const checked = checkRuleOptions(options)
  return [...readingRules(checked), ...countingRules(checked)]
}
