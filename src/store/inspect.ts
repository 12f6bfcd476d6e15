import { countOf, damage, eventsOf, type Finding, gapsIn, note, type Range, type Read, within } from './findings.ts'
import type { Fs } from './fs.ts'
import { inspectLocks, type LockReport } from './inspect-locks.ts'
import { inspectSegments, type SegmentReport } from './inspect-segments.ts'
import { inspectSnapshots, type SnapshotReport } from './inspect-snapshots.ts'
import { readListing } from './names.ts'

/** The calls that an inspection makes: none that could change anything. */
export type ReadingFs = Pick<Fs, 'readdir' | 'readFile' | 'isAlive'>

/** Events that are gone; `covered` where the newest whole snapshot stands for all of them. */
export type Missing = Range & { readonly covered: boolean }

/** What is in a directory that a `JournalStore` keeps. */
export type JournalReport = {
  /** Whose journal it is; empty where nothing says so. */
  readonly store: string
  /** Whether a store opens on it, finds everything, and would also if the newest snapshots were lost. */
  readonly healthy: boolean
  /** Whether a living process holds the lock: what it is just writing may look torn. */
  readonly inUse: boolean
  /** Events that can be read. */
  readonly events: number
  /** The newest of them, its JSON cut off where it is long; null where there is none. */
  readonly newest: {
    readonly seq: number
    readonly file: string
    readonly offset: number
    readonly text: string
  } | null
  /** The first event that should be there, and the newest that is known to have been written. */
  readonly expected: Range
  /** Events that should be there and cannot be read. */
  readonly missing: readonly Missing[]
  readonly segments: readonly SegmentReport[]
  readonly snapshots: readonly SnapshotReport[]
  readonly locks: readonly LockReport[]
  /** Files with bytes that a recovery cut off. */
  readonly keptAside: readonly string[]
  readonly findings: readonly Finding[]
}

/**
 * Says what is in a journal's directory, and what is wrong with it, without changing anything.
 *
 * It is stricter than opening: files that are not needed now are read as well, since a snapshot that rots tomorrow makes them
 * needed. A torn end is no damage: it is what a power loss leaves of a write that was never acknowledged. Damage to the
 * last write of all looks the same, and is noted like it.
 *
 * Reads every file once, one at a time.
 */
export async function inspectJournal(fs: ReadingFs, directory: string): Promise<JournalReport> {
  const names = await fs.readdir(directory)
  const listing = readListing(names)
  const findings: Finding[] = []
  const locks = await inspectLocks(fs, directory, listing)
  const inUse = locks.some(({ alive }) => alive)
  for (const { name, alive } of locks) {
    if (!alive) findings.push(note(name, 'Its holder is gone: whoever opens the journal next takes over.'))
  }
  for (const name of listing.strays) findings.push(note(name, 'Its writer had lost the lock: not read.'))
  for (const name of listing.unfinished) findings.push(note(name, 'It was never finished: opening removes it.'))

  const read = reader(fs, directory, inUse, findings)
  const snapshotFiles = await inspectSnapshots(read, listing)
  const segmentFiles = await inspectSegments(read, listing)
  const store = mostFrequent([...segmentFiles, ...snapshotFiles].map(({ report }) => report.store))
  const isOwn = ({ store: owner }: { readonly store: string }): boolean => owner === '' || owner === store
  for (const { report, findings: found } of [...snapshotFiles, ...segmentFiles]) {
    findings.push(...found)
    if (!isOwn(report)) findings.push(damage(report.name, 0, null, 'It belongs to another store.'))
  }
  const snapshots = snapshotFiles.map(({ report }) => (isOwn(report) ? report : disowned(report)))
  const segments = segmentFiles.map(({ report }) => (isOwn(report) ? report : disowned(report)))

  const whole = snapshots.filter(({ state }) => state === 'whole')
  const covered = whole.at(-1)?.seq ?? 0
  const readable = segments.flatMap((segment) => within(segment.readable, segment.first, segment.last))
  const known = [...segments, ...snapshots].filter(({ state }) => state !== 'foreign')
  const expected = expectedOf(
    readable,
    whole.at(0)?.seq,
    known.map((file) => ('last' in file ? file.last : file.seq)),
  )
  const missing = gapsIn(readable, expected.from, expected.to).map((gap) => ({ ...gap, covered: gap.to <= covered }))
  for (const gap of missing) {
    const { file, offset } = placeOf(segments, gap.from, directory)
    const but = gap.covered ? `; the snapshot of event ${covered} stands for what was learnt` : ''
    findings.push(damage(file, offset, gap.from, `${eventsOf(gap)} cannot be read${but}.`))
  }
  if (segments.length === 0 && snapshots.length > 0) {
    findings.push(damage(directory, null, covered + 1, 'There is no journal beside the snapshots.'))
  }
  const last = segmentFiles.findLast(({ report, newest }) => isOwn(report) && newest !== null)
  return {
    store,
    healthy: findings.every(({ severity }) => severity === 'note'),
    inUse,
    events: countOf(readable),
    newest: last?.newest ? { ...last.newest, file: last.report.name } : null,
    expected,
    missing,
    segments,
    snapshots,
    locks,
    keptAside: names.filter((name) => /^journal-[\d-]+\.log\.torn-\d+$/.test(name)).sort(),
    findings,
  }
}

/** The numbers of the events that are to be there: those since the oldest snapshot, or all. */
export function expectedOf(
  readable: readonly Range[],
  oldestSnapshot: number | undefined,
  last: readonly number[],
): Range {
  const first = readable.at(0)?.from ?? Number.POSITIVE_INFINITY
  const from = oldestSnapshot === undefined ? 1 : Math.min(oldestSnapshot + 1, first)
  return { from, to: Math.max(from - 1, readable.at(-1)?.to ?? 0, ...last) }
}

const disowned = <T extends { readonly state: string }>(report: T): T & { readonly state: 'foreign' } => ({
  ...report,
  state: 'foreign',
  ...('readable' in report && { readable: [] }),
})

function reader(fs: ReadingFs, directory: string, inUse: boolean, findings: Finding[]): Read {
  return async (name) => {
    try {
      return await fs.readFile(`${directory}/${name}`)
    } catch (error) {
      const message = `It cannot be read: ${error instanceof Error ? error.message : String(error)}.`
      // a journal in use lets go of files that it no longer needs
      findings.push(inUse ? note(name, message) : damage(name, null, null, message))
      return undefined
    }
  }
}

/** A file of another store is told by its being in the minority. */
function mostFrequent(stores: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const store of stores) if (store !== '') counts.set(store, (counts.get(store) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a).at(0)?.[0] ?? ''
}

/** Where an event should be. */
function placeOf(
  segments: readonly SegmentReport[],
  seq: number,
  directory: string,
): { readonly file: string; readonly offset: number | null } {
  const segment = segments.findLast(({ first, last }) => first <= seq && seq <= last)
  if (!segment) return { file: directory, offset: null }
  return { file: segment.name, offset: segment.goodBytes < segment.bytes ? segment.goodBytes : null }
}
