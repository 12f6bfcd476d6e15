/** How margins become predictions; the model file, training and the models that are read share these, to the bit. */

/** e^margin, kept finite. */
export function expOf(margin: number): number {
  return Math.min(Math.exp(margin), Number.MAX_VALUE)
}

/** Turns margins into probabilities that add up to 1, in place: each e^(margin - largest margin) over their sum. */
export function toShares(margins: Float64Array): void {
  let most = margins[0]!
  for (let k = 1; k < margins.length; k++) most = Math.max(most, margins[k]!)
  let total = 0
  for (let k = 0; k < margins.length; k++) {
    margins[k] = Math.exp(margins[k]! - most)
    total += margins[k]!
  }
  for (let k = 0; k < margins.length; k++) margins[k] = margins[k]! / total
}
