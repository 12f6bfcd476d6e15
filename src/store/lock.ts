import { show, TradeLearnError } from '../core/errors.ts'
import { edit, type Fs, type Holder, writeAll } from './fs.ts'
import { lockName, readListing } from './names.ts'

/** The right to write, until another takes it over. */
export type Lock = { readonly epoch: number; readonly path: string }

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
  await edit(fs, draft, 'create', (fd) => writeAll(fs, fd, new TextEncoder().encode(text), 0))
  const created = await fs.link(draft, path)
  await fs.unlink(draft)
  return created
}

async function refuseLiving(fs: Fs, path: string): Promise<void> {
  if ((await fs.size(path)) === undefined) return
  let holder: Partial<Holder> & { readonly owner?: unknown }
  try {
    holder = JSON.parse(new TextDecoder().decode(await fs.readFile(path)))
  } catch {
    // processes see a lock whole or not at all, so the power went before it was on the disk, and its holder with it
    return
  }
  const { pid, boot, started, owner } = holder ?? {}
  if (!Number.isSafeInteger(pid) || typeof boot !== 'string' || typeof started !== 'string') return
  if (!(await fs.isAlive({ pid: pid!, boot, started }))) return
  throw new TradeLearnError(
    'STORE_LOCKED',
    `${show(path)} must not be held by a living process, got pid ${pid} (owner ${show(owner)}, started at ${show(started)}, boot ${show(boot)}).`,
  )
}

/** Whether the lock has not been taken over. */
export async function holdsLock(fs: Fs, { path }: Lock): Promise<boolean> {
  return (await fs.size(path)) !== undefined
}
