import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { HoldOut } from '../../src/evaluation/index.ts'
import { simulateRandomWalk } from '../../src/simulate/index.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'tradelearn-commands-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string): string => join(folder, name)

/** Runs the program as its users do. */
function tradelearn(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const all = ['--import', 'tsx', join(root, 'src/cli/main.ts'), ...args]
  return new Promise((done) => {
    execFile(process.execPath, all, { cwd: root }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

const market = simulateRandomWalk({ seed: 'commands', signals: 240 })
const candles = path('walk.csv')
writeFileSync(
  candles,
  [
    'time,symbol,open,high,low,close,volume',
    ...market.candles.map(({ time, symbol, open, high, low, close, volume }) =>
      [time, symbol, open, high, low, close, volume ?? ''].join(),
    ),
  ].join('\n'),
)
const signals = path('signals.csv')
writeFileSync(
  signals,
  [
    'time,symbol,side,id,bot,score',
    ...market.signals.map(({ time, symbol, side }, i) => [time, symbol, side, `id-${i}`, 'mine', i % 11].join()),
  ].join('\n'),
)
const INPUT = ['--candles', candles, '--signals', signals, '--ignore', 'id'] as const

/** The page, which must load nothing. */
function pageAt(name: string): string {
  const html = readFileSync(path(name), 'utf8')
  expect(html).toMatch(/^<!doctype html>/i)
  expect(html).not.toMatch(/\b(src|href|action)\s*=\s*["']?\s*(https?:)?\/\//i)
  expect(html).not.toMatch(/@import|url\(\s*["']?(https?:)?\/\/|\bfetch\(|XMLHttpRequest|WebSocket/i)
  return html
}
const TABLE = /model +95 % interval +take every signal +base rate +last label +n\n─+/

describe('the commands', () => {
  test('walk-forward prints the table and writes the page', async () => {
    const html = path('walk.html')
    const { code, out, err } = await tradelearn('walk-forward', ...INPUT, '-l', 'linear', '--html', html)
    expect([code, err]).toEqual([0, expect.stringContaining('every signal has the same there: bot.')])
    expect(out).toMatch(TABLE)
    expect(out).toMatch(/\nCorrelation with the label +\S/)
    expect(out).toContain(`Page: ${html}`)
    expect(pageAt('walk.html').match(/<section id="run-/g)).toHaveLength(4)
  })

  test('report prints the table, writes the page and saves the learner', async () => {
    const args = ['--html', path('report.html'), '--save', path('learner.json')]
    const { code, out } = await tradelearn('report', ...INPUT, ...args)
    expect(code).toBe(0)
    expect(out).toMatch(TABLE)
    expect(out).toMatch(/\nSignals traded +\d/)
    expect(out).not.toMatch(/-0(\.0+)? %/)
    pageAt('report.html')
    expect(JSON.parse(readFileSync(path('learner.json'), 'utf8'))).toMatchObject({ type: 'trade-learner' })
  })

  test('simulate prints the table and writes the page', async () => {
    const { code, out } = await tradelearn('simulate', '--signals', '250', '--html', path('simulated.html'))
    expect(code).toBe(0)
    expect(out).toMatch(TABLE)
    // 25 signals in the tenth after the change
    expect(out).toMatch(
      /AUC before the change 0\.\d{3} \(best .*, in the tenth after it N\/A \(needs 20\), in the last/,
    )
    pageAt('simulated.html')
  })

  test.each(['walk-forward', 'report', 'simulate'])('%s --help says what can be said', async (command) => {
    const { code, out } = await tradelearn(command, '--help')
    expect([code, out]).toEqual([0, expect.stringContaining(`Usage: tradelearn ${command} [options]`)])
    expect(out).toContain('--html <file>')
  })
})

describe('the hold-out', () => {
  const file = path('holdout.json')
  const run = (...more: readonly string[]) =>
    tradelearn(
      'walk-forward',
      ...INPUT,
      '-l',
      'base-rate',
      '--open-holdout',
      file,
      '--html',
      path('last.html'),
      ...more,
    )

  test('is opened once, shown beside the folds, and refused from then on', async () => {
    const { code, out } = await run()
    expect([code, out]).toEqual([0, expect.stringContaining(`Hold-out opened: ${file}`)])
    const title = /Hold-out: the newest (\d+) signals/.exec(out)!
    const rows = Number(/: (\d+) settled signals/.exec(out)![1])
    expect(Number(title[1])).toBe(Math.ceil(rows * 0.2))
    const html = pageAt('last.html')
    expect(html.match(/<section id="run-/g)).toHaveLength(5)
    expect(html).toContain(title[0])
    expect(html).toContain('On the hold-out: ')
    const kept = readFileSync(file, 'utf8')
    const { opened, openedAt } = HoldOut.fromJSON(JSON.parse(kept))
    expect([opened, new Date(openedAt).getUTCFullYear() >= 2024]).toEqual([true, true])

    rmSync(path('last.html'))
    const [again, other] = await Promise.all([run('--seed', '1'), run('--holdout', '0.3')])
    expect([again.code, again.err]).toEqual([1, expect.stringMatching(/^HOLDOUT_OPENED: .* already used\.$/m)])
    expect([other.code, other.err]).toEqual([
      1,
      expect.stringMatching(/^INVALID_OPTION: "holdout" must be 0\.2 as in the hold-out file holdout\.json, got 0\.3/m),
    ])
    expect(again.out + other.out).not.toContain('AUC')
    expect(existsSync(path('last.html'))).toBe(false)
    expect(readFileSync(file, 'utf8')).toBe(kept)
  })

  test('must be there to be opened', async () => {
    const none = ['--open-holdout', path('none.json'), '--holdout', '0']
    const { code, err } = await tradelearn('walk-forward', '--candles', candles, ...none)
    expect([code, err]).toEqual([1, expect.stringContaining('INVALID_OPTION: "--holdout" must be above 0')])
    expect(existsSync(path('none.json'))).toBe(false)
  })
})

describe('bad input ends with 1 and says what is wrong', () => {
  const broken = path('broken.csv')
  writeFileSync(broken, 'time,open,high,low,close\n2024-01-01,1,2,0.5,x\n')

  test.each([
    [
      ['walk-forward', '-c', broken],
      /^INVALID_CANDLE: broken\.csv, line 2: "close" must be a positive number, got "x"/,
    ],
    [['report', '-c', path('absent.csv')], /^INVALID_INPUT: absent\.csv must be a readable file/],
    [['walk-forward', '--candles', candles, '--signals', signals], /^INVALID_INPUT: .*"id" .*--ignore "id"/],
    [['simulate', '--signals', '0'], /'--signals <n>' argument '0' is invalid\. Wanted a whole number of at least 100/],
  ])('%s', async (args, message) => {
    const { code, err } = await tradelearn(...args)
    expect([code, err]).toEqual([1, expect.stringMatching(message)])
    expect(err).not.toMatch(/^\s+at /m)
  })
})
