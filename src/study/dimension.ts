import { show, TradeLearnError } from '../core/errors.ts'
import type { Category, Condition, Parameter, Space } from './parameter.ts'

/**
 * A parameter as samplers see it.
 *
 * Numbers are coordinates from 0 to 1, along logarithms where the parameter says so. Those that move in steps own a cell
 * of that line each, and their coordinate is that of the value in its cell; those of choices are places among the values.
 */
export type Dimension = {
  readonly name: string
  readonly kind: 'continuous' | 'discrete' | 'categorical'
  /** Values of a choice; 0 for numbers. */
  readonly count: number
  /** Dimension of the choice that it depends on, or -1. */
  readonly parent: number
  /** Places of the choice at which it exists. */
  readonly places: readonly number[]
  readonly parameter: Parameter
  /** Ends of the line, its logarithms where the parameter says so. */
  readonly start: number
  readonly width: number
}

/** More parameters than this cannot be searched; a longer list is a mistake or an attack. */
const MOST = 1000

/** Steps beyond which cells are so small against their coordinates that the values count as continuous. */
const FINEST = 1_073_741_824

function refuse(name: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('INVALID_OPTION', `Parameter ${show(name)} must ${wanted}, got ${show(got)}.`)
}

/**
 * The dimensions of a space, in the order of their names' code units, so that nothing depends on the order of keys.
 *
 * @throws `INVALID_OPTION` that names the parameter
 */
export function dimensionsOf(space: Space): readonly Dimension[] {
  if (typeof space !== 'object' || space === null || Array.isArray(space)) {
    throw new TradeLearnError('INVALID_OPTION', `"space" must be an object of parameters, got ${show(space)}.`)
  }
  const names = Object.keys(space).sort()
  if (names.length === 0 || names.length > MOST) {
    throw new TradeLearnError('INVALID_OPTION', `"space" must have 1 to ${MOST} parameters, got ${names.length}.`)
  }
  const dimensions = names.map((name) => dimensionOf(name, space[name]!, names, space))
  for (const [d, { name }] of dimensions.entries()) {
    // a chain of conditions that is longer than the space comes back to itself
    let steps = 0
    for (let at = d; at >= 0; at = dimensions[at]!.parent) {
      if (++steps > names.length) refuse(name, 'not depend on itself', 'a circle of conditions')
    }
  }
  return dimensions
}

function dimensionOf(name: string, parameter: Parameter, names: readonly string[], space: Space): Dimension {
  // "__proto__" as a key would never come back from an object
  if (name === '' || name === '__proto__') refuse(name, 'have another name', name)
  if (typeof parameter !== 'object' || parameter === null) refuse(name, 'be made by float, int or choice', parameter)
  const { parent, places } = conditionOf(name, parameter.when, names, space)
  const common = { name, parent, places }
  if (parameter.kind === 'choice') {
    checkValues(name, parameter.values)
    return { ...common, kind: 'categorical', count: parameter.values.length, parameter, start: 0, width: 0 }
  }
  if (parameter.kind !== 'float' && parameter.kind !== 'int') {
    refuse(name, 'be of the kind "float", "int" or "choice"', (parameter as { kind: unknown }).kind)
  }
  const range = checkRange(name, parameter)
  // what can take one value only is a choice of one, which tells samplers nothing
  if (range.low === range.high) {
    return { ...common, kind: 'categorical', count: 1, parameter: range, start: 0, width: 0 }
  }
  const low = range.low - range.step / 2
  const high = range.high + range.step / 2
  const start = range.log ? Math.log(low) : low
  const width = (range.log ? Math.log(high) : high) - start
  const coarse = range.step > 0 && (range.high - range.low) / range.step <= FINEST
  return { ...common, kind: coarse ? 'discrete' : 'continuous', count: 0, parameter: range, start, width }
}

function checkValues(name: string, values: readonly Category[]): void {
  if (!Array.isArray(values) || values.length === 0) refuse(name, 'have a list of values', values)
  for (const [i, value] of values.entries()) {
    const plain = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
    if (!plain || Object.is(value, -0)) refuse(name, 'have texts, finite numbers or booleans as values', value)
    if (values.indexOf(value) !== i) refuse(name, 'have no two values alike', value)
  }
}

type Range = Extract<Parameter, { readonly low: number }>

