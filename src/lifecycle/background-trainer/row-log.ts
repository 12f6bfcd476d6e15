import type { Serializable, Snapshot } from '../../contracts.ts'
import { integer, positive, time } from '../../core/check.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { type State, unpackState } from '../../core/state.ts'
import { checkSettledRow, type SettledRow } from './settled-row.ts'

/** Options of {@link RowLog}. */
export type RowLogOptions = {
  /** Numbers in each vector. */
  readonly features: number
  /** Settled rows that are kept, the newest. @defaultValue 10_000 */
  readonly remember: number
  /** Decisions that may wait; the oldest is forgotten beyond. @defaultValue 10_000 */
  readonly maxOpen: number
  /** Milliseconds after which a decision that still waits holds up no one. @defaultValue 604_800_000, a week */
  readonly staleAfter: number
}

const WEEK = 7 * 86_400_000
/** Vectors of this many numbers are more than any schema has; no snapshot can ask for more. */
const MOST = 1_000_000

/**
 * The newest settled decisions, and which earlier ones still wait: what a model is trained anew on.
 *
 * Fast losers settle before slow winners, so the newest settled rows are worse than the market was. {@link complete} gives
 * rows of complete cohorts only: those decided before the oldest decision that still waits. {@link settled} gives all, in
 * the order in which they settled, which is the order in which online learners have seen them.
 *
 * O(1) a decision; memory of `remember` vectors.
 *
 * @example
 * ```ts
 * const log = new RowLog({ features: 28 })
 * log.open(decision.id, decision.time) // when deciding
 * log.settle(row) // when the label is known; `drop` where there will be none
 * log.complete(now)
 * ```
 */
export class RowLog implements Serializable {
  static readonly type: string = 'row-log'
  static readonly version: number = 1

  readonly options: RowLogOptions
  readonly #open = new Map<string, number>()
  readonly #settled = new Map<string, SettledRow>()

  constructor({
    features,
    remember = 10_000,
    maxOpen = 10_000,
    staleAfter = WEEK,
  }: Partial<RowLogOptions> & Pick<RowLogOptions, 'features'>) {
    this.options = {
      features: integer('features', features),
      remember: Math.min(integer('remember', remember), MOST),
      maxOpen: Math.min(integer('maxOpen', maxOpen), MOST),
      staleAfter: positive('staleAfter', staleAfter),
    }
  }

  get openCount(): number {
    return this.#open.size
  }

  get settledCount(): number {
    return this.#settled.size
  }

  /** All settled rows that are kept, in the order of settling. */
  settled(): IterableIterator<SettledRow> {
    return this.#settled.values()
  }

  /** The settled rows of complete cohorts at `now`, oldest decision first, those of equal time by id. O(n log n). */
  complete(now: number): SettledRow[] {
    let before = Infinity
    for (const opened of this.#open.values()) {
      if (opened < before && now - opened <= this.options.staleAfter) before = opened
    }
    return [...this.#settled.values()]
      .filter((row) => row.time < before)
      .sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
  }

  /** A decision waits for its outcome from now on. */
  open(id: string, decidedAt: number): void {
    this.#open.set(id, time('time', decidedAt))
    if (this.#open.size > this.options.maxOpen) this.#open.delete(this.#open.keys().next().value!)
  }

  /** A decision will never have an outcome. */
  drop(id: string): void {
    this.#open.delete(id)
  }

  /** Takes in an outcome, once; the same id again takes the place of the first. The vector is copied. */
  settle(row: SettledRow): SettledRow {
    checkSettledRow(row, this.options.features)
    const { id, symbol, side, time: decided, labelEnd, x, probability, y, netReturn, stopHit } = row
    const kept = { id, symbol, side, time: decided, labelEnd, x: x.slice(), probability, y, netReturn, stopHit }
    this.#open.delete(id)
    this.#settled.set(id, kept)
    if (this.#settled.size > this.options.remember) this.#settled.delete(this.#settled.keys().next().value!)
    return kept
  }

  toJSON(): Snapshot {
    return snapshot(RowLog, this.options, {
      open: [...this.#open].map(([id, at]) => ({ id, time: at })),
      settled: [...this.#settled.values()] as unknown as State,
    })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): RowLog {
    const { options, state } = checkSnapshot(RowLog, json)
    const log = new RowLog(unpackState(options, { features: 0, remember: 0, maxOpen: 0, staleAfter: 0 }, 'options'))
    const { open, settled } = unpackState(state, TEMPLATE) as unknown as {
      open: { id: string; time: number }[]
      settled: SettledRow[]
    }
    // `settle` refuses what is no row and keeps no more than is remembered
    for (const row of settled) log.settle(row)
    for (const { id, time: at } of open) log.open(id, at)
    return log
  }
}

const TEMPLATE = {
  open: [{ id: '', time: 0 }],
  settled: [
    {
      id: '',
      symbol: '',
      side: '',
      time: 0,
      labelEnd: 0,
      x: new Float64Array(0),
      probability: 0,
      y: 0,
      netReturn: 0,
      stopHit: 0,
    },
  ],
}
