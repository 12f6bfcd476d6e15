import { openFraction, positive } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'

/** Thresholds of the {@link defaultAlertRules}. */
export type AlertRuleOptions = {
  /** Accuracy below which the model is worse than nothing. @defaultValue 0.5 */
  readonly accuracyFloor: number
  /** Accuracy that it should have. @defaultValue 0.55 */
  readonly accuracyGoal: number
  /** How far the win rate may lie below the baseline's. @defaultValue 0.05 */
  readonly baselineMargin: number
  /** Share of decisions that may take longer than the limit: 0.01 makes the limit that of the 99th percentile. @defaultValue 0.01 */
  readonly slowShare: number
  /** Most false alarms in 1,000 trades of each rule that watches a share, 0.1 at most. @defaultValue 0.05 */
  readonly falseAlarms: number
  /** Chance of a false alarm of calibration, over a model's life, and of the arms' shares, over a step. @defaultValue 0.01 */
  readonly level: number
  /** Milliseconds after which a model is stale. @defaultValue 2_592_000_000, 30 days */
  readonly maxModelAge: number
  /** Closed trades below which there is little data. @defaultValue 100 */
  readonly minTrades: number
}

/** Checked, frozen options; what is left out gets its default. */
export function checkRuleOptions(options: Partial<AlertRuleOptions>): AlertRuleOptions {
  const { accuracyFloor = 0.5, accuracyGoal = 0.55, baselineMargin = 0.05, slowShare = 0.01 } = options
  const { falseAlarms = 0.05, level = 0.01, maxModelAge = 2_592_000_000, minTrades = 100 } = options
  // with more, chance alone keeps the evidence so high that an alarm would not end
  if (positive('falseAlarms', falseAlarms) > 0.1) {
    throw new TradeLearnError('INVALID_OPTION', `"falseAlarms" must be at most 0.1, got ${falseAlarms}.`)
  }
  return Object.freeze({
    accuracyFloor: openFraction('accuracyFloor', accuracyFloor),
    accuracyGoal: openFraction('accuracyGoal', accuracyGoal),
    baselineMargin: openFraction('baselineMargin', baselineMargin),
    slowShare: openFraction('slowShare', slowShare),
    falseAlarms,
    level: openFraction('level', level),
    maxModelAge: positive('maxModelAge', maxModelAge),
    minTrades: positive('minTrades', minTrades),
  })
}
