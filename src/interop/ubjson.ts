import { DEEPEST, type Json, type JsonMap } from './json-text.ts'
import { corrupt } from './refuse.ts'

/** Where the reader stands. */
type Cursor = { readonly bytes: Uint8Array; readonly view: DataView; at: number; depth: number }

/** Bytes of a number of each type. */
const WIDTHS: { readonly [type: string]: number } = { i: 1, U: 1, I: 2, u: 2, l: 4, d: 4, L: 8, D: 8 }

/**
 * Reads Universal Binary JSON, draft 12, as XGBoost writes it: big-endian, arrays of one type in one piece.
 *
 * Every length is held against the bytes that are left before anything is allocated. O(bytes).
 *
 * @see https://ubjson.org
 */
export function parseUbjson(bytes: Uint8Array): Json {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cursor = { bytes, view, at: 0, depth: 0 }
  const value = readValue(cursor, readMark(cursor))
  return cursor.at === bytes.length ? value : corrupt('UBJSON', `${cursor.at} bytes long`, bytes.length)
}

/** Refuses to read on unless `count` items of at least `width` bytes are left. */
function need(cursor: Cursor, count: number, width = 1): void {
  const left = cursor.bytes.length - cursor.at
  if (!(count * width <= left)) {
    corrupt(`UBJSON at byte ${cursor.at}`, `at least ${count * width} bytes long from here`, left)
  }
}

function readMark(cursor: Cursor): string {
  need(cursor, 1)
  return String.fromCharCode(cursor.bytes[cursor.at++]!)
}

function peek({ bytes, at }: Cursor): string {
  return String.fromCharCode(bytes[at] ?? 0)
}

function readValue(cursor: Cursor, mark: string): Json {
  if (mark === '[' || mark === '{') {
    if (++cursor.depth > DEEPEST) corrupt('UBJSON', `nested at most ${DEEPEST} deep`, cursor.depth)
    const value = mark === '[' ? readList(cursor) : readMap(cursor)
    cursor.depth--
    return value
  }
  if (mark === 'S') return readText(cursor)
  if (mark === 'Z') return null
  if (mark === 'T' || mark === 'F') return mark === 'T'
  return readNumber(cursor, mark)
}

function readNumber(cursor: Cursor, type: string): number {
  const width = Object.hasOwn(WIDTHS, type)
    ? WIDTHS[type]!
    : corrupt(`UBJSON at byte ${cursor.at}`, 'a known type', type)
  need(cursor, 1, width)
  const { view, at } = cursor
  cursor.at += width
  return numberAt(view, at, type)
}

function numberAt(view: DataView, at: number, type: string): number {
  switch (type) {
    case 'i':
      return view.getInt8(at)
    case 'U':
      return view.getUint8(at)
    case 'I':
      return view.getInt16(at)
    case 'u':
      return view.getUint16(at)
    case 'l':
      return view.getInt32(at)
    case 'L':
      return Number(view.getBigInt64(at))
    case 'd':
      return view.getFloat32(at)
    default:
      return view.getFloat64(at)
  }
}

/** A length in front of what it counts. */
function readLength(cursor: Cursor): number {
  const type = readMark(cursor)
  if (type === 'd' || type === 'D') corrupt(`UBJSON at byte ${cursor.at}`, 'a length', type)
  const length = readNumber(cursor, type)
  return length >= 0 ? length : corrupt(`UBJSON at byte ${cursor.at}`, 'a length of at least 0', length)
}

function readText(cursor: Cursor): string {
  const length = readLength(cursor)
  need(cursor, length)
  const { bytes, at } = cursor
  cursor.at += length
  return decodeText(bytes.subarray(at, at + length))
}

/** Bytes as UTF-8, which models are written in. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return corrupt('text', 'valid UTF-8', bytes)
  }
}

function readList(cursor: Cursor): Json[] {
  if (peek(cursor) === '$') {
    cursor.at++
    const type = readMark(cursor)
    const width = Object.hasOwn(WIDTHS, type) ? WIDTHS[type]! : corrupt('UBJSON array', 'of numbers', type)
    if (readMark(cursor) !== '#') corrupt(`UBJSON at byte ${cursor.at}`, 'a count', peek(cursor))
    const length = readLength(cursor)
    need(cursor, length, width)
    const { view, at } = cursor
    cursor.at += length * width
    const numbers = new Array<number>(length)
    for (let i = 0; i < length; i++) numbers[i] = numberAt(view, at + i * width, type)
    return numbers
  }
  const list: Json[] = []
  if (peek(cursor) === '#') {
    cursor.at++
    const length = readLength(cursor)
    need(cursor, length)
    for (let i = 0; i < length; i++) list.push(readValue(cursor, readMark(cursor)))
    return list
  }
  for (let mark = readMark(cursor); mark !== ']'; mark = readMark(cursor)) list.push(readValue(cursor, mark))
  return list
}

function readMap(cursor: Cursor): JsonMap {
  const map: JsonMap = new Map()
  let left = Number.POSITIVE_INFINITY
  if (peek(cursor) === '#') {
    cursor.at++
    left = readLength(cursor)
    need(cursor, left)
  }
  for (; left > 0; left--) {
    if (peek(cursor) === '}') {
      cursor.at++
      break
    }
    const key = readText(cursor)
    if (map.has(key)) corrupt('UBJSON object', 'one with each key once', key)
    map.set(key, readValue(cursor, readMark(cursor)))
  }
  return map
}
