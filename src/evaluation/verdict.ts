import { normalQuantile } from '../core/math.ts'
import { studentQuantile } from '../core/quantiles.ts'
import { type Estimate, formatEstimate } from './compare.ts'
import { intervalOf, type SkillGain, type SkillGains } from './skill.ts'

/** What an interval says: all of it above 0, all of it below, neither, or there was too little to say. */
export type Finding = 'shown' | 'not shown' | 'worse' | 'too little data'

/** What could have been found, had it been there. */
export type Power = {
  /** The smallest correlation that these signals would have shown in four of five cases. */
  readonly detectable: number
  /** Signals out of sample that would show the correlation found in four of five cases; NaN where it is not above 0. */
  readonly needed: number
}

/** Whether the model knows which signals pay. */
export type Verdict = {
  /** Whether it leans towards signals that pay more: its correlation with the net returns, each about what was usual. */
  readonly skill: Finding
  /** Whether it leans the right way: its correlation with the labels, each about what was usual before it. */
  readonly direction: Finding
  /** Whether its probabilities beat the base rate as they stand: the gain in log loss. */
  readonly probabilities: Finding
  /** Whether it knows more than anyone knows of prices: then look for a leak before anything else. */
  readonly tooGood: boolean
  /** Models that were tried before this one was chosen, itself included. */
  readonly trials: number
  readonly power: Power
  /** All that in words. */
  readonly text: string
}

/** How strictly to judge. */
export type Strictness = {
  /** Probability with which each interval should hold the truth, of a single trial. */
  readonly coverage: number
  readonly trials: number
}

/**
 * An AUC that is above this for sure is called too good to be true. Published models of liquid markets lie between 0.50 and
 * 0.55, and 0.6 is already a reason to look twice; leaks of a label lie at 0.9 and above.
 */
const TOO_GOOD_AUC = 0.75
/** Signals beyond which nobody waits. */
const MOST_NEEDED = 1_000_000
/** Cases in which an effect as large as `detectable` is found, the usual four of five. */
const POWER = 0.8

/**
 * Judges a model against the base rate by the intervals of three gains.
 *
 * Skill is to know which signals pay, and returns say that. Labels alone do not: how often a signal wins depends on its
 * bracket, its costs and on how far prices move, so a model that sees the volatility knows the odds without knowing
 * anything that pays. Direction and probabilities are told apart all the same: boosted trees can lean the right way and
 * still be far too sure of themselves. AUC has no say: with slow features it comes out above 0.5 on finite stretches of a
 * pure random walk, without any leak. At 95 % coverage a model without skill is called skilled with probability 0.025.
 * Whoever tries twenty models and shows the best has had twenty chances: with `trials` of 20 each interval has to hold with
 * 1 - 0.05 / 20 instead (Bonferroni's rule, which needs no assumption about how alike the trials are).
 */
export function judge(
  { returnCorrelation, correlation, logLoss }: SkillGains,
  auc: Estimate,
  { coverage, trials }: Strictness,
): Verdict {
  const strict = 1 - (1 - coverage) / trials
  const [pays, lean, loss] = [returnCorrelation, correlation, logLoss].map((gain) => intervalOf(gain, strict))
  const skill = findingOf(pays!)
  const direction = findingOf(lean!)
  const probabilities = findingOf(loss!)
  const gains = `correlation with the net returns ${formatEstimate(pays!)}, with the labels ${formatEstimate(lean!)}, gain in log loss ${formatEstimate(loss!)}`
  const power = {
    detectable: detectableCorrelation(returnCorrelation, { coverage, trials }),
    needed: signalsNeeded(returnCorrelation, Math.max(0, returnCorrelation.value), { coverage, trials }),
  }
  const tooGood = auc.low > TOO_GOOD_AUC
  const text = [
    `${WORDS[skill]} ${gains}.`,
    tooGood ? `Too good to be true: an AUC of ${formatEstimate(auc)} on prices is a leak until shown otherwise.` : '',
    trials > 1 ? `Judged as the best of ${trials} tried.` : '',
    limits(skill, power),
    advice(skill, direction, probabilities),
  ]
  return { skill, direction, probabilities, tooGood, trials, power, text: text.filter(Boolean).join(' ') }
}

/** The smallest correlation that as many signals like these would show in four of five cases. */
export function detectableCorrelation(
  { error, spans, have, needs }: SkillGain,
  { coverage, trials }: Strictness,
): number {
  if (have < needs || !(error > 0)) return NaN
  const freedom = Math.max(1, spans - 1)
  return error * (studentQuantile((1 - coverage) / 2 / trials, freedom) + normalQuantile(POWER))
}

/**
 * Signals out of sample, as alike and as overlapping as these, that would show a correlation in four of five cases; NaN
 * where there is none to show.
 */
export function signalsNeeded(gain: SkillGain, correlation: number, strictness: Strictness): number {
  const detectable = detectableCorrelation(gain, strictness)
  if (!(correlation > 0) || Number.isNaN(detectable)) return NaN
  const ratio = detectable / correlation
  return Math.max(gain.needs, Math.ceil(gain.have * ratio * ratio))
}

const WORDS: { readonly [finding in Finding]: string } = {
  shown: 'Skill shown:',
  'not shown': 'Skill not shown:',
  worse: 'The opposite of skill:',
  'too little data': 'Too little data to tell:',
}

function findingOf({ value, low, high }: Estimate): Finding {
  if (Number.isNaN(value) || Number.isNaN(low)) return 'too little data'
  return low > 0 ? 'shown' : high < 0 ? 'worse' : 'not shown'
}

/** What the verdict could not have seen. */
function limits(skill: Finding, { detectable, needed }: Power): string {
  if (skill === 'shown' || Number.isNaN(detectable)) return ''
  const more = !(needed <= MOST_NEEDED)
    ? ''
    : `, and the one found would take about ${needed.toLocaleString('en')} signals to show`
  return `A correlation below ${detectable.toFixed(3)} would mostly have been missed${more}.`
}

/** What to do about it, or what it must not be taken for. */
function advice(skill: Finding, direction: Finding, probabilities: Finding): string {
  if (skill === 'shown') {
    return probabilities === 'shown'
      ? ''
      : 'It leans the right way, but its probabilities do not beat the base rate: calibrate them before sizing by them.'
  }
  if (direction === 'shown' || probabilities === 'shown') {
    return 'It knows something of the odds, as brackets, costs and volatility set them, but nothing that pays.'
  }
  return probabilities === 'worse' ? 'Its probabilities are worse than the base rate.' : ''
}
