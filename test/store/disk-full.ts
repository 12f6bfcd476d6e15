import type { Fs } from '../../src/store/fs.ts'
import { opened } from './opened.ts'

/** A disk whose free space can be said. */
export type SmallDisk = {
  readonly fs: Fs
  /** A directory on it that has not been used. */
  readonly directory: string
  /** From now on so many bytes are free; without a number, plenty. */
  readonly leave: (bytes?: number) => void
}

/** Bytes by which the free space grows from one trial to the next: what file systems give out at once. */
export const STEP = 4096
const EVENT = { text: 'x'.repeat(700) }
const SNAPSHOT = { weights: 'w'.repeat(20_000) }
/** Nothing is let go of, so that it fills up. */
const KEPT = { segmentBytes: 15_000, keepSnapshots: 1000 }
/** Enough to fill what any trial leaves free. */
const MOST = 400

/** What a trial came to. */
export type Trial = {
  readonly free: number
  /** Events acknowledged on the full disk, and codes of what was refused. */
  readonly acknowledged: number
  readonly codes: ReadonlySet<string>
  readonly savedSnapshots: number
  readonly wrong: readonly string[]
}

/**
 * Fills a disk with a journal that already has a snapshot, until it refuses; then opens it once on the full disk, and once
 * with room again. Says what is not as promised: everything acknowledged is there, the newest snapshot that was saved as
 * well, each refusal has a code, and writing goes on.
 */
export async function fill({ fs, directory, leave }: SmallDisk, free: number): Promise<Trial> {
  const wrong: string[] = []
  const codes = new Set<string>()
  leave()
  const first = await opened({ directory, fs, ...KEPT })
  for (let i = 1; i <= 10; i++) await first.store.append({ i, ...EVENT })
  await first.store.saveSnapshot(10, { upTo: 10, ...SNAPSHOT })
  let acknowledged = 10
  let saved = 10
  leave(free)
  const code = (error: unknown): void => {
    codes.add((error as { code?: string }).code ?? String(error))
  }
  for (let i = 11; i <= MOST && first.store.failure === null; i++) {
    await first.store.append({ i, ...EVENT }).then((seq) => {
      acknowledged = seq
    }, code)
    if (i % 13 !== 0 || first.store.failure !== null) continue
    await first.store.saveSnapshot(acknowledged, { upTo: acknowledged, ...SNAPSHOT }).then(() => {
      saved = acknowledged
    }, code)
  }
  if (first.store.failure === null) wrong.push('the disk never was full')
  await first.store.append('after').then(() => wrong.push('an event was taken after the failure'), code)
  await first.store.close()

  const look = async (where: string): Promise<void> => {
    const { store, snapshot, events, recovery } = await opened({ directory, fs, ...KEPT })
    const base = snapshot?.seq ?? 0
    if (base < saved) wrong.push(`${where}: the snapshot is that of ${base}, not of ${saved}`)
    if (JSON.stringify(snapshot?.value) !== JSON.stringify({ upTo: base, ...SNAPSHOT }))
      wrong.push(`${where}: another snapshot`)
    if (base + events.length < acknowledged) wrong.push(`${where}: ${base + events.length} of ${acknowledged} events`)
    for (const { seq, event } of events) {
      if (JSON.stringify(event) !== JSON.stringify({ i: seq, ...EVENT }))
        wrong.push(`${where}: event ${seq} is another`)
    }
    for (const warning of recovery.warnings) wrong.push(`${where}: ${warning}`)
    await store.close()
  }
  // with no room for a lock it is refused; where it is not, it must find everything
  await look('on the full disk').catch(code)
  leave()
  await look('with room again').catch((error) => wrong.push(`with room again: ${error}`))
  const again = await opened({ directory, fs, ...KEPT })
  const next = (again.snapshot?.seq ?? 0) + again.events.length + 1
  if ((await again.store.append({ i: next, ...EVENT })) !== next) wrong.push('writing does not go on')
  await again.store.close()
  const names = await fs.readdir(directory)
  for (const name of names) if (name.endsWith('.tmp') || name.startsWith('lock-')) wrong.push(`${name} was left behind`)
  return { free, acknowledged: acknowledged - 10, codes, savedSnapshots: saved > 10 ? 1 : 0, wrong }
}
