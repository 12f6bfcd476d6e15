import type { Fs, Holder } from '../../src/store/fs.ts'

/** Bytes that a disk writes all or none of. */
const SECTOR = 512

type PendingWrite = { readonly at: number; readonly bytes: Uint8Array }
type Pending = PendingWrite | { readonly size: number }
type Inode = { visible: Uint8Array; durable: Uint8Array; pending: Pending[] }
type DirOp =
  | { readonly kind: 'add'; readonly path: string; readonly inode: Inode }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }

/** Chances of faults, per call. */
export type Faults = {
  readonly shortWrite?: number
  /** A sync fails, and what was to be synced is dropped, though it can still be read. */
  readonly eio?: number
  /** Bytes that fit on the disk. */
  readonly capacity?: number
}

class SimError extends Error {
  readonly code: string
  constructor(code: string) {
    super(`${code}: simulated`)
    this.code = code
  }
}

/** Uniform in [0, 1), from a seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const resized = (bytes: Uint8Array, size: number): Uint8Array => {
  if (size <= bytes.length) return bytes.slice(0, size)
  const out = new Uint8Array(size)
  out.set(bytes)
  return out
}
const put = (bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array => {
  const out = at + part.length > bytes.length ? resized(bytes, at + part.length) : bytes
  out.set(part, at)
  return out
}
const apply = (bytes: Uint8Array, op: Pending): Uint8Array =>
  'size' in op ? resized(bytes, op.size) : put(bytes, op.at, op.bytes)
const play = (names: Map<string, Inode>, op: DirOp): void => {
  if (op.kind === 'add') names.set(op.path, op.inode)
  else if (op.kind === 'remove') names.delete(op.path)
  else {
    const inode = names.get(op.from)
    names.delete(op.from)
    if (inode) names.set(op.to, inode)
  }
}

/**
 * A disk with a cache, in memory, that can lose its power after any call.
 *
 * Of what was not synced each write is lost, kept, or torn at sectors, whatever came before or after it; of the changes to
 * names a prefix is kept. After the loss no call of that life returns.
 */
export class SimDisk {
  readonly #random: () => number
  #visible = new Map<string, Inode>()
  #durable = new Map<string, Inode>()
  #dirOps: DirOp[] = []
  #process = 0
  #boot = 1
  #alive = new Set<number>()
  #ids = 0
  /** Calls until the process or the machine stops. */
  #callsLeft = Number.POSITIVE_INFINITY
  #stop: () => void = () => {}
  faults: Faults = {}

  constructor(random: () => number) {
    this.#random = random
  }

