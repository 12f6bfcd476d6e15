import { fraction, integer, nonNegative, openFraction, positive } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'

/** What a candidate must have shown, and for how long, to leave a step. */
export type RolloutStep = {
  /** Share of signals that the candidate decides in this step: 0 is shadow. */
  readonly share: number
  /** Milliseconds that the step lasts at least. */
  readonly hold: number
  /** Signals of the step whose outcome is known, at least. */
  readonly signals: number
  /** Evidence for its selection, over its whole life, at least: 20 is a level of 5 %, 100 of 1 % (`SelectionEvidence`). */
  readonly evidence: number
  /** Whether a person must say yes, too. */
  readonly approval: boolean
}

/** Options of a {@link Rollout}. */
export type RolloutOptions = {
  /**
   * The way to all signals. @defaultValue shadow for a week and 50 signals at evidence 20; 10, 25 and 50 % for three days
   * and 20 signals each, at 20, 40 and 100; then it has won
   */
  readonly steps: readonly RolloutStep[]
  /**
   * By how much more often the signals that it keeps must win than all do, as a fraction of the latter: 0.1 asks for 55 %
   * where 50 % win. They must win as often as those that the champion keeps, besides. This is about the estimate; what is sure is
   * only that it chooses better than blindly or, beside a champion that is a model, than that one. @defaultValue 0.1
   */
  readonly margin: number
  /** Fall of the candidate's own account, in fractions of equity, that ends it. @defaultValue 0.1 */
  readonly maxDrawdown: number
  /** How far below the win rate of all signals its own trades may lie before that, once shown, ends it. @defaultValue 0.05 */
  readonly winRateSlack: number
  /** Share of right calls below which, once shown, it is ended. @defaultValue 0.5 */
  readonly endBelowAccuracy: number
  /** Share of right calls below which, once shown, it is paused. @defaultValue 0.55 */
  readonly pauseBelowAccuracy: number
  /** Milliseconds that a prediction may take; more than one in 100 above that, once shown, end it. @defaultValue 100 */
  readonly latency: number
  /** Milliseconds without a signal that pause it. @defaultValue 7 days */
  readonly silence: number
  /** Chance that any one of the guards that go by evidence ends or pauses a candidate wrongly, ever. @defaultValue 0.01 */
  readonly falseAlarm: number
  /**
   * Mean number of independent pairs of a kept and a left signal between two wrong ends of a promoted model that chooses
   * blindly, at least. @defaultValue 10_000
   */
  readonly falseAlarmEvery: number
}

const DAY = 86_400_000

/** Shadow for a week and 50 signals, as a careful operator would; the evidence for all trades is that of one in a hundred. */
export const DEFAULT_STEPS: readonly RolloutStep[] = [
  { share: 0, hold: 7 * DAY, signals: 50, evidence: 20, approval: false },
  { share: 0.1, hold: 3 * DAY, signals: 20, evidence: 20, approval: false },
  { share: 0.25, hold: 3 * DAY, signals: 20, evidence: 40, approval: false },
  { share: 0.5, hold: 3 * DAY, signals: 20, evidence: 100, approval: false },
]

/** Checked, frozen options with a default in the place of whatever is left out. @throws `INVALID_OPTION` */
export function createRolloutOptions({
  steps = DEFAULT_STEPS,
  margin = 0.1,
  maxDrawdown = 0.1,
  winRateSlack = 0.05,
  endBelowAccuracy = 0.5,
  pauseBelowAccuracy = 0.55,
  latency = 100,
  silence = 7 * DAY,
  falseAlarm = 0.01,
  falseAlarmEvery = 10_000,
}: Partial<RolloutOptions> = {}): RolloutOptions {
  if (!Array.isArray(steps) || steps.length === 0 || steps.length > 20) {
    throw new TradeLearnError('INVALID_OPTION', `"steps" must be 1 to 20 steps, got ${show(steps)}.`)
  }
  const checked = steps.map((step: RolloutStep, i) => {
    const name = `steps[${i}]`
    const share = fraction(`${name}.share`, step?.share)
    const least = i === 0 ? 0 : steps[i - 1]!.share
    if (share < least || share === 1) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"${name}.share" must be below 1 and not below the share before it, ${least}, got ${share}.`,
      )
    }
    return Object.freeze({
      share,
      hold: nonNegative(`${name}.hold`, step.hold),
      signals: integer(`${name}.signals`, step.signals, 0),
      evidence: nonNegative(`${name}.evidence`, step.evidence),
      approval: step.approval === true,
    })
  })
  if (!(fraction('endBelowAccuracy', endBelowAccuracy) <= fraction('pauseBelowAccuracy', pauseBelowAccuracy))) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"endBelowAccuracy" must be at most "pauseBelowAccuracy", ${pauseBelowAccuracy}, got ${endBelowAccuracy}.`,
    )
  }
  return Object.freeze({
    steps: Object.freeze(checked),
    margin: nonNegative('margin', margin),
    maxDrawdown: openFraction('maxDrawdown', maxDrawdown),
    winRateSlack: fraction('winRateSlack', winRateSlack),
    endBelowAccuracy,
    pauseBelowAccuracy,
    latency: positive('latency', latency),
    silence: positive('silence', silence),
    falseAlarm: openFraction('falseAlarm', falseAlarm),
    falseAlarmEvery: positive('falseAlarmEvery', falseAlarmEvery),
  })
}
