import { frameOf, KIND, readFrame } from '../../src/store/frame.ts'
import { decodeSnapshot, encodeSnapshot } from '../../src/store/snapshot-file.ts'
import { diskWith, type Opened, onDisk, opened } from './opened.ts'

/** Bytes that a disk loses at once. */
export const SECTOR = 512
export const EVENTS = 50

export type Files = Map<string, Uint8Array>

export const event = (i: number): { readonly id: number; readonly text: string } => ({
  id: i,
  text: `${i}`.padEnd((i * 83) % 300, 'ab'),
})

/** The first so many events, as text. */
const TRUTH = Array.from({ length: EVENTS + 1 }, (_, events) =>
  JSON.stringify(Array.from({ length: events }, (_, i) => ({ seq: i + 1, event: event(i + 1) }))),
)

/** A journal of about 10 KB, as it is after a clean end, or after the process has died. */
export async function build(end: 'closed' | 'killed', snapshotsAt: readonly number[] = []): Promise<Files> {
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

export type Verdict = Pick<Opened, 'snapshot' | 'events'> & {
  readonly code: string | null
  readonly recovery: Opened['recovery'] | null
  readonly files: Files
}

/** What a store makes of such files: an error's code, or the events it found. */
export async function verdictOf(files: ReadonlyMap<string, Uint8Array>): Promise<Verdict> {
  const disk = diskWith(files)
  try {
    const { recovery, events, snapshot } = await opened(onDisk(disk).options)
    return { code: null, recovery, snapshot, events, files: disk.files() }
  } catch (error) {
    const { code } = error as { code: string }
    return { code, recovery: null, snapshot: undefined, events: [], files: disk.files() }
  }
}

export const nameOf = (files: Files, ending: string): string =>
  [...files.keys()].filter((name) => name.endsWith(ending)).at(-1)!
export const changed = (files: Files, name: string, bytes: Uint8Array): Files => new Map(files).set(name, bytes)
export const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const out = bytes.slice()
  out[bit >> 3]! ^= 1 << (bit & 7)
  return out
}
export const zeroed = (bytes: Uint8Array, from: number): Uint8Array => bytes.slice().fill(0, from, from + SECTOR)

/** Offsets of the frames of a file, and of its end. */
export function offsetsOf(bytes: Uint8Array): readonly number[] {
  const offsets: number[] = []
  for (let at = 0; at < bytes.length; at = readFrame(bytes, at)!.end) offsets.push(at)
  return [...offsets, bytes.length]
}

/** What came of cases: how many were refused, or read in part with the rest kept aside, or read in full. */
export type Sweep = { cases: number; refused: number; cutOff: number; whole: number; readonly wrong: string[] }

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** What is wrong with a verdict, or how many events it found; -1 where it refused. */
function found({ code, recovery, events, files }: Verdict, damaged: Uint8Array, isSilent: boolean): number | string {
  if (code !== null) return code === 'CORRUPT_STORE' ? -1 : `refused with ${code}`
  if (JSON.stringify(events) !== TRUTH[events.length]) return `${events.length} events that are others`
  if (events.length === EVENTS || isSilent) return events.length
  const torn = recovery?.tornTail
  const isKept = torn && same(files.get(torn.keptAt)!, damaged.subarray(damaged.length - torn.bytes))
  return isKept ? events.length : `${events.length} events, and the rest is not kept aside`
}

/** Every so many of the cases from `start` on. */
export type Stride = { readonly step: number; readonly start: number }

async function sweep(
  { step, start }: Stride,
  cases: number,
  files: Files,
  name: string,
  damage: (i: number) => {
    readonly bytes: Uint8Array
    readonly wanted: readonly number[]
    readonly isSilent?: boolean
  },
): Promise<Sweep> {
  const sum: Sweep = { cases: 0, refused: 0, cutOff: 0, whole: 0, wrong: [] }
  for (let i = start; i < cases; i += step) {
    const { bytes, wanted, isSilent = false } = damage(i)
    const got = found(await verdictOf(changed(files, name, bytes)), bytes, isSilent)
    sum.cases++
    if (typeof got === 'string' || !wanted.includes(got))
      sum.wrong.push(`case ${i}: ${got}, not ${wanted.join(' or ')}`)
    else if (got < 0) sum.refused++
    else if (got < EVENTS) sum.cutOff++
    else sum.whole++
  }
  return sum
}