function checkRange(name: string, parameter: Range): Range {
  const { kind, low, high, log, step } = parameter
  if (!Number.isFinite(low)) refuse(name, 'have a finite "low"', low)
  if (!Number.isFinite(high) || high < low || !Number.isFinite(high - low)) {
    refuse(name, `have a finite "high" of at least ${low}`, high)
  }
  if (typeof log !== 'boolean') refuse(name, 'have "log" true or false', log)
  if (!Number.isFinite(step) || step < 0) refuse(name, 'have a "step" of at least 0', step)
  if (kind === 'int') {
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high)) refuse(name, 'have whole ends', [low, high])
    if (!Number.isSafeInteger(step) || step < 1) refuse(name, 'have a whole "step" of at least 1', step)
    if (log && low < 1) refuse(name, 'have a "low" of at least 1 for "log"', low)
    if (log && step !== 1) refuse(name, 'have no "step" beside "log"', step)
  } else {
    if (log && low <= 0) refuse(name, 'have a "low" above 0 for "log"', low)
    if (log && step !== 0) refuse(name, 'have no "step" beside "log"', step)
  }
  if (step === 0) return parameter
  const steps = (high - low) / step
  if (!(steps <= Number.MAX_SAFE_INTEGER)) refuse(name, 'have a "step" that its range can be counted in', step)
  // 1e-9: a high of 0.3 is three steps of 0.1, although they add up to a little more
  return { ...parameter, high: Math.min(high, low + Math.floor(steps + 1e-9) * step) }
}

function conditionOf(
  name: string,
  condition: Condition | undefined,
  names: readonly string[],
  space: Space,
): Pick<Dimension, 'parent' | 'places'> {
  if (condition === undefined) return { parent: -1, places: [] }
  const other = Object.hasOwn(space, condition?.name) ? space[condition.name] : undefined
  if (other?.kind !== 'choice' || !Array.isArray(other.values)) {
    refuse(name, 'depend on a choice of the same space', condition?.name)
  }
  if (!Array.isArray(condition.values) || condition.values.length === 0) {
    refuse(name, 'have a list of values that it depends on', condition.values)
  }
  const places = condition.values.map((value) => {
    const place = other.values.indexOf(value)
    return place >= 0 ? place : refuse(name, `depend on values of ${show(condition.name)}`, value)
  })
  return { parent: names.indexOf(condition.name), places }
}

const along = ({ parameter, start, width }: Dimension, value: number): number =>
  (((parameter as Range).log ? Math.log(value) : value) - start) / width

/** The coordinate of a value that the dimension can take. */
export function coordinateOf(dimension: Dimension, value: Category): number {
  const { kind, parameter } = dimension
  if (kind !== 'categorical') return Math.min(Math.max(along(dimension, value as number), 0), 1)
  return parameter.kind === 'choice' ? parameter.values.indexOf(value) : 0
}

/** The value at a coordinate, the nearest one where it moves in steps. */
export function valueAt({ kind, parameter, start, width }: Dimension, at: number): Category {
  if (parameter.kind === 'choice') return parameter.values[at]!
  const { low, high, log, step } = parameter
  if (kind === 'categorical') return low
  const raw = log ? Math.exp(start + at * width) : start + at * width
  const value = step > 0 ? low + Math.round((raw - low) / step) * step : raw
  return Math.min(Math.max(value, low), high)
}

/** Writes the ends of the cell of a discrete coordinate to `out` from `at` on. */
export function cellAt(dimension: Dimension, coordinate: number, out: Float64Array, at: number): void {
  const { step } = dimension.parameter as Range
  const value = valueAt(dimension, coordinate) as number
  out[at] = Math.max(along(dimension, value - step / 2), 0)
  out[at + 1] = Math.min(along(dimension, value + step / 2), 1)
}

/** Sets to NaN, in the row of `points` that starts at `offset`, what does not exist under its choices. */
export function dropInactive(dimensions: readonly Dimension[], points: Float64Array, offset: number): void {
  for (let d = 0; d < dimensions.length; d++) {
    if (!isActive(dimensions, points, offset, d)) points[offset + d] = NaN
  }
}

function isActive(dimensions: readonly Dimension[], points: Float64Array, offset: number, d: number): boolean {
  for (let at = d; ; ) {
    const { parent, places } = dimensions[at]!
    if (parent < 0) return true
    if (!places.includes(points[offset + parent]!)) return false
    at = parent
  }
}

/** Throws unless a value is one that the dimension can take. */
export function checkValueOf(dimension: Dimension, value: unknown): void {
  const { name, parameter } = dimension
  const wrong = (wanted: string): never => {
    throw new TradeLearnError('INVALID_INPUT', `Parameter ${show(name)} must be ${wanted}, got ${show(value)}.`)
  }
  if (parameter.kind === 'choice') {
    if (!parameter.values.includes(value as Category)) wrong(`one of ${parameter.values.map(show).join(', ')}`)
    return
  }
  const { kind, low, high, step } = parameter
  if (kind === 'int' && !Number.isInteger(value)) wrong(`a whole number from ${low} to ${high}`)
  if (typeof value !== 'number' || !(value >= low && value <= high)) wrong(`a number from ${low} to ${high}`)
  if (step > 0 && dimension.kind === 'discrete') {
    const steps = ((value as number) - low) / step
    // 1e-9 of a step: what adding up steps leaves behind
    if (Math.abs(steps - Math.round(steps)) > 1e-9 * Math.max(1, steps)) wrong(`${low} plus whole steps of ${step}`)
  }
}
