import { beforeAll, describe, expect, test } from 'vitest'
import { frameOf, KIND, readFrame } from '../../src/store/frame.ts'
import { diskWith, onDisk, opened } from './opened.ts'

/** Every so many bits are flipped; `EXHAUSTIVE=1` flips each. */
const STEP = process.env['EXHAUSTIVE'] ? 1 : 23
const SECTOR = 512
const EVENTS = 50

type Files = Map<string, Uint8Array>

const event = (i: number) => ({ id: i, text: `${i}`.padEnd((i * 83) % 300, 'ab') })

/** The first so many events, as text. */
const TRUTH = Array.from({ length: EVENTS + 1 }, (_, events) =>
  JSON.stringify(Array.from({ length: events }, (_, i) => ({ seq: i + 1, event: event(i + 1) }))),
)

/** A journal of about 10 KB, as it is after a clean end, or after the process has died. */
async function build(end: 'closed' | 'killed', snapshotsAt: readonly number[] = []): Promise<Files> {
  const { disk, options } = onDisk()
  const { store } = await opened(options)
  for (let i = 1; i <= EVENTS; i++) {
    // batches of one and of two
    if (i % 3 === 0) void store.append(event(i))
    else await store.append(event(i))
    if (snapshotsAt.includes(i)) {
      await store.flush()
      await store.saveSnapshot(i, { upTo: i, weights: 'w'.repeat(10_000) })
    }
  }
  await store.flush()
  if (end === 'closed') await store.close()
  const files = disk.files()
  // the process died with the machine, and its lock means nothing
  for (const name of files.keys()) if (name.includes('lock-')) files.delete(name)
  return files
}

/** What a store makes of such files: an error's code, or the events it found. */
async function verdictOf(files: ReadonlyMap<string, Uint8Array>) {
  const disk = diskWith(files)
  try {
    const { recovery, events, snapshot } = await opened(onDisk(disk).options)
    return { code: null, recovery, snapshot, events, files: disk.files() }
  } catch (error) {
    return {
      code: (error as { code: string }).code,
      recovery: null,
      snapshot: undefined,
      events: [],
      files: disk.files(),
    }
  }
}

const nameOf = (files: Files, ending: string): string =>
  [...files.keys()].filter((name) => name.endsWith(ending)).at(-1)!
const changed = (files: Files, name: string, bytes: Uint8Array): Files => new Map(files).set(name, bytes)
const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const out = bytes.slice()
  out[bit >> 3]! ^= 1 << (bit & 7)
  return out
}
const zeroed = (bytes: Uint8Array, from: number): Uint8Array => bytes.slice().fill(0, from, from + SECTOR)

/** Says that nothing was passed off as whole: refused, or all there up to what was kept aside. Returns the events found. */
function checkHonest(verdict: Awaited<ReturnType<typeof verdictOf>>, damaged: Uint8Array, isSilent = false): number {
  const { code, recovery, events, files } = verdict
  if (code !== null) {
    expect(code).toBe('CORRUPT_STORE')
    return -1
  }
  expect(JSON.stringify(events)).toBe(TRUTH[events.length])
  if (events.length < EVENTS && !isSilent) {
    const { keptAt, bytes } = recovery!.tornTail!
    expect(Buffer.compare(files.get(keptAt)!, damaged.subarray(damaged.length - bytes))).toBe(0)
  }
  return events.length
}

let closed: Files
let killed: Files
let journal: string
/** Offsets of the frames of the closed journal, and of its end. */
const offsets: number[] = []

beforeAll(async () => {
  closed = await build('closed')
  killed = await build('killed')
  journal = nameOf(closed, '.log')
  const bytes = closed.get(journal)!
  for (let at = 0; at < bytes.length; at = readFrame(bytes, at)!.end) offsets.push(at)
  offsets.push(bytes.length)
})

