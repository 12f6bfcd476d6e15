/** Whether a probability is on the wrong side for a label; one half is, for either: it says nothing. */
export function misses(probability: number, y: number): boolean {
  return !(y === 1 ? probability > 0.5 : probability < 0.5)
}