  /** A new process, and what resolves when it stops after so many calls. */
  start(calls: number): { readonly fs: Fs; readonly stopped: Promise<void> } {
    const pid = ++this.#process
    this.#alive.add(pid)
    this.#callsLeft = calls
    const stopped = new Promise<void>((resolve) => {
      this.#stop = resolve
    })
    return { fs: this.#fsOf(pid), stopped }
  }

  /** The running processes die; the system, and what it has in its cache, lives on. */
  kill(): void {
    this.#alive.clear()
  }

  /** The machine dies. */
  losePower(): void {
    this.kill()
    this.#boot++
    const kept = Math.floor(this.#random() * (this.#dirOps.length + 1))
    for (const op of this.#dirOps.slice(0, kept)) play(this.#durable, op)
    this.#dirOps = []
    for (const inode of new Set(this.#durable.values())) {
      for (const op of inode.pending) this.#settle(inode, op)
      inode.pending = []
      inode.visible = inode.durable.slice()
    }
    this.#visible = new Map(this.#durable)
  }

  #settle(inode: Inode, op: Pending): void {
    const fate = this.#random()
    if (fate < 0.3) return
    if (fate < 0.6 || 'size' in op) {
      inode.durable = apply(inode.durable, op)
      return
    }
    for (let from = 0; from < op.bytes.length; ) {
      const upTo = Math.min(op.bytes.length, from + SECTOR - ((op.at + from) % SECTOR))
      if (this.#random() < 0.5) inode.durable = put(inode.durable, op.at + from, op.bytes.subarray(from, upTo))
      from = upTo
    }
  }

  // ------------------------------------------------- for tests that look in

  /** Names and bytes, as a process sees them. */
  files(): Map<string, Uint8Array> {
    return new Map([...this.#visible].map(([path, { visible }]) => [path, visible.slice()]))
  }

  /** Puts a file there, for good; without bytes, removes it. */
  plant(path: string, bytes: Uint8Array | undefined): void {
    for (const names of [this.#visible, this.#durable]) names.delete(path)
    if (!bytes) return
    const inode = { visible: bytes.slice(), durable: bytes.slice(), pending: [] }
    for (const names of [this.#visible, this.#durable]) names.set(path, inode)
  }

  get used(): number {
    let sum = 0
    for (const { visible } of new Set(this.#visible.values())) sum += visible.length
    return sum
  }

  // --------------------------------------------------------------- mechanics

  #fsOf(pid: number): Fs {
    const fds = new Map<number, Inode>()
    let newest = 2
    const inodeOf = (fd: number): Inode => {
      const inode = fds.get(fd)
      if (!inode) throw new SimError('EBADF')
      return inode
    }
    const named = (path: string): Inode => {
      const inode = this.#visible.get(path)
      if (!inode) throw new SimError('ENOENT')
      return inode
    }
    const change = (op: DirOp): void => {
      play(this.#visible, op)
      this.#dirOps.push(op)
    }
    /** A call takes a moment, and is the last but for the one in which the power goes. */
    const call = async <T>(work: () => T): Promise<T> => {
      if (!this.#alive.has(pid) || this.#callsLeft-- <= 0) {
        this.#stop()
        return new Promise<T>(() => {})
      }
      const result = work()
      await undefined
      return result
    }
    return {
      open: (path, how) =>
        call(() => {
          if (how === 'create') {
            if (this.#visible.has(path)) throw new SimError('EEXIST')
            change({
              kind: 'add',
              path,
              inode: { visible: new Uint8Array(0), durable: new Uint8Array(0), pending: [] },
            })
          }
          fds.set(++newest, named(path))
          return newest
        }),
      write: (fd, bytes, at) =>
        call(() => {
          const inode = inodeOf(fd)
          const { shortWrite = 0, capacity = Number.POSITIVE_INFINITY } = this.faults
          let take = bytes.length
          if (take > 1 && this.#random() < shortWrite) take = 1 + Math.floor(this.#random() * (take - 1))
          const grows = Math.max(0, at + take - inode.visible.length)
          const room = capacity - this.used
          if (grows > room) {
            take -= grows - Math.max(0, room)
            if (take <= 0) throw new SimError('ENOSPC')
          }
          const part = bytes.slice(0, take)
          inode.visible = put(inode.visible, at, part)
          inode.pending.push({ at, bytes: part })
          return take
        }),
      readFile: (path) => call(() => named(path).visible.slice()),
      size: (path) => call(() => this.#visible.get(path)?.visible.length),
      fdatasync: (fd) =>
        call(() => {
          const inode = inodeOf(fd)
          const ops = inode.pending
          inode.pending = []
          if (ops.length > 0 && this.#random() < (this.faults.eio ?? 0)) throw new SimError('EIO')
          for (const op of ops) inode.durable = apply(inode.durable, op)
        }),
      truncate: (fd, size) =>
        call(() => {
          const inode = inodeOf(fd)
          inode.visible = resized(inode.visible, size)
          inode.pending.push({ size })
        }),
      close: (fd) => call(() => void fds.delete(fd)),
      rename: (from, to) =>
        call(() => {
          named(from)
          change({ kind: 'rename', from, to })
        }),
      link: (from, to) =>
        call(() => {
          const inode = this.#visible.get(from)
          if (!inode || this.#visible.has(to)) return false
          change({ kind: 'add', path: to, inode })
          return true
        }),
      unlink: (path) => call(() => void (this.#visible.has(path) && change({ kind: 'remove', path }))),
      readdir: (path) =>
        call(() =>
          [...this.#visible.keys()]
            .filter((name) => name.startsWith(`${path}/`))
            .map((name) => name.slice(path.length + 1)),
        ),
      mkdir: () => call(() => {}),
      syncDir: () =>
        call(() => {
          for (const op of this.#dirOps) play(this.#durable, op)
          this.#dirOps = []
        }),
      self: () => call(() => ({ pid, boot: String(this.#boot), started: String(pid) })),
      isAlive: ({ pid: other, boot }: Holder) => call(() => boot === String(this.#boot) && this.#alive.has(other)),
      unique: () => `id-${++this.#ids}`,
    }
  }
}
