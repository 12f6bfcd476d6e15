import type { DriftDetector, Learner, Refittable, Windowed } from '../contracts.ts'
import { isForgetful, isRefittable } from '../learners/index.ts'
import type { Decision, Label, Signal } from '../market.ts'
import { closedTrade } from './closed-trade.ts'
import type { OpenDecision } from './decision-book.ts'
import type { Parts } from './parts.ts'
import type { DriftMark } from './trade-learner-options.ts'

/** The models of a learner, in the order in which they are taught. */
export function modelsOf<S extends Signal>({ success, expectedReturn, stopRisk }: Parts<S>): readonly Learner[] {
  return [success, expectedReturn, stopRisk]
}

/** The models whose refit is due. */
export function dueModels<S extends Signal>(parts: Parts<S>): (Learner & Refittable)[] {
  return modelsOf(parts)
    .filter(isRefittable)
    .filter(({ refitDue }) => refitDue)
}

/** What is kept of a decision for the day when it can be learned from. */
export type Teachable = Pick<OpenDecision, 'x' | 'meta' | 'halfWidth' | 'scale'> & {
  readonly decision: Pick<Decision, 'symbol' | 'side' | 'time' | 'prediction'>
}

/** Shows a label to everything that learns from it. */
export function teach<S extends Signal>(parts: Parts<S>, entry: Teachable, label: Label): void {
  const { features, success, expectedReturn, stopRisk, interval } = parts
  const { decision, x, meta, halfWidth, scale } = entry
  const missed = label.netReturn - decision.prediction.expectedReturn
  runAll([
    () => success.learn(x, label.y),
    () => expectedReturn.learn(x, label.netReturn),
    () => stopRisk.learn(x, label.exitReason === 'stop' ? 1 : 0),
    // a model that breaks its law may have predicted no number
    () => void (Number.isFinite(missed) && interval.learn(missed, scale, halfWidth)),
    () => features.settle(closedTrade({ ...decision, meta }, label)),
  ])
}

/** Marks of drift that are remembered. */
const MAX_MARKS = 100

/** Shows an error to a detector; where it has found a new regime, the models let go of the old, which is marked. */
export function watch<S extends Signal>(
  parts: Parts<S>,
  detector: DriftDetector,
  error: number,
  { time, trades }: Pick<DriftMark, 'time' | 'trades'>,
  least: number,
  marks: DriftMark[],
): void {
  if (detector.update(error) !== 'drift') return
  marks.push({ time, detector: detector.toJSON().type, trades, kept: adapt(parts, detector, least) })
  if (marks.length > MAX_MARKS) marks.shift()
}

/** Makes models let go of the old regime after `detector` has found a new one; returns how many observations they keep. */
function adapt<S extends Signal>(parts: Parts<S>, detector: DriftDetector, least: number): number {
  const width = 'width' in detector ? (detector as DriftDetector & Windowed).width : least
  const kept = Math.max(Math.floor(width) || 0, least)
  runAll(
    modelsOf(parts)
      .filter(isForgetful)
      .map((model) => () => model.forget(kept)),
  )
  return kept
}

/**
 * Takes every step, and only then throws what the first to fail threw: one faulty part of the user's own must not keep
 * the others from learning.
 */
export function runAll(steps: readonly (() => void)[]): void {
  const errors: unknown[] = []
  for (const step of steps) {
    try {
      step()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}
