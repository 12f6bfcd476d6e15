import { damage, type Finding, type Read } from './findings.ts'
import { readFrame } from './frame.ts'
import type { Listing } from './names.ts'
import { decodeSnapshot, FORMAT, identityOf } from './snapshot-file.ts'

/** What a snapshot's file was found to be. */
export type SnapshotReport = {
  readonly name: string
  readonly bytes: number
  /** It stands for every event up to this. */
  readonly seq: number
  /** Layout of the file; 0 where it does not say. */
  readonly format: number
  readonly store: string
  readonly state: 'whole' | 'damaged' | 'newer' | 'foreign'
}

export async function inspectSnapshots(
  read: Read,
  { snapshots }: Listing,
): Promise<readonly { readonly report: SnapshotReport; readonly findings: readonly Finding[] }[]> {
  const files: { report: SnapshotReport; findings: Finding[] }[] = []
  for (const { name, seq } of snapshots) {
    const bytes = await read(name)
    if (!bytes) continue
    const head = readFrame(bytes, 0)
    const { format, store } = head ? identityOf(head) : { format: 0, store: '' }
    const findings: Finding[] = []
    let state: SnapshotReport['state'] = 'whole'
    if (format > FORMAT) {
      state = 'newer'
      findings.push(damage(name, 0, seq, `It was written by a newer release: format ${format}, not ${FORMAT}.`))
    } else if (!decodeSnapshot(name, bytes, seq)) {
      state = 'damaged'
      // the second frame holds the value; which byte of it is wrong a checksum does not say
      findings.push(damage(name, head?.end ?? 0, seq, 'The snapshot is damaged.'))
    }
    files.push({ report: { name, bytes: bytes.length, seq, format, store, state }, findings })
  }
  return files
}
