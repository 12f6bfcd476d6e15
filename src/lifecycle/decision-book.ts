import type { JsonObject, JsonValue } from '../contracts.ts'
import { integer } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { packState, type State, unpackState } from '../core/state.ts'
import type { Challenge, Decision, Label, Outcome, SignalMeta } from '../market.ts'
import type { Bounds } from './assemble.ts'
import { copyMeta } from './closed-trade.ts'

/** A decision whose label is not known yet, with everything that learning from it will need. */
export type OpenDecision = {
  readonly decision: Decision
  /** The features it was made on. */
  readonly x: Float64Array
  /** What its signal said about itself. */
  readonly meta: SignalMeta
  /** Half-width of its interval when it was made; NaN where there was none. */
  readonly halfWidth: number
  /** The scale that the interval was made for. */
  readonly scale: number
  /** Open time of the newest candle when it was made. */
  readonly bar: number
  /** Whether the bot was told to trade and has not said otherwise. */
  traded: boolean
  /** What candles say became of it, while the bot's own report is awaited. */
  label: Label | null
  /** Candles of its symbol since `label` was known. */
  waited: number
  /** The bot's report, while others are waited for that come before it in time. */
  told: Outcome | null
}

/** A decision that has been learned from. */
export type ClosedDecision = {
  readonly decision: Decision
  readonly x: Float64Array
  readonly label: Label
  /** The bot's report, or `null` where candles gave the label. */
  readonly outcome: Outcome | null
}

/**
 * Every decision from its making to its label, and the newest closed ones after it: bounded, in order, by id.
 *
 * Ids count upwards, `<name>-<number in base 36>`, so one that is no longer remembered can still be told from one
 * that never was.
 */
export class DecisionBook {
  readonly #name: string
  readonly #maxOpen: number
  readonly #remember: number
  readonly #outcomeLag: number
  #next = 1
  #open = new Map<string, OpenDecision>()
  #closed = new Map<string, ClosedDecision>()

  constructor({ name, maxOpen, remember, outcomeLag }: Pick<Bounds, 'name' | 'maxOpen' | 'remember' | 'outcomeLag'>) {
    this.#name = name
    this.#maxOpen = maxOpen
    this.#remember = remember
    this.#outcomeLag = outcomeLag
  }

  get openCount(): number {
    return this.#open.size
  }

  /** The id that the next decision will get. */
  get nextId(): string {
    return `${this.#name}-${this.#next.toString(36)}`
  }

  /** Puts a decision in the place of the open one with its id, if there is one. */
  amend(decision: Decision): void {
    const entry = this.#open.get(decision.id)
    if (entry) this.#open.set(decision.id, { ...entry, decision, traded: decision.action !== 'skip' })
  }

  /** Leaves out the next `count` ids. */
  skip(count: number): void {
    this.#next += count
  }

  /** Open decisions, oldest first. */
  open(): IterableIterator<OpenDecision> {
    return this.#open.values()
  }

  /** Whether a report that comes before this one in time may still be on its way. */
  mustWait({ exitTime }: Outcome, time: number): boolean {
    return this.#outcomeLag > 0 && exitTime + this.#outcomeLag > time
  }

