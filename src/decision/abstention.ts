import { show } from '../core/errors.ts'
import type { Prediction, Reason } from '../market.ts'
import type { DecisionContext } from './decision-context.ts'
import type { DecisionPolicyOptions, Instead } from './policy-options.ts'
import { because, percent } from './reasons.ts'

/** Why the model is not asked, and what is done instead. */
export type Abstention = { readonly reason: Reason; readonly instead: Instead }

/**
 * Why the model is not asked about a signal, or null where it is. Pure, O(1).
 *
 * All comparisons are written so that a number that is none counts as too bad.
 */
export function abstentionFrom(
  prediction: Prediction,
  { trades, novelty = 0, modelAge = Infinity, missing = 1 }: DecisionContext,
  { minTrades, maxNovelty, maxModelAge, maxMissing, abstentions }: DecisionPolicyOptions,
): Abstention | null {
  if (!(trades >= minTrades)) {
    const text = `The model has learned from ${trades} of the ${minTrades} closed trades it needs to decide.`
    return { reason: because('MIN_DATA', text), instead: abstentions.tooFewTrades }
  }
  // nothing but a skip answers a number that cannot be
  const fault = faultOf(prediction)
  if (fault !== null) return { reason: because('INVALID_PREDICTION', fault), instead: 'skip' }
  if (!(modelAge <= maxModelAge)) {
    const text = `The newest label was learned ${modelAge} ms ago; the model is not asked after ${maxModelAge} ms.`
    return { reason: because('STALE_MODEL', text), instead: abstentions.stale }
  }
  if (!(missing <= maxMissing)) {
    const text = `Of the features ${percent(missing)} are missing; the model is not asked above ${percent(maxMissing)}.`
    return { reason: because('FEATURES_INCOMPLETE', text), instead: abstentions.incomplete }
  }
  if (!(novelty <= maxNovelty)) {
    const text = `Of past signals ${percent(novelty)} were less unlike what came before them; the model abstains above ${percent(maxNovelty)}.`
    return { reason: because('OUT_OF_DISTRIBUTION', text), instead: abstentions.novel }
  }
  return null
}

/** What is wrong with a prediction, or null. Open ends of the interval are fine: "I do not know" is an answer. */
function faultOf(prediction: Prediction): string | null {
  if (typeof prediction !== 'object' || prediction === null) return `Wanted a prediction, got ${show(prediction)}.`
  const { probability, probabilityLow, expectedReturn, stopRisk, interval } = prediction
  if (!isShare(probability)) return `The probability must be from 0 to 1, got ${show(probability)}.`
  if (probabilityLow !== undefined && !(isShare(probabilityLow) && probabilityLow <= probability)) {
    return `The probability's lower bound must be from 0 to ${probability}, got ${show(probabilityLow)}.`
  }
  if (!Number.isFinite(expectedReturn)) return `The expected return must be finite, got ${show(expectedReturn)}.`
  if (!isShare(stopRisk)) return `The stop risk must be from 0 to 1, got ${show(stopRisk)}.`
  if (!(interval?.low <= interval?.high)) {
    return `The interval must run from low to high, got ${show(interval?.low)} to ${show(interval?.high)}.`
  }
  return null
}

const isShare = (value: number): boolean => Number.isFinite(value) && value >= 0 && value <= 1
