import { oneOf, openFraction } from '../core/check.ts'
import { type Dimension, dimensionsOf } from './dimension.ts'
import { gaussMass } from './gauss-mass.ts'
import type { Category, Space } from './parameter.ts'
import type { Direction, TrialRecord } from './trial.ts'

/** Options of {@link parameterImportance}. */
export type ParameterImportanceOptions = {
  /** Whether small or large values are wanted. @defaultValue 'minimize' */
  readonly direction: Direction
  /** Share of the trials that counts as good "gamma prime". @defaultValue 0.1 */
  readonly share: number
}

/** What each parameter has to do with being good, as plain data. */
export type ParameterImportance = {
  /** Complete trials, and how many it takes; importances are NaN below. */
  readonly have: number
  readonly needs: number
  /** The greatest first; they add up to 1. */
  readonly parameters: readonly { readonly name: string; readonly importance: number }[]
}

/** Good trials below which a density of them says nothing. Five are better. */
const FEWEST_GOOD = 2
/** Cells that the range of a number is cut into; as in Optuna, like all numbers below. */
const CELLS = 50
/** Trials without which a condition is left out. */
const FEWEST_UNDER_CONDITION = 2
/** Keeps a cell that is never visited from dividing by 0. */
const NEVER = 1e-12
/** No kernel is narrower than what keeps 90 % of it inside its own cell. */
const NARROWEST = 0.5 / 1.64

/**
 * Which parameters made the difference between good trials and the rest.
 *
 * For each parameter a density of the good trials is set against that of all of them; the further they are apart, the
 * more it matters where the parameter is:
 *
 *     importance  ~  sum over cells of p_all (p_good / p_all - 1)^2
 *
 * A parameter that exists under a condition counts as often as it does. It looks at one parameter at a time, and at where
 * the search has been: what the search never varied cannot matter. At least five good trials make it worth reading.
 * O(trials x parameters).
 *
 * @see S. Watanabe et al. (2023), "PED-ANOVA: efficiently quantifying hyperparameter importance in arbitrary subspaces",
 *   IJCAI
 *
 * @example
 * ```ts
 * const space = { x: float({ low: -1, high: 1 }), y: float({ low: -1, high: 1 }) }
 * const study = new Study({ space, sampler: new RandomSampler() })
 * await study.optimize(({ x, y }) => x * x + y / 100, { trials: 100 })
 * parameterImportance(space, study.trials).parameters // [{ name: 'x', importance: 0.98 }, { name: 'y', ... }]
 * ```
 */
export function parameterImportance(
  space: Space,
  trials: readonly TrialRecord<{ readonly [name: string]: Category | undefined }>[],
  { direction = 'minimize', share = 0.1 }: Partial<ParameterImportanceOptions> = {},
): ParameterImportance {
  const dimensions = dimensionsOf(space)
  openFraction('share', share)
  const sign = oneOf('direction', direction, ['minimize', 'maximize']) === 'minimize' ? 1 : -1
  const all = trials.filter(({ state }) => state === 'complete')
  const [have, needs] = [all.length, Math.ceil(FEWEST_GOOD / share)]
  if (have < needs) return { have, needs, parameters: dimensions.map(({ name }) => ({ name, importance: NaN })) }
  const losses = Float64Array.from(all, ({ value }) => sign * value).sort()
  const cut = losses[Math.ceil(share * have) - 1]!
  const good = all.filter(({ value }) => sign * value <= cut)

  const raw = dimensions.map((dimension) => {
    const { name } = dimension
    const here = all.filter(({ params }) => params[name] !== undefined).map(({ params }) => params[name]!)
    const best = good.filter(({ params }) => params[name] !== undefined).map(({ params }) => params[name]!)
    if (here.length < FEWEST_UNDER_CONDITION || best.length === 0 || dimension.count === 1) return 0
    const [ofGood, ofAll] = [best.length / good.length, here.length / all.length]
    return ((ofGood * ofGood) / ofAll) * divergenceOf(densityOf(dimension, best), densityOf(dimension, here))
  })
  const sum = raw.reduce((total, value) => total + value, 0)
  const parameters = dimensions.map(({ name }, d) => ({ name, importance: sum > 0 ? raw[d]! / sum : 1 / raw.length }))
  // the order of names stays where importances are equal
  return { have, needs, parameters: parameters.sort((a, b) => b.importance - a.importance) }
}

