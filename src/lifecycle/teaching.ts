import type { DriftDetector, Learner, Refittable, Windowed } from '../contracts.ts'
import { isForgetful, isRefittable } from '../learners/index.ts'
import type { Decision, Label, Prediction, Signal } from '../market.ts'
import { closedTrade } from './closed-trade.ts'
import type { OpenDecision } from './decision-book.ts'
import type { LearnerState } from './learner-state.ts'
import type { Contender, Models, Parts } from './parts.ts'
import type { DriftMark } from './trade-learner-options.ts'

/** The models of a learner, in the order in which they are taught: those that decide, then who is on trial or was beaten. */
export function modelsOf<S extends Signal>(parts: Parts<S>): readonly Learner[] {
  const list = ({ success, expectedReturn, stopRisk }: Models): Learner[] => [success, expectedReturn, stopRisk]
  return contendersOf(parts).flatMap(list)
}

/** All models that learn, with their bounds: those that decide first. */
function contendersOf<S extends Signal>(parts: Parts<S>): readonly Contender[] {
  const { challenger, previous, watch } = parts
  return [parts, challenger, previous, watch?.previous ?? null].filter((one) => one !== null)
}

/** The models whose refit is due. */
export function dueModels<S extends Signal>(parts: Parts<S>): (Learner & Refittable)[] {
  return modelsOf(parts)
    .filter(isRefittable)
    .filter(({ refitDue }) => refitDue)
}

/** What is kept of a decision for the day when it can be learned from. */
export type Teachable = Pick<OpenDecision, 'x' | 'meta' | 'halfWidth' | 'scale'> & {
  readonly decision: Pick<Decision, 'symbol' | 'side' | 'time' | 'prediction' | 'challenger'>
}

/** Shows a label to everything that learns from it; `names` are those of the models that decide and of the challenger. */
export function teach<S extends Signal>(
  parts: Parts<S>,
  entry: Teachable,
  label: Label,
  names: Pick<LearnerState, 'version' | 'challenger'> = { version: '', challenger: '' },
): void {
  const { features, interval, bound } = parts
  const stopped = label.exitReason === 'stop' ? 1 : 0
  const { decision, x, meta, halfWidth, scale } = entry
  const { prediction, challenger: rival } = decision
  // a challenger may have risen since
  const said = rival !== undefined && rival.version === names.version ? rival.prediction : prediction
  const rivalSaid = rival !== undefined && rival.version === names.challenger ? rival.prediction : undefined
  const missed = label.netReturn - decision.prediction.expectedReturn
  runAll([
    ...contendersOf(parts).flatMap((models) => [
      () => models.success.learn(x, label.y),
      () => models.expectedReturn.learn(x, label.netReturn),
      () => models.stopRisk.learn(x, stopped),
    ]),
    // a model that breaks its law may have predicted no number
    () => void (Number.isFinite(missed) && interval.learn(missed, scale, halfWidth)),
    () => teachBound(bound, said, label),
    () => teachBound(parts.challenger?.bound, rivalSaid, label),
    () => features.settle(closedTrade({ ...decision, meta }, label)),
  ])
}

function teachBound(bound: Parts['bound'] | undefined, said: Prediction | undefined, { y }: Label): void {
  const { probability = NaN } = said ?? {}
  if (probability >= 0 && probability <= 1) bound?.learn(probability, y)
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
  const bounds = contendersOf(parts).flatMap(({ bound }) => bound ?? [])
  runAll([...modelsOf(parts), ...bounds].filter(isForgetful).map((model) => () => model.forget(kept)))
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
