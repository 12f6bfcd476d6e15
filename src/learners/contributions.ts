import type { Contribution, Vector } from '../contracts.ts'
import { clamp } from '../core/math.ts'

/** Sorts in place, largest magnitude first, ties by lower feature, and returns the list. */
export function sortByMagnitude(contributions: Contribution[]): Contribution[] {
  return contributions.sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount) || a.feature - b.feature)
}

/** The parts of a weighted sum, each times `factor`: one entry a feature, 0 where its value is missing. */
export function linearContributions(weights: Float64Array, x: Vector, factor: number): Contribution[] {
  const contributions: Contribution[] = []
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    // a product that overflows is as large as can be
    const amount = value === value ? clamp(weights[i]! * value, -Number.MAX_VALUE, Number.MAX_VALUE) * factor : 0
    contributions.push({ feature: i, amount })
  }
  return sortByMagnitude(contributions)
}
