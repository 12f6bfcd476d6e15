import {
  type AdaptiveParametersOptions,
  type AdaptiveValues,
  DecisionPolicy,
  type DecisionPolicyOptions,
} from '../../decision/index.ts'
import { because } from '../../decision/reasons.ts'
import type { Reason } from '../../market.ts'

/** What decisions are made with until a value changes. */
export type InUse = {
  readonly values: AdaptiveValues
  /** Judges by the threshold in use, between the approved stop and target: those that probabilities are learned for. */
  readonly policy: DecisionPolicy
  /** Whether stop or target are others than the approved ones. */
  readonly distances: 'approved' | 'learnt'
  /** Why decisions differ from the configuration's, by what they depend on. */
  readonly reasons: { readonly [part in 'threshold' | 'size' | 'stop' | 'target' | 'weights']: readonly Reason[] }
}

/** Everything that follows from the values, worked out once. */
export function inUse(values: AdaptiveValues, approved: DecisionPolicy, ranges: AdaptiveParametersOptions): InUse {
  const { entryThreshold, sizeMultiplier, stopAtr, targetAtr, weights } = values
  const differs = (name: string, value: number, from: number): readonly Reason[] =>
    value === from ? [] : [Object.freeze(because('ADAPTED', `${name} is ${value}; the configuration says ${from}.`))]
  const threshold = differs('entryThreshold', entryThreshold, ranges.entryThreshold.approved)
  const stop = differs('stopAtr', stopAtr, ranges.stopAtr.approved)
  const target = differs('targetAtr', targetAtr, ranges.targetAtr.approved)
  return {
    values,
    policy: threshold.length === 0 ? approved : new DecisionPolicy(bandsAt(entryThreshold, approved.options)),
    distances: stop.length + target.length > 0 ? 'learnt' : 'approved',
    reasons: {
      threshold,
      stop,
      target,
      size: differs('sizeMultiplier', sizeMultiplier, ranges.sizeMultiplier.approved),
      weights: weights.flatMap((weight, i) => differs(`weight:${ranges.sources[i]!}`, weight, ranges.weight.approved)),
    },
  }
}

/** The operator's options with another take band. Who has no reduce band gets none; else the skip band stays where it is. */
function bandsAt(takeAbove: number, options: DecisionPolicyOptions): DecisionPolicyOptions {
  const { skipBelow } = options
  return {
    ...options,
    takeAbove,
    skipBelow: skipBelow === options.takeAbove ? takeAbove : Math.min(skipBelow, takeAbove),
  }
}
