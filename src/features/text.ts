import type { Vector } from '../contracts.ts'
import { integer } from '../core/check.ts'
import { TradeLearnError } from '../core/errors.ts'
import { fnv1a } from '../core/hash.ts'
import type { MetaFeature } from './meta.ts'

/** Options of {@link hashedText}. */
export type HashedTextOptions = {
  /** Numbers that the text becomes. @defaultValue 32 */
  readonly buckets: number
  /** What is counted besides single words. */
  readonly ngrams: {
    /** Words in a row, up to so many; 1 for single words only. @defaultValue 2 */
    readonly words?: number
    /**
     * Characters in a row within a word and its edges, for languages that bend or join their words, or do not part them;
     * 0 for none. @defaultValue 0
     */
    readonly characters?: number
  }
  /** Characters (UTF-16 units) that are read; the rest is passed over. @defaultValue 2000 */
  readonly maxLength: number
}

/** More features than this are more than a learner of single trades can make use of. */
const MOST_BUCKETS = 4096
/** Longer runs of words or characters do not come twice. */
const LONGEST_RUN = 10

/** Letters with their marks, and digits, of any script. */
const WORD = /[\p{L}\p{M}\p{N}]+/gu

/**
 * Free text, such as an AI's reasoning, as a fixed number of features.
 *
 * The text is cut to `maxLength`, brought to its compatible Unicode form (NFKC) and to lower case, neither of which asks
 * for a locale, and split into words. Each word, and each run of words and of characters that is asked for, is hashed
 * (FNV-1a): one part of the hash chooses a bucket, one bit whether 1 is added to it or taken from it, so that strangers in a
 * bucket cancel out rather than add up. The buckets are then divided by their length:
 *
 *     x[b] = sum of ±1 over the text's n-grams of bucket b        out = x / |x|
 *
 * So long texts weigh no more than short ones, a word never seen before has its place, and nothing is learnt or kept. A
 * text without words, and one whose words cancel out, is all zeros. Word order beyond the n-grams is lost. Give more
 * buckets for more words: of 32, each is shared by all the words of a language.
 *
 * O(`maxLength`) a signal, and no memory.
 *
 * @see K. Weinberger et al. (2009), "Feature hashing for large scale multitask learning", ICML
 *
 * @example
 * ```ts
 * const engineer = new FeatureEngineer({ meta: { reasoning: optional(hashedText({ buckets: 64 })) } })
 * engineer.schema.names // reasoning.0, reasoning.1, ..., reasoning.63
 * ```
 */
export function hashedText({
  buckets = 32,
  ngrams = {},
  maxLength = 2000,
}: Partial<HashedTextOptions> = {}): MetaFeature<string, `${number}`, 'required'> {
  const { words = 2, characters = 0 } = ngrams
  upTo('buckets', integer('buckets', buckets, 2), MOST_BUCKETS)
  upTo('ngrams.words', integer('ngrams.words', words), LONGEST_RUN)
  upTo('ngrams.characters', integer('ngrams.characters', characters, 0), LONGEST_RUN)
  integer('maxLength', maxLength)
  return {
    kind: `hashedText(${[buckets, words, characters, maxLength].join()})`,
    outputs: Array.from({ length: buckets }, (_, i): `${number}` => `${i}`),
    presence: 'required',
    wanted: 'a text',
    accepts: (value): value is string => typeof value === 'string',
    write(text, out, at) {
      out.fill(0, at, at + buckets)
      const found = wordsOf(text, maxLength)
      for (let i = 0; i < found.length; i++) {
        let run = ''
        for (let n = 0; n < words && i + n < found.length; n++) {
          run = n === 0 ? found[i]! : `${run} ${found[i + n]!}`
          addTo(out, at, buckets, `w${run}`)
        }
        if (characters > 0) addCharacters(found[i]!, characters, out, at, buckets)
      }
      normalise(out, at, buckets)
    },
  }
}

function wordsOf(text: string, maxLength: number): readonly string[] {
  // cut before and after: a single character can be worth eighteen in its compatible form. A pair that is cut in two is
  // half a character, which is no letter and drops out
  const plain = text.slice(0, maxLength).normalize('NFKC').toLowerCase().slice(0, maxLength)
  return plain.match(WORD) ?? []
}

/** Adds the runs of `n` characters of a word between its edges; a shorter word counts as one run. */
function addCharacters(word: string, n: number, out: Vector, at: number, buckets: number): void {
  // by code points, so that no character is taken apart
  const characters = [' ', ...word, ' ']
  for (let i = 0; i === 0 || i + n <= characters.length; i++) {
    addTo(out, at, buckets, `c${characters.slice(i, i + n).join('')}`)
  }
}

function addTo(out: Vector, at: number, buckets: number, ngram: string): void {
  const hash = mixed(Number.parseInt(fnv1a(ngram), 16))
  out[at + ((hash >>> 1) % buckets)]! += hash & 1 ? 1 : -1
}

/**
 * Spreads the differences of a hash over all its bits; the low ones of FNV-1a hang on the low bits of the text alone.
 *
 * @see A. Appleby (2008), the finaliser of MurmurHash3
 */
function mixed(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Divides the numbers by the root of the sum of their squares, unless all are 0. */
function normalise(out: Vector, at: number, buckets: number): void {
  let squares = 0
  for (let i = at; i < at + buckets; i++) squares += out[i]! * out[i]!
  if (squares === 0) return
  const length = Math.sqrt(squares)
  for (let i = at; i < at + buckets; i++) out[i]! /= length
}

function upTo(name: string, value: number, most: number): void {
  if (value <= most) return
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be a whole number of at most ${most}, got ${value}.`)
}
