import { expect } from 'vitest'
import { drawNormal } from '../../../src/core/draw.ts'
import { SeededRng } from '../../../src/core/rng.ts'
import { checkForest, childOf, type Forest } from '../../../src/learners/forest/forest.ts'

export const vector = (...values: number[]): Float64Array => Float64Array.from(values)
export const column = (...values: number[]): Float64Array[] => values.map((value) => vector(value))
export const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length

/** Runs steps to their end. */
export function finish<T>(steps: Generator<number, T, void>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** A model after a refit. */
export function refitted<M extends { refit(): Generator<number, void, void> }>(model: M): M {
  finish(model.refit())
  return model
}

/** Rows of normal features, of which a share is missing. */
export function drawRows(seed: string, n: number, features: number, missing = 0): Float64Array[] {
  const rng = new SeededRng(seed)
  return Array.from({ length: n }, () =>
    Float64Array.from({ length: features }, () => (rng.next() < missing ? Number.NaN : drawNormal(rng))),
  )
}

/** How many of the rows come by each node, by walking. */
export function visits(forest: Forest, rows: readonly Float64Array[]): Float64Array {
  const counts = new Float64Array(forest.feature.length)
  for (const root of forest.roots) {
    for (const x of rows) {
      let node = root
      counts[node]!++
      while (forest.feature[node]! >= 0) {
        node = childOf(forest, node, x[forest.feature[node]!]!)
        counts[node]!++
      }
    }
  }
  return counts
}

/** Whether a forest can be walked, and holds numbers that are numbers. */
export function expectSound(forest: Forest): void {
  checkForest(forest, forest.features, forest.base.length, 'CORRUPT_MODEL')
  for (const values of Object.values(forest)) {
    if (ArrayBuffer.isView(values)) expect(Array.from(values as Float64Array).some(Number.isNaN)).toBe(false)
  }
}

/** Features on each way from a root to a leaf. */
export function pathsOf({ roots, feature, left, right }: Forest): number[][] {
  const paths: number[][] = []
  const follow = (node: number, path: readonly number[]): void => {
    const asked = feature[node]!
    if (asked < 0) paths.push([...path])
    else for (const child of [left[node]!, right[node]!]) follow(child, [...path, asked])
  }
  for (const root of roots) follow(root, [])
  return paths
}

/** Values of the leaves alone. */
export function leafValues({ feature, value }: Forest): number[] {
  return Array.from(value).filter((_, node) => feature[node]! < 0)
}