/** Pearson's divergence of one density from another. */
function divergenceOf(good: Float64Array, all: Float64Array): number {
  return good.reduce((sum, value, cell) => {
    const excess = (value + NEVER) / (all[cell]! + NEVER) - 1
    return sum + (all[cell]! + NEVER) * excess * excess
  }, 0)
}

/** How likely values are to be in each cell of a dimension, the prior counting as one of them. */
function densityOf(dimension: Dimension, values: readonly Category[]): Float64Array {
  const counts = countsOf(dimension, values)
  const seen = Array.from(counts.keys()).filter((cell) => counts[cell]! > 0)
  return dimension.kind === 'categorical' ? overChoices(counts, seen) : overCells(counts, seen)
}

function countsOf(dimension: Dimension, values: readonly Category[]): Float64Array {
  const { parameter } = dimension
  if (parameter.kind === 'choice') {
    const counts = new Float64Array(dimension.count)
    for (const value of values) counts[parameter.values.indexOf(value)]!++
    return counts
  }
  const { kind, log, step } = parameter
  const [low, high] = log ? [Math.log(parameter.low), Math.log(parameter.high)] : [parameter.low, parameter.high]
  let cells = CELLS
  // whole numbers along logarithms are sparse where they are small
  if (kind === 'int' && log) {
    cells = Math.min(CELLS, Math.ceil(Math.log(parameter.high - parameter.low + 1) / Math.LN2) + 1)
  } else if (step > 0) cells = Math.min(CELLS, Math.round((high - low) / step) + 1)
  const width = (high - low) / (cells - 1)
  const counts = new Float64Array(cells)
  for (const value of values) {
    const at = ((log ? Math.log(value as number) : (value as number)) - low) / width
    counts[Math.min(Math.max(Math.ceil(at - 0.5), 0), cells - 1)]!++
  }
  return counts
}

function overChoices(counts: Float64Array, seen: readonly number[]): Float64Array {
  const count = counts.length
  const smoothing = 1 / (seen.length + 1)
  const total = counts.reduce((sum, each) => sum + each, 0)
  return counts.map((_, cell) => {
    const kernels = seen.reduce(
      (sum, at) => sum + (counts[at]! * (smoothing + (at === cell ? 1 : 0))) / (1 + count * smoothing),
      1 / count,
    )
    return kernels / (total + 1)
  })
}

/** Normal kernels on the cells that were visited, of one bandwidth by Scott's rule. */
function overCells(counts: Float64Array, seen: readonly number[]): Float64Array {
  const cells = counts.length
  const total = counts.reduce((sum, each) => sum + each, 0)
  const mean = seen.reduce((sum, at) => sum + counts[at]! * at, 0) / total
  const square = seen.reduce((sum, at) => sum + counts[at]! * (at - mean) * (at - mean), 0)
  const deviation = Math.sqrt(square / Math.max(1, total - 1))
  let [upTo, quarter, threeQuarters] = [0, -1, seen.length - 1]
  for (const [i, at] of seen.entries()) {
    upTo += counts[at]!
    if (quarter < 0 && upTo >= Math.floor(total / 4)) quarter = i
    if (upTo > Math.floor((total * 3) / 4)) {
      threeQuarters = i
      break
    }
  }
  const spread = Math.min((seen[threeQuarters]! - seen[quarter]!) / 1.34, deviation)
  // Scott's rule: 1.059 deviations times the fifth root of the number, which Math.pow would make different elsewhere
  const bandwidth = Math.max(1.059 * spread * Math.exp(-0.2 * Math.log(total)), NARROWEST)
  const density = new Float64Array(cells)
  const add = (middle: number, width: number, weight: number): void => {
    const inside = gaussMass((-0.5 - middle) / width, (cells - 0.5 - middle) / width)
    for (let cell = 0; cell < cells; cell++) {
      const mass = gaussMass((cell - 0.5 - middle) / width, (cell + 0.5 - middle) / width)
      density[cell]! += (weight * mass) / inside / (total + 1)
    }
  }
  for (const at of seen) add(at, bandwidth, counts[at]!)
  add((cells - 1) / 2, cells, 1)
  return density
}
