import type { Rng } from '../contracts.ts'
import type { Distance } from './psi.ts'

/** Permutations at least as far apart after which the p-value is known well enough. */
const ENOUGH = 10
/** Distances of equal splits differ by rounding: this share of one makes no difference. */
const ROUNDING = 1e-12

/**
 * The Wasserstein distance of two sorted samples, the first `n` and `m` numbers of `a` and `b`: the area between their
 * distribution functions, in the unit of the values. O(n + m).
 *
 * @see scipy.stats.wasserstein_distance
 */
export function wasserstein(a: Float64Array, n: number, b: Float64Array, m: number): number {
  return areaBetween(poolOf(a, n, b, m), n, m)
}

/** How values are dealt. Squared distances of dependent values are larger by an `inflation`, 1 by default. */
type Deals = { readonly permutations: number; readonly rng: Rng; readonly inflation?: number }

/**
 * The Wasserstein distance and the chance of one as large if the values were dealt to the two samples at random, which
 * holds for values of any distribution.
 *
 * Deals at most `permutations` times, and stops at the tenth that is as far apart: near-certain nulls cost a few deals.
 *
 * @see J. Besag, P. Clifford (1991), "Sequential Monte Carlo p-values", Biometrika 78
 */
export function permutedWasserstein(
  a: Float64Array,
  n: number,
  b: Float64Array,
  m: number,
  { permutations, rng, inflation = 1 }: Deals,
): Distance {
  if (n === 0 || m === 0) return { distance: NaN, p: NaN }
  const pool = poolOf(a, n, b, m)
  const distance = areaBetween(pool, n, m)
  const far = (distance * (1 - ROUNDING)) / Math.sqrt(inflation)
  let asFar = 0
  for (let dealt = 1; dealt <= permutations; dealt++) {
    const { from } = pool
    from.fill(0)
    deal(from, n + m, m, rng)
    if (areaBetween(pool, n, m) >= far && ++asFar === ENOUGH) return { distance, p: asFar / dealt }
  }
  return { distance, p: (asFar + 1) / (permutations + 1) }
}

/** Both samples in order, with 1 where a value came from the second. */
type Pool = { readonly values: Float64Array; readonly from: Uint8Array }

function poolOf(a: Float64Array, n: number, b: Float64Array, m: number): Pool {
  const values = new Float64Array(n + m)
  const from = new Uint8Array(n + m)
  let i = 0
  let j = 0
  for (let k = 0; k < n + m; k++) {
    const second = i === n || (j < m && b[j]! < a[i]!)
    values[k] = second ? b[j++]! : a[i++]!
    from[k] = second ? 1 : 0
  }
  return { values, from }
}

/** Marks `m` of `total` places at random: Floyd's way, one draw for each mark. */
function deal(from: Uint8Array, total: number, m: number, rng: Rng): void {
  for (let k = total - m; k < total; k++) {
    const place = Math.floor(rng.next() * (k + 1))
    from[from[place] === 1 ? k : place] = 1
  }
}

/** The area between the distribution functions of the marked values and the others. */
function areaBetween({ values, from }: Pool, n: number, m: number): number {
  let steps = 0
  let area = 0
  for (let k = 0; k + 1 < values.length; k++) {
    steps += from[k] === 1 ? -n : m
    // halves, whose difference cannot overflow
    area += Math.abs(steps) * (values[k + 1]! / 2 - values[k]! / 2)
  }
  return Math.min((2 * area) / (n * m), Number.MAX_VALUE)
}
