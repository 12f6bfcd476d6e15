import type { Rng } from '../contracts.ts'
import { drawInteger } from '../core/draw.ts'
import type { Side } from '../market.ts'

/** Places to enter that are alike, such as all of one symbol, in order of time, with what each would have returned. */
export type Stratum = { readonly returns: { readonly [side in Side]: readonly number[] } }

/** A real entry: its stratum, and its place there. */
export type Place = { readonly side: Side; readonly stratum: number; readonly at: number }

/** Sums the returns of one random set of entries. */
type DrawSum = (rng: Rng) => number

/** All entries shifted by one random share of their stratum, on a circle. */
export function drawTogether(strata: readonly Stratum[], places: readonly Place[]): DrawSum {
  return (rng) => {
    const share = rng.next()
    let sum = 0
    for (const { side, stratum, at } of places) {
      const returns = strata[stratum]!.returns[side]
      sum += returns[(at + Math.floor(share * returns.length)) % returns.length]!
    }
    return sum
  }
}

/** Entries put anywhere in their stratum, no two of a side at one place where the real ones are not. */
export function drawApart(strata: readonly Stratum[], places: readonly Place[]): DrawSum {
  // how many entries stand at each place that has any, by stratum and side
  const groups = new Map<string, { readonly returns: Float64Array; readonly counts: Map<number, number> }>()
  for (const { side, stratum, at } of places) {
    const name = `${side} ${stratum}`
    const group = groups.get(name) ?? {
      returns: Float64Array.from(strata[stratum]!.returns[side]),
      counts: new Map<number, number>(),
    }
    groups.set(name, group)
    group.counts.set(at, (group.counts.get(at) ?? 0) + 1)
  }
  return (rng) => {
    let sum = 0
    for (const { returns, counts } of groups.values()) {
      // the first steps of a shuffle; where the last one left the rest does not matter
      let next = 0
      for (const count of counts.values()) {
        const other = next + drawInteger(rng, returns.length - next)
        const drawn = returns[other]!
        returns[other] = returns[next]!
        returns[next++] = drawn
        sum += count * drawn
      }
    }
    return sum
  }
}
