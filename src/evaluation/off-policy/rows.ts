import { finite, fraction, integer, openFraction, text, time } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'

/** One decision of the past and what came of it. */
export type OffPolicyRow = {
  /** The decision's id. */
  readonly id: string
  /** When it was decided. Rows are in order of time. */
  readonly time: number
  /** When its reward was known. */
  readonly labelEnd: number
  /** Number of the action that was taken, from 0; for signals 0 is to skip and 1 is to take. */
  readonly action: number
  /** Probability with which each action was to be taken, as known when one was drawn; 0 for one that could not be. */
  readonly propensities: readonly number[]
  /** What the action returned. */
  readonly reward: number
  /**
   * Reward of each action that needs no trial: 0 for skipping, or what candles say of a trade. NaN where only trying tells.
   * @defaultValue all NaN
   */
  readonly known?: readonly number[]
  /** Reward of each action that a model expected before any was taken; needed by direct method and doubly robust. */
  readonly expected?: readonly number[]
}

/** A policy to be valued: the probability, or the share of a full position, that it gives to each action. */
export type TargetPolicy = (row: OffPolicyRow, index: number) => ArrayLike<number>

/** Options of {@link offPolicyValue}. */
export type OffPolicyOptions = {
  /** Weights above this are cut off in the clipped estimates. @defaultValue 10 */
  readonly clip: number
  /** Effective samples below which a weighted estimate is refused. @defaultValue 30 */
  readonly minEffective: number
  /** Probability with which each interval should hold the policy's value. @defaultValue 0.95 */
  readonly coverage: number
}

/** More actions than this are no choice that a trader has. */
const MOST_ACTIONS = 100
/** How far probabilities may be from adding up to 1. */
const SLACK = 1e-9

/** @throws `INVALID_OPTION` */
export function checkOptions({
  clip = 10,
  minEffective = 30,
  coverage = 0.95,
}: Partial<OffPolicyOptions>): OffPolicyOptions {
  if (!(finite('clip', clip) >= 1)) {
    throw new TradeLearnError('INVALID_OPTION', `"clip" must be at least 1, got ${show(clip)}.`)
  }
  return { clip, minEffective: integer('minEffective', minEffective), coverage: openFraction('coverage', coverage) }
}

/** Throws unless the rows are in order and could have been logged; returns the number of actions. */
export function checkRows(rows: readonly OffPolicyRow[]): number {
  const actions = rows[0]?.propensities?.length ?? 0
  if (rows.length === 0) throw new TradeLearnError('NOT_ENOUGH_DATA', '"rows" must hold a decision, got none.')
  const code = 'INVALID_INPUT'
  if (!(actions >= 1 && actions <= MOST_ACTIONS)) {
    throw new TradeLearnError(
      code,
      `"rows[0].propensities" must hold 1 to ${MOST_ACTIONS} numbers, got ${show(actions)}.`,
    )
  }
  for (const [i, row] of rows.entries()) {
    text(`rows[${i}].id`, row.id, code)
    time(`rows[${i}].time`, row.time)
    if (!(row.labelEnd >= row.time)) wrong(`rows[${i}].labelEnd`, 'a time not before its decision', row.labelEnd)
    if (i > 0 && row.time < rows[i - 1]!.time) wrong(`rows[${i}].time`, 'in order', row.time)
    checkDistribution(`rows[${i}].propensities`, row.propensities, actions)
    if (!(row.propensities[integer(`rows[${i}].action`, row.action, 0, code)]! > 0)) {
      wrong(`rows[${i}].action`, 'one that could be taken', row.action)
    }
    finite(`rows[${i}].reward`, row.reward, code)
    if (row.known !== undefined) checkRewards(`rows[${i}].known`, row.known, actions)
    if (row.expected !== undefined) {
      checkRewards(`rows[${i}].expected`, row.expected, actions)
      for (const value of row.expected) finite(`rows[${i}].expected`, value, code)
    }
  }
  return actions
}

/** Passes the probabilities that a policy gives, else throws `INVALID_INPUT`. */
export function checkDistribution(name: string, shares: ArrayLike<number>, actions: number): ArrayLike<number> {
  if (shares?.length !== actions) wrong(name, `${actions} probabilities`, shares)
  let sum = 0
  for (let a = 0; a < actions; a++) sum += fraction(`${name}[${a}]`, shares[a]!, 'INVALID_INPUT')
  if (Math.abs(sum - 1) > SLACK) wrong(name, 'probabilities that add up to 1', sum)
  return shares
}

function checkRewards(name: string, rewards: readonly number[], actions: number): void {
  if (rewards?.length !== actions) wrong(name, `${actions} numbers`, rewards)
  for (const value of rewards) {
    if (typeof value !== 'number' || Math.abs(value) === Infinity) wrong(name, 'numbers, finite or NaN', value)
  }
}

function wrong(name: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('INVALID_INPUT', `"${name}" must be ${wanted}, got ${show(got)}.`)
}
