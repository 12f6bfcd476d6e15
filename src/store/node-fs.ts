import { randomUUID } from 'node:crypto'
import * as files from 'node:fs'
import { promisify } from 'node:util'
import type { Fs, Holder } from './fs.ts'

const { O_CREAT, O_EXCL, O_RDWR } = files.constants
/** Readable by their owner alone: a journal tells what a bot earns. */
const FILE_MODE = 0o600
const DIRECTORY_MODE = 0o700

const open = promisify(files.open)
const write = promisify(files.write)
const fsync = promisify(files.fsync)
const close = promisify(files.close)

const isCode = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as { code?: string } | null)?.code ?? '')

/** What a file of the system says, or nothing where there is no such file. */
async function ask(path: string): Promise<string> {
  return files.promises.readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
}

/** Clock ticks from the start of the machine to that of a process: field 22, counted from behind the name in brackets. */
async function startOf(pid: number): Promise<string> {
  const stat = await ask(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

const bootId = (): Promise<string> => ask('/proc/sys/kernel/random/boot_id')

/** The disk of this machine. */
export const nodeFs: Fs = {
  // a file that is created never follows a link that someone has put there
  open: (path, how) => open(path, how === 'create' ? O_RDWR | O_CREAT | O_EXCL : O_RDWR, FILE_MODE),
  write: async (fd, bytes, position) => (await write(fd, bytes, 0, bytes.length, position)).bytesWritten,
  readFile: (path) => files.promises.readFile(path),
  size: async (path) => {
    try {
      return (await files.promises.stat(path)).size
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined
      throw error
    }
  },
  fdatasync: promisify(files.fdatasync),
  truncate: promisify(files.ftruncate),
  close,
  rename: files.promises.rename,
  link: async (from, to) => {
    try {
      await files.promises.link(from, to)
      return true
    } catch (error) {
      if (isCode(error, 'EEXIST', 'ENOENT')) return false
      throw error
    }
  },
  unlink: (path) => files.promises.rm(path, { force: true }),
  readdir: (path) => files.promises.readdir(path),
  mkdir: async (path) => {
    await files.promises.mkdir(path, { recursive: true, mode: DIRECTORY_MODE })
  },
  syncDir: async (path) => {
    // Windows cannot open a directory, and keeps names safe without being asked
    if (process.platform === 'win32') return
    const fd = await open(path, 'r')
    try {
      await fsync(fd)
    } finally {
      await close(fd)
    }
  },
  self: async () => ({ pid: process.pid, boot: await bootId(), started: await startOf(process.pid) }),
  isAlive: async ({ pid, boot, started }: Holder) => {
    if (boot !== (await bootId())) return false
    try {
      process.kill(pid, 0)
    } catch (error) {
      // a process of another user may not be asked, so it is there
      if (!isCode(error, 'EPERM')) return false
    }
    // a number is given to a new process when the old one is gone
    return started === (await startOf(pid))
  },
  unique: randomUUID,
}
