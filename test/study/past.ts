import { coordinateOf, type Dimension, dimensionsOf } from '../../src/study/dimension.ts'
import { History, type Settled } from '../../src/study/history.ts'
import type { Category, Space } from '../../src/study/parameter.ts'

/** The coordinates of values that stand in the order of the space's names; undefined where there is none. */
export function pointOf(space: Space, values: readonly (Category | undefined)[]): Float64Array {
  const names = Object.keys(space)
  return Float64Array.from(dimensionsOf(space), (dimension) => {
    const value = values[names.indexOf(dimension.name)]
    return value === undefined ? Number.NaN : coordinateOf(dimension, value)
  })
}

/** A history of trials with these values. */
export function historyOf(
  space: Space,
  rows: readonly (readonly (Category | undefined)[])[],
  settled: readonly (Settled | undefined)[] = [],
): History {
  const dimensions: readonly Dimension[] = dimensionsOf(space)
  const history = new History(dimensions)
  for (const values of rows) history.add(pointOf(space, values))
  for (const [i, what] of settled.entries()) if (what) history.settle(i, what)
  return history
}

/** All points one after another, as densities want them. */
export function joined(points: readonly Float64Array[]): Float64Array {
  return Float64Array.from(points.flatMap((point) => [...point]))
}
