import type { JsonValue } from '../contracts.ts'

/**
 * JSON with the keys of every object in the order of their code units and no blanks: one text for equal data, whatever
 * the order in which it was written down.
 *
 * @see RFC 8785, "JSON Canonicalization Scheme", which writes numbers as JavaScript does
 */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const record = value as { readonly [key: string]: JsonValue }
  const keys = Object.keys(record)
    .filter((key) => record[key] !== undefined)
    .sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key]!)}`).join()}}`
}
