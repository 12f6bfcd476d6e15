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

/** One of a fixed set of words: a number for each, 1 for the word that holds and 0 for the others. */
export function category<const Words extends readonly string[]>(
  ...words: Words
): MetaFeature<Words[number], Words[number], 'required'> {
  const listed = words.map(show).join(', ')
  if (words.length < 2 || new Set(words).size < words.length || words.some((word) => word === '' || word === 'value')) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"category" must have two or more different words, none of them "" or "value", got ${listed}.`,
    )
  }
  return {
    kind: `category(${words.join()})`,
    outputs: words,
    presence: 'required',
    wanted: `one of ${listed}`,
    accepts: (value): value is Words[number] => words.includes(value as string),
    write(value, out, at) {
      for (let i = 0; i < words.length; i++) out[at + i] = words[i] === value ? 1 : 0
    },
  }
}

/** Lets a signal come without it: left out, null or NaN all mean missing. The numbers mean what they did. */
export function optional<Value, Out extends string>(
  feature: MetaFeature<Value, Out>,
): MetaFeature<Value, Out, 'optional'> {
  return { ...feature, presence: 'optional' }
}
