import { show, TradeLearnError } from '../core/errors.ts'
import { checkValueOf, coordinateOf, type Dimension, valueAt } from './dimension.ts'
import type { Category, Space } from './parameter.ts'

/** Parameters by name. */
export type Values = { readonly [name: string]: Category }

/** The parameters at a point, in the order of the space; as `given` has them to the last digit, where it has them. */
export function paramsAt(
  space: Space,
  dimensions: readonly Dimension[],
  point: Float64Array,
  given: Values | undefined,
): Values {
  const values = new Map<string, Category>()
  for (const [d, dimension] of dimensions.entries()) {
    const { name } = dimension
    const at = point[d]!
    if (Number.isNaN(at)) continue
    values.set(name, given && Object.hasOwn(given, name) ? given[name]! : valueAt(dimension, at))
  }
  return Object.fromEntries(
    Object.keys(space)
      .filter((name) => values.has(name))
      .map((name) => [name, values.get(name)!]),
  )
}

/** Passes a copy of some of the parameters, else throws. */
export function checkGiven(dimensions: readonly Dimension[], params: unknown): Values {
  if (typeof params !== 'object' || params === null) {
    throw new TradeLearnError('INVALID_INPUT', `"params" must be an object of parameters, got ${show(params)}.`)
  }
  const given = Object.entries(params).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const dimension = dimensions.find((each) => each.name === name)
    if (!dimension) throw new TradeLearnError('INVALID_INPUT', `The space has no parameter ${show(name)}.`)
    checkValueOf(dimension, value)
  }
  return Object.fromEntries(given)
}

/** Moves a point to where the given parameters are. */
export function placeGiven(dimensions: readonly Dimension[], given: Values, point: Float64Array): void {
  for (const [d, dimension] of dimensions.entries()) {
    if (Object.hasOwn(given, dimension.name)) point[d] = coordinateOf(dimension, given[dimension.name]!)
  }
}
