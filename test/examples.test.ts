import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test, vi } from 'vitest'

// training threads give way to whatever else the machine does
vi.setConfig({ testTimeout: 180_000 })

const root = join(import.meta.dirname, '..')
const folder = join(root, 'examples')

/** What each example must say. */
const SAYS: Readonly<Record<string, readonly RegExp[]>> = {
  'adaptive.ts': [
    /entryThreshold +learnt +0\.6 -> 0\.69 +better by 0\.\d+ ATR a decision/,
    /sizeMultiplier +learnt +1 -> 0\.9 /,
    /proposed[\s\S]+approved/,
    /Its sources lower the win probability [\s\S]+ the configuration says /,
    /Taken back/,
  ],
  'alerts.ts': [
    /day +\d+ {2}fatal raised +DRAWDOWN: Equity is \d\.\d\d % below its peak/,
    /warn +raised +DRIFT: page-hinkley found/,
    /restart: .*DRIFT stand, and are not told again\n(?![\s\S]*raised +DRIFT)/,
    /info +recovered DRIFT: Over/,
    /1500 outcomes learned from; 3\d\d daily summaries; the chat was not reached [34]\d\d times/,
    /Faults of companions: 0/,
  ],
  'alpaca-bot.ts': [
    /900 by request, 4560 by stream, [1-9]\d* told again, 42 corrected/,
    /[1-9]\d* fills, [1-9]\d* rejected, 6 reconnects/,
    // every fill was counted once, on both sides of each drop of the connection
    /Profit +(-?\d+\.\d\d) by round trips, \1 by the account/,
    /\d{3} trades; the model is active/,
  ],
  'boosted-trees.ts': [
    /(?:[5-9]\d)\.\d % of what can be known/,
    /7\d\.\d % of their returns lie between/,
    /aiConfidence +0\.\d+ /,
    /Win probability 0\.\d+: base 0\.\d+, /,
    /predicts the same to the bit/,
    /CORRUPT_MODEL/,
  ],
  'ccxt-bot.ts': [
    /4997 closed and new, 3799 still open, 2 twice in one answer/,
    /\d{4,} told, [1-9]\d* requests failed; 1\d\d round trips, [01] still open/,
    // 0.15 % while BNB lasts, 0.2 % of it after that
    /0\.1[5-9]\d % of the entry, 0 without a price/,
    /1\d\d trades; the model is active/,
  ],
  'demo.ts': [/S&P 500, \d+ real daily bars/, /Skill not shown/, /Skill shown/, /flagged by [\w-]+ \d+ trades after/],
  'existing-bot.ts': [/trades +\d+ +\d+/, /noticed a change/, /Win probability/],
  'killed-worker.ts': [
    /failed: WORKER_FAILED: The worker has ended: it ended with code 1/,
    /failed: WORKER_FAILED: The worker has ended: out of luck/,
    /candidate: better on the same trades/,
    /800 signals, every one decided, [1-9]\d* of them while a thread was training; 800 learned from/,
    /The models in charge now: trained on \d+ trades. Faults of companions: 0/,
  ],
  'model-life.ts': [
    /trees-1 decides 10 % of signals \(earned\): Evidence [\d.]+ of 20/,
    /trees-1 promoted \(earned\)/,
    /trees-2: retired/,
    /is on trial|not ahead/,
    /Decides now: trees-\d+\./,
  ],
  'own-learner.ts': [/obeys all \d+ laws/, /Restored to the bit/],
  'quickstart.ts': [/1000 trades learned from; the model is active/],
  'rollout.ts': [
    /day +\d+ {2}10\.0 % of signals are the model's \(earned\)/,
    /all signals are the model’s/,
    /the market has changed/,
  ],
  'streaming-learners.ts': [/the true odds +0\.5\d+/, /adaptive random forest +0\.6\d+ +0\.6\d+ +0\.5\d+/],
  'restart.ts': [/Still open/, /equal to the bit/, /CORRUPT_SNAPSHOT/],
}
const examples = readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== 'run-all.ts')

// where they may leave files
const temporary = mkdtempSync(join(tmpdir(), 'tradelearn-examples-'))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

test('each example is looked at here', () => expect(examples.sort()).toEqual(Object.keys(SAYS).sort()))

test.each(examples)('%s says what it shows, how to run it, and runs', async (file) => {
  const head = readFileSync(join(folder, file), 'utf8').slice(0, 600)
  expect(head).toMatch(/^\/\*\*\n \* \w[^\n]+/)
  expect(head).toMatch(file === 'demo.ts' ? 'npm run demo' : `npx tsx examples/${file}`)

  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [tsx, join(folder, file)], {
    cwd: temporary,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
  })
  for (const words of SAYS[file]!) expect(stdout).toMatch(words)
})

test('the lines that an existing bot needs are few', () => {
  const marked = readFileSync(join(folder, 'existing-bot.ts'), 'utf8').match(/\S.*\/\/ \+ tradelearn$/gm)!
  expect(marked.length).toBeGreaterThan(3)
  expect(marked.length).toBeLessThanOrEqual(12)
})
