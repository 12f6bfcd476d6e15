import { addDecayed, createDecayedMoments, type DecayedMoments } from '../core/decayed-moments.ts'
import { checkMoments, corrupt } from './checks.ts'

/** Ways to correct a probability, from the stiffest to the most pliant. */
export const CALIBRATION_METHODS = ['platt', 'beta', 'isotonic'] as const
/** A way to correct a probability. */
export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number]

/** What each method has gained over the learner's own probabilities, in nats a label, and which is used. */
export type ChoiceState = {
  readonly gains: { readonly [method in CalibrationMethod]: DecayedMoments }
  used: CalibrationMethod | 'none'
}

/** Nothing is corrected yet. */
export function createChoice(): ChoiceState {
  return {
    gains: { platt: createDecayedMoments(), beta: createDecayedMoments(), isotonic: createDecayedMoments() },
    used: 'none',
  }
}

/** Log loss of a probability at the very edge, rounded up. */
const LARGEST_LOSS = 35
/** Losses are compared up to here, the loss of a probability of 1 in 1100: one boast that failed shall not decide alone. */
const LARGEST_COUNTED = 7

/** Takes in what a method would have said of a label, beside what the learner said. */
export function scoreMethod(
  choice: ChoiceState,
  method: CalibrationMethod,
  losses: { readonly raw: number; readonly corrected: number },
  decay: number,
): void {
  const counted = (loss: number): number => Math.min(loss, LARGEST_COUNTED)
  addDecayed(choice.gains[method], counted(losses.raw) - counted(losses.corrected), decay)
}

/**
 * Says anew which method is used.
 *
 * One begins to be used when its mean gain lies `margin` standard errors above 0, and goes on until it is below 0. Another
 * takes its place when it gains more by `margin` of its own standard errors. The gap between the two thresholds keeps it
 * from flapping.
 */
export function chooseAnew(choice: ChoiceState, ready: readonly CalibrationMethod[], margin: number): void {
  const { gains } = choice
  const errorOf = ({ n, variance }: DecayedMoments): number => Math.sqrt(variance / Math.max(n, 1))
  const clears = (method: CalibrationMethod, bar: number): boolean => {
    const moments = gains[method]
    return moments.n > 0 && moments.mean > bar + margin * errorOf(moments)
  }
  if (choice.used !== 'none' && !(ready.includes(choice.used) && gains[choice.used].mean > 0)) choice.used = 'none'
  for (const method of ready) {
    const bar = choice.used === 'none' ? 0 : gains[choice.used].mean
    if (method !== choice.used && clears(method, bar)) choice.used = method
  }
}

/** Throws unless a choice from a snapshot is one that labels can lead to. */
export function checkChoice({ gains, used }: ChoiceState): void {
  for (const method of CALIBRATION_METHODS) {
    checkMoments(`state.gains.${method}`, gains[method], -LARGEST_LOSS, LARGEST_LOSS)
  }
  if (used !== 'none' && !CALIBRATION_METHODS.includes(used)) corrupt('state.used', 'a method, or "none"', used)
}
