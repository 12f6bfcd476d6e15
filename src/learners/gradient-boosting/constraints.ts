import { clamp } from '../../core/math.ts'
import { VALUE_LIMIT } from '../forest/forest.ts'
import type { GradientBoostingOptions, TreeOptions } from './options.ts'

/** What trees may not do. */
export type Constraints = {
  /** Whether every leaf may have the value -G / (H + l2). */
  readonly free: boolean
  /** Of each feature: 1 where predictions may only rise with it, -1 where they may only fall, else 0. */
  readonly direction: Int8Array
  /** Whether a feature may be asked for below questions about those of `path`. */
  allows(path: readonly number[], feature: number): boolean
  /** The path below a question about `feature`; always empty where interactions are free. */
  extend(path: readonly number[], feature: number): readonly number[]
}

/** Reads the options' constraints. */
export function constraintsOf(options: TreeOptions, features: number): Constraints {
  const { monotone, interactions, l1, maxDeltaStep } = options
  const direction = new Int8Array(features)
  for (const feature of monotone.increasing) direction[feature] = 1
  for (const feature of monotone.decreasing) direction[feature] = -1
  const restricted = interactions.length > 0
  return {
    free: l1 === 0 && maxDeltaStep === 0 && !direction.some((d) => d !== 0),
    direction,
    allows(path, feature) {
      if (!restricted || path.length === 0) return true
      if (path.length === 1 && path[0] === feature) return true
      return interactions.some((group) => group.includes(feature) && path.every((one) => group.includes(one)))
    },
    extend(path, feature) {
      return !restricted || path.includes(feature) ? path : [...path, feature]
    },
  }
}

/** What a leaf's value depends on beside its sums. */
export type LeafRules = Pick<TreeOptions, 'l1' | 'maxDeltaStep'>

/** The value that a leaf wants: -G / (H + l2), with G moved towards 0 by l1, within the step limit and the bounds. */
export function outputOf(g: number, h: number, l2: number, rules: LeafRules, lowest: number, highest: number): number {
  const { l1, maxDeltaStep } = rules
  const shrunk = l1 === 0 ? g : Math.sign(g) * Math.max(0, Math.abs(g) - l1)
  const output = h + l2 > 0 ? -shrunk / (h + l2) : 0
  const stepped = maxDeltaStep === 0 ? output : clamp(output, -maxDeltaStep, maxDeltaStep)
  return clamp(stepped, lowest, highest)
}

/** Twice what the loss falls by, to second order, where a leaf takes the value `output`. */
export function gainOf(g: number, h: number, l2: number, { l1 }: LeafRules, output: number): number {
  const shrunk = l1 === 0 ? g : Math.sign(g) * Math.max(0, Math.abs(g) - l1)
  return -(2 * shrunk * output + (h + l2) * output * output)
}

/** Gains below this share of the node's own score come from rounding. */
const ROUNDING = 1e-12

/** What a split must gain where gains are differences of `gainOf`, given that of the whole node. */
export function leastGain({ minGain }: Pick<TreeOptions, 'minGain'>, whole: number): number {
  return Math.max(minGain, ROUNDING * Math.abs(whole))
}

/** What a leaf adds that is set to `value` rather than to -G / (H + l2). */
export function renewedValue(value: number, options: GradientBoostingOptions): number {
  const { maxDeltaStep, learningRate } = options
  const stepped = maxDeltaStep === 0 ? value : clamp(value, -maxDeltaStep, maxDeltaStep)
  return clamp(stepped * learningRate, -VALUE_LIMIT, VALUE_LIMIT)
}
