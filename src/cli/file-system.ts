import { statfsSync } from 'node:fs'

/** What Linux calls kinds of file systems that do not do what a journal relies on, by the number that it gives them. @see statfs(2) */
const DOUBTS: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs: it is in memory, and gone with the power'],
  [0x858458f6, 'ramfs: it is in memory, and gone with the power'],
  [0x6969, 'NFS: a lock does not show who writes on another machine'],
  [0xff534d42, 'SMB: a lock does not show who writes on another machine'],
  [0xfe534d42, 'SMB: a lock does not show who writes on another machine'],
  [0x01021997, '9p: a lock does not show who writes on another machine'],
  [0x65735546, 'FUSE: what a sync is worth is up to its program'],
])

/** Why the file system under a directory may not keep its word, or undefined where nothing is known against it. */
export function fileSystemDoubt(
  directory: string,
  kindOf: (path: string) => number = (path) => statfsSync(path).type,
): string | undefined {
  // other systems number them otherwise
  if (process.platform !== 'linux') return undefined
  try {
    // some kernels say it with a sign
    return DOUBTS.get(kindOf(directory) >>> 0)
  } catch {
    return undefined
  }
}
