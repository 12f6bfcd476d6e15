import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frameOf, HEADER_BYTES, KIND, readFrame } from '../../src/store/frame.ts'
import type { Fs } from '../../src/store/fs.ts'
import { inspectJournal } from '../../src/store/inspect.ts'
import { salvageJournal } from '../../src/store/salvage.ts'
import { decodeSnapshot } from '../../src/store/snapshot-file.ts'
import { build, changed, EVENTS, type Files, flipped, identity, nameOf, offsetsOf, verdictOf } from './damage-cases.ts'
import { diskWith, onDisk, opened } from './opened.ts'

const fsOf = (files: Files): Fs => onDisk(diskWith(files)).options.fs!

/** Names of files that are not in both, or not the same to the byte. */
const differing = (a: Files, b: Files): string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((name) => {
    const [one, other] = [a.get(name), b.get(name)]
    return !one || !other || Buffer.compare(one, other) !== 0
  })

/** An inspection, and what it left behind. */
async function inspected(files: Files) {
  const disk = diskWith(files)
  const { fs } = disk.start(Number.POSITIVE_INFINITY)
  const calls = new Set<string>()
  const watched = new Proxy(fs, {
    get: (target, name: keyof Fs) => {
      calls.add(name)
      return target[name]
    },
  })
  const report = await inspectJournal(watched, 'd')
  expect([...calls].filter((call) => !['readdir', 'readFile', 'isAlive'].includes(call))).toEqual([])
  expect(differing(disk.files(), files)).toEqual([])
  return report
}

/** A salvage, and the journal that came of it. */
async function salvaged(files: Files) {
  const disk = diskWith(files)
  const salvage = await salvageJournal(onDisk(disk).options.fs!, 'd', 'new')
  const written: Files = new Map([...disk.files()].filter(([name]) => name.startsWith('new/')))
  const old = new Map([...disk.files()].filter(([name]) => !name.startsWith('new/')))
  expect(differing(old, files), 'what was read is as it was').toEqual([])
  return { salvage, written }
}

type Placed = {
  readonly seq: number
  readonly text: string
  readonly file: string
  readonly at: number
  readonly end: number
}

/** The events of a journal that is whole, and where they stand. */
function placed(files: Files): Placed[] {
  const out: Placed[] = []
  for (const [file, bytes] of [...files].sort()) {
    if (!file.endsWith('.log')) continue
    for (const at of offsetsOf(bytes).slice(0, -1)) {
      const { kind, seq, payload, end } = readFrame(bytes, at)!
      if (kind === KIND.event) out.push({ seq, text: new TextDecoder().decode(payload), file, at, end })
    }
  }
  return out
}

/** What a disk does to a file: bytes from `at` to `end` are not what they were, or gone. */
type Damage = { readonly file: number; readonly how: 'flip' | 'zeros' | 'cut' | 'gone'; readonly where: number }

function apply(files: Files, { file, how, where }: Damage): { files: Files; name: string; at: number; end: number } {
  const name = [...files.keys()].sort()[file % files.size]!
  const bytes = files.get(name)!
  const at = Math.min(bytes.length - 1, Math.floor(where * bytes.length))
  if (how === 'gone') {
    const left = new Map(files)
    left.delete(name)
    return { files: left, name, at: 0, end: bytes.length }
  }
  if (how === 'cut') return { files: changed(files, name, bytes.slice(0, at)), name, at, end: bytes.length }
  const end = Math.min(bytes.length, at + (how === 'flip' ? 1 : 512))
  const out = how === 'flip' ? flipped(bytes, at * 8 + (at % 8)) : bytes.slice().fill(0, at, end)
  return { files: changed(files, name, out), name, at, end }
}

const damages = fc.array(
  fc.record({
    file: fc.nat(20),
    how: fc.constantFrom('flip', 'flip', 'zeros', 'cut', 'gone'),
    where: fc.double({ min: 0, max: 1, noNaN: true }),
  }) as fc.Arbitrary<Damage>,
  { minLength: 1, maxLength: 3 },
)
const journals = await Promise.all(
  [
    ['closed', []],
    ['closed', [10, 40]],
    ['killed', [10, 40]],
    ['closed', [10, 20, 30, 40]],
    ['killed', [20, 30, 45, EVENTS]],
  ].map(([end, at]) => build(end as 'closed', at as number[])),
)

