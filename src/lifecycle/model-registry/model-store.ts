import type { Snapshot } from '../../contracts.ts'
import { integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import { sha256 } from '../../core/sha256.ts'
import { parseSnapshot } from '../../core/snapshot.ts'
import { checkHash, modelBytes } from './content-hash.ts'

/**
 * Where the models themselves are, each by the hash of its content (`modelBody`).
 *
 * Laws: `put` resolves once the model survives what the store promises, and refuses a hash that is not that of the content;
 * before, it is there whole or not at all. Putting the same twice is fine. `get` gives what was put, to the bit, or throws.
 */
export interface ModelStore {
  /** Keeps a model. @throws `INVALID_INPUT`, `STORE_FULL` or `STORE_FAILED` */
  put(hash: string, model: Snapshot): Promise<void>
  /** The model; undefined where there is none. @throws `CORRUPT_MODEL` where it is not what was put, `STORE_FAILED` */
  get(hash: string): Promise<Snapshot | undefined>
  /** The hashes of all models, sorted. */
  list(): Promise<readonly string[]>
  /** Lets a model go; one that is not there is fine. */
  remove(hash: string): Promise<void>
}

/** Options of {@link MemoryModelStore}. */
export type MemoryModelStoreOptions = {
  /** Bytes of all models together. @defaultValue 268435456 (256 MiB) */
  readonly maxBytes?: number
}

/** Models in memory, as bytes, so that nobody can change one: for tests, and for bots that start anew every time. */
export class MemoryModelStore implements ModelStore {
  readonly #maxBytes: number
  readonly #models = new Map<string, Uint8Array>()

  constructor({ maxBytes = 268_435_456 }: MemoryModelStoreOptions = {}) {
    this.#maxBytes = integer('maxBytes', maxBytes)
  }

  async put(hash: string, model: Snapshot): Promise<void> {
    const bytes = modelBytes(model)
    checkContent(hash, sha256(bytes))
    const others = [...this.#models].reduce((sum, [key, { length }]) => (key === hash ? sum : sum + length), 0)
    if (others + bytes.length > this.#maxBytes) {
      throw new TradeLearnError(
        'STORE_FULL',
        `The models must have at most ${this.#maxBytes} bytes, got ${others} and ${bytes.length} more.`,
      )
    }
    this.#models.set(hash, bytes)
  }

  async get(hash: string): Promise<Snapshot | undefined> {
    const bytes = this.#models.get(checkHash(hash))
    return bytes && parseSnapshot(new TextDecoder().decode(bytes))
  }

  async list(): Promise<readonly string[]> {
    return [...this.#models.keys()].sort()
  }

  async remove(hash: string): Promise<void> {
    this.#models.delete(checkHash(hash))
  }
}

/** Throws where a model is not to be kept under the name of another. */
export function checkContent(hash: string, content: string): void {
  if (checkHash(hash) === content) return
  throw new TradeLearnError('INVALID_INPUT', `"hash" must be that of the model, ${content}, got ${show(hash)}.`)
}
