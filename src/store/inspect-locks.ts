import type { Fs } from './fs.ts'
import { type LockHolder, readHolder } from './lock.ts'
import type { Listing } from './names.ts'

/** Who has the writer's lock, or had it. */
export type LockReport = {
  readonly name: string
  readonly epoch: number
  /** Null where the file does not say. */
  readonly holder: LockHolder | null
  readonly alive: boolean
}

export async function inspectLocks(
  fs: Pick<Fs, 'readFile' | 'isAlive'>,
  directory: string,
  { locks }: Listing,
): Promise<readonly LockReport[]> {
  const reports: LockReport[] = []
  for (const { name, epoch } of locks) {
    const bytes = await fs.readFile(`${directory}/${name}`).catch(() => undefined)
    // let go of in this moment
    if (!bytes) continue
    const holder = readHolder(bytes)
    reports.push({ name, epoch, holder, alive: holder !== null && (await fs.isAlive(holder)) })
  }
  return reports
}
