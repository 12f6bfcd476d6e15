import { type Estimate, formatEstimate, type ScoreReport } from './compare.ts'
import type { ScoreName } from './scorecard.ts'

/** What an interval says: all of it above 0, all of it below, neither, or there was too little to say. */
export type Finding = 'shown' | 'not shown' | 'worse' | 'too little data'

/** Whether the model knows more than the base rate does. */
export type Verdict = {
  /** `"shown"` if either of the two findings is. */
  readonly skill: Finding
  /** Whether it leans the right way: its correlation with the labels about the base rate. */
  readonly direction: Finding
  /** Whether its probabilities beat the base rate as they stand: the gain in log loss. */
  readonly probabilities: Finding
  /** All that in words. */
  readonly text: string
}

/**
 * Judges a model against the base rate of its training rows by the intervals of two gains.
 *
 * Direction and probabilities are judged apart, because boosted trees can lean the right way and still be far too sure
 * of themselves. AUC has no say: with slow features it comes out above 0.5 on finite stretches of a pure random walk,
 * without any leak. At 95 % coverage a model without skill passes each test with probability 0.025 in theory, and
 * somewhat more often where labels overlap much and features hardly move. Whoever judges twenty models should expect
 * one to pass.
 */
export function judge(reports: readonly ScoreReport[]): Verdict {
  const gainOf = (name: ScoreName): Estimate => reports.find((report) => report.name === name)!.baselines.baseRate.gain
  const [lean, loss] = [gainOf('correlation'), gainOf('logLoss')]
  const direction = findingOf(lean)
  const probabilities = findingOf(loss)
  const skill = overall(direction, probabilities)
  const gains = `correlation with the labels ${formatEstimate(lean)}, gain in log loss ${formatEstimate(loss)}`
  return { skill, direction, probabilities, text: `${WORDS[skill]} ${gains}.${advice(direction, probabilities)}` }
}

const WORDS: { readonly [finding in Finding]: string } = {
  shown: 'Skill shown:',
  'not shown': 'Skill not shown:',
  worse: 'Worse than the base rate:',
  'too little data': 'Too little data to tell:',
}

function findingOf({ value, low, high }: Estimate): Finding {
  if (Number.isNaN(value) || Number.isNaN(low)) return 'too little data'
  return low > 0 ? 'shown' : high < 0 ? 'worse' : 'not shown'
}

function overall(direction: Finding, probabilities: Finding): Finding {
  for (const finding of ['shown', 'too little data', 'worse'] as const) {
    if (direction === finding || probabilities === finding) return finding
  }
  return 'not shown'
}

const advice = (direction: Finding, probabilities: Finding): string =>
  direction === 'shown' && probabilities !== 'shown'
    ? ' It leans the right way, but its probabilities do not beat the base rate: calibrate them before sizing by them.'
    : ''
