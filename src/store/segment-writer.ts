import { frameBytes, frameOf, KIND, writeFrame } from './frame.ts'
import { edit, type Fs, writeAll } from './fs.ts'
import { segmentName } from './names.ts'
import { type Durability, encodeJson, FORMAT } from './snapshot-file.ts'

/** Where a segment stands. */
export type SegmentPlace = {
  readonly fs: Fs
  readonly directory: string
  /** Whose it is. */
  readonly store: string
  readonly epoch: number
  /** Number of its first event. */
  readonly first: number
  /** Checksum of the event before that. */
  readonly crc: number
}

type Numbered = { readonly seq: number; readonly payload: Uint8Array }

/** Appends batches of events to one file of a journal. */
export class SegmentWriter {
  readonly fd: number
  readonly #fs: Fs
  readonly #epoch: number
  readonly #sync: Durability
  #size: number
  /** Checksum of the newest frame. */
  #link: number
  #crc: number
  #closed = false

  private constructor({ fs, epoch, crc }: SegmentPlace, fd: number, size: number, link: number, sync: Durability) {
    this.#fs = fs
    this.#epoch = epoch
    this.#crc = crc
    this.fd = fd
    this.#size = size
    this.#link = link
    this.#sync = sync
  }

  /** Creates the file, whose name is on the disk when this resolves. */
  static async create(place: SegmentPlace, files: Durability, batches: Durability): Promise<SegmentWriter> {
    const { fs, directory, store, epoch, first, crc } = place
    const header = { kind: KIND.segment, epoch, seq: first - 1, batch: first - 1, previous: crc } as const
    const head = frameOf(header, encodeJson('identity', { format: FORMAT, store }))
    const path = `${directory}/${segmentName(first, epoch)}`
    if ((await fs.size(path)) !== undefined) {
      // it is ours, and has no event: a snapshot came after a segment was begun and before anything was told
      const fd = await fs.open(path, 'edit')
      return new SegmentWriter(place, fd, head.bytes.length, head.crc, batches)
    }
    try {
      await edit(fs, path, 'create', async (fd) => {
        await writeAll(fs, fd, head.bytes, 0)
        await files.syncFile(fd)
      })
    } catch (error) {
      // whoever tries again and again on a full disk leaves nothing behind
      await fs.unlink(path).catch(() => {})
      throw error
    }
    await files.syncDirectory(directory)
    return new SegmentWriter(place, await fs.open(path, 'edit'), head.bytes.length, head.crc, batches)
  }

  /** Bytes written. */
  get size(): number {
    return this.#size
  }

  /** Checksum of the newest event. */
  get crc(): number {
    return this.#crc
  }

  /** Writes a batch in one piece and syncs it. */
  async write(batch: readonly Numbered[]): Promise<void> {
    const bytes = new Uint8Array(batch.reduce((sum, { payload }) => sum + frameBytes(payload.length), 0))
    let at = 0
    let link = this.#link
    for (const { seq, payload } of batch) {
      const header = { kind: KIND.event, epoch: this.#epoch, seq, batch: batch[0]!.seq, previous: link } as const
      link = writeFrame(bytes, at, header, payload)
      at += frameBytes(payload.length)
    }
    await this.#append(bytes)
    this.#link = this.#crc = link
  }

  /** Says that `seq` was the last event: damage before this is then told from a write that was cut short. */
  async seal(seq: number): Promise<void> {
    const header = { kind: KIND.seal, epoch: this.#epoch, seq, batch: seq + 1, previous: this.#link } as const
    await this.#append(frameOf(header, new Uint8Array(0)).bytes)
  }

  /** Once: the number of a file that is closed may be another file's a moment later. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#fs.close(this.fd)
  }

  async #append(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#fs, this.fd, bytes, this.#size)
    } catch (error) {
      // a full disk still lets go of what it took, and then there is room to open the journal again
      await this.#fs.truncate(this.fd, this.#size).catch(() => {})
      throw error
    }
    await this.#sync.syncFile(this.fd)
    this.#size += bytes.length
  }
}
