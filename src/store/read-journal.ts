import type { JsonValue, StoredEvent } from '../contracts.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { type Frame, scanSegment } from './frame.ts'
import type { Fs } from './fs.ts'
import { type Listing, readListing, type Segment, untilOf } from './names.ts'
import { decodeSnapshot, readIdentity, tryDecodeJson } from './snapshot-file.ts'

/** A journal as far as it is kept: a snapshot, and every event after it. */
export type JournalReading = {
  /** The oldest snapshot that is whole and has all events after it; null where the events begin with the first. */
  readonly snapshot: { readonly seq: number; readonly value: JsonValue } | null
  /** Number of the newest event that is whole. */
  readonly last: number
  /** Events after the snapshot, each decoded when its turn comes. */
  readonly events: Iterable<StoredEvent>
  /** What one should know: an end that is torn, snapshots that are damaged. */
  readonly notes: readonly string[]
}

type Reading = Pick<Fs, 'readdir' | 'readFile'>

/** A bot that runs may remove what it no longer needs between two looks at its directory. */
const TRIES = 5

/**
 * Reads everything that a journal still holds, without taking its lock or changing anything: a bot may be writing to it.
 *
 * `JournalStore.open` begins with the newest snapshot; this begins as early as it can, with the first event or the oldest snapshot.
 * Whatever of the last write is not whole is left out. Its memory is the files' size, as they are read before a bot that runs
 * can remove them.
 *
 * @throws `CORRUPT_STORE` with file, offset and event, `UNSUPPORTED_VERSION`, `INVALID_INPUT` where there is no journal,
 *   `STORE_FAILED` where a file cannot be read
 */
export async function readJournal(fs: Reading, directory: string): Promise<JournalReading> {
  let names = await list(fs, directory)
  for (let tried = 1; ; tried++) {
    try {
      return await read(fs, directory, readListing(names))
    } catch (error) {
      const now = await list(fs, directory)
      if (tried === TRIES || now.join() === names.join()) throw error
      names = now
    }
  }
}

async function read(fs: Reading, directory: string, listing: Listing): Promise<JournalReading> {
  const segments = listing.segments.filter((segment, i, all) => untilOf(all, i) >= segment.first)
  if (segments.length + listing.snapshots.length === 0) {
    throw new TradeLearnError('INVALID_INPUT', `${show(directory)} must hold a journal, got a directory without one.`)
  }
  const notes: string[] = []
  const first = segments[0]?.first ?? Infinity
  const oldest = first === 1 ? null : await oldestSnapshot(fs, directory, listing, first, notes)
  const base = oldest?.seq ?? 0
  let store = oldest?.store ?? ''
  let seq = base
  let crc: number | undefined
  const frames: (readonly { readonly name: string; readonly frame: Frame }[])[] = []
  for (const [i, segment] of segments.entries()) {
    const until = untilOf(segments, i)
    if (until <= base) continue
    const refuse = (offset: number, at: number, why: string): never => damaged(directory, segment.name, offset, at, why)
    const bytes = await readFile(fs, directory, segment.name)
    const own: { readonly name: string; readonly frame: Frame }[] = []
    const scan = scanSegment(
      bytes,
      segment.first,
      until,
      (head) => {
        const owner = readIdentity(segment.name, head)
        store ||= owner
        if (owner !== store) refuse(0, segment.first, 'it belongs to another store')
        if (head.epoch !== segment.epoch) refuse(0, segment.first, "it has another file's name")
        // 0: the event before was in a snapshot alone when the segment was begun
        if (crc !== undefined && head.previous !== 0 && head.previous !== crc)
          refuse(0, segment.first, 'it does not follow')
      },
      (frame) => {
        if (frame.seq > base) own.push({ name: segment.name, frame })
      },
    )
    const isLast = until === Number.POSITIVE_INFINITY
    if (scan.end === 'corrupt' || (scan.end === 'torn' && !isLast) || (!isLast && scan.seq < until)) {
      refuse(scan.offset, scan.seq + 1, 'what was acknowledged is damaged')
    }
    if (scan.end === 'torn') {
      notes.push(
        `${segment.name} ends with ${bytes.length - scan.offset} bytes of a write that is not whole: left out.`,
      )
    }
    if (scan.seq >= seq) {
      seq = scan.seq
      crc = scan.offset > 0 ? scan.crc : undefined
    }
    frames.push(own)
  }
  const snapshot = oldest && { seq: oldest.seq, value: oldest.value }
  return { snapshot, last: seq, events: { [Symbol.iterator]: () => decode(directory, frames) }, notes }
}

/** The events of frames, one at a time. */
function* decode(
  directory: string,
  segments: readonly (readonly { readonly name: string; readonly frame: Frame }[])[],
): Generator<StoredEvent> {
  for (const frames of segments) {
    for (const { name, frame } of frames) {
      const event = tryDecodeJson(frame.payload)
      if (event === undefined) damaged(directory, name, frame.end, frame.seq, 'what it holds is no JSON')
      yield { seq: frame.seq, event: event as JsonValue }
    }
  }
}

/** The oldest snapshot that is whole, all of the events after which are there. */
async function oldestSnapshot(
  fs: Reading,
  directory: string,
  { snapshots }: Listing,
  first: Segment['first'],
  notes: string[],
): Promise<{ readonly seq: number; readonly value: JsonValue; readonly store: string }> {
  for (const { name, seq } of snapshots) {
    if (seq < first - 1) continue
    const found = decodeSnapshot(name, await readFile(fs, directory, name), seq)
    if (found) return { seq, ...found }
    notes.push(`${name} is damaged: a newer one is begun with.`)
  }
  const missing = Number.isFinite(first) ? `nothing before event ${first}` : 'no event'
  throw new TradeLearnError(
    'CORRUPT_STORE',
    `The journal must have its first event, or a snapshot that stands for what is before, got ${missing}: ${doctor(directory)}`,
  )
}

async function list(fs: Reading, directory: string): Promise<readonly string[]> {
  return orFail(directory, () => fs.readdir(directory))
}

async function readFile(fs: Reading, directory: string, name: string): Promise<Uint8Array> {
  return orFail(name, () => fs.readFile(`${directory}/${name}`))
}

async function orFail<T>(name: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new TradeLearnError('STORE_FAILED', `${show(name)} must be readable, got: ${why}`)
  }
}

function damaged(directory: string, name: string, offset: number, seq: number, why: string): never {
  throw new TradeLearnError(
    'CORRUPT_STORE',
    `The journal must be as it was written, got ${name} changed at offset ${offset} (event ${seq}): ${why}. ${doctor(directory)}`,
  )
}

/** Whom to ask. */
const doctor = (directory: string): string =>
  `"tradelearn doctor ${directory}" says what is damaged, and saves what is whole.`
