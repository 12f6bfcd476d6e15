import type { JsonValue, Recovery, StoredEvent } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import { type Frame, frameBytes, type ScanEnd, scanSegment } from './frame.ts'
import { edit, type Fs, writeAll } from './fs.ts'
import { type Listing, readListing, untilOf } from './names.ts'
import { type Durability, decodeSnapshot, readIdentity, tryDecodeJson } from './snapshot-file.ts'

/** Who is told what was found. */
export type Listener = {
  readonly onSnapshot: (seq: number, value: JsonValue) => void
  readonly onEvent: (stored: StoredEvent) => void
}

/** What a directory was found to hold. */
export type Found = {
  readonly recovery: Recovery
  /** Whose it is; empty where there was nothing. */
  readonly store: string
  /** The newest event, and its checksum. */
  readonly seq: number
  readonly crc: number
  /** Snapshots that are damaged: they stand in for nothing. */
  readonly damaged: readonly string[]
}

type Loaded = { readonly seq: number; readonly value: JsonValue; readonly store: string }

/**
 * Reads a journal: the newest snapshot that is whole, then every event after it.
 *
 * What the last write left half done is kept aside in `<segment>.torn-<offset>` and cut off. Damage to anything that had been
 * acknowledged, and is needed, is refused: to go on without it would be to forget trades without a word.
 *
 * The last batch is written once more and synced before anything is built on it. After a failed sync the system shows bytes
 * that are not on the disk and calls them saved; what it has just been given it must save.
 *
 * It changes nothing that a second run would miss, so it may itself be cut short anywhere.
 *
 * @throws `CORRUPT_STORE` with file, offset and sequence number, `UNSUPPORTED_VERSION`
 * @see A. Rebello et al. (2020), "Can Applications Recover from fsync Failures?", USENIX ATC
 */
export async function recover(
  fs: Fs,
  directory: string,
  durability: Durability,
  { onSnapshot, onEvent }: Listener,
): Promise<Found> {
  const listing = readListing(await fs.readdir(directory))
  const { segments } = listing
  const warnings = listing.strays.map((name) => `${name} was written by a process that had lost the lock: not read.`)
  for (const name of listing.unfinished) await fs.unlink(`${directory}/${name}`)
  const damaged: string[] = []
  const snapshot = await newestSnapshot(fs, directory, listing, damaged)
  warnings.push(...damaged.map((name) => `${name} is damaged: an older one was read, and the events since.`))
  if (snapshot) onSnapshot(snapshot.seq, snapshot.value)

  let store = snapshot?.store ?? ''
  const base = snapshot?.seq ?? 0
  let seq = base
  let crc = 0
  let replayed = 0
  let tornTail: Recovery['tornTail'] = null
  const needed = segments.filter((_, i) => untilOf(segments, i) > base || i === segments.length - 1)
  if (snapshot && needed.length === 0) missing(`after the snapshot of event ${base}`, base + 1)
  if (needed.length > 0 && needed[0]!.first > base + 1) missing(`before ${needed[0]!.name}`, base + 1)
  for (const segment of needed) {
    const until = untilOf(segments, segments.indexOf(segment))
    // a store that was opened and not used leaves a segment without events
    if (until < segment.first) continue
    const path = `${directory}/${segment.name}`
    const bytes = await fs.readFile(path)
    const known = segment.first - 1 === seq && seq > base ? crc : undefined
    const identify = (head: Frame): void => {
      const owner = readIdentity(segment.name, head)
      store ||= owner
      if (owner !== store) refuse(segment.name, 0, seq + 1, `it belongs to another store`)
      if (head.epoch !== segment.epoch) refuse(segment.name, 0, seq + 1, `it has another file's name`)
      // 0: the event before was in a snapshot alone when the segment was begun
      if (known !== undefined && head.previous !== 0 && head.previous !== known)
        refuse(segment.name, 0, seq + 1, `it does not follow`)
    }
    const scan = scanSegment(bytes, segment.first, until, identify, (frame) => {
      if (frame.seq <= base) return
      const event = tryDecodeJson(frame.payload)
      if (event === undefined) {
        refuse(segment.name, frame.end - frameBytes(frame.payload.length), frame.seq, 'what it holds is no JSON')
      }
      onEvent({ seq: frame.seq, event })
      replayed++
    })
    const isLast = until === Number.POSITIVE_INFINITY
    if (scan.end === 'corrupt' || (scan.end === 'torn' && !isLast) || (!isLast && scan.seq < until)) {
      refuse(segment.name, scan.offset, scan.seq + 1, 'what was acknowledged is damaged')
    }
    if (isLast) tornTail = await settleTail(fs, directory, segment.name, bytes, scan, durability)
    if (scan.seq >= seq) {
      seq = scan.seq
      // a head that is torn does not know what it follows
      if (scan.offset > 0) crc = scan.crc
    } else if (isLast) {
      warnings.push(`The journal ends at event ${scan.seq}, before its snapshot of event ${base}: its end is lost.`)
    }
  }
  const read = snapshot ? { seq: snapshot.seq, value: snapshot.value } : null
  return { recovery: { snapshot: read, replayed, tornTail, warnings }, store, seq, crc, damaged }
}

async function newestSnapshot(
  fs: Fs,
  directory: string,
  { snapshots }: Listing,
  damaged: string[],
): Promise<Loaded | undefined> {
  for (const { name, seq } of [...snapshots].reverse()) {
    const read = decodeSnapshot(name, await fs.readFile(`${directory}/${name}`), seq)
    if (read) return { seq, ...read }
    damaged.push(name)
  }
  return undefined
}

/** Keeps aside and cuts off what is torn, and makes sure of the last batch. */
async function settleTail(
  fs: Fs,
  directory: string,
  name: string,
  bytes: Uint8Array,
  { offset, batchOffset }: ScanEnd,
  { syncFile, syncDirectory }: Durability,
): Promise<Recovery['tornTail']> {
  const torn = bytes.subarray(offset)
  const keptAt = `${directory}/${name}.torn-${offset}`
  if (torn.length > 0) {
    await fs.unlink(keptAt)
    await edit(fs, keptAt, 'create', async (fd) => {
      await writeAll(fs, fd, torn, 0)
      await syncFile(fd)
    })
    await syncDirectory(directory)
  }
  await edit(fs, `${directory}/${name}`, 'edit', async (fd) => {
    if (torn.length > 0) await fs.truncate(fd, offset)
    await writeAll(fs, fd, bytes.subarray(batchOffset, offset), batchOffset)
    await syncFile(fd)
  })
  return torn.length > 0 ? { bytes: torn.length, keptAt } : null
}

function missing(where: string, seq: number): never {
  throw new TradeLearnError(
    'CORRUPT_STORE',
    `The journal must be complete, got none ${where} (event ${seq} is missing).`,
  )
}

function refuse(name: string, offset: number, seq: number, why: string): never {
  throw new TradeLearnError(
    'CORRUPT_STORE',
    `The journal must be as it was written, got ${name} changed at offset ${offset} (event ${seq}): ${why}.`,
  )
}