  /** Decisions whose report has waited long enough, in the order in which the trades closed. */
  released(time: number): OpenDecision[] {
    if (this.#outcomeLag === 0) return []
    return [...this.#open.values()]
      .filter(({ told }) => told !== null && !this.mustWait(told, time))
      .sort((a, b) => a.told!.exitTime - b.told!.exitTime)
  }

  /**
   * Notes the labels that a candle of `symbol` brought. Returns the decisions that are to be learned by them: those that were
   * not traded at once, those whose report has been awaited for `patience` candles.
   */
  follow(symbol: string, labels: readonly Label[], patience: number): OpenDecision[] {
    const settled = new Map(labels.map((label) => [label.id, label]))
    const overdue: OpenDecision[] = []
    for (const entry of this.#open.values()) {
      if (entry.decision.symbol !== symbol || entry.told) continue
      if (entry.label) entry.waited++
      else entry.label = settled.get(entry.decision.id) ?? null
      if (entry.label && entry.waited >= (entry.traded ? patience : 0)) overdue.push(entry)
    }
    return overdue
  }

  /**
   * The open decision that `outcome` is news of; null where the same was told before.
   *
   * @throws `UNKNOWN_DECISION`, `ALREADY_LEARNED`, `OUTCOME_CONFLICT`
   */
  awaiting(id: string, outcome: Outcome): OpenDecision | null {
    const entry = this.find(id)
    if (!('traded' in entry)) {
      checkRepeat(entry, outcome)
      return null
    }
    if (entry.told === null) return entry
    checkSame(entry.decision, entry.told, outcome)
    return null
  }

  /** The open decision of which nothing has been told. @throws `UNKNOWN_DECISION`, `ALREADY_LEARNED`, `OUTCOME_CONFLICT` */
  untold(id: string): OpenDecision {
    const entry = this.find(id)
    if (!('traded' in entry)) {
      throw new TradeLearnError('ALREADY_LEARNED', `Decision ${show(id)} is already closed and learned from.`)
    }
    if (entry.told) {
      throw new TradeLearnError('OUTCOME_CONFLICT', `Decision ${show(id)} was already told to have closed.`)
    }
    return entry
  }

  /** @throws `TOO_MANY_OPEN` where every open decision is a trade that the bot must still report */
  checkRoom(): void {
    if (this.#open.size < this.#maxOpen || this.#oldestUntraded() !== undefined) return
    throw new TradeLearnError(
      'TOO_MANY_OPEN',
      `At most ${this.#maxOpen} decisions can be open, and all are trades whose outcome is awaited: learn or cancel ` +
        `some first (the oldest is "${this.#open.keys().next().value}").`,
    )
  }

  /**
   * Adds a decision. Where there is no room, the oldest that was not traded goes unlearned, as on a symbol whose candles
   * have stopped; its id is returned.
   */
  add(made: Omit<OpenDecision, 'label' | 'waited' | 'told'>): string | undefined {
    const dropped = this.#open.size < this.#maxOpen ? undefined : this.#oldestUntraded()
    if (dropped !== undefined) this.#open.delete(dropped)
    const { decision, x, meta, halfWidth, scale, bar, traded } = made
    const entry = { decision, x, meta, halfWidth, scale, bar, traded, label: null, waited: 0, told: null }
    this.#open.set(decision.id, entry)
    this.#next++
    return dropped
  }

  #oldestUntraded(): string | undefined {
    for (const [id, { traded }] of this.#open) if (!traded) return id
    return undefined
  }

  /** The open decision of that id, the closed one, or an error that says what is known about the id. */
  find(id: string): OpenDecision | ClosedDecision {
    const entry = this.#open.get(id) ?? this.#closed.get(id)
    if (entry) return entry
    const number = typeof id === 'string' && id.startsWith(`${this.#name}-`) ? id.slice(this.#name.length + 1) : ''
    const sequence = Number.parseInt(number, 36)
    if (sequence > 0 && sequence < this.#next && sequence.toString(36) === number) {
      throw new TradeLearnError(
        'ALREADY_LEARNED',
        `Decision ${show(id)} was closed before the newest ${this.#remember} that are remembered, or dropped untraded ` +
          'for want of room.',
      )
    }
    throw new TradeLearnError(
      'UNKNOWN_DECISION',
      `No decision has the id ${show(id)}; ids of this learner look like "${this.#name}-1" and the next is "${this.nextId}".`,
    )
  }

  close({ decision, x }: OpenDecision, label: Label, outcome: Outcome | null): void {
    this.#open.delete(decision.id)
    this.#closed.set(decision.id, { decision, x, label, outcome })
    // a loop, because a restored book may remember more than today's options want
    while (this.#closed.size > this.#remember) this.#closed.delete(this.#closed.keys().next().value!)
  }

  pack(): JsonValue {
    return packState({
      next: this.#next,
      open: [...this.#open.values()] as unknown as State,
      closed: [...this.#closed.values()] as unknown as State,
    })
  }

  /** Reads back what {@link pack} wrote for vectors of `features` numbers, in a snapshot of some `version` of a learner. */
  unpack(json: JsonValue | undefined, features: number, version: number): void {
    const x = new Float64Array(features)
    const open = {
      decision: null,
      x,
      meta: {},
      halfWidth: 0,
      scale: 0,
      bar: 0,
      traded: false,
      label: null,
      waited: 0,
      told: null,
    }
    const closed = { decision: null, x, label: null, outcome: null }
    const book = unpackState(
      broughtForward(json, version),
      { next: 0, open: [open], closed: [closed] } as State,
      'state.book',
    ) as unknown as {
      next: number
      open: OpenDecision[]
      closed: ClosedDecision[]
    }
    const { next } = book
    integer('state.book.next', next, 1, 'CORRUPT_SNAPSHOT')
    const entries = [...book.open, ...book.closed]
    for (const { decision, label, x: vector } of entries) {
      if (vector.some((value) => Math.abs(value) === Infinity)) {
        throw new TradeLearnError('CORRUPT_SNAPSHOT', 'Saved features must be finite or NaN, got an infinity.')
      }
      checkShape(decision, DECISION, 'state.book.decision')
      for (const [part, template] of Object.entries(WHERE_THERE_IS_ONE)) {
        const saved = decision[part as keyof Decision]
        if (saved !== undefined) checkShape(saved, template, `state.book.decision.${part}`)
      }
      if (label !== null) checkShape(label, LABEL, 'state.book.label')
    }
    for (const { label } of book.closed) checkShape(label, LABEL, 'state.book.label')
    const ids = new Set(entries.map(({ decision }) => decision.id))
    if (ids.size < entries.length || [...ids].some((id) => !(sequenceOf(id) < next))) {
      throw new TradeLearnError(
        'CORRUPT_SNAPSHOT',
        `Saved decisions must have ids of their own, numbered below ${next}, got ${entries.length} of which some do not.`,
      )
    }
    this.#next = next
    this.#open = new Map(
      book.open.map((entry) => [entry.decision.id, freeze({ ...entry, meta: copyMeta(entry.meta) })]),
    )
    this.#closed = new Map(book.closed.map((entry) => [entry.decision.id, freeze(entry)]))
  }
}

/** What was not written before version 2, and before version 4. */
function broughtForward(json: JsonValue | undefined, version: number): JsonValue | undefined {
  const open = isRecord(json) ? json['open'] : undefined
  if (version >= 4 || !isRecord(json) || !Array.isArray(open)) return json
  const missing = version === 1 ? { meta: {}, told: null } : { told: null }
  return { ...json, open: open.map((entry: JsonValue) => (isRecord(entry) ? { ...entry, ...missing } : entry)) }
}

const isRecord = (json: JsonValue | undefined): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

const PLAN = { action: '', size: 0, quantity: 0, price: 0, stop: 0, target: 0, reasons: [{ code: '', text: '' }] }
const INTERVAL = { low: 0, high: 0, coverage: 0 }
const PREDICTION = { probability: 0, expectedReturn: 0, interval: INTERVAL, stopRisk: 0, trades: 0 }
const DECISION = { ...PLAN, id: '', symbol: '', side: '', time: 0, prediction: PREDICTION, mode: '', model: PLAN }
const WHERE_THERE_IS_ONE = {
  challenger: { version: '', prediction: PREDICTION, plan: PLAN },
  trial: { arm: '', propensity: 0, step: 0, share: 0 },
  exploration: { explored: false, propensity: 0 },
}
const LABEL = { y: 0, netReturn: 0, exitReason: '', exitPrice: 0, exitTime: 0, maxFavorable: 0, maxAdverse: 0, bars: 0 }

/** Throws unless `value` has all that `template` has; more is fine, since a policy of the user's own may add to its plans. */
function checkShape(value: unknown, template: State, path: string): void {
  const wanted = Array.isArray(template) ? 'an array' : `a ${typeof template}`
  const isOther = Array.isArray(value) !== Array.isArray(template) || ArrayBuffer.isView(value)
  if (typeof value !== typeof template || value === null || isOther) {
    throw new TradeLearnError('CORRUPT_SNAPSHOT', `Snapshot value "${path}" must be ${wanted}, got ${show(value)}.`)
  }
  if (typeof template !== 'object' || template === null) return
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkShape(item, (template as readonly State[])[0]!, `${path}[${i}]`)
    return
  }
  for (const [key, part] of Object.entries(template)) {
    checkShape((value as { [key: string]: unknown })[key], part, `${path}.${key}`)
  }
}

/** The number in an id. */
const sequenceOf = (id: string): number => Number.parseInt(id.slice(id.lastIndexOf('-') + 1), 36)

const freeze = <T extends { readonly decision: Decision }>(entry: T): T => {
  freezeDecision(entry.decision)
  return entry
}

/** Makes a decision unchangeable, so that what the bot holds and what the book remembers stay the same. */
export function freezeDecision(decision: Decision): Decision {
  const { reasons, prediction, model, challenger, trial, exploration } = decision
  for (const part of [reasons, ...reasons, model.reasons, ...model.reasons, prediction.interval, prediction, model])
    Object.freeze(part)
  if (challenger) freezeChallenge(challenger)
  if (trial) Object.freeze(trial)
  if (exploration) Object.freeze(exploration)
  return Object.freeze(decision)
}

function freezeChallenge(challenger: Challenge): void {
  const { plan, prediction } = challenger
  for (const part of [...plan.reasons, plan.reasons, plan, prediction.interval, prediction, challenger])
    Object.freeze(part)
}

/** A report's own fields, whatever else the bot's object holds: a live order must not end up in a snapshot. */
export function copyOutcome({ exitPrice, exitTime, exitReason, entryPrice, fees }: Outcome): Outcome {
  return {
    exitPrice,
    exitTime,
    ...(exitReason === undefined ? {} : { exitReason }),
    ...(entryPrice === undefined ? {} : { entryPrice }),
    ...(fees === undefined ? {} : { fees }),
  }
}

/** Passes the same report told twice, and throws on any other for a decision that has been learned from. */
function checkRepeat({ decision, label, outcome: known }: ClosedDecision, told: Outcome): void {
  const { id } = decision
  if (known === null) {
    throw new TradeLearnError(
      'ALREADY_LEARNED',
      `Decision ${show(id)} was already learned from candles (${label.exitReason} at ${label.exitPrice}); ` +
        'an outcome came too late or for a skipped signal.',
    )
  }
  checkSame(decision, known, told)
}

/** Passes the same report, and throws on any other. */
function checkSame({ id }: Decision, known: Outcome, told: Outcome): void {
  if (sameOutcome(known, told)) return
  throw new TradeLearnError(
    'OUTCOME_CONFLICT',
    `Decision ${show(id)} was already told to have closed with ${tell(known)}; got ${tell(told)}.`,
  )
}

const tell = (outcome: Outcome): string =>
  typeof outcome === 'object' && outcome !== null
    ? Object.entries(copyOutcome(outcome))
        .map(([name, value]) => `${name} ${show(value)}`)
        .join(', ')
    : show(outcome)

/** Whether two reports of a trade say the same. */
function sameOutcome(a: Outcome, b: Outcome): boolean {
  return (
    a.exitPrice === b?.exitPrice &&
    a.exitTime === b.exitTime &&
    a.exitReason === b.exitReason &&
    a.entryPrice === b.entryPrice &&
    a.fees === b.fees
  )
}