describe('the doctor', () => {
  test('finds nothing in a journal that is whole', async () => {
    for (const files of journals) {
      const report = await inspected(files)
      const { healthy, findings, missing, newest, expected, segments } = report
      expect({ healthy, findings, missing }).toEqual({ healthy: true, findings: [], missing: [] })
      expect([newest?.seq, expected.to]).toEqual([EVENTS, EVENTS])
      expect(segments.at(-1)!.sealed).toBe(files !== journals[2] && files !== journals[4])
    }
  })

  test('says at least what opening says, names every damage, and changes nothing', async () => {
    let refused = 0
    let healthy = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...journals), damages, async (whole, list) => {
        let files = whole
        const hit: { name: string; at: number; end: number }[] = []
        for (const one of list) {
          if (files.size === 0) break
          const done = apply(files, one)
          files = done.files
          hit.push(done)
        }
        const report = await inspected(files)
        const verdict = await verdictOf(files)
        if (verdict.code !== null) {
          refused++
          expect(verdict.code).toBe('CORRUPT_STORE')
          expect(report.healthy).toBe(false)
        } else if (report.healthy) {
          healthy++
          expect(verdict.recovery!.warnings).toEqual([])
          const last = (verdict.snapshot?.seq ?? 0) + verdict.events.length
          expect(last).toBe(report.expected.to)
          expect(report.missing).toEqual([])
        }
        // a file that was flipped or zeroed is named, at or before the place
        for (const { name, at } of hit) {
          const bytes = files.get(name)
          if (hit.length > 1 || !bytes || bytes.length < whole.get(name)!.length) continue
          if (Buffer.compare(bytes, whole.get(name)!) === 0) continue
          const found = report.findings.filter(({ file }) => `d/${file}` === name)
          expect(found.length).toBeGreaterThan(0)
          expect(Math.min(...found.map(({ offset }) => offset ?? 0))).toBeLessThanOrEqual(at)
        }
      }),
      { numRuns: 400, seed: 5 },
    )
    expect(refused).toBeGreaterThan(50)
    expect(healthy).toBeGreaterThan(20)
  })

  test('tells a torn end from damage, and says where', async () => {
    const files = journals[2]!
    const name = nameOf(files, '.log')
    const bytes = files.get(name)!
    const torn = await inspected(changed(files, name, bytes.slice(0, -3)))
    expect(torn.healthy).toBe(true)
    expect(torn.segments.at(-1)!.state).toBe('torn')
    const at = offsetsOf(bytes).at(-2)!
    expect(torn.findings).toEqual([
      expect.objectContaining({ severity: 'note', file: name.slice(2), offset: at, seq: EVENTS }),
    ])
    const damaged = await inspected(changed(files, name, flipped(bytes, 8 * 300)))
    expect(damaged.healthy).toBe(false)
    expect(damaged.segments.at(-1)!.state).toBe('damaged')
    expect(damaged.missing).toEqual([expect.objectContaining({ covered: false })])
  })

  test('says who holds the lock, and that who died does not', async () => {
    const { disk, options } = onDisk()
    const { store } = await opened({ ...options, owner: 'bot-7' })
    await store.append('a')
    const living = await inspectJournal(options.fs!, 'd')
    expect([living.inUse, living.locks[0]!.holder!.owner, living.healthy]).toEqual([true, 'bot-7', true])
    await expect(salvageJournal(options.fs!, 'd', 'new')).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    disk.kill()
    const dead = await inspectJournal(onDisk(disk).options.fs!, 'd')
    expect([dead.inUse, dead.locks[0]!.alive, dead.healthy]).toEqual([false, false, true])
  })

  test('names a file of another store, and one of a newer release', async () => {
    const [, files] = journals as [Files, Files]
    const snapshot = nameOf(files, '.snap')
    const foreign = await inspected(changed(files, 'd/journal-0000000000000001-00000001.log', identity(1, 'other')))
    expect(foreign.segments[0]!.state).toBe('foreign')
    expect(foreign.findings[0]!.message).toMatch(/another store|damaged|go on to/)
    // events before the oldest snapshot might have been let go of
    expect([foreign.missing, foreign.expected.from]).toEqual([[], 11])
    const newer = changed(journals[0]!, nameOf(journals[0]!, '.log'), identity(2, 'id-1'))
    expect((await inspected(newer)).segments.at(-1)!.state).toBe('newer')
    await expect(salvageJournal(fsOf(newer), 'd', 'new')).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' })
    const unread = fsOf(files)
    const report = await inspectJournal(
      {
        ...unread,
        readFile: async (path) => {
          if (path === snapshot) throw new Error('EACCES: permission denied')
          return unread.readFile(path)
        },
      },
      'd',
    )
    expect(report.findings).toEqual([
      expect.objectContaining({ severity: 'damage', message: expect.stringContaining('EACCES') }),
    ])
  })

  test('is through quickly with a file of forged lengths', async () => {
    const { bytes } = frameOf({ kind: KIND.event, epoch: 1, seq: 2, batch: 2, previous: 0 }, new Uint8Array(1_000_000))
    // each header says that a megabyte follows, and what follows is headers
    const header = bytes.slice(0, HEADER_BYTES)
    const forged = Uint8Array.from({ length: 1_500_000 }, (_, i) => header[i % HEADER_BYTES]!)
    const report = await inspected(new Map([['d/journal-0000000000000001-00000001.log', forged]]))
    expect(report.healthy).toBe(false)
  }, 10_000)
})

