import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { walk } from '../features/candles.ts'

const root = join(import.meta.dirname, '../..')
const market = join(root, '../shared/data/market')
const folder = mkdtempSync(join(tmpdir(), 'tradelearn-checks-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

// as in the package: the program and the library that a user's module imports are two copies of the same code
beforeAll(async () => {
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  await build({
    entryPoints: { cli: join(root, 'src/cli/main.ts'), library: join(root, 'src/index.ts') },
    ...{ outdir: folder, bundle: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'silent' },
    outExtension: { '.js': '.mjs' },
  })
})

/** Runs the program as its users do. */
function tradelearn(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [join(folder, 'cli.mjs'), ...args], { maxBuffer: 2 ** 24 }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

const HEAD = 'time,symbol,open,high,low,close,volume'
const line = ({ time, symbol, open, high, low, close, volume }: ReturnType<typeof walk>[number]): string =>
  [time, symbol, open, high, low, close, volume ?? ''].join()
const good = walk(400)
const candles = file('walk.csv', [HEAD, ...good.map(line)].join('\n'))
/** A module of the user's own. */
const module = (name: string, code: string): string =>
  file(`${name}.mjs`, `import * as t from './library.mjs'\n${code}\n`)

describe('check-features', () => {
  test('proves the default features and lists what each needs, the slowest first', async () => {
    const { code, out, err } = await tradelearn('check-features', '-c', candles, '--within', '350', '--cuts', '5')
    expect([code, err]).toEqual([0, expect.stringMatching(/no look-ahead .* 100 %[\s\S]*warm-up .* 100 %/)])
    expect(out).toMatch(/^No look-ahead: 28 features of the default features on 400 candles; .* at 5 moments/)
    expect(out).toMatch(/feature +candles needed +has a value\n/)
    const needed = [...out.matchAll(/^\S+ +(\d+) +[\d.]+ %$/gm)].map(([, n]) => Number(n))
    expect(needed.length).toBe(27)
    expect(needed).toEqual(needed.toSorted((a, b) => b - a))
    expect(out).toMatch(/^returns\.10 +11 +97\.5 %$/m)
    expect(out).toContain(`\nWarm after ${needed[0]} candles of AAPL: `)
    // without closed trades there is no win rate to tell from
    expect(out).toMatch(/^winRate +N\/A +0\.0 %$/m)
    expect(out).toMatch(/no value on any of them: winRate\.$/m)
  })

  test('names feature, candle and both values of a leak, and ends with 1', async () => {
    const leaky = module(
      'leaky',
      `const tomorrow = (candles) => ({
        kind: 'tomorrow', outputs: ['value'], init: () => ({ at: -1 }),
        update(state) { state.at++ },
        read({ at }, out, to) { out[to] = candles[at + 1]?.close ?? NaN },
      })
      export default (candles) => new t.FeatureEngineer({ candles: { rsi: t.rsi(14), tomorrow: tomorrow(candles) } })`,
    )
    const { code, out, err } = await tradelearn('check-features', '-c', candles, '-f', leaky)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(
      /^LOOKAHEAD: Feature "tomorrow" must not depend .* candle \d+ \(AAPL, 20\S+Z\) it is [\d.]+, and [\d.]+ with/m,
    )
    expect(err).not.toMatch(/^\s+at /m)
  })

  test('names what never forgets where the series started, and ends with 1', async () => {
    const total = module(
      'total',
      `const total = {
        kind: 'total', outputs: ['value'], init: () => ({ sum: 0 }),
        update(state, { open, close }) { state.sum += close - open },
        read({ sum }, out, to) { out[to] = sum },
      }
      export default { candles: { returns: t.returns(1), total } }`,
    )
    const { code, out, err } = await tradelearn('check-features', '-c', candles, '-f', total)
    expect([code, out]).toEqual([1, expect.stringContaining('No look-ahead: 2 features of total.mjs')])
    expect(err).toMatch(/^NOT_WARM: .* after 200 candles; these do: total\.$/m)
  })

  test('a tighter tolerance needs more candles', async () => {
    const slow = module('slow', 'export default new t.FeatureEngineer({ candles: { rsi: t.rsi(5) } })')
    const needed = async (tolerance: string): Promise<number> => {
      const { out } = await tradelearn('check-features', '-c', candles, '-f', slow, '--tolerance', tolerance)
      return Number(/^rsi +(\d+)/m.exec(out)![1])
    }
    const [loose, tight] = await Promise.all([needed('0.01'), needed('1e-9')])
    expect(loose).toBeGreaterThan(5)
    expect(tight).toBeGreaterThan(2 * loose)
  })

  test('features of `meta` take the signals that the module makes, and are refused with the way out else', async () => {
    const code = 'export default { candles: { rsi: t.rsi(3) }, meta: { score: t.numeric() } }'
    const without = module('without', code)
    const signal = `export const signal = ({ symbol, time, close }) => ({ symbol, side: 'short', time, meta: { score: close } })`
    const [refused, passed] = await Promise.all([
      tradelearn('check-features', '-c', candles, '-f', without),
      tradelearn('check-features', '-c', candles, '-f', module('with', `${code}\n${signal}`)),
    ])
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringMatching(/^INVALID_SIGNAL: "signal\.meta\.score" .* Export a function `signal\(candle\)`/m),
    ])
    expect([passed.code, passed.out]).toEqual([0, expect.stringMatching(/^score +1 +100\.0 %$/m)])
  })

  test('bars of other lengths are fed when they close, as a live bot gets them', async () => {
    const day = ({ time }: { readonly time: number }): number => Math.floor(time / 86_400_000)
    // each day's last price; high and low take in everything, so that the bar is sound
    const days = good
      .filter((hour, i) => i + 1 === good.length || day(good[i + 1]!) > day(hour))
      .map((hour) => ({ ...hour, symbol: 'DAY', time: day(hour) * 86_400_000, high: 1e9, low: 1e-9 }))
    const both = file('both.csv', [HEAD, ...[...days, ...good].map(line)].join('\n'))
    const context = module('context', `export default { context: { day: t.onSymbol('DAY', t.returns(1)) } }`)
    const { code, out } = await tradelearn('check-features', '-c', both, '-f', context, '--within', '60')
    expect([code, out]).toEqual([0, expect.stringContaining('No look-ahead: 1 features')])
    // a change from one day to the next needs what is left of one, and a whole one
    expect(out).toMatch(/\nWarm after (2[4-9]|[34]\d) candles of AAPL: /)
  })

  test.each([
    ['absent', join(folder, 'absent.mjs'), /absent\.mjs must be a module with features, got no such file/],
    ['broken', file('broken.mjs', 'export default {'), /broken\.mjs must be a module that can be loaded, got: Unexp/],
    ['empty', file('empty.mjs', 'export const a = 1'), /empty\.mjs must give a declaration .* got undefined/],
    ['nothing', file('nothing.mjs', 'export default () => 3'), /the function of nothing\.mjs must give .* got 3/],
    ['signal', file('signal.mjs', 'export default {}\nexport const signal = 1'), /must export "signal" as a function/],
  ])('a module is refused that is %s', async (_, path, message) => {
    const { code, err } = await tradelearn('check-features', '-c', candles, '-f', path)
    expect([code, err]).toEqual([1, expect.stringMatching(message)])
    expect(err).toMatch(/^INVALID_INPUT: /m)
    expect(err).not.toMatch(/^\s+at /m)
  })
})

describe('check-candles', () => {
  // a bad print, a gap, a double, a conflict, nonsense, a row too short
  const spoiled = good.map((candle, i) =>
    i === 200 ? { ...candle, high: candle.high * 2, close: candle.close * 2 } : candle,
  )
  const bad = [
    HEAD,
    ...spoiled.filter((_, i) => i < 300 || i >= 310).map(line),
    line(good[20]!),
    line({ ...good[30]!, close: good[30]!.low }),
    line({ ...good[0]!, time: good[399]!.time + 3_600_000, high: 1 }),
    `soon,AAPL,1,1,1,1,1`,
    `${good[5]!.time},AAPL,1,1`,
  ]
  const spoilt = file('bad.csv.gz', gzipSync(bad.join('\r\n')))

  test('has nothing to say about sound candles but how many there are', async () => {
    const { code, out, err } = await tradelearn('check-candles', '-c', candles, '-t', '1h', '--strict')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^walk\.csv: 400 rows, oldest first; 400 sound candles\.\n/)
    expect(out).toMatch(/^AAPL +400 +20\S+ +20\S+ +0$/m)
    expect(out).toMatch(/\n\nRows left out: 0\n\nGaps: 0\n\nCandles to look at: 0\n$/)
  })

  test('counts by code and shows the first lines of each', async () => {
    const { code, out } = await tradelearn('check-candles', '-c', spoilt, '--timeframe', '1h', '--first', '1')
    expect(code).toBe(0)
    expect(out).toMatch(/^bad\.csv\.gz: 395 rows, mixed; 389 sound candles\.\n/)
    expect(out).toContain('\nRows left out: 6\n')
    expect(out).toMatch(/^code +rows +line +what is wrong\n/m)
    expect(out).toMatch(/^CONFLICTING_CANDLES +2 +32 +Rows 30, 391 must agree about AAPL/m)
    expect(out).toMatch(/^DUPLICATE_CANDLE +1 +392 +Row 390 must be of another time/m)
    expect(out).toMatch(/^INVALID_CANDLE +1 +394 +A candle must have low <= open/m)
    expect(out).toMatch(/^INVALID_TIME +1 +395 +"candle\.time" must be an ISO 8601 time, got "soon"\.$/m)
    expect(out).toMatch(/^INVALID_INPUT +1 +396 +wanted 7 columns as in the header, got 4\.$/m)
    expect(out).toMatch(/^Gaps: 2, 11 candles of 1h missing .* the widest:$/m)
    expect(out).toMatch(/^AAPL +\S+ \d\d:\d\d +\S+ \d\d:\d\d +10$/m)
    expect(out).toMatch(
      /^SPIKE +1 +\S+ \d\d:\d\d +AAPL went \+\d+\.\d % and came back -\d+\.\d % on the next candle\.$/m,
    )
  })

  test('ends with 1 under --strict, and says all of it as JSON', async () => {
    const { code, out } = await tradelearn('check-candles', '-c', spoilt, '-t', '1h', '--json', '--strict')
    expect(code).toBe(1)
    const found = JSON.parse(out) as { leftOut: { line: number; code: string }[]; [name: string]: unknown }
    expect(found).toMatchObject({ file: 'bad.csv.gz', rows: 395, candles: 389, order: 'mixed' })
    expect(found.leftOut.map((each) => each.line)).toEqual([32, 392, 393, 394, 395, 396])
    expect(found['gaps']).toContainEqual(expect.objectContaining({ symbol: 'AAPL', missing: 10 }))
    expect(found['flags']).toContainEqual(expect.objectContaining({ code: 'SPIKE', time: good[200]!.time }))
  })

  test('a bar that has not ended yet is told apart', async () => {
    const now = Math.floor(Date.now() / 86_400_000) * 86_400_000
    const rows = [now - 86_400_000, now].map((time) => `${time},B,1,1,1,1,`)
    const { out } = await tradelearn('check-candles', '-c', file('open.csv', [HEAD, ...rows].join('\n')), '-t', '1d')
    expect(out).toMatch(/^OPEN_CANDLE +1 +3 /m)
  })

  test('dates without an order are left out with the way out; 20170203 is a date', async () => {
    const rows = (first: string, second: string): string =>
      `date;open;high;low;close\n${first};1;1;1;1\n${second};1;1;1;1`
    const us = file('us.csv', rows('02/03/2017', '02/04/2017'))
    const [refused, read, bare] = await Promise.all([
      tradelearn('check-candles', '-c', us),
      tradelearn('check-candles', '-c', us, '--date-order', 'month/day/year', '--symbol', 'X'),
      tradelearn('check-candles', '-c', file('bare.csv', rows('20170203', '2017/02/04'))),
    ])
    expect([refused.code, refused.out]).toEqual([1, expect.stringMatching(/^INVALID_TIME +2 .*\n[\s\S]*--date-order/m)])
    expect([read.code, read.out]).toEqual([0, expect.stringMatching(/^X +2 +2017-02-03 +2017-02-04 +2$/m)])
    expect([bare.code, bare.out]).toEqual([0, expect.stringMatching(/^bare +2 +2017-02-03 +2017-02-04 +2$/m)])
  })

  test.each([
    ['no file', ['-c', join(folder, 'absent.csv')], /^INVALID_INPUT: absent\.csv must be a readable file/],
    ['no column', ['-c', file('close.csv', 'time,close\n1,1')], /^INVALID_INPUT: close\.csv must have a column "open"/],
    ['no timeframe', ['-c', candles, '-t', 'hour'], /^INVALID_OPTION: "timeframe" must be .* got "hour"/],
  ])('%s ends with 1 and says so', async (_, args, message) => {
    const { code, err } = await tradelearn('check-candles', ...args)
    expect([code, err]).toEqual([1, expect.stringMatching(message)])
  })

  test.skipIf(!existsSync(market))('the faults of real files are found', async () => {
    const check = async (name: string, ...more: readonly string[]) =>
      (await tradelearn('check-candles', '-c', join(market, name), ...more)).out
    const [broken, vix, goog] = await Promise.all([
      check('bad_quotes.csv', '--date-order', 'month/day/year'),
      check('vix_1d.csv'),
      check('goog_1d.csv'),
    ])
    expect(broken).toMatch(/^INVALID_CANDLE +\d+ /m)
    expect(vix).toMatch(/^INVALID_CANDLE +47 /m)
    expect(goog).toMatch(/^POSSIBLE_SPLIT +1 +2014-04-03 .*a split of 2 for 1/m)
    expect(goog).toMatch(/^SPIKE +1 +2008-09-30 /m)
  })
})

test.each(['check-features', 'check-candles'])('%s --help says what can be said', async (command) => {
  const { code, out } = await tradelearn(command, '--help')
  expect([code, out]).toEqual([0, expect.stringContaining(`Usage: tradelearn ${command} [options]`)])
  expect(out).toContain('--candles <file>')
})
