import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { TradeLearnError } from '../../src/core/errors.ts'
import { readTime } from '../../src/core/read-time.ts'
import { parseSnapshot, restore } from '../../src/core/snapshot.ts'
import { readEvaluation } from '../../src/evaluation/index.ts'
import { defaultCodecs } from '../../src/lifecycle/index.ts'
import { readFreqtrade } from '../../src/trades/index.ts'
import { badCalls } from './bad-calls.ts'
import { fuzz, inputOf } from './fuzz.ts'
import { PARTS, targets } from './targets.ts'

const all = targets()

describe('damaged files are refused with a code or do no harm:', () => {
  // as many as a pull request has time for; `bench/hostile/run.ts` does more
  test.each(all.map((target) => [target.name, target] as const))('%s', (name, target) => {
    const report = fuzz(target, name === 'TradeLearner.restore' ? 30 : 120, 'pull request')
    expect(report.faults).toEqual([])
    // the damage is some, and not so much that nothing but the first check is tested
    expect(report.refused).toBeGreaterThan(report.inputs / 10)
  })

  test('by classes of which none is missing', () => {
    expect(PARTS.map((part) => part.toJSON().type).sort()).toEqual(
      defaultCodecs()
        .map(({ type }) => type)
        .sort(),
    )
  })

  test('that a number finds again', () => {
    const [target] = all
    expect(inputOf(target!, 'a', 7)).toEqual(inputOf(target!, 'a', 7))
    expect(inputOf(target!, 'a', 7)).not.toEqual(inputOf(target!, 'a', 8))
  })
})

describe('a file of the worst kind is refused by every reader, quickly:', () => {
  // those that would keep JSON.parse itself busy, which readers of parsed documents leave to their callers
  const deep = 300_000
  const files: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['300,000 brackets', '['.repeat(deep)],
    ['300,000 brackets that close', `${'['.repeat(deep)}${']'.repeat(deep)}`],
    ['a million objects in each other', `${'{"a":'.repeat(1e6)}1${'}'.repeat(1e6)}`],
    ['a mark of byte order alone', '\ufeff'],
    ['a whole document behind a mark of byte order', `\ufeff{"type":"adwin","version":1,"options":{},"state":{}}`],
    ['bytes of gzip', gzipSync('x'.repeat(1e6)).toString('latin1')],
    ['an object that calls itself a prototype', '{"__proto__":{"type":"adwin","version":1,"options":{},"state":{}}}'],
    ['a huge number', `${'9'.repeat(1e6)}`],
    ['a string without an end', `{"type":"${'\\'.repeat(1e6)}`],
    ['quotes and backslashes', `{"type":"${'\\"'.repeat(1e6)}`],
    ['a million keys', `{${Array.from({ length: 1e5 }, (_, i) => `"k${i}":${i}`).join()}}`],
  ]
  test.each(files)('%s', (_, file) => {
    for (const { name, form, use } of all) {
      const given = form === 'bytes' ? Buffer.from(file, 'latin1') : file
      let refusal: unknown
      try {
        use(form === 'bytes' ? Uint8Array.from(given as Buffer) : given)
      } catch (error) {
        refusal = error
      }
      // an empty series of candles is a series
      if (refusal === undefined && /normalizeSeries|readTrades|readCandles/.test(name)) continue
      expect((refusal as TradeLearnError | undefined)?.name, `${name}: ${String(refusal)}`).toBe('TradeLearnError')
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('what the fuzz has found stays found:', () => {
  const codeOf = (act: () => unknown): unknown => {
    try {
      act()
    } catch (error) {
      return (error as TradeLearnError).code
    }
    return 'none'
  }
  const saved = (type: string): string => JSON.stringify(PARTS.find((part) => part.toJSON().type === type))
  test.each([
    ['conformal-interval', '"window":20', '"window":21000000000'],
    ['conformal-interval', '"head":10', '"head":1e9'],
    ['standard-scaler', '"features":3', '"features":1000000000'],
  ])('%s with %s made %s', (type, from, to) => {
    const file = saved(type)
    expect(file).toContain(from)
    const code = codeOf(() => restore(parseSnapshot(file.replace(from, to)), defaultCodecs()))
    expect(code).toMatch(/^(INVALID_OPTION|CORRUPT_SNAPSHOT)$/)
  })

  test('an exit’s reason that is a nest of lists', () => {
    const reason = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)
    const trade = { pair: 'A', open_rate: 1, close_rate: 1, fee_open: 0, fee_close: 0, exit_reason: reason }
    const times = { open_timestamp: 1_704_067_200_000, close_timestamp: 1_704_067_300_000 }
    expect(readFreqtrade({ strategy: { s: { trades: [{ ...trade, ...times }] } } })).toMatchObject([
      { exitReason: 'exit' },
    ])
  })

  test('a time that calls its number by a name', () => {
    expect(codeOf(() => readTime('time', JSON.parse('{"valueOf":5}')))).toBe('INVALID_TIME')
  })

  test('words of an evaluation that are names of every object', () => {
    const text = JSON.stringify({ version: 1, validation: {}, name: 'constructor', endless: 'Infinity' })
    expect(readEvaluation(text)).toMatchObject({ name: 'constructor', endless: Number.POSITIVE_INFINITY })
  })

  test('messages with a file’s own words move no cursor and fill no screen', () => {
    for (const word of ['\u001b[2J', '\u009b31m', '\u202e', 'x'.repeat(1e6)]) {
      const file = JSON.stringify({ type: 'adwin', version: 1, options: { [word]: 1 }, state: {} })
      const error = ((): Error => {
        try {
          return restore(parseSnapshot(file), defaultCodecs()) as never
        } catch (caught) {
          return caught as Error
        }
      })()
      expect(error.message).toMatch(/^[ -~…\n]{1,2100}$/)
    }
  })
})

test('five million brackets do not even get parsed', () => {
  const deep = '['.repeat(5e6) + ']'.repeat(5e6)
  expect(() => parseSnapshot(deep)).toThrow(/nested at most 1000 deep, got more at character 1000/)
  expect(() => parseSnapshot(`{"\\\\":"[[\\"${'['.repeat(2000)}"}`)).not.toThrow()
})

test('a call that is refused leaves the learner as it was, and says why', () => {
  const report = badCalls(1000, 'pull request')
  expect(report.faults).toEqual([])
  expect(report.refused).toBeGreaterThan(300)
})
