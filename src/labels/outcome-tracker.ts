import type { Serializable, Snapshot, Vector } from '../contracts.ts'
import { finite, fraction, integer, oneOf, positive, time } from '../core/check.ts'
import { type ErrorCode, show, TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, nested, snapshot } from '../core/snapshot.ts'
import { type State, unpackState } from '../core/state.ts'
import type { Bracket, Candle, ExitReason, Label, Outcome } from '../market.ts'
import { checkBracket } from './barriers.ts'
import { labelFromOutcome } from './label-from-outcome.ts'
import { TripleBarrier } from './triple-barrier.ts'
import { checkTravelled } from './watch-list.ts'

/** Options of {@link OutcomeTracker}. */
export type OutcomeTrackerOptions = {
  /** Candles after which a decision is closed at the market. @defaultValue 24 */
  readonly maxBars: number
  /** Costs of the round trip, as a fraction of the entry value; `roundTripCosts` adds them up. @defaultValue 0.001 */
  readonly costs: number
  /** Decisions that may wait at one time. @defaultValue 10_000 */
  readonly maxOpen: number
  /** Settled rows that are kept, the newest entries. @defaultValue 10_000 */
  readonly remember: number
  /**
   * Milliseconds without a candle, while other symbols have some, after which a symbol holds up no one: its open
   * decisions no longer keep later rows back, and are the first to go where room is needed.
   * @defaultValue 604_800_000, a week, longer than any holiday
   */
  readonly staleAfter: number
}

/** What was done about a signal. */
export type DecisionKind = 'taken' | 'skipped' | 'shadow'

/** A decision to be followed to its end, with the features it was made on. */
export type TrackedDecision = Bracket & { readonly kind: DecisionKind; readonly x: Vector }

/** A decision that has been settled: a row to learn from, once its cohort is complete. */
export type OutcomeRow = Pending & {
  readonly label: Label
  /** Who says so: candles, or the bot's own report. */
  readonly source: 'candles' | 'report'
}

type Pending = { readonly bracket: Bracket; readonly kind: DecisionKind; readonly x: Vector }

const KINDS: readonly DecisionKind[] = ['taken', 'skipped', 'shadow']
const REASONS: readonly ExitReason[] = ['target', 'stop', 'time', 'exit']
const SOURCES = ['candles', 'report'] as const
/** A week: longer than any market's holidays. */
const WEEK = 7 * 86_400_000

/**
 * Finds out from the candles that follow what became of every decision, whether it was taken, skipped or only shadowed.
 *
 * A model that learns only from the trades it allowed never finds out that it was wrong to skip. So every decision is
 * followed through the same three barriers ({@link TripleBarrier}); for a taken one the bot's own report has the last
 * word.
 *
 * Fast losers settle before slow winners, so what has settled of the newest decisions is worse than the market was.
 * {@link rows} therefore gives complete cohorts only: every row entered before the oldest decision that still waits, and
 * none entered after it. Where losers last 5 days and winners 20, the first hundred closed trades of a market that wins
 * half of the time show 37 % wins; complete cohorts show half.
 *
 * `track` and `report` cost O(1), `advance` O(decisions that wait on the symbol), `rows` O(rows log rows). Memory:
 * `maxOpen` and `remember` feature vectors.
 *
 * @example
 * ```ts
 * const tracker = new OutcomeTracker({ maxBars: 24 })
 * const entry = { id: 'a', symbol: 'BTC', side: 'long', time: 1_700_000_000_000, price: 100 } as const
 * tracker.track({ ...fixedBracket(entry, { stop: 0.02, target: 0.04 }), kind: 'skipped', x })
 * for (const candle of candles) tracker.advance(candle)
 * const rows = tracker.rows()
 * model.fit(rows.map(({ x }) => x), rows.map(({ label }) => label.y))
 * ```
 */
export class OutcomeTracker implements Serializable {
  static readonly type: string = 'outcome-tracker'
  static readonly version: number = 1

  readonly options: OutcomeTrackerOptions
  #labeler: TripleBarrier
  /** What waits, by id, in the order of tracking. */
  readonly #pending = new Map<string, Pending>()
  /** What has settled, by id, in the order of settling. */
  readonly #settled = new Map<string, OutcomeRow>()
  /** Open time of each symbol's newest candle. */
  readonly #newest = new Map<string, number>()

  constructor({
    maxBars = 24,
    costs = 0.001,
    maxOpen = 10_000,
    remember = 10_000,
    staleAfter = WEEK,
  }: Partial<OutcomeTrackerOptions> = {}) {
    this.options = {
      maxBars: integer('maxBars', maxBars),
      costs: fraction('costs', costs),
      maxOpen: integer('maxOpen', maxOpen),
      remember: integer('remember', remember),
      staleAfter: positive('staleAfter', staleAfter),
    }
    this.#labeler = new TripleBarrier({ maxBars, costs, maxOpen })
  }

