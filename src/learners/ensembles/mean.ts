/** The plain mean of what the members say. */
export function meanOf(answers: Float64Array): number {
  const n = answers.length
  let sum = 0
  // each divided before it is added, so that large answers do not overflow
  for (let i = 0; i < n; i++) sum += answers[i]! / n
  return sum
}
