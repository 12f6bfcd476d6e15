import type { Vector } from '../contracts.ts'
import { show, TradeLearnError } from '../core/errors.ts'

/** One thing that the bot says about its own signal, and how it becomes numbers. */
export interface MetaFeature<
  Value = unknown,
  Out extends string = string,
  Presence extends 'required' | 'optional' = 'required' | 'optional',
> {
  readonly kind: string
  readonly outputs: readonly Out[]
  /** Whether a signal may come without it; its numbers are then missing. */
  readonly presence: Presence
  /** What it takes, for error messages. */
  readonly wanted: string
  /** Whether a value is of the kind that it takes. */
  accepts(value: unknown): value is Value
  /** Writes the numbers for an accepted value. */
  write(value: Value, out: Vector, at: number): void
}

/** A number, taken as it is. */
export function numeric(): MetaFeature<number, 'value', 'required'> {
  return {
    kind: 'numeric',
    outputs: ['value'],
    presence: 'required',
    wanted: 'a finite number',
    accepts: (value): value is number => Number.isFinite(value),
    write(value, out, at) {
      out[at] = value
    },
  }
}

/** Yes or no: 1 or 0. */
export function flag(): MetaFeature<boolean, 'value', 'required'> {
  return {
    kind: 'flag',
    outputs: ['value'],
    presence: 'required',
    wanted: 'true or false',
    accepts: (value) => typeof value === 'boolean',
    write(value, out, at) {
      out[at] = value ? 1 : 0
    },
  }
}

/**
 * One of some words: a number for each, 1 for the word that holds and 0 for the others.
 *
 * Any other text is a value of its own, `other`: a source that starts to be used after the model was declared is told
 * from those that are known, and from none given. Where `other` is one of the words it takes the unseen in.
 *
 * @example
 * ```ts
 * const engineer = new FeatureEngineer({ meta: { source: category('rules', 'ai') } })
 * engineer.schema.names // source.rules, source.ai, source.other
 * ```
 */
export function category<const Words extends readonly string[]>(
  ...words: Words
): MetaFeature<Words[number] | (string & {}), Words[number] | 'other', 'required'> {
  if (words.length === 0 || new Set(words).size < words.length || words.some((word) => !isWord(word))) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"category" must have different words, none of them "" or "value", got ${words.map(show).join(', ') || 'none'}.`,
    )
  }
  const known: readonly string[] = words
  const outputs: readonly (Words[number] | 'other')[] = known.includes('other') ? words : [...words, 'other']
  const other = outputs.indexOf('other')
  return {
    kind: `category(${words.join()})`,
    outputs,
    presence: 'required',
    wanted: 'a text',
    accepts: (value): value is string => typeof value === 'string',
    write(value, out, at) {
      const position = known.indexOf(value)
      out.fill(0, at, at + outputs.length)
      out[at + (position < 0 ? other : position)] = 1
    },
  }
}

const isWord = (word: unknown): boolean => typeof word === 'string' && word !== '' && word !== 'value'

/** Lets a signal come without it: left out, null or NaN all mean missing. The numbers mean what they did. */
export function optional<Value, Out extends string>(
  feature: MetaFeature<Value, Out>,
): MetaFeature<Value, Out, 'optional'> {
  return { ...feature, presence: 'optional' }
}
