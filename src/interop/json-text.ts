import { corrupt } from './refuse.ts'

/** What a document is made of. Objects are maps, so that no key of a file can reach a prototype. */
export type Json = null | boolean | number | string | Json[] | JsonMap
/** An object of a document. */
export type JsonMap = Map<string, Json>

/** Real files nest by the dozen, or by the depth of a tree; the stack bears this much. */
export const DEEPEST = 500

/** Where the reader stands. */
type Cursor = { readonly text: string; at: number; depth: number }

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORDS: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]

/**
 * Reads JSON as C++ libraries write it: bare NaN, Infinity and -Infinity are numbers.
 *
 * Stricter than `JSON.parse` with what only hostile files have: a key that stands twice and nesting beyond
 * {@link DEEPEST} are refused. O(length).
 */
export function parseJson(text: string): Json {
  const cursor = { text, at: 0, depth: 0 }
  const value = readValue(cursor)
  skipSpace(cursor)
  return cursor.at === text.length ? value : broken(cursor, 'the end')
}

function broken(cursor: Cursor, wanted: string): never {
  const { text, at } = cursor
  return corrupt(`JSON at character ${at}`, wanted, at < text.length ? text.slice(at, at + 12) : 'the end of the text')
}

function skipSpace(cursor: Cursor): void {
  const { text } = cursor
  let { at } = cursor
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) break
  }
  cursor.at = at
}

/** Steps over `mark` if it comes next. */
function taken(cursor: Cursor, mark: string): boolean {
  skipSpace(cursor)
  if (cursor.text[cursor.at] !== mark) return false
  cursor.at++
  return true
}

function readValue(cursor: Cursor): Json {
  skipSpace(cursor)
  const { text, at } = cursor
  const mark = text[at]
  if (mark === '"') return readText(cursor)
  if (mark === '{' || mark === '[') {
    cursor.at++
    if (++cursor.depth > DEEPEST) broken(cursor, `nested at most ${DEEPEST} deep`)
    const value = mark === '{' ? readMap(cursor) : readList(cursor)
    cursor.depth--
    return value
  }
  NUMBER.lastIndex = at
  const digits = NUMBER.exec(text)
  if (digits) {
    cursor.at = NUMBER.lastIndex
    return Number(digits[0])
  }
  for (const [word, value] of WORDS) {
    if (text.startsWith(word, at)) {
      cursor.at += word.length
      return value
    }
  }
  return broken(cursor, 'a value')
}

function readMap(cursor: Cursor): JsonMap {
  const map: JsonMap = new Map()
  if (taken(cursor, '}')) return map
  do {
    skipSpace(cursor)
    const key = readText(cursor)
    if (map.has(key)) broken(cursor, `an object with each key once, not "${key.slice(0, 40)}" twice`)
    if (!taken(cursor, ':')) broken(cursor, 'a colon')
    map.set(key, readValue(cursor))
  } while (taken(cursor, ','))
  return taken(cursor, '}') ? map : broken(cursor, 'a comma or a closing brace')
}

function readList(cursor: Cursor): Json[] {
  const list: Json[] = []
  if (taken(cursor, ']')) return list
  do {
    list.push(readValue(cursor))
  } while (taken(cursor, ','))
  return taken(cursor, ']') ? list : broken(cursor, 'a comma or a closing bracket')
}

function readText(cursor: Cursor): string {
  const { text, at } = cursor
  if (text[at] !== '"') broken(cursor, 'a string')
  let escaped = false
  let end = at + 1
  for (; text[end] !== '"'; end++) {
    if (end >= text.length) broken(cursor, 'a closed string')
    if (text[end] === '\\') {
      escaped = true
      end++
    }
  }
  cursor.at = end + 1
  if (!escaped) return text.slice(at + 1, end)
  try {
    return JSON.parse(text.slice(at, end + 1)) as string
  } catch {
    cursor.at = at
    return broken(cursor, 'a string with valid escapes')
  }
}
