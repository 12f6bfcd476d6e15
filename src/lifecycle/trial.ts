import { show, TradeLearnError } from '../core/errors.ts'
import { clamp } from '../core/math.ts'
import type { Clearance } from '../decision/index.ts'
import { because } from '../decision/reasons.ts'
import type { DealtSignal, Decision, ExploredSignal, Label, Plan } from '../market.ts'
import { fall, follow } from './contest.ts'
import { type ExplorationOptions, explore } from './exploration.ts'
import type { Gradual, Parts } from './parts.ts'
import type { Transition } from './rollout/rollout-event.ts'

/** What an answer follows from. */
export type Question = {
  readonly mode: 'shadow' | 'live' | 'rollout'
  readonly rollout: Gradual | null
  readonly id: string
  readonly model: Plan
  /** What a challenger would do; null where nobody is on trial beside the models. */
  readonly challenger: Plan | null
  readonly baseline: Plan
  /** Who decides what is not dealt to the candidate. */
  readonly champion: 'baseline' | 'models'
  /** Whether somebody is on trial, or is watched after it. */
  readonly onTrial: boolean
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
 * The model's plan, a challenger's or the baseline's: as the mode says or, in a rollout, as the signal is dealt out. While the
 * kill switch has halted the model nothing is dealt out: the baseline answers.
 */
export function answer(question: Question): Answer {
  const { mode, rollout, id, model, challenger, baseline, clearance, champion, onTrial } = question
  if (mode === 'shadow') return { plan: baseline, mode }
  if (clearance.plan === 'baseline') {
    const reason = because('MODEL_HALTED', `The model is halted: ${clearance.cause?.text ?? 'unknown cause'}`)
    return { plan: { ...baseline, reasons: [reason, ...baseline.reasons] }, mode: 'shadow' }
  }
  if (rollout === null || !onTrial) return { ...tryOut(question, model), mode: 'live' }
  // where the baseline takes nothing there is nothing to choose
  if (!(baseline.size > 0)) return { plan: baseline, mode: 'shadow' }
  const { arm, propensity } = rollout.assign(id)
  const shareOf = ({ size }: Plan): number => clamp(size / baseline.size, 0, 1)
  const dealt = { rollout: rollout.name, arm, propensity, step: rollout.step, share: shareOf(challenger ?? model) }
  if (champion === 'baseline' || challenger === null) {
    if (arm === 'champion') return { plan: baseline, mode: 'shadow', trial: dealt }
    return { ...tryOut(question, model), mode: 'live', trial: dealt }
  }
  const [mine, other] = [tryOut(question, challenger), tryOut(question, model)]
  const given = arm === 'candidate' ? propensity : 1 - propensity
  const traded = given * tradedBy(mine) + (1 - given) * tradedBy(other)
  const trial: DealtSignal = { ...dealt, championShare: shareOf(model), traded }
  return { ...(arm === 'candidate' ? mine : other), mode: 'live', trial }
}

/** How likely it was, before it was drawn, that such an answer would be traded. */
function tradedBy({ plan, exploration }: Pick<Answer, 'plan' | 'exploration'>): number {
  return exploration?.propensity ?? (plan.action === 'skip' ? 0 : 1)
}

/** A model's plan, or what is tried out in the place of a skip. */
function tryOut(question: Question, model: Plan): Pick<Answer, 'plan' | 'exploration'> {
  const { exploration } = question
  if (exploration.share === 0 || model.action !== 'skip') return { plan: model }
  const { plan, explored, propensity } = explore({ ...question, model }, exploration)
  return propensity > 0 ? { plan, exploration: { explored, propensity } } : { plan }
}

/** Tells a rollout of a decision, and how long its prediction took; returns what has changed. */
export function tellDecided(
  rollout: Gradual | null,
  { trial, time }: Decision,
  latency: number,
): readonly Transition[] {
  if (rollout === null || trial === undefined) return []
  const changes = rollout.tell({ kind: 'decided', time, arm: trial.arm })
  return [...changes, ...rollout.tell({ kind: 'latency', time, ms: latency })]
}

/** Tells a rollout how a decision ended; returns what has changed. */
export function tellSettled(
  rollout: Gradual | null,
  decision: Decision,
  { y, netReturn, exitTime }: Label,
  traded: boolean,
): readonly Transition[] {
  const { trial, challenger, time, size } = decision
  if (rollout === null || trial === undefined) return []
  const { arm, step, share, championShare, rollout: name = rollout.name } = trial
  // what was dealt in the trial of somebody else says nothing about this one
  if (name !== rollout.name) return []
  const { probability } = (challenger ?? decision).prediction
  return rollout.tell({
    kind: 'settled',
    time: exitTime,
    decidedAt: time,
    step,
    arm,
    share,
    ...(championShare === undefined ? {} : { championShare }),
    y,
    netReturn,
    size: traded ? clamp(size, 0, 1) : 0,
    // one half takes no side, and what is no number neither
    ...(probability > 0.5 || probability < 0.5 ? { right: probability > 0.5 === (y === 1) } : {}),
  })
}

/**
 * Tells the watch over a champion how a signal ended, be it dealt by the watch or since then in the trial of a challenger;
 * returns what has changed.
 */
export function tellWatch(
  { watch, rollout }: Pick<Parts, 'watch' | 'rollout'>,
  decision: Decision,
  label: Label,
  traded: boolean,
): readonly Transition[] {
  const { trial, challenger: _, ...own } = decision
  if (watch === null || trial === undefined) return []
  const { arm, championShare: share } = trial
  if (share === undefined || trial.rollout !== rollout?.name) return tellSettled(watch.rollout, decision, label, traded)
  const { name, step } = watch.rollout
  const asItsOwn = { ...trial, rollout: name, step, share, arm: arm === 'champion' ? 'candidate' : 'champion' } as const
  const { championShare: __, ...seen } = asItsOwn
  return tellSettled(watch.rollout, { ...own, trial: seen }, label, traded)
}

/** The rollout that a word is meant for, the one on trial or the watch over the champion, and what its transitions do. */
export function addressee(
  { watch, rollout }: Pick<Parts, 'watch' | 'rollout'>,
  name: string | undefined,
): { readonly told: Gradual | null; readonly change: typeof follow } {
  if (name === undefined || name === rollout?.name) return { told: rollout, change: follow }
  if (name === watch?.rollout.name) return { told: watch.rollout, change: fall }
  const names = [rollout, watch?.rollout].flatMap((one) => (one ? [show(one.name)] : []))
  throw new TradeLearnError(
    'INVALID_INPUT',
    `"rollout" must be the name of one that there is (${names.join(', ') || 'none'}), got ${show(name)}.`,
  )
}
