import { clamp } from '../../core/math.ts'

/** The plain mean of what the members say. */
export function meanOf(answers: Float64Array): number {
  const n = answers.length
  let sum = 0
  // each divided before it is added, so that large answers do not overflow
  for (let i = 0; i < n; i++) sum += answers[i]! / n
  // shares of the largest answers add up to a little more
  return clamp(sum, -Number.MAX_VALUE, Number.MAX_VALUE)
}
