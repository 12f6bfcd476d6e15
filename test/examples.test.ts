import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'examples')

/** What each example must say. */
const SAYS: Readonly<Record<string, readonly RegExp[]>> = {
  'boosted-trees.ts': [
    /(?:[5-9]\d)\.\d % of what can be known/,
    /7\d\.\d % of their returns lie between/,
    /aiConfidence +0\.\d+ /,
    /Win probability 0\.\d+: base 0\.\d+, /,
    /predicts the same to the bit/,
    /CORRUPT_MODEL/,
  ],
  'demo.ts': [/S&P 500, \d+ real daily bars/, /Skill not shown/, /Skill shown/, /flagged by [\w-]+ \d+ trades after/],
  'existing-bot.ts': [/trades +\d+ +\d+/, /noticed a change/, /Win probability/],
  'own-learner.ts': [/obeys all \d+ laws/, /Restored to the bit/],
  'quickstart.ts': [/1000 trades learned from; the model is active/],
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
