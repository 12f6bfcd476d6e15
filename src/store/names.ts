/** One file of a journal: events from `first` on, up to where the next one begins. */
export type Segment = { readonly name: string; readonly first: number; readonly epoch: number }
/** A snapshot of everything up to `seq`. */
export type SnapshotFile = { readonly name: string; readonly seq: number }
/** Who may write: the lock with the highest number. */
export type LockFile = { readonly name: string; readonly epoch: number }

/** What a directory holds, each kind in ascending order. */
export type Listing = {
  readonly segments: readonly Segment[]
  /** Segments of a holder that had lost the lock. */
  readonly strays: readonly string[]
  readonly snapshots: readonly SnapshotFile[]
  readonly locks: readonly LockFile[]
  /** What was being written when the power went. */
  readonly unfinished: readonly string[]
}

/** Digits of the largest whole number that a float64 holds exactly. */
const SEQ_DIGITS = 16
const EPOCH_DIGITS = 8

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0')

export const segmentName = (first: number, epoch: number): string =>
  `journal-${padded(first, SEQ_DIGITS)}-${padded(epoch, EPOCH_DIGITS)}.log`
export const snapshotName = (seq: number): string => `snapshot-${padded(seq, SEQ_DIGITS)}.snap`
export const lockName = (epoch: number): string => `lock-${padded(epoch, EPOCH_DIGITS)}`

/** Sorts the names of a directory; what is not ours is left out. */
export function readListing(names: readonly string[]): Listing {
  const all: Segment[] = []
  const snapshots: SnapshotFile[] = []
  const locks: LockFile[] = []
  const unfinished: string[] = []
  for (const name of [...names].sort()) {
    const segment = /^journal-(\d{16})-(\d{8})\.log$/.exec(name)
    const snapshot = /^snapshot-(\d{16})\.snap$/.exec(name)
    const lock = /^lock-(\d{8})$/.exec(name)
    if (segment) all.push({ name, first: Number(segment[1]), epoch: Number(segment[2]) })
    else if (snapshot) snapshots.push({ name, seq: Number(snapshot[1]) })
    else if (lock) locks.push({ name, epoch: Number(lock[1]) })
    else if (/^(snapshot|lock)-.*\.tmp$/.test(name)) unfinished.push(name)
  }
  // epochs rise with the events: a lower one after a higher one was written without the lock
  let epoch = 0
  const segments = all.filter((segment) => {
    if (segment.epoch < epoch) return false
    epoch = segment.epoch
    return true
  })
  const strays = all.filter((segment) => !segments.includes(segment)).map(({ name }) => name)
  return { segments, strays, snapshots, locks, unfinished }
}

/** The last event that a segment can hold: what stands after it was written without the lock. */
export function untilOf(segments: readonly Segment[], index: number): number {
  const next = segments[index + 1]
  return next ? next.first - 1 : Number.POSITIVE_INFINITY
}
