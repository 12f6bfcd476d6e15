import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

/** Folders by floor. A file may import from its own folder and from lower floors, never sideways or up. */
const floors: readonly (readonly string[])[] = [
  ['contracts.ts', 'market.ts'],
  ['core'],
  ['features', 'drift', 'metrics', 'labels', 'market-data', 'trades', 'regimes', 'simulate', 'significance'],
  ['learners', 'study'],
  ['evaluation', 'decision', 'portfolio'],
  ['lifecycle'],
  ['store', 'report', 'interop', 'testing', 'worker', 'xgboost'],
  ['index.ts', 'cli'],
]
/** What may touch the host: files, processes, clocks, consoles. */
const host = [
  'cli/',
  'lifecycle/system-clock.ts',
  'lifecycle/threads.ts',
  'store/node-fs.ts',
  'worker/',
  'xgboost/load.ts',
]

const root = join(import.meta.dirname, '../src')
const slashes = (path: string): string => path.replaceAll('\\', '/')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map(slashes)
const folderOf = (file: string): string => file.split('/')[0]!
const floorOf = (file: string): number => floors.findIndex((names) => names.includes(folderOf(file)))
const sourceOf = (file: string): string => readFileSync(join(root, file), 'utf8')
const codeOf = (file: string): string => sourceOf(file).replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/g, '')

/** The files that `source`, standing at `file`, imports, relative to the root. */
function importsOf(file: string, source: string): string[] {
  return [...source.matchAll(/(?:from|import)[\s(]*'(\.[^']+)'/g)].map(([, specifier]) =>
    slashes(relative(root, join(root, dirname(file), specifier!))),
  )
}
const allowed = (file: string, target: string): boolean =>
  floorOf(target) >= 0 &&
  (floorOf(target) < floorOf(file) || (folderOf(target) === folderOf(file) && floorOf(file) > 0))

const banned = [
  /\bMath\.random\b/,
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bconsole\b/,
  /from 'node:/,
  /\bprocess\./,
  /\bperformance\./,
  /\beval\(/,
  /\bnew Function\b/,
]

test('there is something to check', () => expect(files.length).toBeGreaterThan(20))

test.each(files)('%s imports downwards only', (file) => {
  expect(floorOf(file), 'is on a floor').toBeGreaterThanOrEqual(0)
  for (const target of importsOf(file, codeOf(file))) {
    expect(allowed(file, target), `${file} -> ${target}`).toBe(true)
  }
})

test.each(files.filter((file) => !host.some((prefix) => file.startsWith(prefix))))(
  '%s is deterministic and portable',
  (file) => {
    for (const pattern of banned) expect(codeOf(file)).not.toMatch(pattern)
  },
)

test.each(files)('%s keeps learnt state away from Math.pow and **, and our classes away from instanceof', (file) => {
  const code = codeOf(file).replace(/'[^'\n]*'|`[^`]*`/g, '')
  expect(code).not.toMatch(/\bMath\.pow\b|\*\*/)
  expect(code.match(/instanceof (?!Float64Array|Error|Uint8Array)\w+/g) ?? []).toEqual([])
})

test.each(files)('%s is small enough to know', (file) => {
  expect(sourceOf(file).split('\n').length).toBeLessThanOrEqual(400)
})

test('the checks bite', () => {
  expect(importsOf('drift/adwin.ts', "import { x } from '../learners/hedge.ts'")).toEqual(['learners/hedge.ts'])
  expect(allowed('drift/adwin.ts', 'learners/hedge.ts'), 'upwards').toBe(false)
  expect(allowed('drift/adwin.ts', 'metrics/auc.ts'), 'sideways').toBe(false)
  expect(allowed('market.ts', 'contracts.ts'), 'the ground imports nothing').toBe(false)
  expect(allowed('drift/adwin.ts', 'core/ring.ts'), 'downwards').toBe(true)
  expect(banned.some((pattern) => pattern.test('const now = Date.now()'))).toBe(true)
})
