import { clamp } from '../core/math.ts'
import type { Clearance } from '../decision/index.ts'
import { because } from '../decision/reasons.ts'
import type { DealtSignal, Decision, ExploredSignal, Label, Plan } from '../market.ts'
import { type ExplorationOptions, explore } from './exploration.ts'
import type { Gradual } from './parts.ts'

/** What an answer follows from. */
export type Question = {
  readonly mode: 'shadow' | 'live' | 'rollout'
  readonly rollout: Gradual | null
  readonly id: string
  readonly model: Plan
  readonly baseline: Plan
  readonly clearance: Clearance
  readonly exploration: ExplorationOptions
  readonly exploredToday: number
  readonly equity: number
}

/** What a signal is answered with. */
export type Answer = {
  readonly plan: Plan
  readonly mode: 'shadow' | 'live'
  readonly trial?: DealtSignal
  readonly exploration?: ExploredSignal
}

/**
 * The model's plan or the baseline's: as the mode says or, in a rollout, as the signal is dealt out. While the kill switch
 * has halted the model nothing is dealt out: the baseline answers.
 */
export function answer(question: Question): Answer {
  const { mode, rollout, id, model, baseline, clearance } = question
  if (mode === 'shadow') return { plan: baseline, mode }
  if (clearance.plan === 'baseline') {
    const reason = because('MODEL_HALTED', `The model is halted: ${clearance.cause?.text ?? 'unknown cause'}`)
    return { plan: { ...baseline, reasons: [reason, ...baseline.reasons] }, mode: 'shadow' }
  }
  if (mode === 'live' || rollout === null) return { ...tryOut(question), mode: 'live' }
  // where the baseline takes nothing there is nothing to choose
  if (!(baseline.size > 0)) return { plan: baseline, mode: 'shadow' }
  const { arm, propensity } = rollout.assign(id)
  const trial: DealtSignal = { arm, propensity, step: rollout.step, share: clamp(model.size / baseline.size, 0, 1) }
  return arm === 'candidate' ? { ...tryOut(question), mode: 'live', trial } : { plan: baseline, mode: 'shadow', trial }
}

/** The model's plan, or what is tried out in the place of a skip. */
function tryOut(question: Question): Pick<Answer, 'plan' | 'exploration'> {
  const { exploration, model } = question
  if (exploration.share === 0 || model.action !== 'skip') return { plan: model }
  const { plan, explored, propensity } = explore(question, exploration)
  return propensity > 0 ? { plan, exploration: { explored, propensity } } : { plan }
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