/** A journal of ten kilobytes that is cut, flipped, or zeroed in every place. */
export const journalSweeps: Readonly<Record<string, (stride: Stride) => Promise<Sweep>>> = {
  'cut at any byte': async (stride) => {
    const { files, name, bytes, offsets } = await subject('closed')
    return sweep(stride, bytes.length, files, name, (size) => {
      const whole = offsets.filter((at) => at <= size).length - 2
      // a cut between two frames cannot be seen
      const isSilent = offsets.includes(size) || size === 0
      return { bytes: bytes.slice(0, size), wanted: [Math.min(EVENTS, Math.max(0, whole))], isSilent }
    })
  },
  'closed, and any bit flipped': async (stride) => {
    const { files, name, bytes, offsets } = await subject('closed')
    const seal = offsets.at(-2)!
    return sweep(stride, bytes.length * 8, files, name, (bit) => ({
      bytes: flipped(bytes, bit),
      wanted: [bit >> 3 < seal ? -1 : EVENTS],
    }))
  },
  'of a process that died, and any bit flipped': async (stride) => {
    const { files, name, bytes, offsets } = await subject('killed')
    // only what was written last of all may look as if it had never been written in full
    return sweep(stride, bytes.length * 8, files, name, (bit) => ({
      bytes: flipped(bytes, bit),
      wanted: [bit >> 3 < offsets[EVENTS]! ? -1 : EVENTS - 1],
    }))
  },
  'closed, and any sector zeroed': (stride) => sectors('closed', stride),
  'of a process that died, and any sector zeroed': (stride) => sectors('killed', stride),
}

async function sectors(end: 'closed' | 'killed', stride: Stride): Promise<Sweep> {
  const { files, name, bytes, offsets } = await subject(end)
  return sweep(stride, Math.ceil(bytes.length / SECTOR), files, name, (i) => {
    const isBefore = (i + 1) * SECTOR <= offsets[EVENTS]!
    return {
      bytes: zeroed(bytes, i * SECTOR),
      wanted: isBefore ? [-1] : [-1, ...Array.from({ length: EVENTS + 1 }, (_, n) => n)],
    }
  })
}

async function subject(end: 'closed' | 'killed') {
  const files = await build(end)
  const name = nameOf(files, '.log')
  const bytes = files.get(name)!
  return { files, name, bytes, offsets: offsetsOf(bytes) }
}

/** Bytes of the snapshot that is damaged. */
export const SNAPSHOT_BYTES = 65_536
const SNAPSHOT_SEQ = 40

/** A snapshot of exactly 64 KiB. */
export function largeSnapshot(): Uint8Array {
  const of = (filler: number): Uint8Array => encodeSnapshot('id-1', 1, SNAPSHOT_SEQ, { weights: 'w'.repeat(filler) })
  return of(SNAPSHOT_BYTES - of(0).length)
}

/** A snapshot of 64 KiB that is cut, flipped, or zeroed in every place, as `open` looks at it. */
export const snapshotSweeps: Readonly<Record<string, (stride: Stride) => Sweep>> = {
  'cut at any byte': (stride) => snapshots(stride, SNAPSHOT_BYTES, (bytes, size) => bytes.subarray(0, size)),
  'any bit flipped': (stride) => snapshots(stride, SNAPSHOT_BYTES * 8, flipped),
  'any sector zeroed': (stride) => snapshots(stride, SNAPSHOT_BYTES / SECTOR, (bytes, i) => zeroed(bytes, i * SECTOR)),
}

function snapshots(
  { step, start }: Stride,
  cases: number,
  damage: (bytes: Uint8Array, i: number) => Uint8Array,
): Sweep {
  const bytes = largeSnapshot()
  const sum: Sweep = { cases: 0, refused: 0, cutOff: 0, whole: 0, wrong: [] }
  for (let i = start; i < cases; i += step) {
    sum.cases++
    if (decodeSnapshot('snapshot', damage(bytes, i), SNAPSHOT_SEQ) === undefined) sum.refused++
    else sum.wrong.push(`case ${i} was taken for whole`)
  }
  return sum
}

/** The head of a segment. */
export const identity = (format: number, store: string): Uint8Array =>
  frameOf(
    { kind: KIND.segment, epoch: 1, seq: 0, batch: 0, previous: 0 },
    new TextEncoder().encode(JSON.stringify({ format, store })),
  ).bytes
