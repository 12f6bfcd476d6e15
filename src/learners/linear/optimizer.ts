import type { Vector } from '../../contracts.ts'
import { clamp, settled } from '../../core/math.ts'
import { MAX_WEIGHT } from './kernel.ts'

/** How a linear model turns gradients into steps; see {@link LinearOptions}. */
export type Optimizer = 'sgd' | 'averaged' | 'adagrad' | 'adam' | 'ftrl'

export const OPTIMIZERS: readonly Optimizer[] = ['sgd', 'averaged', 'adagrad', 'adam', 'ftrl']

/** What steps pull weights towards 0 by: λ₁ on their sizes, λ₂ on their squares. */
export type Penalties = { readonly l1: number; readonly l2: number }

/** Keeps a quotient of gradients finite where there were none, as in the papers' code and in River. */
const EPSILON = 1e-8
/** Shares that Adam keeps of the means of gradients and of their squares, as in the paper. */
const BETA_1 = 0.9
const BETA_2 = 0.999
/** What is added to the root of the squared gradients in FTRL, β, as in the paper. */
const BETA = 1

/** Numbers that an optimizer keeps for `features` weights and an intercept. */
export function memoryOf(optimizer: Optimizer, features: number): number {
  if (optimizer === 'sgd') return 0
  if (optimizer === 'averaged') return features + 1
  return optimizer === 'adagrad' ? features : 2 * features
}

/** Moves |weight| towards 0 by `amount` and no further: what a penalty on |weight| asks of a step. */
function shrink(weight: number, amount: number): number {
  return weight > amount ? weight - amount : weight < -amount ? weight + amount : 0
}

/** Gradient descent: w <- w - η (g x + λ₂ w), then η λ₁ towards 0. A missing value moves its weight by the penalties only. */
export function descend(weights: Float64Array, x: Vector, gradient: number, rate: number, { l1, l2 }: Penalties): void {
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    const weight = weights[i]!
    const slope = (value === value ? gradient * value : 0) + l2 * weight
    const moved = clamp(weight - rate * slope, -MAX_WEIGHT, MAX_WEIGHT)
    weights[i] = l1 > 0 ? shrink(moved, rate * l1) : moved
  }
}

/** AdaGrad: each weight's rate is divided by the root of its squared gradients so far. Missing values change nothing. */
export function stepAdaGrad(
  weights: Float64Array,
  squares: Float64Array,
  x: Vector,
  gradient: number,
  rate: number,
  { l1, l2 }: Penalties,
): void {
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    if (value !== value) continue
    const g = clamp(gradient * value + l2 * weights[i]!, -MAX_WEIGHT, MAX_WEIGHT)
    squares[i]! += g * g
    const own = rate / Math.sqrt(squares[i]! + EPSILON)
    weights[i] = shrink(clamp(weights[i]! - own * g, -MAX_WEIGHT, MAX_WEIGHT), own * l1)
  }
}

/**
 * Adam: a running mean of the gradients over the root of that of their squares, both freed of the bias from starting at
 * 0. `memory` holds the means, then the squares. Missing values change nothing.
 */
export function stepAdam(
  weights: Float64Array,
  memory: Float64Array,
  x: Vector,
  gradient: number,
  rate: number,
  { l1, l2 }: Penalties,
  steps: number,
): void {
  const n = x.length
  // 1 - β^t as -expm1(t ln β): powers are not the same everywhere
  const bias1 = -Math.expm1(steps * Math.log(BETA_1))
  const bias2 = -Math.expm1(steps * Math.log(BETA_2))
  const corrected = (rate * Math.sqrt(bias2)) / bias1
  for (let i = 0; i < n; i++) {
    const value = x[i]!
    if (value !== value) continue
    const g = clamp(gradient * value + l2 * weights[i]!, -MAX_WEIGHT, MAX_WEIGHT)
    const mean = settled(BETA_1 * memory[i]! + (1 - BETA_1) * g)
    const square = settled(BETA_2 * memory[n + i]! + (1 - BETA_2) * g * g)
    memory[i] = mean
    memory[n + i] = square
    const own = corrected / (Math.sqrt(square) + EPSILON)
    weights[i] = shrink(clamp(weights[i]! - own * mean, -MAX_WEIGHT, MAX_WEIGHT), own * l1)
  }
}

/**
 * FTRL-Proximal: the weights that would have been best against all gradients so far, were they linear, near where they
 * were met. `memory` holds z, then n. Missing values change nothing.
 */
export function stepFtrl(
  weights: Float64Array,
  memory: Float64Array,
  x: Vector,
  gradient: number,
  rate: number,
  { l1, l2 }: Penalties,
): void {
  const n = x.length
  for (let i = 0; i < n; i++) {
    const value = x[i]!
    if (value !== value) continue
    const g = clamp(gradient * value, -MAX_WEIGHT, MAX_WEIGHT)
    const before = memory[n + i]!
    const after = before + g * g
    const root = Math.sqrt(after)
    const z = clamp(memory[i]! + g - ((root - Math.sqrt(before)) / rate) * weights[i]!, -MAX_WEIGHT, MAX_WEIGHT)
    memory[i] = z
    memory[n + i] = after
    weights[i] = clamp((0 - shrink(z, l1)) / ((BETA + root) / rate + l2), -MAX_WEIGHT, MAX_WEIGHT)
  }
}

/** Moves the averages a `share` of the way to `raw`: weights in `averages`, and returns the intercept's. */
export function average(averages: Float64Array, intercept: number, raw: Float64Array, share: number): number {
  const n = averages.length
  for (let i = 0; i < n; i++) averages[i]! += share * (raw[i]! - averages[i]!)
  return intercept + share * (raw[n]! - intercept)
}

/**
 * Brings an optimizer's memory in line with weights that were just multiplied by `share`, as if `keep` of `held`
 * observations were all there had been.
 */
export function fadeMemory(
  optimizer: Optimizer,
  memory: Float64Array,
  weights: Float64Array,
  rate: number,
  { l1, l2 }: Penalties,
  { share, held, keep }: { readonly share: number; readonly held: number; readonly keep: number },
): void {
  const n = weights.length
  if (optimizer === 'averaged') for (let i = 0; i <= n; i++) memory[i]! *= share
  if (optimizer === 'adagrad') for (let i = 0; i < n; i++) memory[i]! *= keep / held
  if (optimizer === 'adam') {
    const means = share * (Math.expm1(keep * Math.log(BETA_1)) / Math.expm1(held * Math.log(BETA_1)))
    const squares = Math.expm1(keep * Math.log(BETA_2)) / Math.expm1(held * Math.log(BETA_2))
    for (let i = 0; i < n; i++) {
      memory[i]! *= means
      memory[n + i]! *= squares
    }
  }
  if (optimizer === 'ftrl') {
    for (let i = 0; i < n; i++) {
      memory[n + i]! *= keep / held
      const weight = weights[i]!
      // the z that gives this weight; within l1 all z give 0
      const z = -weight * ((BETA + Math.sqrt(memory[n + i]!)) / rate + l2) - Math.sign(weight) * l1
      memory[i] = weight === 0 ? memory[i]! * share : clamp(z, -MAX_WEIGHT, MAX_WEIGHT)
    }
  }
}
