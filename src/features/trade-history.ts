import type { JsonValue, Vector } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import { type State, unpackState } from '../core/state.ts'
import type { Signal, SignalMeta } from '../market.ts'
import { type ClosedTrade, checkTrade } from './closed-trade.ts'
import { copyState } from './copy-state.ts'
import type { HistoryFeature } from './history.ts'
import type { Slot } from './schema.ts'
import { type Entry, groupBy, keyText, metaOfKey } from './trade-key.ts'

type WaitingTrade = Required<ClosedTrade>

/** A history feature and the states of its groups, the one that had a trade last at the end. */
type Book = Slot<HistoryFeature> & {
  readonly groupOf: (entry: Entry) => string | undefined
  /** What a group without trades has. */
  readonly empty: State
  readonly groups: Map<string, State>
}

/** Trades that may wait for their exit to pass: many times what closes between two candles of the slowest symbol. */
const MAX_WAITING = 256

const ANY_TRADE = { symbol: '', side: '', time: 0, exitTime: 0, won: 0, netReturn: 0, meta: {} } as const

/**
 * Keeps what history features know of closed trades, by group, and shows a signal only what had closed by its time.
 *
 * A trade waits until no symbol's newest candle lies before its exit, so that no signal to come can be from before it;
 * what waits is added, to a copy, for the signals that may see it. So a vector is the same whether it is asked for at
 * once or, for the same time, a candle later. Where more wait than there is room for, the earliest exit counts at once,
 * and signals from before it are refused.
 *
 * A group is found in O(1); `write` adds the trades that wait, which are few. Memory: `maxGroups` states a feature, of
 * which the one longest without a trade goes first.
 */
export class TradeHistory {
  readonly #maxGroups: number
  readonly #books: readonly Book[]
  /** Names of the meta values that some feature goes by. */
  readonly #keys: readonly string[]
  /** By exit; those of equal exit as told. */
  #waiting: WaitingTrade[] = []
  /** The latest exit that has been counted. */
  #counted = -Infinity

  constructor(slots: readonly Slot<HistoryFeature>[], maxGroups: number) {
    this.#maxGroups = maxGroups
    this.#books = slots.map(({ key, part, at }) => {
      return { key, part, at, groupOf: groupBy(part.by), empty: part.init(), groups: new Map() }
    })
    this.#keys = [...new Set(slots.flatMap(({ part }) => metaOfKey(part.by) ?? []))]
  }

  /** No signal from before this exit can be answered; -Infinity where there is none. */
  get earliest(): number {
    return this.#counted
  }

  /** Writes what a signal may know. Pure. */
  write(signal: Signal, out: Vector): void {
    for (const { part, at, groupOf, empty, groups } of this.#books) {
      const group = groupOf(signal)
      if (group === undefined) {
        out.fill(NaN, at, at + part.outputs.length)
        continue
      }
      const state = groups.get(group) ?? empty
      let copy: State | undefined
      for (const trade of this.#waiting) {
        if (trade.exitTime > signal.time) break
        if (groupOf(trade) !== group) continue
        copy ??= copyState(state)
        part.update(copy, trade)
      }
      part.read(copy ?? state, out, at)
    }
  }

  /** Takes in a checked trade; `safe` is a time before which no signal will be made. */
  add({ symbol, side, time, exitTime, won, netReturn, meta }: WaitingTrade, safe: number): void {
    if (this.#books.length === 0) return
    const waiting = this.#waiting
    let at = waiting.length
    while (at > 0 && waiting[at - 1]!.exitTime > exitTime) at--
    waiting.splice(at, 0, { symbol, side, time, exitTime, won, netReturn, meta: this.#known(meta) })
    while (waiting.length > 0 && (waiting[0]!.exitTime <= safe || waiting.length > MAX_WAITING)) {
      this.#count(waiting.shift()!)
    }
  }

  /** All that it knows, as plain data. */
  get state(): { readonly [key: string]: State } {
    return {
      groups: Object.fromEntries(
        this.#books.map(({ key, groups }) => [key, Array.from(groups, ([group, state]) => ({ group, state }))]),
      ),
      waiting: [...this.#waiting],
      counted: this.#counted,
    }
  }

  /** Takes over what {@link state} has given, packed. */
  unpack(json: JsonValue | undefined): void {
    const template = {
      groups: Object.fromEntries(this.#books.map(({ key, empty }) => [key, [{ group: '', state: empty }]])),
      waiting: [ANY_TRADE],
      counted: 0,
    }
    const { groups, waiting, counted } = unpackState<State>(json, template, 'state.history') as unknown as {
      groups: { [key: string]: { group: string; state: State }[] }
      waiting: WaitingTrade[]
      counted: number
    }
    for (const { key, groups: mine } of this.#books) {
      mine.clear()
      for (const { group, state } of groups[key]!) mine.set(group, state)
      if (mine.size < groups[key]!.length || mine.size > this.#maxGroups) {
        corrupt(`groups.${key}`, `hold each group once, and at most ${this.#maxGroups}`)
      }
    }
    if (waiting.length > MAX_WAITING) corrupt('waiting', `hold at most ${MAX_WAITING} trades`)
    for (const trade of waiting) checkTrade(trade, 'CORRUPT_SNAPSHOT')
    if (waiting.some((trade, i) => i > 0 && trade.exitTime < waiting[i - 1]!.exitTime)) corrupt('waiting', 'be by exit')
    if (Number.isNaN(counted)) corrupt('counted', 'be a time')
    this.#waiting = waiting.map((trade) => ({ ...trade, meta: this.#known(trade.meta) }))
    this.#counted = counted
  }

  /** What features go by of a signal's meta. */
  #known(meta: SignalMeta): SignalMeta {
    const known: { [name: string]: SignalMeta[string] } = {}
    for (const key of this.#keys) {
      const value = Object.hasOwn(meta, key) ? meta[key] : undefined
      if (value !== undefined && keyText(value) !== undefined) known[key] = value
    }
    return known
  }

  #count(trade: WaitingTrade): void {
    this.#counted = Math.max(this.#counted, trade.exitTime)
    for (const { part, groupOf, groups } of this.#books) {
      const group = groupOf(trade)
      if (group === undefined) continue
      const state = groups.get(group) ?? part.init()
      part.update(state, trade)
      // the end of the map is where the group last used stands
      groups.delete(group)
      groups.set(group, state)
      if (groups.size > this.#maxGroups) groups.delete(groups.keys().next().value!)
    }
  }
}

function corrupt(what: string, wanted: string): never {
  throw new TradeLearnError('CORRUPT_SNAPSHOT', `Snapshot value "state.history.${what}" must ${wanted}.`)
}
