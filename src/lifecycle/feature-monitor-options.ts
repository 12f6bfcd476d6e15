import { checkHalfLife, fraction, integer } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { FeatureDrift } from '../drift/index.ts'
import type { Schema } from '../features/index.ts'

/** Options of a `FeatureMonitor`. */
export type FeatureMonitorOptions = {
  /** Names of the features, in order, and what each computes: a `FeatureEngineer`'s `schema`. */
  readonly schema: Pick<Schema, 'names'> & Partial<Pick<Schema, 'kinds'>>
  /** Vectors after which what was seen counts half; Infinity for never. @defaultValue 100 */
  readonly halfLife: number
  /** Vectors before a share is judged; at most `halfLife` of them. @defaultValue 20 */
  readonly minSamples: number
  /** A feature is complete where more than this share is there. @defaultValue 0.95 */
  readonly minComplete: number
  /** Values from which a feature's range is learnt, and vectors from which its distribution is. @defaultValue 300 */
  readonly reference: number
  /** Quantiles of the reference that values are held to lie between. @defaultValue 0.01 and 0.99 */
  readonly lower: number
  readonly upper: number
  /** Share of values outside that range above which it is an issue. @defaultValue 0.2, ten times the usual */
  readonly maxOutside: number
  /** Share of undeclared categories above which it is an issue. @defaultValue 0.05 */
  readonly maxUnseen: number
  /** Vectors in a row with one value, at least, before a feature counts as stuck. @defaultValue 20 */
  readonly stuckAfter: number
  /**
   * Vectors from one that `drift` sees to the next. It takes them for independent, and calls a slow feature (a volatility, a
   * win rate) drifted that has only wandered: let it see fewer where signals follow each other closely. @defaultValue 1
   */
  readonly driftEvery: number
  /** What watches the distributions; null for nothing. @defaultValue `FeatureDrift` of `reference`, and a third of it as window */
  readonly drift: FeatureDrift | null
}

type Options = Partial<FeatureMonitorOptions> & Pick<FeatureMonitorOptions, 'schema'>
/** What was left out filled in. */
export type Resolved = Omit<FeatureMonitorOptions, 'schema' | 'drift'> & {
  readonly names: readonly string[]
  readonly kinds: readonly string[]
}

/** As many features as `FeatureDrift` takes, and 160 MB of references: more is a slip of the options, or of a file. */
const MOST_FEATURES = 100_000
const MOST_NUMBERS = 1e7

/** What saved options look like. */
export const OPTIONS: Resolved = {
  names: [''],
  kinds: [''],
  halfLife: 0,
  minSamples: 0,
  minComplete: 0,
  reference: 0,
  lower: 0,
  upper: 0,
  maxOutside: 0,
  maxUnseen: 0,
  stuckAfter: 0,
  driftEvery: 0,
}

/** Whether an output says that a category was none of the declared; where `other` itself was declared it does not. */
export function isOther(name: string, kind: string = 'category()'): boolean {
  return name.endsWith('.other') && kind.startsWith('category(') && !/[(,]other[,)]/.test(kind)
}

/** Fills in what was left out and checks all of it. */
export function resolve({ schema, ...options }: Options): Resolved {
  const { names, kinds = [] } = schema ?? {}
  const isList = (list: unknown): list is readonly string[] =>
    Array.isArray(list) && list.every((item) => typeof item === 'string')
  if (!isList(names) || !isList(kinds) || names.length === 0 || names.length > MOST_FEATURES) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"schema" must have 1 to ${MOST_FEATURES} names, as an engineer's has, got ${show(names)}.`,
    )
  }
  if (new Set(names).size < names.length || (kinds.length > 0 && kinds.length !== names.length)) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"schema" must have different names and a kind for each, got ${names.length} and ${kinds.length}.`,
    )
  }
  const { halfLife = 100, minSamples = 20, minComplete = 0.95, reference = 300 } = options
  const { lower = 0.01, upper = 0.99, maxOutside = 0.2, maxUnseen = 0.05, stuckAfter = 20, driftEvery = 1 } = options
  if (!(fraction('lower', lower) < fraction('upper', upper))) {
    throw new TradeLearnError('INVALID_OPTION', `"upper" must be above "lower", ${lower}, got ${upper}.`)
  }
  // of fewer than 20 values no quantile is worth having
  if (integer('reference', reference, 20) * names.length > MOST_NUMBERS) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"reference" times features must be at most ${MOST_NUMBERS}, got ${reference} times ${names.length}.`,
    )
  }
  return {
    names: [...names],
    kinds: [...kinds],
    halfLife: checkHalfLife('halfLife', halfLife),
    minSamples: integer('minSamples', minSamples),
    minComplete: fraction('minComplete', minComplete),
    reference,
    lower,
    upper,
    maxOutside: fraction('maxOutside', maxOutside),
    maxUnseen: fraction('maxUnseen', maxUnseen),
    stuckAfter: integer('stuckAfter', stuckAfter),
    driftEvery: integer('driftEvery', driftEvery),
  }
}
