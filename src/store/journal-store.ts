import type { EventStore, JsonValue, Recovery, StoredEvent } from '../contracts.ts'
import { integer, oneOf, text } from '../core/check.ts'
import { type ErrorCode, show, TradeLearnError } from '../core/errors.ts'
import type { Fs } from './fs.ts'
import { holdsLock, type Lock, takeLock } from './lock.ts'
import { readListing, snapshotName, untilOf } from './names.ts'
import { nodeFs } from './node-fs.ts'
import { recover } from './recovery.ts'
import { SegmentWriter } from './segment-writer.ts'
import { type Durability, encodeJson, encodeSnapshot, writeSnapshot } from './snapshot-file.ts'

/** Options of {@link JournalStore}. */
export type JournalStoreOptions = {
  /** Where the files are; made where it is not there. One learner has one directory. */
  readonly directory: string
  /** The file system. @defaultValue that of this machine */
  readonly fs?: Fs
  /**
   * What an event survives once `append` has resolved. `'power-loss'`: everything short of the loss of the disk.
   * `'process-kill'`: the end of the process, however sudden, but not of the machine. `'none'`: a clean end only, for tests.
   * @defaultValue 'power-loss'
   */
  readonly mode?: 'power-loss' | 'process-kill' | 'none'
  /** Bytes after which a new file is begun. @defaultValue 67108864 (64 MiB: read back in two or three seconds) */
  readonly segmentBytes?: number
  /** Snapshots that are kept, with all events since the oldest of them. @defaultValue 3 */
  readonly keepSnapshots?: number
  /** Events that may wait for the disk. @defaultValue 65536 */
  readonly maxQueue?: number
  /**
   * Bytes of events that may wait for the disk; those of more than a quarter of it, such as models, have as many of their own.
   * @defaultValue 16777216 (16 MiB)
   */
  readonly maxQueueBytes?: number
  /**
   * What to do where the directory holds no journal. `'refuse'` is for a bot that knows it has one: a disk that was not
   * mounted would else make it begin anew. @defaultValue 'create'
   */
  readonly ifMissing?: 'create' | 'refuse'
  /** Who holds the lock, for the message that another gets. @defaultValue 'tradelearn' */
  readonly owner?: string
}

