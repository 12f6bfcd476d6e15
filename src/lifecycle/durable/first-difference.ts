import type { JsonObject, JsonValue } from '../../contracts.ts'

/** Where two values differ first: a path such as `model.reasons[0].code`, and what stands there. */
export type Difference = {
  readonly path: string
  /** Packed as core/state does, so that every number is kept; null where there is nothing. */
  readonly then: JsonValue
  readonly now: JsonValue
}

/**
 * The first place where two packed values differ, to the bit, or null where they do not.
 *
 * Fields are compared in the order of `first`, then in the order of their names, so that the answer does not depend on how a
 * value was written down.
 */
export function firstDifference(
  then: JsonValue,
  now: JsonValue,
  first: readonly string[] = [],
  path: string = '',
): Difference | null {
  if (Array.isArray(then) && Array.isArray(now)) {
    for (let i = 0; i < Math.max(then.length, now.length); i++) {
      const found = compare(then, now, i, `${path}[${i}]`, first)
      if (found) return found
    }
    return null
  }
  if (isRecord(then) && isRecord(now)) {
    for (const key of keysOf(then, now, first)) {
      const found = compare(then, now, key, path === '' ? key : `${path}.${key}`, first)
      if (found) return found
    }
    return null
  }
  const isSame = then === now || (isSpecial(then) && isSpecial(now) && then['$'] === now['$'])
  return isSame ? null : differ(path, then, now)
}

function compare(
  then: JsonValue,
  now: JsonValue,
  key: string | number,
  path: string,
  first: readonly string[],
): Difference | null {
  const left = at(then, key)
  const right = at(now, key)
  // null is a value, and to be missing is another
  if (left === undefined || right === undefined)
    return left === right ? null : differ(path, left ?? null, right ?? null)
  return firstDifference(left, right, first, path)
}

const differ = (path: string, then: JsonValue, now: JsonValue): Difference => ({ path, then, now })

const at = (value: JsonValue, key: string | number): JsonValue | undefined =>
  Object.hasOwn(value as object, key) ? (value as { readonly [key: string | number]: JsonValue })[key] : undefined

function keysOf(then: JsonObject, now: JsonObject, first: readonly string[]): readonly string[] {
  const keys = [...new Set([...Object.keys(then), ...Object.keys(now)])].sort()
  return [...first.filter((key) => keys.includes(key)), ...keys.filter((key) => !first.includes(key))]
}

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
/** A number that JSON does not have. */
const isSpecial = (value: JsonValue): value is JsonObject => isObject(value) && typeof value['$'] === 'string'
const isRecord = (value: JsonValue): value is JsonObject => isObject(value) && !isSpecial(value)
