/** A process, so that whoever finds its lock can tell whether it still lives. */
export type Holder = {
  readonly pid: number
  /** Differs from one start of the machine to the next; empty where the system does not say. */
  readonly boot: string
  /** When the process was started, in the system's own words; empty where it does not say. */
  readonly started: string
}

/**
 * All that a journal asks of a file system: few calls, each of which can fail, so that a test can put a simulated disk under it.
 *
 * Only what has been synced survives a power loss: a file's bytes by `fdatasync`, its name by `syncDir`.
 */
export interface Fs {
  /** Opens a file for writing. `'create'` refuses one that is there, `'edit'` one that is not. */
  open(path: string, how: 'create' | 'edit'): Promise<number>
  /** Writes at `position`; returns how many bytes were written, which may be fewer than there are. */
  write(fd: number, bytes: Uint8Array, position: number): Promise<number>
  /** The whole file. */
  readFile(path: string): Promise<Uint8Array>
  /** Length of a file in bytes, or undefined where there is none. */
  size(path: string): Promise<number | undefined>
  /** Resolves when the file's bytes and length are on the disk. After an error nobody knows which of them are. */
  fdatasync(fd: number): Promise<void>
  truncate(fd: number, size: number): Promise<void>
  close(fd: number): Promise<void>
  /** Replaces `to` in one step. */
  rename(from: string, to: string): Promise<void>
  /** Gives a file a second name; false where that name is taken, or the file is gone. */
  link(from: string, to: string): Promise<boolean>
  /** Removes a name; one that is not there is fine. */
  unlink(path: string): Promise<void>
  /** Names of the files in a directory. */
  readdir(path: string): Promise<readonly string[]>
  /** Creates a directory and those above it; one that is there is fine. */
  mkdir(path: string): Promise<void>
  /** Resolves when the names in a directory are on the disk. */
  syncDir(path: string): Promise<void>
  /** This process. */
  self(): Promise<Holder>
  isAlive(holder: Holder): Promise<boolean>
  /** A text that nobody has had before. */
  unique(): string
}

/** Writes all bytes, however few each call takes. */
export async function writeAll(fs: Fs, fd: number, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const written = await fs.write(fd, bytes.subarray(done), position + done)
    // a disk that takes nothing and does not say why would be asked for ever
    if (!(written > 0)) throw new Error(`the disk took none of ${bytes.length - done} bytes`)
    done += written
  }
}

/** Opens a file, does something with it, and closes it whatever comes of that. */
export async function edit(
  fs: Fs,
  path: string,
  how: 'create' | 'edit',
  work: (fd: number) => Promise<void>,
): Promise<void> {
  const fd = await fs.open(path, how)
  try {
    await work(fd)
  } finally {
    await fs.close(fd)
  }
}
