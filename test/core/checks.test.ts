import { describe, expect, test } from 'vitest'
import * as check from '../../src/core/check.ts'
import { checkCandle } from '../../src/core/check-candle.ts'
import { show, TradeLearnError } from '../../src/core/errors.ts'
import { SeededRng } from '../../src/core/rng.ts'
import { parseSnapshot, restore } from '../../src/core/snapshot.ts'
import type { Candle } from '../../src/market.ts'

const candle: Candle = { symbol: 'A', time: 1.6e12, open: 10, high: 12, low: 9, close: 11, volume: 5 }
const coded = (code: string, ...parts: string[]) =>
  expect.objectContaining({ name: 'TradeLearnError', code, message: expect.stringMatching(parts.join('.*')) })

describe('option checks say what was wanted and what came', () => {
  test.each([
    [() => check.positive('threshold', -1), 'INVALID_OPTION', '"threshold" must be a positive number, got -1.'],
    [() => check.integer('trees', 1.5), 'INVALID_OPTION', '"trees" must be a whole number of at least 1, got 1.5.'],
    [() => check.fraction('share', Number.NaN), 'INVALID_OPTION', '"share" must be a number from 0 to 1, got NaN.'],
    [() => check.openFraction('q', 1), 'INVALID_OPTION', '"q" must be a number between 0 and 1, got 1.'],
    [() => check.nonNegative('l2', '1' as never), 'INVALID_OPTION', '"l2" must be a number of at least 0, got "1".'],
    [() => check.finite('x', Infinity), 'INVALID_OPTION', '"x" must be a finite number, got Infinity.'],
    [() => check.text('id', ''), 'INVALID_OPTION', '"id" must be a non-empty string, got "".'],
    [() => check.oneOf('mode', 'x' as 'a', ['a', 'b']), 'INVALID_OPTION', '"mode" must be one of "a", "b", got "x".'],
    [() => check.time('time', 1_600_000_000), 'INVALID_TIME', 'seconds'],
    [() => check.time('time', 1.6e15), 'INVALID_TIME', 'micro'],
    [() => check.time('time', 1.5), 'INVALID_TIME', 'whole epoch milliseconds'],
  ])('%#', (act, code, message) => {
    expect(act).toThrowError(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })

  test('times from before 1970 pass', () => expect(check.time('time', -631_152_000_000)).toBe(-631_152_000_000))
})

describe('checkCandle', () => {
  test('passes a sane candle, with or without volume', () => {
    checkCandle(candle, 1.5e12)
    const { volume: _, ...bare } = candle
    checkCandle(bare)
  })

  test.each([
    [{ high: 8 }, undefined, 'INVALID_CANDLE'],
    [{ close: 13 }, undefined, 'INVALID_CANDLE'],
    [{ open: 8 }, undefined, 'INVALID_CANDLE'],
    [{ close: Number.NaN }, undefined, 'INVALID_CANDLE'],
    [{ close: '11' }, undefined, 'INVALID_CANDLE'],
    [{ low: 0 }, undefined, 'INVALID_CANDLE'],
    [{ low: -1 }, undefined, 'INVALID_CANDLE'],
    [{ volume: -1 }, undefined, 'INVALID_CANDLE'],
    [{ volume: Number.NaN }, undefined, 'INVALID_CANDLE'],
    [{ symbol: '' }, undefined, 'INVALID_CANDLE'],
    [{ time: 1_600_000_000 }, undefined, 'INVALID_TIME'],
    [{ time: '2020-01-01' }, undefined, 'INVALID_TIME'],
    [{}, 1.6e12, 'DUPLICATE_CANDLE'],
    [{}, 1.7e12, 'OUT_OF_ORDER'],
  ])('%j after %s is refused as %s', (change, previous, code) => {
    expect(() => checkCandle({ ...candle, ...change } as Candle, previous)).toThrowError(coded(code))
  })

  test('what is no object is refused', () => {
    for (const nonsense of [null, undefined, 5, 'candle']) {
      expect(() => checkCandle(nonsense as never)).toThrowError(coded('INVALID_CANDLE'))
    }
  })
})

describe('restore', () => {
  const whole = new SeededRng('a').toJSON()
  test.each([
    ['no codec for its type', { ...whole, type: 'other' }, 'UNKNOWN_SNAPSHOT', '"other".*"rng"'],
    ['nothing', undefined, 'UNKNOWN_SNAPSHOT', 'undefined'],
    ['null', null, 'UNKNOWN_SNAPSHOT', 'undefined'],
    ['a newer version', { ...whole, version: 2 }, 'UNSUPPORTED_VERSION', 'version 2.*up to 1'],
    ['no version', { ...whole, version: undefined }, 'CORRUPT_SNAPSHOT', 'version'],
    ['version 0', { ...whole, version: 0 }, 'CORRUPT_SNAPSHOT', 'got 0'],
    ['no state', { ...whole, state: undefined }, 'CORRUPT_SNAPSHOT', '"state"'],
    ['half a state', { ...whole, state: { c: 1 } }, 'CORRUPT_SNAPSHOT', 'state.s0'],
  ])('refuses %s', (_, snapshot, code, message) => {
    expect(() => restore(snapshot as never, [SeededRng])).toThrowError(coded(code, message))
  })

  test('text that was cut short is refused', () => {
    const text = JSON.stringify(whole)
    expect(restore(parseSnapshot(text), [SeededRng]).next()).toBe(new SeededRng('a').next())
    for (const length of [0, 1, 10, text.length - 1]) {
      expect(() => parseSnapshot(text.slice(0, length))).toThrowError(coded('CORRUPT_SNAPSHOT', `${length} characters`))
    }
  })
})

test('show keeps messages short and harmless', () => {
  expect(show('a'.repeat(100))).toHaveLength(63)
  expect(show('\u001b[31m')).toBe('"\\u001b[31m"')
  expect([show(-0), show([1, 2]), show({}), show(() => 1), show(new Float64Array(3))]).toEqual([
    '-0',
    'an array of 2',
    'an object',
    'a function',
    'an array of 3',
  ])
  expect(new TradeLearnError('ABORTED', 'x')).toBeInstanceOf(Error)
})
