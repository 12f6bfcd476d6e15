import { integer, nonNegative, oneOf } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'
import type { BatchBounds } from './batches.ts'
import { type Patience, pauseOf } from './retry.ts'

/** Options that every SQL store has. */
export type SqlStoreOptions = {
  /** Whose events these are: 1 to 64 characters of `a-z`, `0-9`, `.`, `_` and `-`, the first a letter or digit. */
  readonly stream: string
  /** Who writes, told to whoever finds the stream locked. @defaultValue `pid` and the process's number */
  readonly holder?: string
  /**
   * What an acknowledged event survives. `'power-loss'` refuses a database that is set to forget; `'process-kill'` takes it
   * with a warning. @defaultValue 'power-loss'
   */
  readonly survives?: 'power-loss' | 'process-kill'
  /** Whether events older than the oldest snapshot stay, for replays and what-ifs. @defaultValue 'all' */
  readonly keepEvents?: 'all' | 'since-snapshots'
  /** Milliseconds of trying before a database that does not answer counts as failed. @defaultValue 30_000 */
  readonly patience?: number
  /** Milliseconds to wait for another writer's lock: that of a process just killed may outlive it a moment. @defaultValue 1000 */
  readonly lockWait?: number
  /** Most events or records in one transaction. @defaultValue 500 */
  readonly batch?: number
  /** Most characters that may wait to be stored. @defaultValue 64_000_000 */
  readonly maxWaiting?: number
  /** How waiting is done. @defaultValue the host's `setTimeout` */
  readonly wait?: (milliseconds: number) => Promise<void>
}

/** The same, checked and complete. */
export type SqlOptions = Required<SqlStoreOptions> & Patience & BatchBounds & { readonly schema: string | null }

/** Checks the options and fills in what was left out. */
export function sqlOptions(options: SqlStoreOptions, schema: string | null): SqlOptions {
  const { stream, holder = hostName() } = options
  // it names a lock file, so it must not lead out of the folder
  if (typeof stream !== 'string' || !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(stream)) {
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"stream" must be 1 to 64 characters of a-z, 0-9, ".", "_" and "-", the first a letter or digit, got ${show(stream)}.`,
    )
  }
  if (typeof holder !== 'string' || !/^[\x20-\x7e]{1,100}$/.test(holder)) {
    throw new TradeLearnError('INVALID_OPTION', `"holder" must be 1 to 100 printable characters, got ${show(holder)}.`)
  }
  return {
    schema,
    stream,
    holder,
    survives: oneOf('survives', options.survives ?? 'power-loss', ['power-loss', 'process-kill']),
    keepEvents: oneOf('keepEvents', options.keepEvents ?? 'all', ['all', 'since-snapshots']),
    patience: nonNegative('patience', options.patience ?? 30_000),
    lockWait: nonNegative('lockWait', options.lockWait ?? 1000),
    batch: Math.min(integer('batch', options.batch ?? 500), MOST_ROWS),
    maxWaiting: integer('maxWaiting', options.maxWaiting ?? 64_000_000),
    wait: options.wait ?? pauseOf,
  }
}

/** SQLite takes 32,766 parameters in a statement, and an event has 5. */
const MOST_ROWS = 5000

/** What the process can be known by, where there is one. */
function hostName(): string {
  const { pid } = (globalThis as { process?: { pid?: number } }).process ?? {}
  return pid === undefined ? 'unnamed' : `pid ${pid}`
}