describe('a journal of ten kilobytes', () => {
  test('is read back whole where nothing is damaged', async () => {
    expect(closed.get(journal)!.length).toBeGreaterThan(9000)
    for (const files of [closed, killed]) {
      const { events, recovery } = await verdictOf(files)
      expect(events.length).toBe(EVENTS)
      expect(recovery).toEqual({ snapshot: null, replayed: EVENTS, tornTail: null, warnings: [] })
    }
  })

  test('cut anywhere keeps what stands before the cut, and the rest aside', async () => {
    const bytes = closed.get(journal)!
    for (let size = 0; size < bytes.length; size++) {
      const cut = bytes.slice(0, size)
      const whole = offsets.filter((at) => at <= size).length - 2
      // a cut between two frames cannot be seen
      const found = checkHonest(
        await verdictOf(changed(closed, journal, cut)),
        cut,
        offsets.includes(size) || size === 0,
      )
      expect(found).toBe(Math.min(EVENTS, Math.max(0, whole)))
    }
  }, 60_000)

  test('that was closed is refused, or read in full, whichever bit is flipped', async () => {
    const bytes = closed.get(journal)!
    const seal = offsets.at(-2)!
    for (let bit = 0; bit < bytes.length * 8; bit += STEP) {
      const damaged = flipped(bytes, bit)
      const found = checkHonest(await verdictOf(changed(closed, journal, damaged)), damaged)
      expect(found).toBe(bit >> 3 < seal ? -1 : EVENTS)
    }
  }, 120_000)

  test('whose process died loses at most its last batch to a flipped bit, and keeps it aside', async () => {
    const bytes = killed.get(journal)!
    const lastBatch = offsets[EVENTS]!
    for (let bit = 0; bit < bytes.length * 8; bit += STEP) {
      const damaged = flipped(bytes, bit)
      const found = checkHonest(await verdictOf(changed(killed, journal, damaged)), damaged)
      if (bit >> 3 < lastBatch) expect(found).toBe(-1)
      else expect(found).toBe(EVENTS - 1)
    }
  }, 120_000)

  test('with a sector of zeros is refused, or cut there with the rest aside', async () => {
    for (const files of [closed, killed]) {
      const bytes = files.get(journal)!
      for (let from = 0; from < bytes.length; from += SECTOR) {
        const damaged = zeroed(bytes, from)
        const found = checkHonest(await verdictOf(changed(files, journal, damaged)), damaged)
        if (from + SECTOR <= offsets[EVENTS]!) expect(found).toBe(-1)
      }
    }
  })

  test('with a frame dropped, doubled, or in the place of another is refused', async () => {
    const bytes = closed.get(journal)!
    const frames = offsets.slice(0, -1).map((at, i) => bytes.slice(at, offsets[i + 1]))
    const join = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))
    for (let i = 0; i < frames.length - 1; i++) {
      const other = (i * 7 + 3) % (frames.length - 1)
      const dropped = frames.toSpliced(i, 1)
      const doubled = frames.toSpliced(i, 0, frames[i]!)
      const swapped = frames.with(i, frames[other]!).with(other, frames[i]!)
      for (const parts of i === other ? [dropped, doubled] : [dropped, doubled, swapped]) {
        expect((await verdictOf(changed(closed, journal, join(parts)))).code, `frame ${i}`).toBe('CORRUPT_STORE')
      }
    }
  })

  test('of another store, or of a newer release, is refused', async () => {
    const identity = (format: number, store: string): Uint8Array =>
      frameOf(
        { kind: KIND.segment, epoch: 1, seq: 0, batch: 0, previous: 0 },
        new TextEncoder().encode(JSON.stringify({ format, store })),
      ).bytes
    expect((await verdictOf(changed(closed, journal, identity(2, 'id-3')))).code).toBe('UNSUPPORTED_VERSION')
    const withSnapshot = await build('closed', [10])
    expect((await verdictOf(changed(withSnapshot, nameOf(withSnapshot, '.log'), identity(1, 'x')))).code).toBe(
      'CORRUPT_STORE',
    )
  })
})

describe('a snapshot of ten kilobytes', () => {
  test('that is damaged anywhere is passed over for the one before, and no event is missing', async () => {
    const files = await build('closed', [10, 40])
    const name = nameOf(files, '.snap')
    const bytes = files.get(name)!
    const variants: Uint8Array[] = []
    for (let size = 0; size < bytes.length; size += STEP) variants.push(bytes.slice(0, size))
    for (let bit = 0; bit < bytes.length * 8; bit += STEP * 2) variants.push(flipped(bytes, bit))
    for (let from = 0; from < bytes.length; from += SECTOR) variants.push(zeroed(bytes, from))
    variants.push(Uint8Array.from([...bytes, 0]))
    for (const damaged of variants) {
      const { code, snapshot, events, recovery } = await verdictOf(changed(files, name, damaged))
      expect([code, snapshot?.seq, events.length]).toEqual([null, 10, 40])
      expect(recovery!.warnings).toEqual([expect.stringContaining('0040.snap is damaged')])
    }
  }, 120_000)

  test('may all be damaged: what is then missing is refused, unless the journal goes back to the beginning', async () => {
    const rot = (files: Files): Files =>
      new Map([...files].map(([name, bytes]) => [name, name.endsWith('.snap') ? flipped(bytes, 999) : bytes]))
    const whole = await verdictOf(rot(await build('closed', [10, 40])))
    expect([whole.code, whole.events.length]).toEqual([null, EVENTS])
    const pruned = await verdictOf(rot(await build('closed', [10, 20, 30, 40])))
    expect(pruned.code).toBe('CORRUPT_STORE')
  })

  test('does not stand in for a segment that is gone', async () => {
    const files = await build('closed', [10, 40])
    const gone = new Map(files)
    gone.delete(nameOf(gone, '.log'))
    const verdict = await verdictOf(gone)
    // the newest segment leaves no trace of itself: what is there must still be right
    if (verdict.code === null) expect(verdict.events.length).toBeLessThanOrEqual(10)
    for (const name of files.keys()) if (name.endsWith('.log')) gone.delete(name)
    expect((await verdictOf(gone)).code).toBe('CORRUPT_STORE')
  })
})
