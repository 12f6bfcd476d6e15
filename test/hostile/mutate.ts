import { gzipSync } from 'node:zlib'
import type { Rng } from '../../src/contracts.ts'
import { drawInteger } from '../../src/core/draw.ts'

/**
 * Damage of all kinds, drawn from a seed: what comes out depends on the seed and the original alone, so a number finds a
 * bad input again.
 */

const pick = <T>(rng: Rng, items: readonly T[]): T => items[drawInteger(rng, items.length)]!

/** Values that hurt whoever trusts a file. `json` goes into a document as it stands, so it may be what `JSON.parse` changes. */
const NASTY: readonly string[] = [
  'null',
  'true',
  '-1',
  '0',
  '-0',
  '0.5',
  '1e308',
  '-1e308',
  '1e999',
  '-1e999',
  '1e-400',
  '2147483647',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '1000000000',
  '""',
  '"__proto__"',
  '"constructor"',
  '"x"',
  '"NaN"',
  '"\\u0000\\ud800</script>\\u001b[31m"',
  '[]',
  '[null]',
  '{}',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"$":"NaN"}',
  '{"$":"Infinity"}',
  '{"$":"-0"}',
  '{"$":"Float64Array","data":""}',
  '{"$":"Float64Array","data":"AAAA"}',
  '{"$":"Int32Array","data":"/////w=="}',
  '{"$":"Object","data":""}',
  '{"$":"__proto__"}',
]

/** Places in JSON text where a value begins and ends, found without parsing: numbers, strings and literals. */
const VALUE = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity/g

type Kind = (text: string, rng: Rng) => string

/** The first match after a place drawn at random, or the first of all. */
function foundFrom(pattern: RegExp, text: string, rng: Rng): RegExpExecArray | null {
  pattern.lastIndex = drawInteger(rng, text.length + 1)
  const found = pattern.exec(text)
  if (found) return found
  pattern.lastIndex = 0
  return pattern.exec(text)
}

/** A span of the text that is one scalar value (or a key). */
function scalarIn(text: string, rng: Rng): { readonly start: number; readonly end: number } | undefined {
  const found = foundFrom(VALUE, text, rng)
  return found ? { start: found.index, end: found.index + found[0].length } : undefined
}

const replaced = (text: string, start: number, end: number, by: string): string =>
  text.slice(0, start) + by + text.slice(end)

/** Structure-aware damage to JSON text. */
const JSON_KINDS: readonly Kind[] = [
  // another value in the place of one
  (text, rng) => {
    const at = scalarIn(text, rng)
    return at ? replaced(text, at.start, at.end, pick(rng, NASTY)) : text
  },
  // a number a little off: an index that points elsewhere, a child that is its own parent, a length that is not
  (text, rng) => {
    const at = scalarIn(text, rng)
    if (!at) return text
    const value = Number(text.slice(at.start, at.end))
    if (!Number.isFinite(value)) return text
    return replaced(text, at.start, at.end, String(value + pick(rng, [-1, 1, -2, 2, 0.5, 1e9, -value, value])))
  },
  // a value in the place of another of the same document
  (text, rng) => {
    const [from, to] = [scalarIn(text, rng), scalarIn(text, rng)]
    return from && to ? replaced(text, to.start, to.end, text.slice(from.start, from.end)) : text
  },
  // a whole packed array with a number of its own in it
  (text, rng) => {
    const packed = /"\$":"(\w+)Array","data":"([A-Za-z0-9+/=]*)"/g
    const found = foundFrom(packed, text, rng)
    if (!found || found[2]!.length === 0) return text
    const bytes = Buffer.from(found[2]!, 'base64')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const width = found[1]!.startsWith('Float64') ? 8 : found[1]!.endsWith('32') ? 4 : 1
    if (bytes.byteLength < width) return text
    const at = drawInteger(rng, Math.floor(bytes.byteLength / width)) * width
    const value = pick(rng, [Number.NaN, Infinity, -1, 0, 1e308, -1e308, 1e9, 0.5, 2, 5e-324, 3, 7])
    if (width === 8) view.setFloat64(at, value, true)
    else if (width === 1) view.setUint8(at, value)
    else if (found[1]!.startsWith('Float')) view.setFloat32(at, value, true)
    else view.setInt32(at, value, true)
    const data = bytes.toString('base64')
    return replaced(text, found.index, found.index + found[0].length, `"$":"${found[1]}Array","data":"${data}"`)
  },
  // a packed array of another length or type
  (text, rng) => {
    const packed = /"\$":"\w+Array","data":"[A-Za-z0-9+/=]*"/g
    const found = foundFrom(packed, text, rng)
    if (!found) return text
    const name = pick(rng, ['Float64', 'Float32', 'Int32', 'Uint32', 'Uint16', 'Uint8', 'BigInt64'])
    const data = Buffer.alloc(pick(rng, [0, 1, 7, 8, 64, 800, 80_000])).toString('base64')
    return replaced(text, found.index, found.index + found[0].length, `"$":"${name}Array","data":"${data}"`)
  },
  // a key twice, or one that nobody asked for
  (text, rng) => {
    const at = text.indexOf('{', drawInteger(rng, text.length))
    if (at < 0) return text
    const key = pick(rng, ['"__proto__"', '"constructor"', '"toString"', '"type"', '"version"', '"$"', '"features"'])
    return replaced(text, at, at + 1, `{${key}:${pick(rng, NASTY)},`)
  },
  // deep nesting
  (text, rng) => {
    const at = scalarIn(text, rng)
    if (!at) return text
    const depth = pick(rng, [10, 70, 1000, 20_000])
    const [open, close] = pick(rng, [
      ['[', ']'],
      ['{"a":', '}'],
      ['{"state":', '}'],
    ])
    const inner = text.slice(at.start, at.end)
    return replaced(text, at.start, at.end, open!.repeat(depth) + inner + close!.repeat(depth))
  },
  // a list that goes on and on
  (text, rng) => {
    const at = text.indexOf('[', drawInteger(rng, text.length))
    return at < 0 ? text : replaced(text, at, at + 1, `[${`${pick(rng, NASTY)},`.repeat(pick(rng, [1, 2, 5000]))}`)
  },
]

