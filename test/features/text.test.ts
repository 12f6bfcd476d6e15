import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Vector } from '../../src/contracts.ts'
import { FeatureEngineer, optional } from '../../src/features/index.ts'
import { hashedText } from '../../src/features/text.ts'
import { START, walk } from './candles.ts'

const coded = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

function hashed(text: string, options: Parameters<typeof hashedText>[0] = {}): Vector {
  const feature = hashedText(options)
  const out = new Float64Array(feature.outputs.length).fill(7)
  feature.write(text, out, 0)
  return out
}
const lengthOf = (x: Vector) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0))
const dot = (a: Vector, b: Vector) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const likeness = (a: string, b: string, options = {}) => dot(hashed(a, options), hashed(b, options))

describe('a hashed text', () => {
  test('is a vector of length 1, or of zeros where it has no words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(3), (text, characters) => {
        const x = hashed(text, { ngrams: { characters } })
        const length = lengthOf(x)
        expect(length === 0 || Math.abs(length - 1) < 1e-12).toBe(true)
        expect(x.every(Number.isFinite)).toBe(true)
      }),
      { numRuns: 300 },
    )
    for (const empty of ['', '   ', '?!, ... \n', '\uD83D', '🚀🚀']) expect(lengthOf(hashed(empty))).toBe(0)
  })

  test('is the same on every machine', () => {
    // written down, because saved models have learnt from it
    const options = { buckets: 8, ngrams: { words: 2, characters: 3 } }
    const counts = [1, 6, -2, -2, -2, -4, -1, 0]
    const length = Math.sqrt(counts.reduce((sum, count) => sum + count * count, 0))
    expect([...hashed('Breakout above VWAP, volume rising', options)]).toEqual(counts.map((count) => count / length))
  })

  test('does not look at case, at marks between words, or at how a character is written', () => {
    const x = hashed('RSI oversold; trend: up')
    for (const other of ['rsi OVERSOLD trend up', ' RSI,oversold\ntrend→up!', 'ＲＳＩ oversold trend up']) {
      expect(hashed(other)).toEqual(x)
    }
    expect(hashed('Stra\u00DFe caf\u00E9 \uFB01n')).toEqual(hashed('stra\u00DFe CAFE\u0301 fin'))
    // a Turkish I would depend on the locale
    expect(hashed('TITLE')).toEqual(hashed('title'))
    expect(hashed('oversold RSI trend up')).not.toEqual(x)
    expect(hashed('oversold RSI trend up', { ngrams: { words: 1 } })).toEqual(
      hashed('RSI oversold trend up', { ngrams: { words: 1 } }),
    )
  })

  test('lies near texts that share words, and across from none', () => {
    const options = { buckets: 1024 }
    const one = 'momentum is strong and volume confirms the breakout'
    expect(likeness(one, 'volume confirms the breakout, momentum is weak', options)).toBeGreaterThan(0.5)
    expect(Math.abs(likeness(one, 'earnings tomorrow so stay out', options))).toBeLessThan(0.15)
    // words bent by grammar share characters
    const bent = ['Ausbruch bestätigt', 'Ausbruchs bestätigte'] as const
    expect(likeness(...bent, options)).toBeLessThan(0.1)
    expect(likeness(...bent, { ...options, ngrams: { words: 1, characters: 3 } })).toBeGreaterThan(0.5)
    const chinese = ['成交量放大突破', '突破成交量放大'] as const
    expect(likeness(...chinese, { ...options, ngrams: { characters: 2 } })).toBeGreaterThan(0.5)
  })

  test('takes no character apart, wherever it is cut', () => {
    const script = '𝒜𠮷𠮷𝟘a'.repeat(5)
    for (let maxLength = 1; maxLength < 40; maxLength++) {
      const x = hashed(script, { maxLength, ngrams: { characters: 2 } })
      expect(lengthOf(x) === 0 || Math.abs(lengthOf(x) - 1) < 1e-12).toBe(true)
    }
    expect(hashed('𠮷a', { maxLength: 1 })).toEqual(hashed(''))
  })

  test('is bounded: what comes after the cut does not count, and a novel takes no longer', () => {
    const start = 'calm market '.repeat(200)
    expect(hashed(start + 'CRASH '.repeat(1e5))).toEqual(hashed(start.slice(0, 2000)))
    expect(hashed('a b c d', { maxLength: 3 })).toEqual(hashed('a b'))
    // one character that stands for eighteen
    expect(lengthOf(hashed('\uFDFA'.repeat(5000), { ngrams: { characters: 3 } }))).toBeCloseTo(1, 12)
  })

  test('spreads words evenly over buckets and signs', () => {
    const counts = new Float64Array(64)
    const n = 20_000
    for (let i = 0; i < n; i++) {
      const x = hashed(`word${i}`, { buckets: 32 })
      const bucket = x.findIndex((value) => value !== 0)
      counts[2 * bucket + (x[bucket]! > 0 ? 1 : 0)]!++
    }
    const wanted = n / 64
    const chi = counts.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0)
    // 63 degrees of freedom: 103 is exceeded once in a thousand
    expect(chi).toBeLessThan(103)
  })
})

describe('as a feature', () => {
  const engineer = new FeatureEngineer({
    meta: { why: hashedText({ buckets: 4 }), note: optional(hashedText({ buckets: 2 })) },
  })
  engineer.update(walk(1)[0]!)
  const signal = { symbol: 'AAPL', side: 'long', time: START } as const

  test('it has a number for each bucket, and is missing where it may be left out', () => {
    expect(engineer.schema.names).toEqual(['why.0', 'why.1', 'why.2', 'why.3', 'note.0', 'note.1'])
    expect(engineer.schema.kinds[0]).toBe('hashedText(4,2,0,2000)')
    const x = engineer.vector({ ...signal, meta: { why: 'trend up' } })
    expect(lengthOf(x.slice(0, 4))).toBeCloseTo(1, 12)
    expect([...x.slice(4)]).toEqual([NaN, NaN])
    expect(engineer.row(x)['why.3']).toBe(x[3])
  })

  test('it takes texts only', () => {
    for (const why of [7, null, true]) {
      expect(() => engineer.vector({ ...signal, meta: { why } } as never)).toThrow(
        coded('INVALID_SIGNAL', 'must be a text'),
      )
    }
  })

  test('its options are checked', () => {
    for (const options of [
      { buckets: 1 },
      { buckets: 1e9 },
      { buckets: 2.5 },
      { maxLength: 0 },
      { ngrams: { words: 0 } },
      { ngrams: { words: 11 } },
      { ngrams: { characters: -1 } },
    ]) {
      expect(() => hashedText(options), JSON.stringify(options)).toThrow(coded('INVALID_OPTION'))
    }
  })
})
