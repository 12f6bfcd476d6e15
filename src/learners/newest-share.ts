/**
 * The share of the faded weight of `held` observations that the newest `keep` of them have, all alike: what is left of
 * any sum over them when the others are forgotten.
 */
export function newestShare(keep: number, held: number, halfLife: number): number {
  if (keep >= held) return 1
  // 1 - d^n, d the decay, is the weight of the newest n over that of all there could ever be
  return halfLife === Infinity
    ? keep / held
    : Math.expm1((-Math.LN2 * keep) / halfLife) / Math.expm1((-Math.LN2 * held) / halfLife)
}
