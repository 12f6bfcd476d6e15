import type { Json, JsonMap } from './json-text.ts'
import { corrupt } from './refuse.ts'

/** Passes an object of a document. */
export function asMap(what: string, value: Json | undefined): JsonMap {
  return isMap(value) ? value : corrupt(what, 'an object', value)
}

/** Whether a value is an object of a document. */
export function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object under `key`. */
export function mapIn(map: JsonMap, key: string): JsonMap {
  return asMap(`"${key}"`, map.get(key))
}

/** The array under `key`. */
export function listIn(map: JsonMap, key: string): Json[] {
  const value = map.get(key)
  return Array.isArray(value) ? value : corrupt(`"${key}"`, 'an array', value)
}

/** The array under `key`, or an empty one. */
export function optionalList(map: JsonMap, key: string): Json[] {
  return map.has(key) ? listIn(map, key) : []
}

/** The string under `key`. */
export function textIn(map: JsonMap, key: string): string {
  const value = map.get(key)
  return typeof value === 'string' ? value : corrupt(`"${key}"`, 'a string', value)
}

/** The number under `key`. */
export function numberIn(map: JsonMap, key: string): number {
  const value = map.get(key)
  return typeof value === 'number' ? value : corrupt(`"${key}"`, 'a number', value)
}

/** Passes an array of numbers, or of flags, which become 0 and 1. */
export function asNumbers(what: string, list: readonly Json[]): number[] {
  return list.map((value) => {
    if (typeof value === 'boolean') return Number(value)
    return typeof value === 'number' ? value : corrupt(what, 'an array of numbers', value)
  })
}

/** The numbers under `key`, as many as `length` says. */
export function numbersIn(map: JsonMap, key: string, length: number): number[] {
  const list = listIn(map, key)
  if (list.length !== length) corrupt(`"${key}"`, `${length} numbers`, list)
  return asNumbers(`"${key}"`, list)
}

const NUMERAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** The number that a text stands for, as C++ writes them: `inf` and `nan` too. */
export function parseNumber(what: string, text: string): number {
  if (NUMERAL.test(text)) return Number(text)
  const word = /^([+-]?)(inf|nan)/i.exec(text)
  if (!word) return corrupt(what, 'a number', text)
  if (word[2]!.toLowerCase() === 'nan') return Number.NaN
  return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}
