import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packState, type State, unpackState } from '../../src/core/state.ts'

const through = <T extends State>(state: T, template: State = null): State =>
  unpackState(JSON.parse(JSON.stringify(packState(state))), template)

describe('packState and unpackState', () => {
  test('keep every double, to the bit', () => {
    const anyDouble = fc.oneof(fc.double(), fc.constantFrom(-0, 0, Number.NaN, Infinity, -Infinity, 5e-324, 1e308))
    fc.assert(
      fc.property(anyDouble, fc.array(anyDouble), (value, values) => {
        const state = { value, list: values, array: Float64Array.from(values) }
        expect(through(state)).toEqual(state)
        expect(through(state, { value: 0, list: [0], array: new Float64Array(0) })).toEqual(state)
      }),
    )
  })

  test('keep typed arrays of every kind, also views into larger buffers', () => {
    const wide = Float64Array.from({ length: 50 }, (_, i) => i / 7)
    for (const array of [
      wide.subarray(3, 40),
      Int32Array.of(-1, 2 ** 31 - 1),
      Uint8Array.of(0, 255),
      Uint16Array.of(65535),
      Uint32Array.of(4294967295),
      Float32Array.of(0.1),
      new Float64Array(0),
    ]) {
      expect(through(array)).toEqual(array.slice())
    }
  })

  test('write long arrays', () => {
    const long = Float64Array.from({ length: 100_000 }, (_, i) => Math.sin(i))
    expect(through(long)).toEqual(long)
  })

  test('a key named __proto__ stays a key', () => {
    const back = unpackState(JSON.parse('{"__proto__": {"polluted": 1}}'), {}) as object
    expect(Object.hasOwn(back, '__proto__')).toBe(true)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test('bottomless nesting is refused, not walked until the stack overflows', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
    for (const template of [null, []]) {
      expect(() => unpackState(deep, template)).toThrowError(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT' }))
    }
  })

  test.each([
    ['a missing key', { a: 1 }, { a: 0, b: 0 }, 'state.b'],
    ['an unknown key', { a: 1, c: 2 }, { a: 0 }, 'state.c'],
    ['a string for a number', { a: '1' }, { a: 0 }, 'state.a'],
    ['null for a number', { a: null }, { a: 0 }, 'state.a'],
    ['an array of the wrong length', { a: packState(new Float64Array(3)) }, { a: new Float64Array(2) }, 'state.a'],
    ['an array of the wrong type', { a: packState(new Int32Array(2)) }, { a: new Float64Array(2) }, 'state.a'],
    ['half a number of bytes', { a: { $: 'Float64Array', data: 'AAAA' } }, { a: new Float64Array(0) }, 'state.a'],
    ['no base64', { a: { $: 'Float64Array', data: '?' } }, { a: new Float64Array(0) }, 'state.a'],
    ['an unknown special', { a: { $: 'constructor', data: 'AAAA' } }, { a: new Float64Array(0) }, 'state.a'],
    ['a wrong item deep inside', { a: [{ b: 1 }, { b: 'x' }] }, { a: [{ b: 0 }] }, 'state.a[1].b'],
    ['an object for an array', { a: {} }, { a: [] }, 'state.a'],
    ['an array for an object', { a: [] }, { a: { b: 0 } }, 'state.a'],
  ] as const)('%s is refused by its path', (_, json, template, path) => {
    expect(() => unpackState(json, template as unknown as State)).toThrowError(
      expect.objectContaining({ code: 'CORRUPT_SNAPSHOT', message: expect.stringContaining(`"${path}"`) }),
    )
  })
})
