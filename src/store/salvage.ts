import { show, TradeLearnError } from '../core/errors.ts'
import { countOf, eventsOf, gapsIn, type Range } from './findings.ts'
import type { Fs } from './fs.ts'
import { expectedOf, inspectJournal, type JournalReport, type Missing } from './inspect.ts'
import { SegmentWriter } from './segment-writer.ts'
import { type Durability, decodeSnapshot, encodeSnapshot, writeSnapshot } from './snapshot-file.ts'
import { type WholeEvent, wholeEvents } from './whole-events.ts'

/** What was saved of a journal, and what was not. */
export type Salvage = {
  /** The journal that was read. */
  readonly from: JournalReport
  /** The one that was written: healthy. */
  readonly to: JournalReport
  readonly kept: number
  /** Events that could not be read, by their old numbers. */
  readonly lost: readonly Missing[]
  /** Events after a loss, by their old numbers, and how much lower their new ones are. */
  readonly renumbered: readonly (Range & { readonly by: number })[]
  /** Files of which nothing was taken. */
  readonly leftOut: readonly string[]
}

/** Bytes that are written at once, and after which a new file is begun. */
const BATCH_BYTES = 1_048_576
const SEGMENT_BYTES = 67_108_864
/** The epoch of the first holder of a lock. */
const EPOCH = 1

/**
 * Writes whatever can be read of a journal into a new one, which a `JournalStore` opens; the old one is left as it is.
 *
 * Numbers in a journal have no gaps, so events behind a loss move up by as many as are lost, and snapshots with them. Where a
 * snapshot stands for the lost events, nothing that was learnt is lost; elsewhere the learner will go on as if they had not
 * happened. Whole events behind a torn end are kept, which opening would cut off: better to know too much.
 *
 * @throws `STORE_LOCKED` where a living process writes to it, `INVALID_INPUT` where the new directory is not empty,
 *   `UNSUPPORTED_VERSION` where a newer release has written it, `STORE_FAILED`
 */
export async function salvageJournal(fs: Fs, directory: string, to: string): Promise<Salvage> {
  const from = await inspectJournal(fs, directory)
  refuse(from, directory)
  await fs.mkdir(to)
  if ((await fs.readdir(to)).length > 0) {
    throw new TradeLearnError('INVALID_INPUT', `${show(to)} must be a new or an empty directory, got one with files.`)
  }
  try {
    return await write(fs, from, directory, to)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new TradeLearnError('STORE_FAILED', `Every file must be readable and writable, got: ${reason}`)
  }
}

function refuse({ inUse, segments, snapshots }: JournalReport, directory: string): void {
  if (inUse) {
    throw new TradeLearnError('STORE_LOCKED', `${show(directory)} must not be in use, got one whose writer lives.`)
  }
  const newer = [...segments, ...snapshots].find(({ state }) => state === 'newer')
  if (newer) {
    throw new TradeLearnError(
      'UNSUPPORTED_VERSION',
      `${newer.name} must have been written by this release or an older one, got format ${newer.format}.`,
    )
  }
}

async function write(fs: Fs, from: JournalReport, directory: string, to: string): Promise<Salvage> {
  const whole = from.snapshots.filter(({ state }) => state === 'whole')
  const readable = from.segments.flatMap((segment) => segment.readable)
  const expected = expectedOf(readable, whole.at(0)?.seq, [from.expected.to])
  const gaps = gapsIn(readable, expected.from, expected.to)
  const store = fs.unique()
  const durability: Durability = { syncFile: (fd) => fs.fdatasync(fd), syncDirectory: (path) => fs.syncDir(path) }
  const renumber = (seq: number): number => seq - countOf(gaps.filter((gap) => gap.to <= seq))

  // the newest of those that come to stand for the same
  for (const { name, seq } of whole) {
    const read = decodeSnapshot(name, await fs.readFile(`${directory}/${name}`), seq)
    if (!read) throw new Error(`${name} changed meanwhile`)
    const gap = gaps.find(({ from: start, to: end }) => start <= seq && seq < end)
    const number = renumber(seq) - (gap ? seq - gap.from + 1 : 0)
    await writeSnapshot(fs, to, number, encodeSnapshot(store, EPOCH, number, read.value), durability)
  }

  const writer = new NewJournal(fs, to, store, expected.from, durability)
  for (const segment of from.segments) {
    if (segment.readable.length === 0) continue
    const bytes = await fs.readFile(`${directory}/${segment.name}`)
    for (const event of wholeEvents(bytes, segment, segment.readable.at(-1)!.to)) await writer.append(event)
  }
  await writer.close()

  const covered = whole.at(-1)?.seq ?? 0
  const report: Salvage = {
    from,
    to: await inspectJournal(fs, to),
    kept: writer.kept,
    lost: gaps.map((gap) => ({ ...gap, covered: gap.to <= covered })),
    renumbered: gapsIn(gaps, expected.from, expected.to)
      .map((range) => ({ ...range, by: range.from - renumber(range.from) }))
      .filter(({ by }) => by > 0),
    leftOut: from.segments.filter(({ state }) => state === 'foreign').map(({ name }) => name),
  }
  const { healthy, events } = report.to
  if (!healthy || events !== countOf(readable) || writer.kept !== events) {
    const lost = gaps.map(eventsOf).join(', ')
    throw new Error(`what was written reads back as ${events} events instead of ${countOf(readable)} (lost: ${lost})`)
  }
  return report
}

/** Writes events under ascending numbers without a gap. */
class NewJournal {
  readonly #create: (first: number, crc: number) => Promise<SegmentWriter>
  #segment: SegmentWriter | undefined
  #next: number
  #batch: { readonly seq: number; readonly payload: Uint8Array }[] = []
  #bytes = 0
  kept = 0

  constructor(fs: Fs, directory: string, store: string, first: number, files: Durability) {
    this.#next = first
    this.#create = (number, crc) =>
      SegmentWriter.create({ fs, directory, store, epoch: EPOCH, first: number, crc }, files, files)
  }

  async append({ payload }: WholeEvent): Promise<void> {
    this.#batch.push({ seq: this.#next++, payload })
    this.#bytes += payload.length
    this.kept++
    if (this.#bytes >= BATCH_BYTES) await this.#write()
  }

  async close(): Promise<void> {
    await this.#write()
    await this.#segment!.seal(this.#next - 1)
    await this.#segment!.close()
  }

  async #write(): Promise<void> {
    const first = this.#next - this.#batch.length
    this.#segment ??= await this.#create(first, 0)
    if (this.#segment.size >= SEGMENT_BYTES) {
      await this.#segment.close()
      this.#segment = await this.#create(first, this.#segment.crc)
    }
    if (this.#batch.length > 0) await this.#segment.write(this.#batch)
    this.#batch = []
    this.#bytes = 0
  }
}
