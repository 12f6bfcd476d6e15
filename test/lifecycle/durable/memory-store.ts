import type { EventStore, JsonValue, Recovery, StoredEvent } from '../../../src/contracts.ts'

/** What would be on a disk: it outlives the stores that are opened on it. */
export type Disk = {
  events: StoredEvent[]
  snapshots: { readonly seq: number; readonly value: JsonValue }[]
  open: boolean
}

export const emptyDisk = (): Disk => ({ events: [], snapshots: [], open: false })

/** An event store in memory that goes through JSON text, and fails after so many writes where it is told to. */
export class MemoryStore implements EventStore {
  readonly #disk: Disk
  readonly #failAfter: number
  #writes = 0
  failure: Error | null = null

  constructor(disk: Disk, failAfter: number = Number.POSITIVE_INFINITY) {
    this.#disk = disk
    this.#failAfter = failAfter
  }

  async open(
    onSnapshot: (seq: number, value: JsonValue) => void,
    onEvent: (stored: StoredEvent) => void,
  ): Promise<Recovery> {
    if (this.#disk.open) throw new Error('held by another')
    this.#disk.open = true
    const snapshot = this.#disk.snapshots.at(-1) ?? null
    if (snapshot) onSnapshot(snapshot.seq, snapshot.value)
    const after = this.#disk.events.filter(({ seq }) => seq > (snapshot?.seq ?? 0))
    for (const stored of after) onEvent(stored)
    return { snapshot, replayed: after.length, tornTail: null, warnings: [] }
  }

  async append(event: JsonValue): Promise<number> {
    this.#write()
    const seq = this.#disk.events.length + 1
    this.#disk.events.push({ seq, event: JSON.parse(JSON.stringify(event)) })
    return seq
  }

  async saveSnapshot(seq: number, value: JsonValue): Promise<void> {
    this.#write()
    this.#disk.snapshots.push({ seq, value: JSON.parse(JSON.stringify(value)) })
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    this.#disk.open = false
  }

  /** The process dies: the lock goes with it. */
  kill(): void {
    this.#disk.open = false
  }

  #write(): void {
    if (++this.#writes > this.#failAfter) this.failure ??= new Error('no space left on device')
    if (this.failure) throw this.failure
  }
}
