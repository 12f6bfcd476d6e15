import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type JournalReading, JournalStore, nodeFs, readJournal } from '../../src/store/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradelearn-read-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A journal of 50 events with a snapshot after every 10th, of which `keepSnapshots` are kept. */
async function journal(name: string, keepSnapshots: number): Promise<string> {
  const directory = join(folder, name)
  const store = new JournalStore({ directory, mode: 'none', keepSnapshots })
  await store.open(
    () => {},
    () => {},
  )
  for (let i = 1; i <= 50; i++) {
    await store.append({ id: i })
    if (i % 10 === 0 && i < 50) await store.saveSnapshot(i, `the first ${i}`)
  }
  await store.close()
  return directory
}
const read = (directory: string): Promise<JournalReading> => readJournal(nodeFs, directory)
const idsOf = ({ events }: JournalReading): unknown[] => [...events].map(({ event }) => (event as { id: number }).id)
const from = (first: number, last = 50): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)
const filesOf = (directory: string, end: string): string[] =>
  readdirSync(directory).filter((name) => name.endsWith(end))

describe('reading a journal', () => {
  test('begins with the first event where it is kept, else with the oldest snapshot', async () => {
    const whole = await read(await journal('whole', 9))
    expect([whole.snapshot, whole.last, idsOf(whole)]).toEqual([null, 50, from(1)])
    // as often as one likes
    expect(idsOf(whole)).toEqual(from(1))
    const pruned = await read(await journal('pruned', 2))
    expect([pruned.snapshot, pruned.last, idsOf(pruned)]).toEqual([{ seq: 30, value: 'the first 30' }, 50, from(31)])
    expect(pruned.notes).toEqual([])
  })

  test('leaves out what the snapshot stands for, though it is in the file', async () => {
    const directory = join(folder, 'late snapshots')
    const store = new JournalStore({ directory, mode: 'none', keepSnapshots: 1 })
    await store.open(
      () => {},
      () => {},
    )
    for (let i = 1; i <= 30; i++) {
      await store.append({ id: i })
      if (i % 10 === 0) await store.saveSnapshot(i - 5, 'five late')
    }
    await store.close()
    const found = await read(directory)
    expect([found.snapshot?.seq, idsOf(found)]).toEqual([25, from(26, 30)])
  })

  test('passes over an oldest snapshot that is damaged, and says so', async () => {
    const directory = await journal('damaged snapshot', 2)
    const [oldest] = filesOf(directory, '.snap')
    writeFileSync(join(directory, oldest!), 'x')
    const { snapshot, notes, ...rest } = await read(directory)
    expect(snapshot).toEqual({ seq: 40, value: 'the first 40' })
    expect(idsOf({ snapshot, notes, ...rest })).toEqual(from(41))
    expect(notes).toEqual([`${oldest} is damaged: a newer one is begun with.`])
  })

  test('leaves out a write that is not whole', async () => {
    const directory = await journal('torn', 9)
    const path = join(directory, filesOf(directory, '.log').at(-1)!)
    const bytes = readFileSync(path)
    // the seal and a part of the last event
    writeFileSync(path, bytes.subarray(0, bytes.length - 50))
    const found = await read(directory)
    expect([found.last, idsOf(found)]).toEqual([49, from(1, 49)])
    expect(found.notes).toEqual([
      expect.stringMatching(/ends with \d+ bytes of a write that is not whole: left out\.$/),
    ])
  })

  test('refuses damage, gaps and what belongs to another, and sends to the doctor', async () => {
    const directory = await journal('damaged', 9)
    const [first, second] = filesOf(directory, '.log')
    const path = join(directory, first!)
    const whole = readFileSync(path)
    const refused = (says: RegExp) =>
      expect(read(directory)).rejects.toMatchObject({ code: 'CORRUPT_STORE', message: expect.stringMatching(says) })
    const bytes = Uint8Array.from(whole)
    bytes[Buffer.from(bytes).indexOf('"id":5')]! ^= 1
    writeFileSync(path, bytes)
    await refused(/changed at offset \d+ \(event 5\): what was .* "tradelearn doctor .*damaged" says/)
    copyFileSync(join(await journal('another', 9), first!), path)
    await refused(/it belongs to another store/)
    writeFileSync(path, whole)
    const last = join(directory, filesOf(directory, '.log').at(-1)!)
    const end = readFileSync(last)
    const flipped = Uint8Array.from(end)
    flipped[Buffer.from(flipped).indexOf('"id":45')]! ^= 1
    writeFileSync(last, flipped)
    await refused(/\(event 45\): what was acknowledged is damaged/)
    writeFileSync(last, end)
    rmSync(join(directory, second!))
    await refused(/\(event 11\)/)
    for (const name of filesOf(directory, '.log')) rmSync(join(directory, name))
    await refused(/no event/)
  })

  test('looks again where a bot has removed a file meanwhile, and fails where none has', async () => {
    const directory = await journal('moving', 3)
    const gone = filesOf(directory, '.log')[0]!
    let looks = 0
    const fs = {
      readdir: async (path: string) => {
        const names = await nodeFs.readdir(path)
        return looks++ === 0 ? ['journal-0000000000000001-00000001.log', ...names] : names
      },
      readFile: nodeFs.readFile,
    }
    expect(idsOf(await readJournal(fs, directory))).toEqual(from(21))
    expect(looks).toBe(2)
    const failing = {
      readdir: nodeFs.readdir,
      readFile: async (path: string) => {
        if (path.endsWith(gone)) throw new Error('no permission')
        return nodeFs.readFile(path)
      },
    }
    await expect(readJournal(failing, directory)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('no permission'),
    })
    await expect(read(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await expect(read(folder)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})
