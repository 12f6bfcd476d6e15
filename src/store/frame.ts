import { crc32 } from './crc32.ts'

/** What a frame holds. The numbers stand in files and stay for ever. */
export const KIND = { segment: 1, event: 2, seal: 3, snapshot: 4 } as const
export type Kind = (typeof KIND)[keyof typeof KIND]

/** What a frame says of itself. */
export type Header = {
  readonly kind: Kind
  /** Number of the lock under which it was written. */
  readonly epoch: number
  readonly seq: number
  /** The first sequence number that was written, and synced, together with this one. */
  readonly batch: number
  /** Checksum of the frame before it. */
  readonly previous: number
}

/** A frame that is whole. */
export type Frame = Header & {
  readonly payload: Uint8Array
  readonly crc: number
  /** Offset of what follows. */
  readonly end: number
}

// Little-endian: magic 0, payload length 4, kind 8, epoch 12, seq 16, batch 24, previous 32, header checksum 36,
// payload 40, checksum of all that. Sequence numbers are float64, exact up to 2^53.
/** Bytes before the payload. */
export const HEADER_BYTES = 40
/** Bytes after it. */
export const TRAILER_BYTES = 4
const HEADER_CRC_AT = 36
/** 0xfe and 0xff never stand in UTF-8, so no payload looks like the beginning of a frame. */
const MAGIC = 0xff4c54fe
/** The byte that a frame begins with. */
export const MAGIC_BYTE = 0xfe

/** Bytes that a frame takes. */
export const frameBytes = (payload: number): number => HEADER_BYTES + payload + TRAILER_BYTES

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Writes a frame into `out` at `offset` and returns its checksum.
 *
 * The header has a checksum of its own: a length that is damaged is not believed, so it cannot swallow the frames after it.
 */
export function writeFrame(out: Uint8Array, offset: number, header: Header, payload: Uint8Array): number {
  const view = viewOf(out)
  view.setUint32(offset, MAGIC, true)
  view.setUint32(offset + 4, payload.length, true)
  view.setUint32(offset + 8, header.kind, true)
  view.setUint32(offset + 12, header.epoch, true)
  view.setFloat64(offset + 16, header.seq, true)
  view.setFloat64(offset + 24, header.batch, true)
  view.setUint32(offset + 32, header.previous, true)
  view.setUint32(offset + HEADER_CRC_AT, crc32(out, offset, offset + HEADER_CRC_AT), true)
  out.set(payload, offset + HEADER_BYTES)
  const end = offset + HEADER_BYTES + payload.length
  const crc = crc32(out, offset, end)
  view.setUint32(end, crc, true)
  return crc
}

/** A frame by itself. */
export function frameOf(header: Header, payload: Uint8Array): { readonly bytes: Uint8Array; readonly crc: number } {
  const bytes = new Uint8Array(frameBytes(payload.length))
  return { bytes, crc: writeFrame(bytes, 0, header, payload) }
}

function readHeader(bytes: Uint8Array, view: DataView, at: number): Header | undefined {
  if (at + HEADER_BYTES > bytes.length || view.getUint32(at, true) !== MAGIC) return undefined
  if (view.getUint32(at + HEADER_CRC_AT, true) !== crc32(bytes, at, at + HEADER_CRC_AT)) return undefined
  return {
    kind: view.getUint32(at + 8, true) as Kind,
    epoch: view.getUint32(at + 12, true),
    seq: view.getFloat64(at + 16, true),
    batch: view.getFloat64(at + 24, true),
    previous: view.getUint32(at + 32, true),
  }
}

/** Where the payload of a frame ends by its own word, or undefined where there is no room for a frame. */
export function payloadEnd(view: DataView, offset: number): number | undefined {
  if (offset + HEADER_BYTES + TRAILER_BYTES > view.byteLength || view.getUint32(offset, true) !== MAGIC)
    return undefined
  const end = offset + HEADER_BYTES + view.getUint32(offset + 4, true)
  return end + TRAILER_BYTES <= view.byteLength ? end : undefined
}

/** The frame at an offset, or undefined where it is not whole. */
export function readFrame(bytes: Uint8Array, offset: number, view: DataView = viewOf(bytes)): Frame | undefined {
  const header = readHeader(bytes, view, offset)
  if (!header) return undefined
  const start = offset + HEADER_BYTES
  const stop = start + view.getUint32(offset + 4, true)
  if (stop + TRAILER_BYTES > bytes.length) return undefined
  const crc = crc32(bytes, offset, stop)
  if (view.getUint32(stop, true) !== crc) return undefined
  return { ...header, payload: bytes.subarray(start, stop), crc, end: stop + TRAILER_BYTES }
}

/** Where a scan ended, and why. */
export type ScanEnd = {
  /**
   * `'torn'`: the damage lies in the last batch, as a write that a power loss cut short leaves it. `'corrupt'`: what is damaged
   * had been synced, since something was written after it.
   */
  readonly end: 'whole' | 'torn' | 'corrupt'
  /** Where the bytes end that are good. */
  readonly offset: number
  /** The newest event before that. */
  readonly seq: number
  /** Checksum of that event, by which the next one is chained to it. */
  readonly crc: number
  /** Where the last batch begins: it may never have been synced. */
  readonly batchOffset: number
}

/**
 * Reads a segment from its start: the frame that heads it, then events up to number `until`, each handed to `visit`.
 *
 * A batch is written only after the one before has been synced. So damage with a header of a later batch behind it is damage
 * to what was acknowledged; with nothing behind it but its own batch, or rubble, it is what a power loss leaves.
 */
export function scanSegment(
  bytes: Uint8Array,
  first: number,
  until: number,
  visitHead: (head: Frame) => void,
  visit: (event: Frame) => void,
): ScanEnd {
  const view = viewOf(bytes)
  let seq = first - 1
  let crc = 0
  let offset = 0
  let batchOffset = 0
  let batch = seq
  const damaged = (wanted: number): ScanEnd => ({
    end: hasLaterBatch(bytes, view, offset + 1, wanted) ? 'corrupt' : 'torn',
    offset,
    seq,
    crc,
    batchOffset,
  })
  const misplaced = (): ScanEnd => ({ end: 'corrupt', offset, seq, crc, batchOffset })

  const head = readFrame(bytes, 0, view)
  if (!head) return damaged(seq)
  if (head.kind !== KIND.segment || head.seq !== seq) return misplaced()
  visitHead(head)
  crc = head.previous
  offset = head.end
  let link = head.crc
  while (offset < bytes.length && seq < until) {
    const frame = readFrame(bytes, offset, view)
    if (!frame) return damaged(seq + 1)
    const { kind, previous } = frame
    const isNext = kind === KIND.event ? frame.seq === seq + 1 : kind === KIND.seal && frame.seq === seq
    if (!isNext || previous !== link || frame.epoch !== head.epoch) return misplaced()
    if (frame.batch !== batch) {
      batch = frame.batch
      batchOffset = offset
    }
    offset = frame.end
    link = frame.crc
    if (kind !== KIND.event) continue
    seq = frame.seq
    crc = frame.crc
    visit(frame)
  }
  return { end: 'whole', offset, seq, crc, batchOffset }
}

function hasLaterBatch(bytes: Uint8Array, view: DataView, from: number, wanted: number): boolean {
  for (let at = bytes.indexOf(MAGIC_BYTE, from); at >= 0; at = bytes.indexOf(MAGIC_BYTE, at + 1)) {
    const header = readHeader(bytes, view, at)
    if (header && header.batch > wanted) return true
  }
  return false
}
