/**
 * Marks the `best` features with the highest scores, in place.
 *
 * One that is not marked takes the place of the worst that is only where its score is more than `margin` times higher,
 * so that near ties do not change places all the time. Ties go to the lower feature. O(features × changes).
 */
export function selectBest(scores: Float64Array, marks: Uint8Array, best: number, margin: number): void {
  let marked = 0
  for (let j = 0; j < marks.length; j++) marked += marks[j]!
  for (;;) {
    const worst = extreme(scores, marks, 1, -1)
    const candidate = extreme(scores, marks, 0, 1)
    if (candidate < 0) return
    if (marked < best) marked++
    else if (scores[candidate]! > scores[worst]! * (1 + margin)) marks[worst] = 0
    else return
    marks[candidate] = 1
  }
}

/** The feature of highest (`sign` 1) or lowest (-1) score with that mark; -1 if none. */
function extreme(scores: Float64Array, marks: Uint8Array, mark: number, sign: number): number {
  let at = -1
  for (let j = 0; j < marks.length; j++) {
    if (marks[j] !== mark) continue
    // of equal scores the lower feature is the better one
    if (at < 0 || sign * scores[j]! > sign * scores[at]! || (sign < 0 && scores[j] === scores[at])) at = j
  }
  return at
}
