import type { Rng } from '../../contracts.ts'
import { sortValues } from './sort-values.ts'
import { partOf, type Team } from './team.ts'

/**
 * Fills `out` with the numbers from 0 up: first `count` of them drawn without replacement, ascending, then the others.
 * Draws nothing where all are wanted.
 *
 * @see D. E. Knuth, "The art of computer programming 2", 3.4.2, algorithm S (selection sampling)
 */
export function chooseUniform(rng: Rng, out: Int32Array, count: number): void {
  const n = out.length
  let chosen = 0
  let others = count
  for (let i = 0; i < n; i++) {
    const take = count === n || (n - i) * rng.next() < count - chosen
    if (take) out[chosen++] = i
    else out[others++] = i
  }
}

/** Share of the rows that are kept for their large gradients, and share drawn from the others, as in LightGBM. */
const TOP = 0.2
const OTHERS = 0.1

/**
 * One-sided sampling by gradient: fills `out` with the rows of the largest |g h|, summed over outputs, and a draw of the
 * others, ascending, then all rest, and returns how many were chosen. The derivatives of drawn rows are multiplied so
 * that they stand for all others.
 *
 * @see G. Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree", NIPS, algorithm 2
 */
export function chooseByGradient(rng: Rng, g: Float64Array, h: Float64Array, out: Int32Array, team: Team): number {
  const n = out.length
  const size = new Float64Array(n)
  for (let at = 0; at < g.length; at++) size[at % n]! += Math.abs(g[at]! * h[at]!)
  const top = Math.max(1, Math.round(TOP * n))
  const bound = sortValues(size.slice())[n - top]!
  // of rows on the bound, the first so many count as large
  let onBound = top - size.reduce((count, one) => count + Number(one > bound), 0)
  const wanted = Math.min(n - top, Math.max(1, Math.round(OTHERS * n)))
  const factor = (n - top) / wanted
  const [first, end] = partOf(team, n)
  let left = n - top
  let missing = wanted
  let chosen = 0
  let others = top + wanted
  // nobody changes a derivative that another member has yet to look at
  team.meet()
  for (let i = 0; i < n; i++) {
    const large = size[i]! > bound || (size[i] === bound && onBound-- > 0)
    const drawn = !large && left-- * rng.next() < missing
    if (drawn) {
      missing--
      if (i >= first && i < end) for (let at = i; at < g.length; at += n) multiply(g, h, at, factor)
    }
    if (large || drawn) out[chosen++] = i
    else out[others++] = i
  }
  team.meet()
  return chosen
}

function multiply(g: Float64Array, h: Float64Array, at: number, factor: number): void {
  g[at]! *= factor
  h[at]! *= factor
}
