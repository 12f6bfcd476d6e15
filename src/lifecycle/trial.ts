import { clamp } from '../core/math.ts'
import type { DealtSignal, Decision, Label, Plan } from '../market.ts'
import type { Gradual } from './parts.ts'

/** What a signal is answered with. */
export type Answer = { readonly plan: Plan; readonly mode: 'shadow' | 'live'; readonly trial?: DealtSignal }

/** The model's plan or the baseline's: as the mode says or, in a rollout, as the signal is dealt out. */
export function answer(
  mode: 'shadow' | 'live' | 'rollout',
  rollout: Gradual | null,
  id: string,
  model: Plan,
  baseline: () => Plan,
): Answer {
  if (mode === 'live') return { plan: model, mode }
  const champion = baseline()
  // where the baseline takes nothing there is nothing to choose
  if (mode === 'shadow' || rollout === null || !(champion.size > 0)) return { plan: champion, mode: 'shadow' }
  const { arm, propensity } = rollout.assign(id)
  const trial: DealtSignal = { arm, propensity, step: rollout.step, share: clamp(model.size / champion.size, 0, 1) }
  return arm === 'candidate' ? { plan: model, mode: 'live', trial } : { plan: champion, mode: 'shadow', trial }
}

/** Tells a rollout of a decision, and how long its prediction took. */
export function tellDecided(rollout: Gradual | null, { trial, time }: Decision, latency: number): void {
  if (rollout === null || trial === undefined) return
  rollout.tell({ kind: 'decided', time, arm: trial.arm })
  rollout.tell({ kind: 'latency', time, ms: latency })
}

/** Tells a rollout how a decision ended. */
export function tellSettled(
  rollout: Gradual | null,
  { trial, time, prediction: { probability }, size }: Decision,
  { y, netReturn, exitTime }: Label,
  traded: boolean,
): void {
  if (rollout === null || trial === undefined) return
  const { arm, step, share } = trial
  rollout.tell({
    kind: 'settled',
    time: exitTime,
    decidedAt: time,
    step,
    arm,
    share,
    y,
    netReturn,
    size: traded ? clamp(size, 0, 1) : 0,
    // one half takes no side, and what is no number neither
    ...(probability > 0.5 || probability < 0.5 ? { right: probability > 0.5 === (y === 1) } : {}),
  })
}
