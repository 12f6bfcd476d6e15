/** What a choice may be among. */
export type Category = string | number | boolean

/** Where a parameter exists: only while the choice called `name` is one of `values`. */
export type Condition = { readonly name: string; readonly values: readonly Category[] }

/** A number between two others, as plain data; made by {@link float}. */
export type FloatParameter = {
  readonly kind: 'float'
  readonly low: number
  readonly high: number
  readonly log: boolean
  /** Distance of the values that it may take; 0 where it may take any. */
  readonly step: number
}

/** A whole number between two others, as plain data; made by {@link int}. */
export type IntParameter = {
  readonly kind: 'int'
  readonly low: number
  readonly high: number
  readonly log: boolean
  readonly step: number
}

/** One of a few values, as plain data; made by {@link choice}. */
export type ChoiceParameter<C extends Category = Category> = {
  readonly kind: 'choice'
  readonly values: readonly C[]
}

/** A parameter that always exists. */
export type Unconditional = FloatParameter | IntParameter | ChoiceParameter

/** One thing to search for. */
export type Parameter = Unconditional & { readonly when?: Condition }

/** A parameter that exists only under a condition; made by {@link when}. */
export type Conditional<P extends Unconditional> = P & { readonly when: Condition }

/** Parameters by name. */
export type Space = { readonly [name: string]: Parameter }

type ValueOf<P> = P extends { readonly kind: 'choice'; readonly values: readonly (infer C)[] } ? C : number
type Asked<S> = { [K in keyof S as S[K] extends { readonly when: Condition } ? never : K]: ValueOf<S[K]> }
type Perhaps<S> = { [K in keyof S as S[K] extends { readonly when: Condition } ? K : never]?: ValueOf<S[K]> }

/**
 * The values that a space describes: what is conditional may be absent.
 *
 * @example
 * ```ts
 * const space = { rate: float({ low: 0.01, high: 0.3, log: true }), kind: choice(['boosting', 'linear']) }
 * type Params = InferParams<typeof space> // { rate: number; kind: 'boosting' | 'linear' }
 * ```
 */
export type InferParams<S> = { readonly [K in keyof (Asked<S> & Perhaps<S>)]: (Asked<S> & Perhaps<S>)[K] }

/** Options of {@link float} and {@link int}. */
export type RangeOptions = {
  /** Smallest value. */
  readonly low: number
  /** Largest value; lowered to the last one that `step` reaches. */
  readonly high: number
  /** Whether ratios count rather than differences: for rates and penalties that span orders of magnitude. Without `step`.
   *  @defaultValue false */
  readonly log?: boolean
  /** Distance of the values that it may take, from `low` on. @defaultValue any value for {@link float}, 1 for {@link int} */
  readonly step?: number
}

/** A number from `low` to `high`, both included. The study checks it. */
export function float({ low, high, log = false, step = 0 }: RangeOptions): FloatParameter {
  return { kind: 'float', low, high, log, step }
}

/** A whole number from `low` to `high`, both included. The study checks it. */
export function int({ low, high, log = false, step = 1 }: RangeOptions): IntParameter {
  return { kind: 'int', low, high, log, step }
}

/** One of a few values that have no order; where they have one, {@link int} or {@link float} learns faster. */
export function choice<const C extends Category>(values: readonly C[]): ChoiceParameter<C> {
  return { kind: 'choice', values }
}

/**
 * A parameter that exists only while another, a choice, has one of these values.
 *
 * @example
 * ```ts
 * const space = {
 *   model: choice(['boosting', 'linear']),
 *   leaves: when('model', ['boosting'], int({ low: 4, high: 128, log: true })),
 * }
 * ```
 */
export function when<P extends Unconditional>(name: string, values: readonly Category[], parameter: P): Conditional<P> {
  return { ...parameter, when: { name, values } }
}
