import type { Serializable, Snapshot } from '../../contracts.ts'
import { integer, nonNegative } from '../../core/check.ts'
import { TradeLearnError } from '../../core/errors.ts'
import { checkSnapshot, snapshot } from '../../core/snapshot.ts'
import { unpackState } from '../../core/state.ts'

/** Options of {@link RetrainGate}. */
export type RetrainGateOptions = {
  /** Milliseconds from the start of a retraining to that of the next. @defaultValue 21_600_000, six hours */
  readonly minDistance: number
  /** Settled rows from one retraining to the next. @defaultValue 50 */
  readonly minNewRows: number
  /** Milliseconds to wait after a failure; doubled with each further one in a row. @defaultValue 900_000 */
  readonly backOff: number
  /** Failures in a row after which nothing is retrained until the operator says so. @defaultValue 5 */
  readonly maxFailures: number
}

/** Doublings of a wait, at most: from 15 minutes to ten days, from six hours to a month. */
const MOST_DOUBLINGS = 10
const MOST_REJECTION_DOUBLINGS = 7

const fresh = () => ({
  /** When the last one began, and when the next may; -Infinity before the first. */
  began: Number.NEGATIVE_INFINITY,
  notBefore: Number.NEGATIVE_INFINITY,
  rows: 0,
  failures: 0,
  rejections: 0,
})

/**
 * When a retraining may begin: not too soon after the last, on enough new rows, later and later after failures, and not at
 * all once there were too many of them.
 *
 * A rejected candidate doubles the distance too: what was not better on these rows will hardly be on fifty more. Times are
 * those of events, so that a replay waits as a live bot does. O(1).
 *
 * @example
 * ```ts
 * const gate = new RetrainGate({ minNewRows: 100 })
 * gate.observe() // with each settled row
 * if (gate.closedBecause(now) === undefined) gate.begin(now)
 * ```
 */
export class RetrainGate implements Serializable {
  static readonly type: string = 'retrain-gate'
  static readonly version: number = 1

  readonly options: RetrainGateOptions
  #state: ReturnType<typeof fresh> = fresh()

  constructor({
    minDistance = 21_600_000,
    minNewRows = 50,
    backOff = 900_000,
    maxFailures = 5,
  }: Partial<RetrainGateOptions> = {}) {
    this.options = {
      minDistance: nonNegative('minDistance', minDistance),
      minNewRows: integer('minNewRows', minNewRows, 0),
      backOff: nonNegative('backOff', backOff),
      maxFailures: integer('maxFailures', maxFailures),
    }
  }

  /** Failures since the last retraining that came to an end. */
  get failures(): number {
    return this.#state.failures
  }

  /** Whether there were too many failures. */
  get disabled(): boolean {
    return this.#state.failures >= this.options.maxFailures
  }

  /** When the next retraining may begin; -Infinity before the first. */
  get notBefore(): number {
    return this.#state.notBefore
  }

  /** Why none may begin at `now`; `undefined` where one may. */
  closedBecause(now: number): string | undefined {
    const { notBefore, rows, began } = this.#state
    if (this.disabled) return `${this.#state.failures} failures in a row`
    if (now < notBefore) return `not before ${new Date(notBefore).toISOString()}`
    const { minNewRows } = this.options
    if (began > Number.NEGATIVE_INFINITY && rows < minNewRows) return `${rows} of ${minNewRows} new rows`
    return undefined
  }

  /** A row has settled. */
  observe(): void {
    this.#state.rows++
  }

  /** A retraining begins. */
  begin(now: number): void {
    const s = this.#state
    s.began = now
    s.notBefore = now + this.options.minDistance
    s.rows = 0
  }

  /** It came to an end: the wait depends on how. An aborted one counts as none. */
  end(how: 'candidate' | 'rejected' | 'failed' | 'aborted', now: number): void {
    const s = this.#state
    const { minDistance, backOff } = this.options
    if (how === 'aborted') return
    if (how === 'failed') {
      s.notBefore = now + doubled(backOff, Math.min(s.failures, MOST_DOUBLINGS))
      s.failures++
      // the rows that it was to learn are still new
      s.rows = Math.max(s.rows, this.options.minNewRows)
      return
    }
    s.failures = 0
    s.rejections = how === 'rejected' ? s.rejections + 1 : 0
    s.notBefore = s.began + doubled(minDistance, Math.min(s.rejections, MOST_REJECTION_DOUBLINGS))
  }

  /** The operator's word that it may be tried again at once. */
  reset(): void {
    const { began, rows } = this.#state
    this.#state = { ...fresh(), began, rows: Math.max(rows, this.options.minNewRows) }
  }

  toJSON(): Snapshot {
    return snapshot(RetrainGate, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): RetrainGate {
    const { options, state } = checkSnapshot(RetrainGate, json)
    const gate = new RetrainGate(unpackState(options, { ...new RetrainGate().options }, 'options'))
    const saved = unpackState(state, fresh())
    for (const name of ['rows', 'failures', 'rejections'] as const) {
      integer(`state.${name}`, saved[name], 0, 'CORRUPT_SNAPSHOT')
    }
    for (const name of ['began', 'notBefore'] as const) {
      // a date that is none could not be told
      if (saved[name] === Number.NEGATIVE_INFINITY || Math.abs(saved[name]) <= LATEST) continue
      throw new TradeLearnError('CORRUPT_SNAPSHOT', `"state.${name}" must be a time, got ${saved[name]}.`)
    }
    gate.#state = saved
    return gate
  }
}

/** The last instant of a JavaScript date. */
const LATEST = 8.64e15

function doubled(wait: number, times: number): number {
  let doubledWait = wait
  for (let i = 0; i < times; i++) doubledWait *= 2
  return doubledWait
}
