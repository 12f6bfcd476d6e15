import { type Frame, HEADER_BYTES, KIND, MAGIC_BYTE, payloadEnd, readFrame } from './frame.ts'
import type { Segment } from './names.ts'
import { tryDecodeJson } from './snapshot-file.ts'

/** An event that can be read. */
export type WholeEvent = { readonly seq: number; readonly offset: number; readonly payload: Uint8Array }

/**
 * Every event of a segment that is whole, by number, also behind damage: where a frame is broken the next one is looked for.
 *
 * A frame counts whose checksums are right, that was written under the segment's epoch, and whose number lies in the segment; what
 * it follows may be gone. Each byte is looked at a few times at most, whatever is in the file.
 */
export function wholeEvents(bytes: Uint8Array, { first, epoch }: Segment, until: number): readonly WholeEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found = new Map<number, WholeEvent>()
  let offset = 0
  while (offset >= 0 && offset < bytes.length) {
    const frame = isText(bytes, view, offset) ? readFrame(bytes, offset, view) : undefined
    if (!frame) {
      offset = bytes.indexOf(MAGIC_BYTE, offset + 1)
      continue
    }
    if (belongs(frame, first, epoch, until) && !found.has(frame.seq) && tryDecodeJson(frame.payload) !== undefined) {
      found.set(frame.seq, { seq: frame.seq, offset, payload: frame.payload })
    }
    offset = frame.end
  }
  return [...found.values()].sort((a, b) => a.seq - b.seq)
}

const belongs = ({ kind, seq, epoch: under }: Frame, first: number, epoch: number, until: number): boolean =>
  kind === KIND.event && under === epoch && Number.isSafeInteger(seq) && seq >= first && seq <= until

/**
 * Whether no frame begins within what a frame says is its payload: a byte that begins one never stands in UTF-8. So a forged
 * length costs nothing, and only a frame that may be whole is summed up.
 */
function isText(bytes: Uint8Array, view: DataView, offset: number): boolean {
  const end = payloadEnd(view, offset)
  if (end === undefined) return false
  const next = bytes.indexOf(MAGIC_BYTE, offset + HEADER_BYTES)
  return next < 0 || next >= end
}
