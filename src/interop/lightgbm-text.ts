import { parseNumber } from './fields.ts'
import { corrupt } from './refuse.ts'

/** The `key=value` lines of the header or of a tree; a line without `=` is a key with an empty value. */
export type Section = ReadonlyMap<string, string>

/** Cuts a LightGBM text into its header and trees. What follows `end of trees` is for people. */
export function sectionsOf(text: string): { readonly header: Section; readonly trees: readonly Section[] } {
  const header = new Map<string, string>()
  const trees: Map<string, string>[] = []
  let section = header
  for (let at = 0; at <= text.length; ) {
    const stop = text.indexOf('\n', at)
    const end = stop < 0 ? text.length : stop
    const line = text.slice(at, text[end - 1] === '\r' && end > at ? end - 1 : end)
    at = end + 1
    if (line === 'end of trees') return { header, trees }
    if (line.trim() === '') continue
    const equals = line.indexOf('=')
    const key = equals < 0 ? line : line.slice(0, equals)
    const value = equals < 0 ? '' : line.slice(equals + 1)
    if (key === 'Tree') {
      if (value !== String(trees.length)) corrupt('tree', `number ${trees.length}`, value)
      section = new Map()
      trees.push(section)
      continue
    }
    if (section.has(key)) corrupt(`section`, 'one with each key once', key)
    section.set(key, value)
  }
  return corrupt('text', 'closed by "end of trees"', `${text.length} characters without it`)
}

/** The words under `key`; none where it is absent. */
export function wordsIn(section: Section, key: string): string[] {
  const value = section.get(key)?.trim() ?? ''
  return value === '' ? [] : value.split(/ +/)
}

/** The numbers under `key`, as many as `length` says. */
export function numberListIn(section: Section, key: string, length: number): number[] {
  const words = wordsIn(section, key)
  if (words.length !== length) corrupt(`"${key}"`, `${length} numbers`, words)
  return words.map((word) => parseNumber(`"${key}"`, word))
}

/** The one number under `key`. */
export function numberUnder(section: Section, key: string): number {
  const value = section.get(key)
  return value === undefined ? corrupt(`"${key}"`, 'there', undefined) : parseNumber(`"${key}"`, value.trim())
}
