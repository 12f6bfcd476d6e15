import type { Fs } from '../../src/store/fs.ts'
import type { Wrap } from './ordeal.ts'
import type { Faults } from './sim-fs.ts'

/** Protocols that lose data, each made from the right one by a file system that does one thing wrongly. */
export const brokenProtocols: Readonly<Record<string, { readonly wrap: Wrap; readonly faults?: Faults }>> = {
  'no sync of files': { wrap: (fs) => ({ ...fs, fdatasync: async () => {} }) },
  'acknowledged before the sync is done': {
    wrap: (fs) => ({
      ...fs,
      fdatasync: async (fd) => {
        void later(12).then(() => fs.fdatasync(fd).catch(() => {}))
      },
    }),
  },
  'no sync of directories': { wrap: (fs) => ({ ...fs, syncDir: async () => {} }) },
  'a snapshot renamed before it is synced': { wrap: renameBeforeSync },
  'a failed sync tried again': {
    wrap: (fs) => ({ ...fs, fdatasync: (fd) => fs.fdatasync(fd).catch(() => fs.fdatasync(fd)) }),
    faults: { eio: 0.1 },
  },
  'short writes taken for whole ones': {
    wrap: (fs) => ({
      ...fs,
      write: async (fd, bytes, position) => {
        await fs.write(fd, bytes, position)
        return bytes.length
      },
    }),
    faults: { shortWrite: 0.1 },
  },
  'old segments removed before the snapshot is there': { wrap: unlinkEarly },
  'the last batch not written again after a failed sync': {
    wrap: (fs) => ({
      ...fs,
      // what is written again is what stands there already
      write: async (fd, bytes, position) =>
        (await isRewrite(fs, bytes, position)) ? bytes.length : fs.write(fd, bytes, position),
    }),
    faults: { eio: 0.1 },
  },
}

async function later(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await undefined
}

function renameBeforeSync(fs: Fs): Fs {
  const drafts = new Set<number>()
  let unsynced: string | undefined
  return {
    ...fs,
    open: async (path, how) => {
      const fd = await fs.open(path, how)
      if (path.endsWith('.snap.tmp')) drafts.add(fd)
      return fd
    },
    fdatasync: async (fd) => {
      if (!drafts.has(fd)) await fs.fdatasync(fd)
    },
    rename: async (from, to) => {
      await fs.rename(from, to)
      unsynced = to
    },
    syncDir: async (path) => {
      await fs.syncDir(path)
      if (unsynced === undefined) return
      const fd = await fs.open(unsynced, 'edit')
      unsynced = undefined
      await fs.fdatasync(fd)
      await fs.close(fd)
    },
  }
}

function unlinkEarly(fs: Fs): Fs {
  return {
    ...fs,
    open: async (path, how) => {
      if (path.endsWith('.snap.tmp')) {
        const names = await fs.readdir('d')
        const segments = names.filter((name) => name.endsWith('.log')).sort()
        for (const name of segments.slice(0, -1)) await fs.unlink(`d/${name}`)
        await fs.syncDir('d')
      }
      return fs.open(path, how)
    },
  }
}

/** Whether a file holds these bytes at this place already. */
async function isRewrite(fs: Fs, bytes: Uint8Array, position: number): Promise<boolean> {
  for (const name of await fs.readdir('d')) {
    if (!name.endsWith('.log')) continue
    const there = (await fs.readFile(`d/${name}`)).subarray(position, position + bytes.length)
    if (there.length === bytes.length && there.every((byte, i) => byte === bytes[i])) return true
  }
  return false
}
