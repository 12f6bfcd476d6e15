import type { JsonValue } from '../contracts.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { packState, type State, unpackState } from '../core/state.ts'
import type { Decision, Label, Outcome } from '../market.ts'

/** A decision whose label is not known yet, with everything that learning from it will need. */
export type OpenDecision = {
  readonly decision: Decision
  /** The features it was made on. */
  readonly x: Float64Array
  /** Half-width of its interval when it was made; NaN where there was none. */
  readonly halfWidth: number
  /** The scale that the interval was made for. */
  readonly scale: number
  /** Whether the bot was told to trade and has not said otherwise. */
  traded: boolean
  /** What candles say became of it, while the bot's own report is awaited. */
  label: Label | null
  /** Candles of its symbol since `label` was known. */
  waited: number
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
  #next = 1
  #open = new Map<string, OpenDecision>()
  #closed = new Map<string, ClosedDecision>()

  constructor(name: string, maxOpen: number, remember: number) {
    this.#name = name
    this.#maxOpen = maxOpen
    this.#remember = remember
  }

  get openCount(): number {
    return this.#open.size
  }

  /** The id that the next decision will get. */
  get nextId(): string {
    return `${this.#name}-${this.#next.toString(36)}`
  }

  /** Open decisions, oldest first. */
  open(): IterableIterator<OpenDecision> {
    return this.#open.values()
  }

  /** @throws `TOO_MANY_OPEN` */
  checkRoom(): void {
    if (this.#open.size < this.#maxOpen) return
    throw new TradeLearnError(
      'TOO_MANY_OPEN',
      `At most ${this.#maxOpen} decisions can be open: learn or cancel some first (the oldest is ` +
        `"${this.#open.keys().next().value}").`,
    )
  }

  add(entry: OpenDecision): void {
    this.#open.set(entry.decision.id, entry)
    this.#next++
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
        `Decision ${show(id)} was closed before the newest ${this.#remember} that are remembered.`,
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
    if (this.#closed.size > this.#remember) this.#closed.delete(this.#closed.keys().next().value!)
  }

  pack(): JsonValue {
    return packState({
      next: this.#next,
      open: [...this.#open.values()] as unknown as State,
      closed: [...this.#closed.values()] as unknown as State,
    })
  }

  /** Reads back what {@link pack} wrote, for vectors of `features` numbers. */
  unpack(json: JsonValue | undefined, features: number): void {
    const x = new Float64Array(features)
    const open = { decision: null, x, halfWidth: 0, scale: 0, traded: false, label: null, waited: 0 }
    const closed = { decision: null, x, label: null, outcome: null }
    const book = unpackState(json, { next: 0, open: [open], closed: [closed] } as State, 'state.book') as unknown as {
      next: number
      open: OpenDecision[]
      closed: ClosedDecision[]
    }
    this.#next = book.next
    this.#open = new Map(book.open.map((entry) => [idOf(entry), freeze(entry)]))
    this.#closed = new Map(book.closed.map((entry) => [idOf(entry), freeze(entry)]))
  }
}

function idOf({ decision }: OpenDecision | ClosedDecision): string {
  if (typeof decision?.id === 'string') return decision.id
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `A saved decision must have an id, got ${show(decision?.id)}.`)
}

const freeze = <T extends { readonly decision: Decision }>(entry: T): T => {
  freezeDecision(entry.decision)
  return entry
}

/** Makes a decision unchangeable, so that what the bot holds and what the book remembers stay the same. */
export function freezeDecision(decision: Decision): Decision {
  for (const part of [decision.reasons, decision.model.reasons, decision.prediction, decision.model])
    Object.freeze(part)
  return Object.freeze(decision)
}

/** Whether two reports of a trade say the same. */
export function sameOutcome(a: Outcome, b: Outcome): boolean {
  return (
    a.exitPrice === b?.exitPrice &&
    a.exitTime === b.exitTime &&
    a.exitReason === b.exitReason &&
    a.entryPrice === b.entryPrice &&
    a.fees === b.fees
  )
}