/** Damage that knows nothing of the format. */
const BYTE_KINDS: readonly ((bytes: Uint8Array, rng: Rng) => Uint8Array)[] = [
  (bytes, rng) => {
    const copy = bytes.slice()
    for (let i = pick(rng, [1, 1, 2, 8]); i > 0; i--) copy[drawInteger(rng, copy.length)]! ^= 1 << drawInteger(rng, 8)
    return copy
  },
  (bytes, rng) => bytes.slice(0, drawInteger(rng, bytes.length)),
  (bytes, rng) => {
    const start = drawInteger(rng, bytes.length)
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + drawInteger(rng, 64))])
  },
  (bytes, rng) => {
    const start = drawInteger(rng, bytes.length)
    const piece = bytes.subarray(start, start + drawInteger(rng, 200))
    const at = drawInteger(rng, bytes.length)
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
  },
  // a large number of any width in the place of what stood there
  (bytes, rng) => {
    const copy = Buffer.from(bytes)
    const width = pick(rng, [2, 4, 8])
    const at = drawInteger(rng, Math.max(1, copy.length - width))
    copy.fill(pick(rng, [0, 0x7f, 0xff, 0x80]), at, Math.min(at + width, copy.length))
    return copy
  },
  (bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
  (bytes) => gzipSync(bytes),
  (bytes) => Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf16le'),
  (bytes) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf16le')]),
]

/** Words and cells of lines, for formats of text that are none of JSON. */
const LINE_KINDS: readonly Kind[] = [
  (text, rng) => {
    const number = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi
    number.lastIndex = drawInteger(rng, text.length + 1)
    const found = number.exec(text)
    const by = pick(rng, [
      '-1',
      '0',
      'nan',
      'inf',
      '1e308',
      '1e999',
      '99999999999',
      '0.5',
      '',
      '__proto__',
      '0x10',
      '1_0',
    ])
    return found ? replaced(text, found.index, found.index + found[0].length, by) : text
  },
  (text, rng) => {
    const lines = text.split('\n')
    const [from, to] = [drawInteger(rng, lines.length), drawInteger(rng, lines.length)]
    lines[to] = pick(rng, [lines[from]!, '', `${lines[to]},${lines[from]}`, `"${lines[to]}`, lines[to]!.repeat(3)])
    return lines.join('\n')
  },
  (text, rng) => {
    const word = /[A-Za-z_]+/g
    word.lastIndex = drawInteger(rng, text.length + 1)
    const found = word.exec(text)
    const by = pick(rng, ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'side', '\u0000', '=1+1'])
    return found ? replaced(text, found.index, found.index + found[0].length, by) : text
  },
]

/** How an original is written, which says what damage means something to it. */
export type Form = 'json' | 'lines' | 'bytes'

/** The original with one to four blows. */
export function mutate(original: string | Uint8Array, form: Form, rng: Rng): string | Uint8Array {
  let now = original
  for (let blows = 1 + drawInteger(rng, 4); blows > 0; blows--) {
    if (now.length === 0) return now
    if (typeof now === 'string' && rng.next() < 0.9) {
      now = pick(rng, form === 'lines' ? LINE_KINDS : JSON_KINDS)(now, rng)
    } else {
      const bytes = pick(rng, BYTE_KINDS)(typeof now === 'string' ? Buffer.from(now) : now, rng)
      now = typeof now === 'string' ? Buffer.from(bytes).toString('latin1') : Uint8Array.from(bytes)
    }
    // lists and nesting multiply; a file of a megabyte says it as well
    if (now.length > 1_000_000) now = now.slice(0, 1_000_000)
  }
  return now
}
