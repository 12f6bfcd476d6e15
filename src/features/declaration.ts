import type { State } from '../core/state.ts'
import type { Signal, SignalMeta } from '../market.ts'
import type { ContextFeature } from './context.ts'
import type { HistoryFeature } from './history.ts'
import type { Indicator } from './indicator.ts'
import type { MetaFeature } from './meta.ts'
import type { SignalFeature } from './signal-features.ts'

type Group<Part> = { readonly [name: string]: Part }

/** All that a model gets to see, by where it comes from. Names are unique over all groups. */
export type Declaration = {
  /** Indicators of the signal's own symbol. */
  readonly candles?: Group<Indicator<State, string>>
  /**
   * Indicators of the signal's own symbol with a direction, seen from the trade: a short sees them with the opposite
   * sign. A momentum of +1 % is with a long and against a short, and this is what says so.
   */
  readonly directed?: Group<Indicator<State, string>>
  /** Indicators of other symbols, and how the signal's symbol stands beside them. */
  readonly context?: Group<ContextFeature>
  /** How trades closed: the symbol's own, or those of the same side, sector, source or hour. */
  readonly history?: Group<HistoryFeature<State, string>>
  /** What is in every signal: its side and its time. */
  readonly signal?: Group<SignalFeature>
  /** What the bot says in `signal.meta`. */
  readonly meta?: Group<MetaFeature>
}

type GroupOf<D, Key extends keyof Declaration> = Key extends keyof D ? NonNullable<D[Key]> : Record<never, never>

type Named<Key extends string, Out extends string> = string extends Out
  ? string
  : Out extends 'value'
    ? Key
    : `${Key}.${Out}`

type NamesIn<G> = {
  [Key in keyof G & string]: G[Key] extends { readonly outputs: readonly (infer Out extends string)[] }
    ? Named<Key, Out>
    : never
}[keyof G & string]

/** The names of all features of a declaration, e.g. `"rsi" | "macd.line" | "macd.signal"`. */
export type FeatureName<D extends Declaration> = {
  [Key in keyof Declaration]-?: NamesIn<GroupOf<D, Key>>
}[keyof Declaration]

type ValueOf<Part> = Part extends MetaFeature<infer Value, string> ? Value : never

type Flat<T> = { [Key in keyof T]: T[Key] }

type MetaIn<G> = string extends keyof G
  ? SignalMeta // not known in detail
  : keyof G extends never
    ? { readonly [name: string]: never }
    : Flat<
        {
          readonly [Key in keyof G as G[Key] extends { presence: 'required' } ? Key : never]: ValueOf<G[Key]>
        } & {
          readonly [Key in keyof G as G[Key] extends { presence: 'required' } ? never : Key]?: ValueOf<G[Key]> | null
        }
      >

/** What `signal.meta` must hold for a declaration. */
export type MetaOf<D extends Declaration> =
  MetaIn<GroupOf<D, 'meta'>> extends infer Meta extends SignalMeta ? Meta : never

/** A signal with all that a declaration asks of its `meta`. */
export type SignalOf<D extends Declaration> = Signal<MetaOf<D>> &
  (Record<never, never> extends MetaOf<D> ? unknown : { readonly meta: MetaOf<D> })

/** A vector with its names. */
export type Row<Name extends string> = { readonly [Key in Name]: number }
