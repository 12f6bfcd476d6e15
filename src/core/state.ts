import type { JsonObject, JsonValue } from '../contracts.ts'
import { show, TradeLearnError } from './errors.ts'

/** Typed arrays that a state may hold. */
type TypedArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array

const TYPED = { Float64Array, Float32Array, Int32Array, Uint32Array, Uint16Array, Uint8Array } as const
type TypedName = keyof typeof TYPED

/** What a state record is made of: plain data and typed arrays, nested as you like. No class instances. */
export type State = null | boolean | number | string | TypedArray | readonly State[] | { readonly [key: string]: State }

const nameOf = (array: TypedArray): TypedName => array.constructor.name as TypedName

/**
 * Writes a state record as JSON without losing a bit.
 *
 * JSON has no NaN, no infinities and no -0, and long arrays of decimals are bulky, so those scalars become
 * `{"$": "NaN"}` and typed arrays become `{"$": "Float64Array", "data": <base64 of the little-endian bytes>}`.
 * Every other number is written by JSON itself, whose shortest round-trip form is exact.
 */
export function packState(state: State): JsonValue {
  if (typeof state === 'number') {
    return Number.isFinite(state) && !Object.is(state, -0) ? state : { $: Object.is(state, -0) ? '-0' : String(state) }
  }
  if (state === null || typeof state !== 'object') return state
  if (Array.isArray(state)) return state.map(packState)
  if (ArrayBuffer.isView(state)) return { $: nameOf(state as TypedArray), data: toBase64(state as TypedArray) }
  return Object.fromEntries(Object.entries(state).map(([key, value]) => [key, packState(value)]))
}

/** {@link packState} for a record, which is what a snapshot's `options` and `state` are. */
export function packRecord(state: { readonly [key: string]: State }): JsonObject {
  return packState(state) as JsonObject
}

/**
 * Reads what {@link packState} wrote, checking it against `template`: a fresh state of the same shape.
 *
 * Every key of the template must be there with the same kind of value, and no other key. A typed array must have
 * the template's length unless that is 0, which stands for any. An empty array stands for any array, an empty object
 * for any record, and `null` for anything; a non-empty array's first element is the template for all elements.
 *
 * @throws `CORRUPT_SNAPSHOT` with the path of the first value that does not fit
 */
export function unpackState<T extends State>(json: JsonValue | undefined, template: T, path = 'state'): T {
  return unpack(json, template, path) as T
}

function unpack(json: JsonValue | undefined, template: State, path: string): State {
  if (typeof template === 'object' && template !== null && !ArrayBuffer.isView(template)) {
    return Array.isArray(template)
      ? unpackArray(json, template, path)
      : unpackRecord(json, template as { readonly [key: string]: State }, path)
  }
  const value = decode(json, path)
  if (template === null) return value
  if (!ArrayBuffer.isView(template))
    return typeof value === typeof template ? value : corrupt(path, `a ${typeof template}`, value)
  const wanted = template as TypedArray
  if (!ArrayBuffer.isView(value) || nameOf(value as TypedArray) !== nameOf(wanted)) corrupt(path, nameOf(wanted), value)
  const got = value as TypedArray
  return wanted.length === 0 || got.length === wanted.length ? got : corrupt(path, `an array of ${wanted.length}`, got)
}

function unpackArray(json: JsonValue | undefined, template: readonly State[], path: string): State {
  if (!Array.isArray(json)) return corrupt(path, 'an array', json)
  const items: readonly JsonValue[] = json
  const item = template[0]
  return items.map((value, i) =>
    item === undefined ? decode(value, `${path}[${i}]`) : unpack(value, item, `${path}[${i}]`),
  )
}

function unpackRecord(json: JsonValue | undefined, template: { readonly [key: string]: State }, path: string): State {
  if (typeof json !== 'object' || json === null || Array.isArray(json) || Object.hasOwn(json, '$')) {
    return corrupt(path, 'an object', json)
  }
  const record = json as JsonObject
  const keys = Object.keys(template)
  if (keys.length === 0) return decode(record, path)
  for (const key of Object.keys(record)) {
    if (!Object.hasOwn(template, key)) corrupt(`${path}.${key}`, 'absent', record[key])
  }
  return Object.fromEntries(
    keys.map((key) => {
      if (!Object.hasOwn(record, key)) corrupt(`${path}.${key}`, 'present', undefined)
      return [key, unpack(record[key], template[key]!, `${path}.${key}`)]
    }),
  )
}

/** Values nested deeper than this are no state of ours, and would overflow the stack of whoever walks them. */
const DEEPEST = 64

/** Undoes the writing alone, without a template. */
function decode(json: JsonValue | undefined, path: string, depth = 0): State {
  if (json === undefined) corrupt(path, 'present', undefined)
  if (json === null || typeof json !== 'object') return json
  if (depth > DEEPEST) corrupt(path.slice(0, 80), `nested at most ${DEEPEST} deep`, json)
  if (Array.isArray(json)) return json.map((item, i) => decode(item, `${path}[${i}]`, depth + 1))
  const record = json as JsonObject
  if (typeof record['$'] === 'string') return special(record['$'], record['data'], path)
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, decode(value, `${path}.${key}`, depth + 1)]),
  )
}

const SCALARS: { readonly [name: string]: number } = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 }

function special(name: string, data: JsonValue | undefined, path: string): State {
  if (data === undefined && Object.hasOwn(SCALARS, name)) return SCALARS[name]!
  if (typeof data !== 'string' || !Object.hasOwn(TYPED, name)) corrupt(path, 'a packed number or array', name)
  let bytes: string
  try {
    bytes = atob(data as string)
  } catch {
    return corrupt(path, 'base64', data)
  }
  const type = TYPED[name as TypedName]
  const { BYTES_PER_ELEMENT: width } = type
  if (bytes.length % width !== 0) corrupt(path, `a multiple of ${width} bytes`, bytes.length)
  const raw = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) raw[i] = bytes.charCodeAt(i)
  return new type(littleEndian(raw, width).buffer as ArrayBuffer)
}

/** Base64 of the array's bytes in little-endian order. */
function toBase64(array: TypedArray): string {
  const bytes = littleEndian(
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice(),
    array.BYTES_PER_ELEMENT,
  )
  const parts: string[] = []
  // fromCharCode takes its bytes as arguments, of which engines allow some 65,000; a multiple of 3 needs no padding
  for (let i = 0; i < bytes.length; i += 12_288) parts.push(btoa(String.fromCharCode(...bytes.subarray(i, i + 12_288))))
  return parts.join('')
}

/** Reverses each element's bytes in place on the rare big-endian machine. */
function littleEndian(bytes: Uint8Array, width: number): Uint8Array {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return bytes
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse()
  return bytes
}

function corrupt(path: string, wanted: string, got: unknown): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `Snapshot value "${path}" must be ${wanted}, got ${show(got)}.`)
}