  /** Decisions that wait. */
  get openCount(): number {
    return this.#pending.size
  }

  /**
   * The settled rows of complete cohorts, oldest entry first; those of equal time in the order of their ids.
   *
   * A row stays until `remember` newer ones have settled, so the same rows come again with more behind them.
   */
  rows(): OutcomeRow[] {
    const before = this.#oldestOpen()
    return [...this.#settled.values()]
      .filter(({ bracket }) => bracket.time < before)
      .sort(({ bracket: a }, { bracket: b }) => a.time - b.time || (a.id < b.id ? -1 : 1))
  }

  /**
   * Starts following a decision.
   *
   * @throws `INVALID_INPUT` (also for an id that is followed already or has settled, and for a vector of another length),
   *   `INVALID_TIME`, `OUT_OF_ORDER` where the symbol's newest candle is later, or `TOO_MANY_OPEN`
   */
  track(decision: TrackedDecision): void {
    checkBracket(decision, 'INVALID_INPUT')
    const { id, symbol, side, time: entered, price, stop, target, kind, x } = decision
    oneOf('decision.kind', kind, KINDS, 'INVALID_INPUT')
    this.#checkVector(x)
    if (this.#settled.has(id)) {
      throw new TradeLearnError('INVALID_INPUT', `"bracket.id" must be new, got ${show(id)}, which has settled.`)
    }
    const bracket = { id, symbol, side, time: entered, price, stop, target }
    // nothing goes for a decision that will be refused
    const sound = !this.#pending.has(id) && entered >= (this.#newest.get(symbol) ?? entered)
    if (sound && this.#pending.size >= this.options.maxOpen) this.#dropStale()
    this.#labeler.open(bracket)
    this.#pending.set(id, { bracket, kind, x: x.slice() })
  }

  /** Stops following a decision, as for an order that was never filled; unknown ids are ignored. */
  cancel(id: string): void {
    this.#labeler.cancel(id)
    this.#pending.delete(id)
  }

  /** Advances by one closed candle and returns the rows that it settled; not yet for training, see {@link rows}. */
  advance(candle: Candle): readonly OutcomeRow[] {
    const labels = this.#labeler.advance(candle)
    this.#newest.set(candle.symbol, candle.time)
    return labels.map((label) => this.#settle(this.#pending.get(label.id)!, label, 'candles'))
  }

  /**
   * Takes the bot's own word for how a taken decision closed, before or after candles have settled it.
   *
   * @throws `UNKNOWN_DECISION` for one that is not remembered, `INVALID_OUTCOME` for one that was not taken or an outcome
   *   that makes no sense
   */
  report(id: string, outcome: Outcome): OutcomeRow {
    const pending = this.#pending.get(id)
    const row = this.#settled.get(id)
    const kind = pending?.kind ?? row?.kind
    if (kind === undefined) {
      throw new TradeLearnError('UNKNOWN_DECISION', `"id" must be of a decision that is followed, got ${show(id)}.`)
    }
    if (kind !== 'taken') {
      throw new TradeLearnError('INVALID_OUTCOME', `Only a taken decision has an outcome, got one for a ${kind} one.`)
    }
    if (row) return this.#amend(row, outcome)
    const { bracket } = pending!
    const label = labelFromOutcome(bracket, outcome, this.options.costs, this.#labeler.excursions(id))
    this.#labeler.cancel(id)
    return this.#settle(pending!, label, 'report')
  }

  toJSON(): Snapshot {
    return snapshot(OutcomeTracker, this.options, {
      labeler: this.#labeler.toJSON() as unknown as State,
      newest: [...this.#newest].map(([symbol, at]) => ({ symbol, time: at })),
      pending: [...this.#pending.values()],
      settled: [...this.#settled.values()],
    })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): OutcomeTracker {
    const { options, state } = checkSnapshot(OutcomeTracker, json)
    const tracker = new OutcomeTracker(unpackState(options, { ...new OutcomeTracker().options }, 'options'))
    const { labeler, ...rest } = state
    tracker.#labeler = TripleBarrier.fromJSON(nested(state, 'labeler', OutcomeTracker.type))
    const { newest, pending, settled } = unpackState(rest, TEMPLATE)
    for (const row of newest) tracker.#newest.set(row.symbol, time('newest', row.time, 'CORRUPT_SNAPSHOT'))
    for (const row of pending as Pending[]) {
      checkSaved(row)
      if (!tracker.#labeler.isOpen(row.bracket.id)) corrupt('"state.pending" must hold what the labeler waits for')
      tracker.#pending.set(row.bracket.id, row)
    }
    for (const row of settled as OutcomeRow[]) {
      checkSaved(row)
      checkLabel(row)
      if (tracker.#pending.has(row.bracket.id)) corrupt('A row must be pending or settled, got both')
      tracker.#settled.set(row.bracket.id, row)
    }
    const [waiting, done] = [tracker.#pending.size, tracker.#settled.size]
    if (waiting !== tracker.#labeler.openCount || waiting !== pending.length || done !== settled.length) {
      corrupt('Rows must differ by id and be those of the labeler')
    }
    if (done > tracker.options.remember) corrupt('"state.settled" must hold no more than "remember"')
    for (const { x } of [...pending, ...settled] as Pending[]) tracker.#checkVector(x, 'CORRUPT_SNAPSHOT')
    return tracker
  }

  /** Length of the vectors, or 0 before the first. */
  get #features(): number {
    for (const { x } of this.#pending.values()) return x.length
    for (const { x } of this.#settled.values()) return x.length
    return 0
  }

  #checkVector(x: Vector, code: ErrorCode = 'INVALID_INPUT'): void {
    const features = this.#features
    if (!(x instanceof Float64Array) || (features > 0 && x.length !== features)) {
      throw new TradeLearnError(
        code,
        `"x" must be a Float64Array${features > 0 ? ` of ${features} features` : ''}, got ${show(x)}.`,
      )
    }
  }

  #settle({ bracket, kind, x }: Pending, label: Label, source: OutcomeRow['source']): OutcomeRow {
    const row = { bracket, kind, x, label, source }
    this.#pending.delete(bracket.id)
    this.#settled.set(bracket.id, row)
    if (this.#settled.size > this.options.remember) this.#settled.delete(this.#settled.keys().next().value!)
    return row
  }

  #amend(row: OutcomeRow, outcome: Outcome): OutcomeRow {
    const { bracket, label: was } = row
    const label = labelFromOutcome(bracket, outcome, this.options.costs, was)
    const amended = { ...row, label, source: 'report' as const }
    this.#settled.set(bracket.id, amended)
    return amended
  }

  /** TradeEntry time of the oldest decision that waits and whose symbol still has candles. */
  #oldestOpen(): number {
    const now = this.#now()
    let oldest = Infinity
    for (const { bracket } of this.#pending.values()) {
      if (bracket.time < oldest && !this.#isStale(bracket, now)) oldest = bracket.time
    }
    return oldest
  }

  /** Open time of the newest candle of all. */
  #now(): number {
    let now = -Infinity
    for (const newest of this.#newest.values()) if (newest > now) now = newest
    return now
  }

  #isStale({ symbol, time: entered }: Bracket, now: number): boolean {
    return now - Math.max(this.#newest.get(symbol) ?? entered, entered) > this.options.staleAfter
  }

  /** Makes room by forgetting the oldest decision of a symbol whose candles have stopped, if there is one. */
  #dropStale(): void {
    const now = this.#now()
    for (const [id, { bracket }] of this.#pending) {
      if (!this.#isStale(bracket, now)) continue
      this.cancel(id)
      return
    }
  }
}

const TEMPLATE = (() => {
  const bracket = { id: '', symbol: '', side: '', time: 0, price: 0, stop: 0, target: 0 }
  const label = { id: '', y: 0, netReturn: 0, exitReason: '', exitPrice: 0, exitTime: 0, ambiguous: false }
  const travelled = { maxFavorable: 0, maxAdverse: 0, bars: 0 }
  const pending = { bracket, kind: '', x: new Float64Array(0) }
  return {
    newest: [{ symbol: '', time: 0 }],
    pending: [pending],
    settled: [{ ...pending, label: { ...label, ...travelled }, source: '' }],
  }
})()

function checkSaved({ bracket, kind }: Pending): void {
  checkBracket(bracket, 'CORRUPT_SNAPSHOT')
  oneOf('kind', kind, KINDS, 'CORRUPT_SNAPSHOT')
}

function checkLabel({ bracket, label, source }: OutcomeRow): void {
  const code = 'CORRUPT_SNAPSHOT'
  oneOf('source', source, SOURCES, code)
  oneOf('label.id', label.id, [bracket.id], code)
  oneOf('label.exitReason', label.exitReason, REASONS, code)
  positive('label.exitPrice', label.exitPrice, code)
  time('label.exitTime', label.exitTime, code)
  finite('label.netReturn', label.netReturn, code)
  checkTravelled(label)
  if (label.y !== (label.netReturn > 0 ? 1 : 0)) corrupt('"label.y" must say whether the net return is positive')
}

function corrupt(wanted: string): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `${wanted}.`)
}
