import { execFile } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fileSystemDoubt } from '../../src/cli/file-system.ts'
import { JournalStore } from '../../src/store/journal-store.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'tradelearn-doctor-'))
afterAll(() => rmSync(folder, { recursive: true }))

const program = join(folder, 'cli.mjs')
// as in the package
beforeAll(async () => {
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    ...{ outfile: program, bundle: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'silent' },
  })
})

/** Runs the program as its users do. */
function doctor(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [program, 'doctor', ...args], (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

/** A journal of 30 events with words that would steer a terminal. */
async function journal(name: string): Promise<string> {
  const directory = join(folder, name)
  const store = new JournalStore({ directory })
  await store.open(
    () => {},
    () => {},
  )
  for (let i = 1; i <= 30; i++) {
    await store.append({ id: i, note: 'red \u001b[31m, \u009b31m, \u202e and \u007f' })
    if (i === 10) await store.saveSnapshot(i, 'the first ten')
  }
  await store.close()
  return directory
}
const contentOf = (directory: string): string[] =>
  readdirSync(directory).map((name) => `${name} ${readFileSync(join(directory, name)).toString('base64')}`)
/** Damages the 5th event after the snapshot. */
function damage(directory: string): void {
  const path = join(directory, readdirSync(directory).filter((name) => name.endsWith('.log'))[1]!)
  const bytes = readFileSync(path)
  const at = bytes.indexOf('"id":15')
  bytes[at]! ^= 1
  writeFileSync(path, bytes)
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be shown
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

test.skipIf(process.platform !== 'linux')('a file system that does not keep its word is named', () => {
  expect(fileSystemDoubt('.', () => 0x01021994)).toMatch(/^tmpfs: .*gone with the power/)
  expect(fileSystemDoubt('.', () => 0xff534d42 | 0)).toMatch(/^SMB: /)
  expect(
    fileSystemDoubt('.', () => 0xef53),
    'ext4',
  ).toBeUndefined()
  expect(fileSystemDoubt(join(folder, 'not there'))).toBeUndefined()
})

describe('tradelearn doctor', () => {
  test('says what is in a healthy journal, and ends with 0', async () => {
    const directory = await journal('healthy')
    const before = contentOf(directory)
    const { code, out, err } = await doctor(directory)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(
      /: healthy\.\nStore "[0-9a-f-]{36}"; 30 events can be read of 1 to 30\.\nNewest event: 30, journal-/,
    )
    expect(out).toMatch(/^file +bytes +format +epoch +events +readable +state\n─+/m)
    expect(out).toMatch(/^journal-0000000000000011-00000001\.log +\d+ +1 +1 +11 to 30 +20 +whole, closed$/m)
    expect(out).toContain('Lock: none.')
    expect(out).not.toMatch(STEERING)
    expect(contentOf(directory)).toEqual(before)
  })

  test('names damage by file, offset and event, ends with 1, and salvages what is left', async () => {
    const directory = await journal('damaged')
    damage(directory)
    const before = contentOf(directory)
    const to = join(folder, 'salvaged')
    const { code, out } = await doctor(directory, '--salvage', to)
    expect(code).toBe(1)
    expect(out).toMatch(/: damaged, 2 findings\./)
    expect(out).toMatch(
      /^damage +journal-0000000000000011-00000001\.log +\d+ +15 +What was acknowledged is damaged\.$/m,
    )
    expect(out).toMatch(/: 29 events and 1 snapshots\.\nEvent 15 lost\.\nEvents 16 to 30 now 1 lower\.\n/)
    expect(contentOf(directory)).toEqual(before)
    const events: unknown[] = []
    const store = new JournalStore({ directory: to })
    await store.open(
      () => {},
      ({ event }) => events.push((event as { id: number }).id),
    )
    await store.close()
    expect(events).toEqual([11, 12, 13, 14, ...Array.from({ length: 15 }, (_, i) => 16 + i)])
    const again = await doctor(directory, '--json', '--salvage', to)
    expect([again.code, again.err]).toEqual([1, expect.stringMatching(/^INVALID_INPUT: .* must be a new or an empty/)])
  })

  test('prints everything as JSON, in which no character steers a terminal', async () => {
    const directory = await journal('json')
    const name = readdirSync(directory).find((file) => file.endsWith('.snap'))!
    writeFileSync(
      join(directory, 'lock-00000001'),
      JSON.stringify({ pid: 1, boot: '', started: '', owner: '\u009b2J' }),
    )
    writeFileSync(join(directory, name), 'x')
    const { code, out } = await doctor(directory, '--json')
    expect(code).toBe(1)
    expect(out).not.toMatch(STEERING)
    expect(JSON.parse(out)).toMatchObject({
      directory,
      healthy: false,
      events: 30,
      salvage: null,
      locks: [{ holder: { owner: '\u009b2J' } }],
      snapshots: [{ name, state: 'damaged' }],
      missing: [],
    })
  })

  test('refuses what is no journal', async () => {
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const healthy = await journal('inside')
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const answers = await Promise.all([
      doctor(join(folder, 'not there \u001b[31m')),
      doctor(file),
      doctor(empty),
      doctor(healthy, '--salvage', join(healthy, 'new')),
      doctor(healthy, '--salvage', healthy),
      doctor(),
      doctor(healthy, '--heal'),
    ])
    expect(answers.map(({ code, out }) => [code, out])).toEqual(answers.map(() => [1, '']))
    for (const [i, why] of [
      /^INVALID_INPUT: .* got nothing by that name/,
      /^INVALID_INPUT: .* must be a directory, got a file/,
      /^INVALID_INPUT: .* must hold a journal/,
      /^INVALID_INPUT: --salvage must name a directory outside of/,
      /^INVALID_INPUT: --salvage must name a directory outside of/,
      /^error: missing required argument/,
      /^error: unknown option/,
    ].entries()) {
      expect(answers[i]!.err).toMatch(why)
    }
    expect(answers[0]!.err).not.toMatch(STEERING)
    expect(readdirSync(healthy).some((name) => name === 'new')).toBe(false)
    expect((await doctor('--help')).out).toMatch(/--salvage <directory>[\s\S]*Ends with 0 where/)
  })
})
