import { TradeLearnError } from '../core/errors.ts'
import { fnv1a } from '../core/hash.ts'
import { checkDeclaration } from './check-declaration.ts'
import type { Declaration } from './declaration.ts'

/** The features of a vector, in order. */
export type Schema<Name extends string = string> = {
  readonly names: readonly Name[]
  /** What each computes, with its parameters: `"rsi(14)"`. */
  readonly kinds: readonly string[]
  /** Hash of names and kinds, and of the recipe they came from: equal for vectors that mean the same. */
  readonly fingerprint: string
  readonly size: number
}

/** Key under which a declaration keeps the canonical JSON of its recipe; the same in every copy of the library. */
export const RECIPE: unique symbol = Symbol.for('tradelearn.recipe')

/** A declared feature and where its numbers stand in the vector. */
export type Slot<Part> = { readonly key: string; readonly part: Part; readonly at: number }

/** The slots of each group. */
export type Layout<Name extends string = string> = {
  readonly [Key in keyof Declaration]-?: readonly Slot<NonNullable<Declaration[Key]>[string]>[]
} & { readonly schema: Schema<Name> }

/** Letters, digits, `_` and `-`, so that dots can stand between a name and its outputs. */
const NAME = /^[A-Za-z][\w-]*$/

/** Gives every feature of a declaration its place: group by group, as declared. */
export function layOut<Name extends string>(declaration: Declaration): Layout<Name> {
  checkDeclaration(declaration)
  const names: string[] = []
  const kinds: string[] = []

  function place<Part extends { readonly kind: string; readonly outputs: readonly string[] }>(
    group: { readonly [name: string]: Part } = {},
    prefix = '',
  ): Slot<Part>[] {
    return Object.entries(group).map(([key, part]) => {
      if (!NAME.test(key)) invalid(`A feature's name must be a letter, then letters, digits, "_" or "-", got "${key}".`)
      const at = names.length
      for (const output of part.outputs) {
        names.push(output === 'value' ? key : `${key}.${output}`)
        kinds.push(prefix + part.kind)
      }
      return { key, part, at }
    })
  }

  const slots = {
    candles: place(declaration.candles),
    directed: place(declaration.directed, 'directed '),
    context: place(declaration.context),
    history: place(declaration.history),
    signal: place(declaration.signal),
    meta: place(declaration.meta),
  }
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) invalid(`Every feature must have a name of its own, got "${twice}" twice.`)
  if (names.length === 0) invalid('A declaration must have at least one feature, got none.')

  const recipe = (declaration as { readonly [RECIPE]?: string })[RECIPE]
  const lines = names.map((name, i) => `${name}=${kinds[i]}`)
  const fingerprint = fnv1a((recipe === undefined ? lines : [...lines, recipe]).join('\n'))
  const schema = { names: names as Name[], kinds, fingerprint, size: names.length }
  return { ...slots, schema }
}

/**
 * Says briefly how the features of `was` differ from those of `now`; empty where they do not.
 *
 * @example
 * ```ts
 * difference(saved, engineer.schema) // 'added vix; removed macd.line; changed rsi from rsi(14) to rsi(10)'
 * ```
 */
export function difference(was: Pick<Schema, 'names' | 'kinds'>, now: Pick<Schema, 'names' | 'kinds'>): string {
  const before = new Map(was.names.map((name, i) => [name, was.kinds[i]]))
  const after = new Map(now.names.map((name, i) => [name, now.kinds[i]]))
  const added = now.names.filter((name) => !before.has(name))
  const removed = was.names.filter((name) => !after.has(name))
  const changed = now.names.filter((name) => before.has(name) && before.get(name) !== after.get(name))
  const parts = [
    ['added', added],
    ['removed', removed],
    ['changed', changed.map((name) => `${name} from ${before.get(name)} to ${after.get(name)}`)],
  ] as const
  const text = parts.flatMap(([what, list]) => (list.length > 0 ? [`${what} ${few(list)}`] : [])).join('; ')
  if (text !== '' || was.names.join('\n') === now.names.join('\n')) return text
  return 'the same features in another order'
}

/** The first five of a list, and how many more there are. */
export function few(items: readonly string[]): string {
  const rest = items.length - 5
  return rest > 0 ? `${items.slice(0, 5).join(', ')} and ${rest} more` : items.join(', ')
}

function invalid(message: string): never {
  throw new TradeLearnError('INVALID_OPTION', message)
}
