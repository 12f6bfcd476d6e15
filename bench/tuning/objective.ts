import { readFileSync } from 'node:fs'
import {
  type ChoiceParameter,
  choice,
  type FloatParameter,
  float,
  type InferParams,
  type IntParameter,
  int,
} from '../../src/study/index.ts'

/** Eight parameters of boosting: six of numbers along logarithms or lines, whole or not, a choice, and the trees. */
export const SPACE: {
  readonly learningRate: FloatParameter
  readonly leaves: IntParameter
  readonly minData: IntParameter
  readonly l2: FloatParameter
  readonly featureFraction: FloatParameter
  readonly baggingFraction: FloatParameter
  readonly bins: ChoiceParameter<15 | 63 | 127 | 255>
  readonly trees: IntParameter
} = {
  learningRate: float({ low: 0.01, high: 0.3, log: true }),
  leaves: int({ low: 4, high: 128, log: true }),
  minData: int({ low: 5, high: 200, log: true }),
  l2: float({ low: 0.001, high: 100, log: true }),
  featureFraction: float({ low: 0.3, high: 1 }),
  baggingFraction: float({ low: 0.4, high: 1 }),
  bins: choice([15, 63, 127, 255]),
  trees: int({ low: 20, high: 300 }),
}

export type BoostingParams = InferParams<typeof SPACE>

/** A Gaussian process through logs of losses above a floor, as `peer.py` fits it. */
export type Surrogate = {
  readonly floor: number
  readonly mean: number
  readonly scales: readonly number[]
  /** Centre after centre. */
  readonly centres: readonly number[]
  readonly weights: readonly number[]
}

/** The surrogate in the repository: made by `npm run bench:tuning -- --only surrogate`. */
export function readSurrogate(): Surrogate {
  return JSON.parse(readFileSync(new URL('surrogate.json', import.meta.url), 'utf8')) as Surrogate
}

/** Where parameters lie, 0 to 1 each in the order of the space; a choice by the place among its values. */
function unitOf(params: BoostingParams): number[] {
  return Object.entries(SPACE).map(([name, parameter]) => {
    const value = params[name as keyof BoostingParams]
    if (parameter.kind === 'choice') {
      const places: readonly number[] = parameter.values
      return places.indexOf(value) / (places.length - 1)
    }
    const { low, high, log } = parameter
    if (!log) return (value - low) / (high - low)
    return (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))
  })
}

/** The loss that a surrogate says these parameters have. */
export function surrogateLoss({ floor, mean, scales, centres, weights }: Surrogate, params: BoostingParams): number {
  const at = unitOf(params)
  let sum = mean
  for (let c = 0; c < weights.length; c++) {
    let square = 0
    for (let d = 0; d < at.length; d++) {
      const z = (at[d]! - centres[c * at.length + d]!) / scales[d]!
      square += z * z
    }
    sum += weights[c]! * Math.exp(-0.5 * square)
  }
  return floor + Math.exp(sum)
}
