import type { Snapshot } from '../contracts.ts'
import { integer, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { parseSnapshot } from '../core/snapshot.ts'
import { checkHash, hashInSlices, isContentHash, modelBytes } from '../lifecycle/model-registry/content-hash.ts'
import { checkContent, type ModelStore } from '../lifecycle/model-registry/model-store.ts'
import { edit, type Fs, writeAll } from './fs.ts'
import { nodeFs } from './node-fs.ts'

/** Options of {@link ModelFiles}. */
export type ModelFilesOptions = {
  /** Where the files are; made where it is not there. That of the registry's journal is a good place. */
  readonly directory: string
  /** The file system. @defaultValue that of this machine */
  readonly fs?: Fs
  /** Bytes of a file; larger ones are neither written nor read. @defaultValue 268435456 (256 MiB) */
  readonly maxBytes?: number
}

/** What follows the hash in the name of a model, and of one that is being written. */
const ENDING = '.model.json'
const DRAFT = '.model.tmp'

/**
 * Keeps models in files of their own: each is the canonical JSON of a snapshot, named by its SHA-256.
 *
 * So a file says by its name what must be in it, and whoever doubts it asks `sha256sum`. It is written under another name,
 * synced, renamed, and its directory synced: after a power loss it is whole or not there, and no other file has changed. What
 * is read is hashed before it is parsed; a file that was cut short or altered is named and refused. Names are made of hashes
 * alone, which are checked, so nothing in a registry or a directory leads out of the directory.
 *
 * One process writes at a time: the lock of the registry's journal sees to that. Readers need none. After a sync that failed
 * nothing is written any more until a new one is made: what the system then calls saved may not be.
 *
 * @example
 * ```ts
 * const models = new ModelFiles({ directory: 'state/btc/models' })
 * await models.put(modelBody(snapshot).hash, snapshot)
 * ```
 */
export class ModelFiles implements ModelStore {
  readonly #directory: string
  readonly #fs: Fs
  readonly #maxBytes: number
  /** Writes wait for the one before. */
  #last: Promise<unknown> = Promise.resolve()
  #failure: TradeLearnError | null = null
  #made = false

  constructor({ directory, fs = nodeFs, maxBytes = 268_435_456 }: ModelFilesOptions) {
    this.#directory = text('directory', directory)
    this.#fs = fs
    this.#maxBytes = integer('maxBytes', maxBytes)
  }

  /** Why nothing can be written any more, or null. */
  get failure(): TradeLearnError | null {
    return this.#failure
  }

  /** Writes a model. @throws `INVALID_INPUT`, `STORE_FULL` where it is too large, `STORE_FAILED` */
  async put(hash: string, model: Snapshot): Promise<void> {
    const bytes = modelBytes(model)
    if (bytes.length > this.#maxBytes) {
      throw new TradeLearnError('STORE_FULL', `A model must have at most ${this.#maxBytes} bytes, got ${bytes.length}.`)
    }
    checkContent(hash, await hashInSlices(bytes))
    await this.#inTurn(() => this.#write(hash, bytes))
  }

  /** The model; undefined where there is none. @throws `CORRUPT_MODEL` where its content is not that of its name, `STORE_FAILED` */
  async get(hash: string): Promise<Snapshot | undefined> {
    const name = `${checkHash(hash)}${ENDING}`
    const path = `${this.#directory}/${name}`
    const bytes = await failing(`${name} could not be read`, async () => {
      const size = await this.#fs.size(path)
      // asked before it is read: a file that has grown is not taken into memory
      return size === undefined ? undefined : size > this.#maxBytes ? size : await this.#fs.readFile(path)
    })
    if (bytes === undefined) return undefined
    if (typeof bytes === 'number') corrupt(name, `at most ${this.#maxBytes} bytes`, `${bytes}`)
    const content = await hashInSlices(bytes)
    if (content !== hash) corrupt(name, 'the content of its name', `${bytes.length} bytes with the hash ${content}`)
    return parseSnapshot(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  }

  async list(): Promise<readonly string[]> {
    return (await this.#names(ENDING)).sort()
  }

  async remove(hash: string): Promise<void> {
    const path = `${this.#directory}/${checkHash(hash)}${ENDING}`
    await this.#inTurn(async () => {
      await this.#fs.unlink(path)
      await this.#sync(() => this.#fs.syncDir(this.#directory))
    })
  }

  // --------------------------------------------------------------- mechanics

  async #write(hash: string, bytes: Uint8Array): Promise<void> {
    const fs = this.#fs
    const draft = `${this.#directory}/${hash}${DRAFT}`
    await this.#makeDirectory()
    // what another write left half done, its own included
    for (const left of await this.#names(DRAFT)) await fs.unlink(`${this.#directory}/${left}${DRAFT}`)
    try {
      await edit(fs, draft, 'create', async (fd) => {
        await writeAll(fs, fd, bytes, 0)
        await this.#sync(() => fs.fdatasync(fd))
      })
    } catch (error) {
      // a full disk gets its room back at once
      await fs.unlink(draft).catch(() => {})
      throw error
    }
    await fs.rename(draft, `${this.#directory}/${hash}${ENDING}`)
    await this.#sync(() => fs.syncDir(this.#directory))
  }

  async #makeDirectory(): Promise<void> {
    if (this.#made) return
    await this.#fs.mkdir(this.#directory)
    // its own name must outlive the machine, too
    const above = this.#directory.replace(/\/+$/, '').replace(/\/?[^/]*$/, '')
    await this.#sync(() => this.#fs.syncDir(above || (this.#directory.startsWith('/') ? '/' : '.')))
    this.#made = true
  }

  /** The hashes in the names of files with such an ending; what is not ours is left out. */
  async #names(ending: string): Promise<string[]> {
    const names = await failing(`${show(this.#directory)} could not be read`, () =>
      this.#fs.readdir(this.#directory).catch((error) => {
        // nothing has been put there yet
        if ((error as { code?: string } | null)?.code === 'ENOENT') return []
        throw error
      }),
    )
    return names
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length))
      .filter(isContentHash)
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(async () => {
      if (this.#failure) throw this.#failure
      await failing('A model could not be stored', work)
    })
    this.#last = mine.catch(() => {})
    await mine
  }

  async #sync(sync: () => Promise<void>): Promise<void> {
    try {
      await sync()
    } catch (error) {
      this.#failure = failed('No model can be stored any more, until the files are opened anew', error)
      throw this.#failure
    }
  }
}

function corrupt(name: string, wanted: string, got: string): never {
  throw new TradeLearnError('CORRUPT_MODEL', `${name} must have ${wanted}, got ${got}: it was cut short or altered.`)
}

const failed = (what: string, error: unknown): TradeLearnError =>
  new TradeLearnError('STORE_FAILED', `${what}: ${error instanceof Error ? error.message : String(error)}`)

/** Errors of the disk, as ours. */
async function failing<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw (error as { name?: string } | null)?.name === 'TradeLearnError' ? error : failed(what, error)
  }
}
