import type { ErrorCode } from '../../core/errors.ts'

/** What a statement may be given. Times, JSON and truth values are written as the dialect wants them. */
export type SqlValue = string | number | null

/** One row of an answer. */
export type Row = { readonly [column: string]: unknown }

/** One statement of a transaction, as plain data, so that it can be sent to another thread. */
export type Statement = {
  readonly sql: string
  readonly values: readonly SqlValue[]
  /** Rolls the transaction back unless the statement returns this many rows. */
  readonly guard?: { readonly rows: number; readonly code: ErrorCode; readonly message: string }
}

/**
 * Where statements run: PostgreSQL or SQLite, here or in another thread.
 *
 * Laws of `transact`: all statements happen or none; the statements of one call are safe to repeat, because a connection
 * may break after the database has committed and before it has said so, and then they are sent again. It throws `STORE_FAILED`
 * where the outcome stays unknown or the database refuses to go on, `INVALID_INPUT` where it refuses a value, and the code of
 * a guard.
 */
export interface SqlDatabase {
  readonly dialect: Dialect
  /** Connects, and checks that what is committed survives what is promised. Returns warnings. @throws `STORE_UNSAFE` */
  connect(): Promise<readonly string[]>
  /** Takes the writer's lock of a stream for as long as the connection lives; false where somebody else has it. */
  lock(stream: string): Promise<boolean>
  /** Runs statements in one transaction and returns the rows of each. */
  transact(statements: readonly Statement[]): Promise<readonly (readonly Row[])[]>
  /** Lets go of the lock and the connection. */
  close(): Promise<void>
}

/** Where PostgreSQL and SQLite say the same thing differently. */
export type Dialect = {
  readonly name: 'postgres' | 'sqlite'
  /** The table's name with its schema. */
  table(name: string): string
  /** The `n`th parameter, from 1. */
  parameter(n: number): string
  /** Words of a column's definition. */
  readonly types: {
    readonly text: string
    readonly integer: string
    readonly real: string
    readonly flag: string
    readonly time: string
    readonly json: string
    /** JSON that is kept to the letter. */
    readonly verbatim: string
    readonly now: string
  }
  /** What stands behind a table's last bracket. */
  readonly strict: string
  /** An expression's whole part, for values of at least 0. */
  whole(expression: string): string
  /** Hour of the day, 0 to 23 in UTC. */
  hour(expression: string): string
  /** An instant in epoch milliseconds as a parameter. */
  time(milliseconds: number): SqlValue
  /** Epoch milliseconds of a time column. */
  milliseconds(expression: string): string
  /** A count as a number, not as a text of digits. */
  count(expression: string): string
  /** A whole number as a number, not as a text of digits. */
  number(expression: string): string
  /** The text of a `verbatim` column. */
  asText(column: string): string
  /** What holds a row until the transaction ends. */
  readonly holdRow: string
  /** How a view is created, so that it shows a reader what the reader may see. */
  view(name: string, columns: string): string
}
