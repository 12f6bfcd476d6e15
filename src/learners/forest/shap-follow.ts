import { inSet } from './forest.ts'
import type { Shap } from './shap-plan.ts'

/** Sets the parts to 0. */
export function clear({ numbers, parts, size }: Shap): void {
  numbers.fill(0, parts, parts + size)
}

/** Writes the parts that have been added up, and the biases. */
export function writeParts({ forest, numbers, parts, size, bias }: Shap, out: Float64Array): void {
  for (let i = 0; i < size; i++) out[i] = numbers[parts + i]!
  const stride = forest.features + 1
  for (let k = 0; k < bias.length; k++) out[(k + 1) * stride - 1] = bias[k]!
}

/** Notes the values of the vector that starts at `x[at]`. */
export function take({ forest, numbers, values }: Shap, x: Float64Array, at: number): void {
  for (let f = 0; f < forest.features; f++) {
    const value = x[at + f]!
    numbers[values + 2 * f] = value
    numbers[values + 2 * f + 1] = value === value ? value : -Infinity
  }
}

/** Answers every question of a tree for the values that were taken. */
export function follow(shap: Shap, tree: number): void {
  const { begins, steps, numbers, asked, values, categorical, forest } = shap
  const from = begins[4 * tree]! & 0x3fffffff
  const to = begins[4 * tree + 4]! & 0x3fffffff
  for (let i = from; i < to; i++) {
    const step = (i << 3) & 0x3fffffff
    const ask = (asked + (i << 2)) & 0x3fffffff
    // a value that is still missing goes right, as NaN is not <= anything
    const goesLeft = +(numbers[steps[step + 6]! & 0x3fffffff]! <= numbers[ask]!)
    const left = steps[step + 4]!
    const right = steps[step + 5]!
    const swap = (left ^ right) & -goesLeft
    steps[step] = right ^ swap
    steps[step + 1] = left ^ swap
    numbers[ask + 3] = numbers[ask + 1 + goesLeft]!
  }
  const toSet = begins[4 * tree + 5]!
  for (let k = begins[4 * tree + 1]!; k < toSet; k += 2) {
    const i = categorical[k]!
    const node = steps[8 * i + 7]!
    const value = numbers[values + 2 * forest.feature[node]!]!
    turn(shap, i, value === value ? +inSet(forest.sets, categorical[k + 1]!, value) : forest.missingLeft[node]!)
  }
  remember(shap, tree)
}

/** The same where the answers are known. */
export function followDecisions(shap: Shap, tree: number, decisions: Uint8Array): void {
  const { begins, steps } = shap
  const to = begins[4 * tree + 4]!
  for (let i = begins[4 * tree]!; i < to; i++) turn(shap, i, decisions[steps[8 * i + 7]!]!)
  remember(shap, tree)
}

/** Notes which child the row takes: the left one for 1, the right one for 0. */
function turn({ steps, numbers, asked }: Shap, i: number, goesLeft: number): void {
  const step = 8 * i
  const ask = asked + 4 * i
  steps[step] = steps[step + 5 - goesLeft]!
  steps[step + 1] = steps[step + 4 + goesLeft]!
  numbers[ask + 3] = numbers[ask + 1 + goesLeft]!
}

/** Finds what is known of features that were asked above. */
export function remember({ begins, steps, again, alive, hidden }: Shap, tree: number): void {
  const to = begins[4 * tree + 6]!
  for (let k = begins[4 * tree + 2]!; k < to; k += 4) {
    const i = again[k]!
    const above = again[k + 1]!
    const wentLeft = +(steps[8 * above] === steps[8 * above + 4])
    const lives = alive[above]! & +(wentLeft === again[k + 2])
    alive[i] = lives
    steps[8 * i + 2] = hidden ^ ((hidden ^ again[k + 3]!) & -lives)
  }
}
