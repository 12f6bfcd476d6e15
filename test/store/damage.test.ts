import { beforeAll, describe, expect, test } from 'vitest'
import { decodeSnapshot } from '../../src/store/snapshot-file.ts'
import {
  build,
  changed,
  EVENTS,
  type Files,
  flipped,
  identity,
  journalSweeps,
  largeSnapshot,
  nameOf,
  offsetsOf,
  SECTOR,
  SNAPSHOT_BYTES,
  snapshotSweeps,
  verdictOf,
  zeroed,
} from './damage-cases.ts'

/** Every so many cases of many thousand; `bench/store/damage.ts` looks at each. */
const STEP = 23
/** Of half a million, of which each sums up 64 KiB. */
const SNAPSHOT_STEP = 97

let closed: Files
let journal: string

beforeAll(async () => {
  closed = await build('closed')
  journal = nameOf(closed, '.log')
})

describe('a journal of ten kilobytes', () => {
  test('is read back whole where nothing is damaged', async () => {
    expect(closed.get(journal)!.length).toBeGreaterThan(9000)
    for (const files of [closed, await build('killed')]) {
      const { events, recovery } = await verdictOf(files)
      expect(events.length).toBe(EVENTS)
      expect(recovery).toEqual({ snapshot: null, replayed: EVENTS, tornTail: null, warnings: [] })
    }
  })

  test.each(Object.entries(journalSweeps))(
    '%s is refused, or read in part with the rest kept aside',
    async (name, run) => {
      const step = name.includes('flipped') ? STEP : 1
      const { wrong, cases, refused, cutOff } = await run({ step, start: 0 })
      expect(wrong).toEqual([])
      expect(cases).toBeGreaterThan(15)
      expect(refused + cutOff).toBeGreaterThan(cases / 2)
    },
  )

  test('with a frame dropped, doubled, or in the place of another is refused', async () => {
    const bytes = closed.get(journal)!
    const offsets = offsetsOf(bytes)
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
    expect((await verdictOf(changed(closed, journal, identity(2, 'id-3')))).code).toBe('UNSUPPORTED_VERSION')
    const withSnapshot = await build('closed', [10])
    expect((await verdictOf(changed(withSnapshot, nameOf(withSnapshot, '.log'), identity(1, 'x')))).code).toBe(
      'CORRUPT_STORE',
    )
  })
})

describe('a snapshot of 64 KiB', () => {
  test('is whole where nothing is damaged', () => {
    expect(largeSnapshot().length).toBe(SNAPSHOT_BYTES)
    expect(decodeSnapshot('snapshot', largeSnapshot(), 40)).toBeDefined()
  })

  test.each(Object.entries(snapshotSweeps))('%s is seen to be damaged', (name, run) => {
    const { wrong, cases } = run({ step: name.includes('sector') ? 1 : SNAPSHOT_STEP, start: 0 })
    expect(wrong).toEqual([])
    expect(cases).toBeGreaterThan(100)
  })
})

describe('a snapshot', () => {
  test('that is damaged anywhere is passed over for the one before, and no event is missing', async () => {
    const files = await build('closed', [10, 40])
    const name = nameOf(files, '.snap')
    const bytes = files.get(name)!
    const variants: Uint8Array[] = []
    for (let size = 0; size < bytes.length; size += STEP) variants.push(bytes.slice(0, size))
    for (let bit = 0; bit < bytes.length * 8; bit += STEP * 5) variants.push(flipped(bytes, bit))
    for (let from = 0; from < bytes.length; from += SECTOR) variants.push(zeroed(bytes, from))
    variants.push(Uint8Array.from([...bytes, 0]))
    for (const damaged of variants) {
      const { code, snapshot, events, recovery } = await verdictOf(changed(files, name, damaged))
      expect([code, snapshot?.seq, events.length]).toEqual([null, 10, 40])
      expect(recovery!.warnings).toEqual([expect.stringContaining('0040.snap is damaged')])
    }
  })

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