describe('a salvage', () => {
  test('keeps every event outside of the damage, says which it lost, and opens', async () => {
    let lostSome = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...journals), damages, async (whole, list) => {
        const events = placed(whole)
        let files = whole
        const hit: { name: string; at: number; end: number }[] = []
        for (const one of list) {
          if (files.size === 0) break
          const done = apply(files, one)
          files = done.files
          hit.push(done)
        }
        const isHit = ({ file, at, end }: Placed): boolean =>
          hit.some((one) => one.name === file && one.at < end && at < one.end)
        const wanted = events.filter((event) => !isHit(event))
        // of a file whose head cannot be read, and that alone is left, nobody knows that it is part of this journal
        const { salvage, written } = await salvaged(files)
        const kept = placed(written)
        expect(kept.map(({ text }) => text)).toEqual(
          events.filter(({ text }) => kept.some((one) => one.text === text)).map(({ text }) => text),
        )
        for (const { text } of wanted) expect(kept.map((one) => one.text)).toContain(text)
        expect(salvage.kept).toBe(kept.length)
        // what is said to be lost is what is not there, up to the newest event that left a trace
        const isLost = (seq: number): boolean => salvage.lost.some(({ from, to }) => from <= seq && seq <= to)
        for (const { seq, text } of events) {
          const isKept = kept.some((one) => one.text === text)
          if (seq >= salvage.from.expected.from && seq <= salvage.from.expected.to) expect(isLost(seq)).toBe(!isKept)
        }
        for (const { from, to, by } of salvage.renumbered) {
          for (const { seq, text } of events) {
            if (seq >= from && seq <= to) expect(kept.find((one) => one.text === text)!.seq).toBe(seq - by)
          }
        }
        if (salvage.lost.length > 0) lostSome++
        await goesOn(files, whole, written, salvage.to.expected.to)
      }),
      { numRuns: 300, seed: 6 },
    )
    expect(lostSome).toBeGreaterThan(50)
  })

  test('of a journal that is whole is the same journal', async () => {
    for (const files of journals) {
      const { salvage, written } = await salvaged(files)
      expect([salvage.lost, salvage.renumbered, salvage.leftOut]).toEqual([[], [], []])
      const [was, is] = [await verdictOf(files), await verdictOf(moved(written))]
      expect([is.snapshot, is.events]).toEqual([was.snapshot, was.events])
    }
  })

  test('goes into a directory without files only', async () => {
    const disk = diskWith(journals[0]!)
    const { fs } = disk.start(Number.POSITIVE_INFINITY)
    for (const to of ['d', 'other']) {
      disk.plant('other/file', Uint8Array.of(1))
      const before = disk.files()
      await expect(salvageJournal(fs, 'd', to)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      expect(differing(disk.files(), before)).toEqual([])
    }
  })

  test('that a full disk cuts short says so with a code', async () => {
    const disk = diskWith(journals[1]!)
    disk.faults = { capacity: disk.used + 5000 }
    const { fs } = disk.start(Number.POSITIVE_INFINITY)
    await expect(salvageJournal(fs, 'd', 'new')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

const moved = (written: Files): Files =>
  new Map([...written].map(([name, bytes]) => [name.replace('new/', 'd/'), bytes]))

/** The salvaged journal opens without a warning, with the newest snapshot that was whole, and takes the next event. */
async function goesOn(files: Files, whole: Files, written: Files, newest: number): Promise<void> {
  const { store, recovery, snapshot, events } = await opened(onDisk(diskWith(moved(written))).options)
  expect(recovery.warnings).toEqual([])
  const savedIn = (name: string): unknown => {
    const seq = Number(/(\d+)\.snap$/.exec(name)![1])
    const bytes = files.get(name)
    return bytes && decodeSnapshot(name, bytes, seq)?.value
  }
  const values = [...whole.keys()].filter((name) => name.endsWith('.snap')).sort()
  expect(snapshot?.value).toEqual(values.map(savedIn).findLast((value) => value !== undefined))
  expect((snapshot?.seq ?? 0) + events.length).toBe(newest)
  expect(await store.append('next')).toBe(newest + 1)
  await store.close()
}
