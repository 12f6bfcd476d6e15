import type { Fold, JsonObject, Serializable, Snapshot, Splitter } from '../../contracts.ts'
import { integer, nonNegative, openFraction, time } from '../../core/check.ts'
import { type ErrorCode, TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'
import { checkRows, settledUntil } from './purge.ts'
import { WalkForward } from './walk-forward.ts'

/** Options of {@link HoldOut}. */
export type HoldOutOptions = {
  /** Share of the newest rows that nothing touches. @defaultValue 0.2 */
  readonly share: number
  /** Newest rows before it that its own model is trained on; 0 for all. @defaultValue 0 */
  readonly train: number
  /** Rows left out between its training and it, on top of the purge. @defaultValue 0 */
  readonly embargo: number
  /** Milliseconds from the end of a label until it is known. @defaultValue that of the splitter, where it has one */
  readonly delay: number
}

type State = { opened: boolean; from: number; to: number; openedAt: number }

/**
 * Keeps the newest rows back from a splitter, to be looked at once, when all choices are made.
 *
 * Neither they nor rows whose labels reach into them appear in any fold of the splitter inside. Every look at rows that
 * one also chooses by makes them a little more like training rows; this is the one look that nothing was chosen by. That it
 * was taken, and when, survives in the snapshot. O(rows) besides the splitter inside.
 *
 * @example
 * ```ts
 * const splitter = new WalkForward({ train: 1000, test: 250 })
 * const holdOut = new HoldOut({ splitter })
 * walkForward(dataset, create, holdOut) // as often as you like
 * validateHoldout(dataset, create, holdOut) // once
 * ```
 */
export class HoldOut implements Splitter, Serializable {
  static readonly type: string = 'hold-out'
  static readonly version: number = 1

  readonly options: HoldOutOptions
  readonly #splitter: Splitter & Serializable
  #state: State = { opened: false, from: 0, to: 0, openedAt: 0 }

  constructor({
    splitter,
    share = 0.2,
    train = 0,
    embargo = 0,
    delay,
  }: Partial<HoldOutOptions> & { readonly splitter: Splitter & Serializable }) {
    if (typeof splitter?.split !== 'function') {
      throw new TradeLearnError('INVALID_OPTION', '"splitter" must be a splitter, got something without "split".')
    }
    this.#splitter = splitter
    this.options = {
      share: openFraction('share', share),
      train: integer('train', train, 0),
      embargo: integer('embargo', embargo, 0),
      delay: nonNegative('delay', delay ?? delayOf(splitter)),
    }
  }

  /** Whether it has been used up. */
  get opened(): boolean {
    return this.#state.opened
  }

  /** When it was opened, as {@link open} was told; 0 before that, and where it was not told. */
  get openedAt(): number {
    return this.#state.openedAt
  }

  *split(times: ArrayLike<number>, labelEnds: ArrayLike<number>): Generator<Fold, void, void> {
    const rows = { times, labelEnds }
    checkRows(rows)
    const held = this.#start(times.length)
    const until = held < times.length ? times[held]! : Infinity
    const usable = settledUntil(rows, { start: 0, end: held }, until, this.options.delay)
    yield* this.#splitter.split(
      Float64Array.from({ length: usable }, (_, row) => times[row]!),
      Float64Array.from({ length: usable }, (_, row) => labelEnds[row]!),
    )
  }

  /**
   * The last fold: train on what came before, test on what was kept back. Once only.
   *
   * @param now when, epoch milliseconds, for the record
   * @throws `HOLDOUT_OPENED` the second time, `NOT_ENOUGH_DATA` where there is nothing to train or test on
   */
  open(times: ArrayLike<number>, labelEnds: ArrayLike<number>, now: number = 0): Fold {
    const { opened, from, to, openedAt } = this.#state
    if (opened) {
      const when = openedAt === 0 ? '' : `on ${new Date(openedAt).toISOString()} `
      throw new TradeLearnError(
        'HOLDOUT_OPENED',
        `The hold-out may be opened once; ${when}the rows from ${from} to ${to} (epoch milliseconds) were already used.`,
      )
    }
    const rows = { times, labelEnds }
    checkRows(rows)
    checkOpenedAt('now', now, 'INVALID_TIME')
    const { train, embargo, delay } = this.options
    const held = this.#start(times.length)
    const wall = Math.max(0, held - embargo)
    const start = train === 0 ? 0 : Math.max(0, wall - train)
    const end = held < times.length ? settledUntil(rows, { start, end: wall }, times[held]!, delay) : start
    if (end <= start) {
      throw new TradeLearnError(
        'NOT_ENOUGH_DATA',
        `The hold-out must have rows and settled rows before it, got ${times.length - held} and ${end - start}.`,
      )
    }
    this.#state = { opened: true, from: times[held]!, to: times[times.length - 1]!, openedAt: now }
    return { train: [{ start, end }], test: [{ start: held, end: times.length }] }
  }

  #start(rows: number): number {
    return rows - Math.ceil(rows * this.options.share)
  }

  toJSON(): Snapshot {
    const own = snapshot(HoldOut, this.options, this.#state)
    return { ...own, state: { ...own.state, splitter: this.#splitter.toJSON() as unknown as JsonObject } }
  }

  /**
   * Reads back what {@link toJSON} wrote, and what version 1 of `WalkForward` wrote, which kept a hold-out of its own.
   *
   * @param restoreNested reads the splitter inside; one that walks forward is read without it
   */
  static fromJSON(
    json: Snapshot,
    restoreNested: (json: Snapshot) => unknown = (inside) => WalkForward.fromJSON(inside),
  ): HoldOut {
    const { options, state } = checkSnapshot(HoldOut, migrated(json))
    const splitter = restoreNested(nested(state, 'splitter', HoldOut.type)) as Splitter & Serializable
    const template = { share: 0, train: 0, embargo: 0, delay: 0 }
    const holdOut = new HoldOut({ ...unpackState(options, template, 'options'), splitter })
    const { splitter: _, ...own } = state
    holdOut.#state = checkState(unpackState(own, holdOut.#state))
    return holdOut
  }
}

/** Throws unless a hold-out is either closed, with nothing on record, or was opened on rows that there can be. */
function checkState(state: State): State {
  const { opened, from, to, openedAt } = state
  checkOpenedAt('openedAt', openedAt, 'CORRUPT_SNAPSHOT')
  if (opened ? Number.isFinite(to - from) && from <= to : from === 0 && to === 0 && openedAt === 0) return state
  throw new TradeLearnError(
    'CORRUPT_SNAPSHOT',
    `A "hold-out" snapshot must be closed or name the rows it was opened on, got ${opened ? 'opened' : 'closed'} from ${from} to ${to}.`,
  )
}

function checkOpenedAt(name: string, at: number, code: ErrorCode): void {
  if (at !== 0) time(name, at, code)
}

/** The delay that a splitter reckons with: forgotten out here, it would let in labels that are kept out in there. */
function delayOf({ options }: Splitter & { readonly options?: { readonly delay?: number } }): number {
  return options?.delay ?? 0
}

/** A snapshot of version 1 of `WalkForward`, which had the hold-out inside, turned inside out; any other as it is. */
function migrated(json: Snapshot): Snapshot {
  if (json?.type !== WalkForward.type || json.version !== 1) return json
  const { options, state } = checkSnapshot(WalkForward, json)
  const { holdout, ...rest } = options
  const { mode, train = 0, embargo = 0 } = rest
  return {
    type: HoldOut.type,
    version: 1,
    options: { share: holdout ?? 0, train: mode === 'rolling' ? train : 0, embargo, delay: 0 },
    state: {
      ...state,
      openedAt: 0,
      splitter: { type: WalkForward.type, version: 2, options: { ...rest, unit: 'rows', delay: 0 }, state: {} },
    },
  }
}