type Append = {
  readonly seq: number
  readonly payload: Uint8Array
  readonly resolve: (seq: number) => void
  readonly reject: (error: Error) => void
}
type Save = {
  readonly seq: number
  readonly bytes: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Errors of ours that come out of `open` as they are. */
const OWN: readonly ErrorCode[] = ['STORE_LOCKED', 'CORRUPT_STORE', 'UNSUPPORTED_VERSION']

/**
 * Keeps a learner's events in files of its own: what `append` has acknowledged is there after a power loss.
 *
 * Events are appended to a journal of checksummed, chained frames. Waiting for the disk costs milliseconds, so it is done for
 * many at once: while one write and sync is under way the next batch gathers, and at no time is there more than one. Snapshots
 * go to files of their own, never over an old one, and a new segment begins with each.
 *
 * After the first error nothing is written any more until a new store is opened on the directory. A failed sync is not tried
 * again: the second call would report success for bytes that the system has already thrown away.
 *
 * One store at a time may write; a second one is refused, and a lock whose process has died is taken over.
 *
 * @see C. Mohan et al. (1992), "ARIES: a transaction recovery method", ACM TODS 17(1), on write-ahead logs
 *
 * @example
 * ```ts
 * const store = new JournalStore({ directory: 'state/btc' })
 * const learner = await TradeLearner.open({ features, store })
 * await learner.learn(decision.id, outcome) // resolves once it is on the disk
 * await learner.close()
 * ```
 */
export class JournalStore implements EventStore {
  readonly #directory: string
  readonly #fs: Fs
  readonly #segmentBytes: number
  readonly #keepSnapshots: number
  readonly #maxQueue: number
  readonly #maxQueueBytes: number
  readonly #ifMissing: 'create' | 'refuse'
  readonly #owner: string
  /** How a batch is made to last, and how files are that must not be missing when it does. */
  readonly #batches: Durability
  readonly #files: Durability
  #stage: 'new' | 'open' | 'closed' = 'new'
  #failure: TradeLearnError | null = null
  #lock: Lock | undefined
  #writer: SegmentWriter | undefined
  #store = ''
  /** Newest event that has a number, and newest that is stored. */
  #queuedSeq = 0
  #storedSeq = 0
  #snapshotSeq = 0
  /** Snapshots that were found damaged, which do not count among those that are kept. */
  #damaged: readonly string[] = []
  #queue: Append[] = []
  /** Events that are not stored yet, those on their way included. */
  #waiting = 0
  /** Bytes of small events that wait, and of large ones: models must not keep candles out. */
  readonly #waitingBytes = { small: 0, large: 0 }
  #saves: Save[] = []
  #running: Promise<void> | undefined

  constructor({
    directory,
    fs = nodeFs,
    mode = 'power-loss',
    segmentBytes = 67_108_864,
    keepSnapshots = 3,
    maxQueue = 65_536,
    maxQueueBytes = 16_777_216,
    ifMissing = 'create',
    owner = 'tradelearn',
  }: JournalStoreOptions) {
    this.#directory = text('directory', directory)
    this.#fs = fs
    oneOf('mode', mode, ['power-loss', 'process-kill', 'none'])
    this.#segmentBytes = integer('segmentBytes', segmentBytes)
    this.#keepSnapshots = integer('keepSnapshots', keepSnapshots)
    this.#maxQueue = integer('maxQueue', maxQueue)
    this.#maxQueueBytes = integer('maxQueueBytes', maxQueueBytes)
    this.#ifMissing = oneOf('ifMissing', ifMissing, ['create', 'refuse'])
    this.#owner = text('owner', owner)
    const nothing: Durability = { syncFile: async () => {}, syncDirectory: async () => {} }
    const real: Durability = { syncFile: (fd) => fs.fdatasync(fd), syncDirectory: (path) => fs.syncDir(path) }
    this.#batches = mode === 'power-loss' ? real : nothing
    this.#files = mode === 'none' ? nothing : real
  }

  /** Why nothing can be written any more, or null. */
  get failure(): Error | null {
    return this.#failure
  }

  /**
   * Takes the lock, reads back what is there, and begins a new segment. Once.
   *
   * @throws `STORE_LOCKED`, `CORRUPT_STORE`, `UNSUPPORTED_VERSION`, `STORE_FAILED`, `NOT_OPEN` where it has been opened before
   */
  async open(
    onSnapshot: (seq: number, value: JsonValue) => void,
    onEvent: (stored: StoredEvent) => void,
  ): Promise<Recovery> {
    if (this.#stage !== 'new') throw new TradeLearnError('NOT_OPEN', 'A store must be opened once, got a second time.')
    this.#stage = 'open'
    try {
      return await this.#open(onSnapshot, onEvent)
    } catch (error) {
      this.#fail(error)
      await this.close().catch(() => {})
      throw error
    }
  }

  async #open(
    onSnapshot: (seq: number, value: JsonValue) => void,
    onEvent: (stored: StoredEvent) => void,
  ): Promise<Recovery> {
    const fs = this.#fs
    return await coded(async (pass) => {
      if (this.#ifMissing === 'refuse') await this.#refuseMissing()
      await fs.mkdir(this.#directory)
      this.#lock = await takeLock(fs, this.#directory, this.#owner)
      const found = await recover(fs, this.#directory, this.#files, {
        onSnapshot: (seq, value) => pass(() => onSnapshot(seq, value)),
        onEvent: (stored) => pass(() => onEvent(stored)),
      })
      this.#store = found.store || fs.unique()
      this.#queuedSeq = this.#storedSeq = found.seq
      this.#snapshotSeq = found.recovery.snapshot?.seq ?? 0
      this.#damaged = found.damaged
      await this.#beginSegment(found.crc)
      await this.#prune()
      return found.recovery
    })
  }

  async #refuseMissing(): Promise<void> {
    const { segments } = readListing(await this.#fs.readdir(this.#directory))
    if (segments.length > 0) return
    throw new TradeLearnError('CORRUPT_STORE', `${show(this.#directory)} must hold a journal, got none.`)
  }

  /**
   * Queues an event; resolves with its number once it is stored.
   *
   * @throws `STORE_FULL` where too much waits for the disk, `STORE_FAILED`, `INVALID_INPUT` where it is not JSON
   */
  async append(event: JsonValue): Promise<number> {
    this.#check()
    const payload = encodeJson('event', event)
    const waiting = this.#waiting
    const kind = this.#sizeOf(payload)
    const bytes = this.#waitingBytes[kind]
    // an event that is larger than the whole queue may still be the only one of its size
    if (waiting >= this.#maxQueue || (bytes > 0 && bytes + payload.length > this.#maxQueueBytes)) {
      throw new TradeLearnError(
        'STORE_FULL',
        `At most ${this.#maxQueue} events and ${this.#maxQueueBytes} bytes must wait for the disk, got ${waiting} and ${bytes}: wait for earlier ones.`,
      )
    }
    const seq = ++this.#queuedSeq
    this.#waiting++
    this.#waitingBytes[kind] += payload.length
    return new Promise((resolve, reject) => {
      this.#queue.push({ seq, payload, resolve, reject })
      this.#start()
    })
  }

  /** What is larger than a quarter of the queue waits in a queue of its own. */
  #sizeOf({ length }: Uint8Array): 'small' | 'large' {
    return length > this.#maxQueueBytes / 4 ? 'large' : 'small'
  }

  /** Saves a snapshot of everything up to `seq`, once that is stored. @throws `STORE_FAILED`, `INVALID_INPUT` where no event has that number */
  async saveSnapshot(seq: number, value: JsonValue): Promise<void> {
    this.#check()
    integer('seq', seq, this.#snapshotSeq, 'INVALID_INPUT')
    if (seq > this.#queuedSeq) {
      throw new TradeLearnError(
        'INVALID_INPUT',
        `"seq" must be at most ${this.#queuedSeq}, the newest event, got ${seq}.`,
      )
    }
    const bytes = encodeSnapshot(this.#store, this.#lock!.epoch, seq, value)
    this.#snapshotSeq = seq
    return new Promise((resolve, reject) => {
      this.#saves.push({ seq, bytes, resolve, reject })
      this.#start()
    })
  }

  /** Resolves when everything queued is stored. @throws `STORE_FAILED` */
  async flush(): Promise<void> {
    await this.#running
    this.#check()
  }

  /** Stores what is queued, seals the journal and lets go of the lock. Never rejects for an error that was there before. */
  async close(): Promise<void> {
    if (this.#stage !== 'open') return
    this.#stage = 'closed'
    await this.#running
    let sealing: unknown
    if (this.#failure === null) {
      await this.#writer!.seal(this.#storedSeq).catch((error) => {
        sealing = this.#fail(error)
      })
    }
    await this.#writer?.close().catch(() => {})
    if (this.#lock) await this.#fs.unlink(this.#lock.path).catch(() => {})
    if (sealing) throw sealing
  }

  // --------------------------------------------------------------- mechanics

  #start(): void {
    this.#running ??= this.#run()
  }

  /** Does what is queued until nothing is, one write at a time. */
  async #run(): Promise<void> {
    // what is told in one go is stored in one go
    await undefined
    while (this.#failure === null && (this.#queue.length > 0 || this.#saves.length > 0)) {
      if (this.#queue.length > 0) await this.#storeBatch()
      // not before the events that it stands for
      const save = this.#saves[0]
      if (this.#failure === null && save && save.seq <= this.#storedSeq) await this.#storeSnapshot()
    }
    // in the same breath as the last look at the queue: what is told a moment later must start anew
    this.#running = undefined
  }

  async #storeBatch(): Promise<void> {
    const batch = this.#queue
    this.#queue = []
    try {
      if (this.#writer!.size >= this.#segmentBytes) await this.#beginSegment(this.#writer!.crc)
      await this.#writer!.write(batch)
      // the last look before the word is given: whoever took over has not read what was written since
      await this.#checkLock()
    } catch (error) {
      const failure = this.#fail(error)
      for (const { reject } of batch) reject(failure)
      return
    }
    this.#storedSeq = batch.at(-1)!.seq
    for (const { seq, payload, resolve } of batch) {
      this.#waiting--
      this.#waitingBytes[this.#sizeOf(payload)] -= payload.length
      resolve(seq)
    }
  }

  async #storeSnapshot(): Promise<void> {
    const { seq, bytes, resolve, reject } = this.#saves.shift()!
    try {
      await this.#checkLock()
      await writeSnapshot(this.#fs, this.#directory, seq, bytes, this.#files)
      this.#damaged = this.#damaged.filter((name) => name !== snapshotName(seq))
      await this.#beginSegment(this.#writer!.crc)
      await this.#prune()
    } catch (error) {
      reject(this.#fail(error))
      return
    }
    resolve()
  }

  /** The new file is there for good before anything is written to it, or an old one removed. */
  async #beginSegment(crc: number): Promise<void> {
    await this.#checkLock()
    if (this.#writer) {
      await this.#files.syncFile(this.#writer.fd)
      await this.#writer.close()
    }
    const first = this.#storedSeq + 1
    const { epoch } = this.#lock!
    const writer = { fs: this.#fs, directory: this.#directory, store: this.#store, epoch, first, crc }
    this.#writer = await SegmentWriter.create(writer, this.#files, this.#batches)
  }

  /** Removes snapshots beyond those that are kept, and segments that none of them needs. */
  async #prune(): Promise<void> {
    const { snapshots, segments } = readListing(await this.#fs.readdir(this.#directory))
    const whole = snapshots.filter(({ name }) => !this.#damaged.includes(name))
    if (whole.length < this.#keepSnapshots) return
    const oldest = whole.at(-this.#keepSnapshots)!.seq
    await this.#checkLock()
    for (const { name, seq } of snapshots) if (seq < oldest) await this.#fs.unlink(`${this.#directory}/${name}`)
    for (const [i, { name }] of segments.entries()) {
      if (untilOf(segments, i) <= oldest) await this.#fs.unlink(`${this.#directory}/${name}`)
    }
  }

  async #checkLock(): Promise<void> {
    if (await holdsLock(this.#fs, this.#lock!)) return
    throw new Error(`another process has taken over ${show(this.#lock!.path)}`)
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure
    if (this.#stage !== 'open' || !this.#writer) {
      throw new TradeLearnError('NOT_OPEN', 'A store must be open, got one that is not.')
    }
  }

  /** Latches the first error and refuses everything that waits. */
  #fail(cause: unknown): TradeLearnError {
    this.#failure ??= failed(cause)
    const waiting = [...this.#queue, ...this.#saves]
    this.#queue = []
    this.#saves = []
    for (const { reject } of waiting) reject(this.#failure)
    return this.#failure
  }
}

const failed = (cause: unknown): TradeLearnError =>
  new TradeLearnError(
    'STORE_FAILED',
    `Every write must succeed, got ${cause instanceof Error ? cause.message : String(cause)}: open the store anew.`,
  )

/** Gives every error of the file system our code; what the caller's own functions throw inside `pass` comes out as it is. */
async function coded<T>(work: (pass: (own: () => void) => void) => Promise<T>): Promise<T> {
  let theirs: unknown
  const pass = (own: () => void): void => {
    try {
      own()
    } catch (error) {
      theirs = error
      throw error
    }
  }
  try {
    return await work(pass)
  } catch (error) {
    const isOwn = OWN.includes((error as TradeLearnError | null)?.code as ErrorCode)
    throw isOwn || (theirs !== undefined && error === theirs) ? error : failed(error)
  }
}
