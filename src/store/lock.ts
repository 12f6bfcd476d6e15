import { show, TradeLearnError } from '../core/errors.ts'
import { edit, type Fs, type Holder, writeAll } from './fs.ts'
import { lockName, readListing } from './names.ts'
import { tryDecodeJson } from './snapshot-file.ts'

/** The right to write, until another takes it over. */
export type Lock = { readonly epoch: number; readonly path: string }

/** Who has a lock, by its own word. */
export type LockHolder = Holder & { readonly owner: string }

/** Times that others may get in between before it is given up. */
const TRIES = 5

/**
 * Takes the writer's lock of a directory, or says who has it.
 *
 * A lock is a file `lock-<epoch>` that names its holder by process, start of the machine and start of the process, so that
 * one that died is told from one that is merely slow: no clock decides. Each holder has an epoch of its own, and whoever takes
 * over removes the file of the one before. So a holder that slept through its own removal finds, before it acknowledges
 * anything, that its file is gone.
 *
 * The file is written under another name and then linked, which only one can do: nobody reads half a lock.
 *
 * @throws `STORE_LOCKED`
 */
export async function takeLock(fs: Fs, directory: string, owner: string): Promise<Lock> {
  const self = await fs.self()
  for (let i = 0; i < TRIES; i++) {
    const before = readListing(await fs.readdir(directory))
    for (const { name } of before.locks) await refuseLiving(fs, `${directory}/${name}`)
    const epoch = 1 + newest(before.locks, before.segments)
    const path = `${directory}/${lockName(epoch)}`
    if (!(await create(fs, directory, path, JSON.stringify({ ...self, owner })))) continue
    const after = readListing(await fs.readdir(directory))
    const others = after.locks.filter((lock) => lock.epoch !== epoch)
    if (newest(others, after.segments) < epoch) {
      for (const { name } of others) await fs.unlink(`${directory}/${name}`)
      return { epoch, path }
    }
    await fs.unlink(path)
  }
  throw new TradeLearnError(
    'STORE_LOCKED',
    `${show(directory)} must have one writer, got several that open it at once.`,
  )
}

const newest = (...lists: readonly (readonly { readonly epoch: number }[])[]): number =>
  lists.flat().reduce((most, { epoch }) => Math.max(most, epoch), 0)

async function create(fs: Fs, directory: string, path: string, text: string): Promise<boolean> {
  const draft = `${directory}/lock-${fs.unique()}.tmp`
  try {
    await edit(fs, draft, 'create', (fd) => writeAll(fs, fd, new TextEncoder().encode(text), 0))
    return await fs.link(draft, path)
  } finally {
    await fs.unlink(draft)
  }
}

async function refuseLiving(fs: Fs, path: string): Promise<void> {
  if ((await fs.size(path)) === undefined) return
  const holder = readHolder(await fs.readFile(path))
  // processes see a lock whole or not at all, so the power went before it was on the disk, and its holder with it
  if (holder === null || !(await fs.isAlive(holder))) return
  const { pid, boot, started, owner } = holder
  throw new TradeLearnError(
    'STORE_LOCKED',
    `${show(path)} must not be held by a living process, got pid ${pid} (owner ${show(owner)}, started at ${show(started)}, boot ${show(boot)}).`,
  )
}

/** What a lock says of its holder, or null where it says nothing that could be. */
export function readHolder(bytes: Uint8Array): LockHolder | null {
  const { pid, boot, started, owner } = (tryDecodeJson(bytes) ?? {}) as { readonly [name: string]: unknown }
  if (!Number.isSafeInteger(pid) || typeof boot !== 'string' || typeof started !== 'string') return null
  return { pid: pid as number, boot, started, owner: typeof owner === 'string' ? owner : '' }
}

/** Whether the lock has not been taken over. */
export async function holdsLock(fs: Fs, { path }: Lock): Promise<boolean> {
  return (await fs.size(path)) !== undefined
}
