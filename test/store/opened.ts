import type { JsonValue, Recovery, StoredEvent } from '../../src/contracts.ts'
import { JournalStore, type JournalStoreOptions } from '../../src/store/journal-store.ts'
import { chance, SimDisk } from './sim-fs.ts'

/** A store, and what it found. */
export type Opened = {
  readonly store: JournalStore
  readonly recovery: Recovery
  readonly snapshot: { readonly seq: number; readonly value: JsonValue } | undefined
  readonly events: readonly StoredEvent[]
}

export async function opened(options: JournalStoreOptions): Promise<Opened> {
  const store = new JournalStore(options)
  const events: StoredEvent[] = []
  let snapshot: Opened['snapshot']
  const recovery = await store.open(
    (seq, value) => {
      snapshot = { seq, value }
    },
    (stored) => events.push(stored),
  )
  return { store, recovery, snapshot, events }
}

/** A disk and a process on it. */
export function onDisk(disk: SimDisk = new SimDisk(chance(1))): {
  readonly disk: SimDisk
  readonly options: JournalStoreOptions
} {
  return { disk, options: { directory: 'd', fs: disk.start(Number.POSITIVE_INFINITY).fs } }
}

/** A disk that holds these files and nothing else. */
export function diskWith(files: ReadonlyMap<string, Uint8Array>): SimDisk {
  const disk = new SimDisk(chance(1))
  for (const [path, bytes] of files) disk.plant(path, bytes)
  return disk
}
