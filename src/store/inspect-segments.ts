import { countOf, damage, type Finding, note, type Range, type Read, rangesOf, within } from './findings.ts'
import { frameBytes, KIND, readFrame, type ScanEnd, scanSegment } from './frame.ts'
import { type Listing, type Segment, untilOf } from './names.ts'
import { FORMAT, identityOf } from './snapshot-file.ts'
import { wholeEvents } from './whole-events.ts'

/** What a segment's file was found to be. */
export type SegmentReport = {
  readonly name: string
  readonly bytes: number
  /** Bytes from the start of the file to the first that is not as it was written. */
  readonly goodBytes: number
  readonly epoch: number
  /** Layout of the file; 0 where it does not say. */
  readonly format: number
  readonly store: string
  /** Number of its first event, and of the last that is in it or should be. */
  readonly first: number
  readonly last: number
  /** Events up to there that can be read. */
  readonly events: number
  /** Events that can be read, those behind a torn end included. */
  readonly readable: readonly Range[]
  /** Whether the store was closed, so that the end is known to be the end. */
  readonly sealed: boolean
  readonly state: 'whole' | 'torn' | 'damaged' | 'newer' | 'foreign'
}

/** A segment with what can be read of it. */
export type SegmentFile = {
  readonly report: SegmentReport
  readonly findings: readonly Finding[]
  readonly newest: { readonly seq: number; readonly offset: number; readonly text: string } | null
}

/** A seal is a frame without a payload. */
const SEAL_BYTES = frameBytes(0)
/** Characters of the newest event that are shown. */
const SHOWN = 200

export async function inspectSegments(read: Read, { segments }: Listing): Promise<readonly SegmentFile[]> {
  const files: SegmentFile[] = []
  /** The checksum of the event before the next segment, where that is known. */
  let before: { readonly seq: number; readonly crc: number } | undefined
  for (const [i, segment] of segments.entries()) {
    const bytes = await read(segment.name)
    if (!bytes) {
      before = undefined
      continue
    }
    const { file, scan } = inspectSegment(bytes, segment, untilOf(segments, i), before)
    files.push(file)
    if (untilOf(segments, i) < segment.first) continue
    before = file.report.state === 'whole' ? { seq: scan.seq, crc: scan.crc } : undefined
  }
  return files
}

function inspectSegment(
  bytes: Uint8Array,
  segment: Segment,
  until: number,
  before: { readonly seq: number; readonly crc: number } | undefined,
): { readonly file: SegmentFile; readonly scan: ScanEnd } {
  const { name, first, epoch } = segment
  const findings: Finding[] = []
  let identity = { format: 0, store: '' }
  const scan = scanSegment(
    bytes,
    first,
    until,
    (head) => {
      identity = identityOf(head)
      if (head.epoch !== epoch) findings.push(damage(name, 0, first, "It has another file's name."))
      // 0: the event before was in a snapshot alone when the segment was begun
      const follows = head.previous === 0 || before?.seq !== first - 1 || head.previous === before.crc
      if (!follows) findings.push(damage(name, 0, first, 'It does not follow the file before it.'))
    },
    () => {},
  )
  const isNewer = identity.format > FORMAT
  if (isNewer) {
    const message = `It was written by a newer release: format ${identity.format}, not ${FORMAT}.`
    findings.push(damage(name, 0, first, message))
  } else findings.push(...judge(bytes, segment, until, scan))
  const isDamaged = findings.some(({ severity }) => severity === 'damage')
  const isTorn = !isNewer && !isDamaged && scan.end === 'torn'
  const events = isNewer ? [] : wholeEvents(bytes, segment, until)
  const last =
    until < Number.POSITIVE_INFINITY ? until : isTorn ? scan.seq : Math.max(scan.seq, events.at(-1)?.seq ?? 0)
  const readable = rangesOf(events.map(({ seq }) => seq))
  const newest = events.findLast(({ seq }) => seq <= last)
  const report: SegmentReport = {
    name,
    bytes: bytes.length,
    goodBytes: scan.offset,
    epoch,
    ...identity,
    first,
    last,
    events: countOf(within(readable, first, last)),
    readable,
    sealed: isSealed(bytes, scan),
    state: isNewer ? 'newer' : isDamaged ? 'damaged' : isTorn ? 'torn' : 'whole',
  }
  const shown = newest && {
    seq: newest.seq,
    offset: newest.offset,
    text: new TextDecoder().decode(newest.payload.subarray(0, SHOWN)),
  }
  return { file: { report, findings, newest: shown ?? null }, scan }
}

/** What the end of a scan means. */
function judge(bytes: Uint8Array, { name, first }: Segment, until: number, scan: ScanEnd): Finding[] {
  const { end, offset, seq } = scan
  const rest = bytes.length - offset
  if (until < first) {
    return end === 'whole' ? [] : [note(name, 'A store was opened and never used: nothing in it is needed.', 0)]
  }
  if (end === 'corrupt') return [damage(name, offset, seq + 1, 'What was acknowledged is damaged.')]
  const isLast = until === Number.POSITIVE_INFINITY
  if (end === 'torn' && isLast) {
    const what = `${rest} bytes of a write that was cut short, or that was damaged since`
    return [note(name, `${what}: opening keeps them aside.`, offset, seq + 1)]
  }
  if (seq < until && !isLast) return [damage(name, offset, seq + 1, `It should go on to event ${until}.`)]
  if (rest > 0 && !isSealed(bytes, scan)) {
    return [note(name, `${rest} bytes behind its last event are not needed.`, offset)]
  }
  return []
}

/** Whether a seal is the last thing, read or still to be read. */
function isSealed(bytes: Uint8Array, { end, offset }: ScanEnd): boolean {
  if (end !== 'whole') return false
  const at = offset < bytes.length ? offset : offset - SEAL_BYTES
  const frame = at >= 0 ? readFrame(bytes, at) : undefined
  return frame?.kind === KIND.seal && frame.end === bytes.length
}
