import type { JsonValue } from '../contracts.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { oneOf, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { State } from '../core/state.ts'
import { type Timeframe, timeframeMs } from '../core/timeframe.ts'
import { onSymbol } from './context.ts'
import type { Declaration } from './declaration.ts'
import type { Indicator } from './indicator.ts'
import { lagged } from './lagged.ts'
import { onTimeframe } from './on-timeframe.ts'
import { type RecipeIndicator, recipeIndicators } from './recipe-indicators.ts'
import { RECIPE } from './schema.ts'

/** Indicators by recipe name, each with the parameters that it is wanted with: one number, or a list where it has several. */
export type RecipeParameters = { readonly [Name in RecipeIndicator]?: readonly (number | readonly number[])[] }

/** Features as plain data: every indicator with every parameter, on every timeframe, with every shift, of every symbol. */
export type Recipe = {
  /** Length of the candles that come in. */
  readonly timeframe: Timeframe
  /** What is computed, e.g. `{ rsi: [7, 14], macd: [[12, 26, 9]], adx: [14] }`. */
  readonly indicators: RecipeParameters
  /** Longer bars on which it is computed too, made of the candles that come in. @defaultValue none */
  readonly timeframes?: readonly Timeframe[]
  /** Bars ago of which it is told too, each on its own timeframe. @defaultValue none */
  readonly shifts?: readonly number[]
  /** Other symbols whose candles it is computed of too. @defaultValue none */
  readonly references?: readonly string[]
}

const KEYS = ['timeframe', 'indicators', 'timeframes', 'shifts', 'references']

/** Features beyond this number are a slip of the recipe: they would take longer to learn from than any bot trades. */
const MOST = 5000

/**
 * The declaration that a recipe stands for: indicators x parameters x timeframes x shifts x symbols.
 *
 * Names tell the recipe: `rsi_14`, `rsi_14.lag2` (two bars ago), `rsi_14_4h` (on bars of four hours), `SPY_rsi_14_4h.lag2`.
 * Indicators that have a direction (MACD, returns, ...) stand among `directed`, so that a short sees them from its side;
 * those of other symbols are `context`. The recipe's canonical JSON goes into the schema's fingerprint, and a model that
 * was trained with another recipe is refused with the features named that differ.
 *
 * Add what is no indicator beside it.
 *
 * @throws `INVALID_OPTION`
 *
 * @example
 * ```ts
 * const engineer = new FeatureEngineer({
 *   ...expand({
 *     timeframe: '1h',
 *     indicators: { rsi: [7, 14], macd: [[12, 26, 9]], adx: [14] },
 *     timeframes: ['4h', '1d'],
 *     shifts: [1, 2],
 *     references: ['SPY'],
 *   }),
 *   signal: { side: tradeSide(), hour: hourOfDay() },
 * })
 * ```
 */
export function expand(recipe: Recipe): Declaration {
  checkRecipe(recipe)
  const { timeframe: base, indicators, timeframes = [], shifts = [], references = [] } = recipe
  const candles: { [name: string]: Indicator<State, string> } = {}
  const directed: { [name: string]: Indicator<State, string> } = {}
  const context: { [name: string]: ReturnType<typeof onSymbol> } = {}
  // in the order of the canonical JSON, so that equal recipes make equal vectors
  for (const name of (Object.keys(indicators) as RecipeIndicator[]).sort()) {
    const { make, direction } = recipeIndicators[name]
    for (const variant of indicators[name]!) {
      const parameters = typeof variant === 'number' ? [variant] : variant
      for (const timeframe of [base, ...timeframes]) {
        const own = make(...parameters)
        const told = shifts.length > 0 ? lagged(own, ...(shifts as [number, ...number[]])) : own
        const built = (timeframe === base ? told : onTimeframe(timeframe, told, base)) as Indicator<State, string>
        const key = [name, ...parameters, ...(timeframe === base ? [] : [timeframe])].join('_').replaceAll('.', '-')
        const group = direction === 'directed' ? directed : candles
        if (Object.hasOwn(group, key)) invalid(`A recipe must name each feature once, got ${show(key)} twice.`)
        group[key] = built
        for (const symbol of references) context[`${plainName(symbol)}_${key}`] = onSymbol(symbol, built)
      }
    }
  }
  const groups = [candles, directed, context].map((group) => Object.values(group))
  const size = groups.flat().reduce((sum, { outputs }) => sum + outputs.length, 0)
  if (size === 0 || size > MOST) invalid(`A recipe must make 1 to ${MOST} features, got ${size}.`)
  return { candles, directed, context, [RECIPE]: canonicalJson(recipe as unknown as JsonValue) } as Declaration
}

/** A symbol as part of a feature's name. */
const plainName = (symbol: string): string => symbol.replace(/\W/g, '-').replace(/^([^A-Za-z])/, 's$1')

function checkRecipe(recipe: Recipe): void {
  if (!isRecord(recipe)) invalid(`A recipe must be an object, got ${show(recipe)}.`)
  for (const key of Object.keys(recipe)) oneOf('recipe key', key, KEYS)
  const { timeframe, indicators, timeframes = [], shifts = [], references = [] } = recipe
  timeframeMs(timeframe)
  if (!isRecord(indicators)) invalid(`"indicators" must be an object, got ${show(indicators)}.`)
  for (const [name, list] of Object.entries({ timeframes, shifts, references })) {
    if (!Array.isArray(list) || new Set(list).size < list.length)
      invalid(`"${name}" must be a list of different values.`)
  }
  const names = references.map((symbol) => plainName(text('references', symbol)))
  if (new Set(names).size < names.length) invalid('"references" must differ in letters and digits, which names keep.')
  for (const [name, variants] of Object.entries(indicators)) {
    oneOf('indicator', name, Object.keys(recipeIndicators))
    if (!Array.isArray(variants) || variants.length === 0 || !variants.every(isVariant)) {
      invalid(`"indicators.${name}" must be a list of numbers or lists of numbers, got ${show(variants)}.`)
    }
  }
}

const isVariant = (variant: unknown): boolean =>
  Number.isFinite(variant) || (Array.isArray(variant) && variant.every((number) => Number.isFinite(number)))

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function invalid(message: string): never {
  throw new TradeLearnError('INVALID_OPTION', message)
}
