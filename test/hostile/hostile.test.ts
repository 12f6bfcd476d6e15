import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { TradeLearnError } from '../../src/core/errors.ts'
import { parseSnapshot } from '../../src/core/snapshot.ts'
import { defaultCodecs } from '../../src/lifecycle/index.ts'
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
