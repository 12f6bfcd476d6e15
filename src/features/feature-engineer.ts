import type { Codec, JsonObject, Serializable, Snapshot, Vector } from '../contracts.ts'
import { checkVector, integer } from '../core/check.ts'
import { checkCandle } from '../core/check-candle.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { type State as Plain, unpackState } from '../core/state.ts'
import type { Candle, Position, Signal } from '../market.ts'
import { type ClosedTrade, checkTrade } from './closed-trade.ts'
import type { ContextFeature, SymbolFeature } from './context.ts'
import type { Declaration, FeatureName, Row, SignalOf } from './declaration.ts'
import { forwardFromVersion1, olderState } from './feature-engineer-v1.ts'
import { type AtrState, atr, atrOf } from './indicators/atr.ts'
import type { PeerFeature, Peers } from './peers.ts'
import { checkSignal, writeMeta } from './read-signal.ts'
import { difference, few, type Layout, layOut, type Schema, type Slot } from './schema.ts'
import { checkTape, createTape, pushTape, type Tape } from './tape.ts'
import { TradeHistory } from './trade-history.ts'

/** Options of {@link FeatureEngineer}. */
export type FeatureEngineerOptions = {
  /** Symbols that it keeps state for; a candle of one more is an error. @defaultValue 1000 */
  readonly maxSymbols: number
  /**
   * Groups of trades (symbols, sources ...) that each history feature keeps state for; the one longest without a closed
   * trade makes room for a new one. @defaultValue 1000
   */
  readonly maxGroups: number
}

/** States of the parts of one group, by the name they are declared under. */
type States = { readonly [key: string]: Plain }

type SymbolState = {
  readonly symbol: string
  /** Open time of the newest candle. */
  time: number
  close: number
  /** ATR(14) in price units, which policies need whatever the features are. */
  readonly atr: AtrState
  readonly candles: States
  readonly directed: States
  /** What features that compare symbols look at; empty where there are none. */
  readonly tape: Tape
}

type State = { readonly context: States; readonly symbols: SymbolState[] }

/** What is asked with a signal: the account that it is for. */
type Asking = { readonly positions?: readonly Position[] }

const NO_POSITIONS: readonly Position[] = []

/** A symbol's state, and its parts' states in the order of the declaration. */
type Tracked = { readonly state: SymbolState; readonly candles: readonly Plain[]; readonly directed: readonly Plain[] }

/** 14 bars, as in Wilder (1978). */
const ATR_PERIOD = 14

/**
 * Turns candles and signals into feature vectors, one candle at a time.
 *
 * Features are declared once; names, the type of a row and what `signal.meta` must hold follow from the declaration.
 * The same object serves backtest, replay and live, so that all three see the same numbers to the bit, and a vector
 * knows nothing but the candles and closed trades fed so far. Feed closed candles, in the order in which they closed.
 *
 * `update` costs one step of each indicator, O(1) in the number of candles; `vector` one read of each. Memory is a few
 * kilobytes a symbol. Numbers are NaN while warming up and where undefined, never infinite.
 *
 * @example
 * ```ts
 * const engineer = new FeatureEngineer({
 *   candles: { rsi: rsi(14) },
 *   directed: { macd: macd() },
 *   context: { market: trendOf('SPY') },
 *   signal: { side: tradeSide(), hour: hourOfDay() },
 *   meta: { aiConfidence: numeric(), source: category('rules', 'ai'), confirmations: optional(numeric()) },
 * })
 * for (const candle of candles) engineer.update(candle)
 * const x = engineer.vector({ symbol: 'AAPL', side: 'long', time, meta: { aiConfidence: 0.7, source: 'ai' } })
 * engineer.row(x)['macd.signal'] // a number
 * ```
 */
export class FeatureEngineer<
  const D extends Declaration = Declaration,
  // both follow from D; as parameters of their own they let any engineer pass for a plain `FeatureEngineer`
  Name extends string = FeatureName<D>,
  Asked extends Signal = SignalOf<D>,
> implements Serializable
{
  static readonly type: string = 'feature-engineer'
  static readonly version: number = 2

  readonly options: FeatureEngineerOptions
  /** What the vectors hold. */
  readonly schema: Schema<Name>
  readonly #declaration: D
  readonly #layout: Layout<Name>
  readonly #ofSymbols: readonly Slot<SymbolFeature>[]
  readonly #ofPeers: readonly Slot<PeerFeature>[]
  /** Candles that each symbol's tape holds. */
  readonly #lookBack: number
  readonly #history: TradeHistory
  readonly #atr = atr(ATR_PERIOD)
  #state: State
  /** The symbols' states by name: an index into `#state.symbols`. */
  #bySymbol: Map<string, Tracked> = new Map()
  /** The states of `#ofSymbols`, in their order. */
  #contextStates: readonly Plain[]
  readonly #tapeOf = (symbol: string): Tape | undefined => this.#bySymbol.get(symbol)?.state.tape

  constructor(declaration: D, { maxSymbols = 1000, maxGroups = 1000 }: Partial<FeatureEngineerOptions> = {}) {
    this.options = { maxSymbols: integer('maxSymbols', maxSymbols), maxGroups: integer('maxGroups', maxGroups) }
    this.#declaration = declaration
    this.#layout = layOut<Name>(declaration)
    this.schema = this.#layout.schema
    const { context, history } = this.#layout
    this.#ofSymbols = context.filter(isOfSymbol)
    this.#ofPeers = context.filter(isOfPeers)
    this.#lookBack = Math.max(0, ...this.#ofPeers.map(({ part }) => part.lookBack))
    this.#history = new TradeHistory(history, maxGroups)
    this.#state = {
      context: Object.fromEntries(this.#ofSymbols.map(({ key, part }) => [key, part.indicator.init()])),
      symbols: [],
    }
    this.#contextStates = inOrder(this.#ofSymbols, this.#state.context)
  }

  /** Whether a candle of the symbol has come in. */
  knows(symbol: string): boolean {
    return this.#bySymbol.has(symbol)
  }

  /** The symbol's newest close. */
  lastClose(symbol: string): number {
    return this.#stateOf(symbol).close
  }

  /** The open time of the symbol's newest candle. */
  lastTime(symbol: string): number {
    return this.#stateOf(symbol).time
  }

  /** The symbol's average true range over 14 bars in price units; NaN before the 14th. */
  atr(symbol: string): number {
    return atrOf(this.#stateOf(symbol).atr, ATR_PERIOD)
  }

  /**
   * The features of a signal as of now, written into `out`. Pure. `asking` is the account it is for, or as much of it as
   * features look at: without `positions`, features of what is held are missing.
   */
  vector(signal: Asked, out: Vector = new Float64Array(this.schema.size), asking?: Asking): Vector {
    const { size } = this.schema
    const { candles, directed, signal: own, meta } = this.#layout
    const checked = checkSignal(signal)
    const tracked = this.#trackedOf(checked.symbol)
    this.#checkPresent(tracked.state, checked.time)
    if (out.length !== size)
      throw new TradeLearnError('INVALID_INPUT', `"out" must have ${size} features, got ${out.length}.`)

    for (let i = 0; i < candles.length; i++) candles[i]!.part.read(tracked.candles[i]!, out, candles[i]!.at)
    for (let i = 0; i < directed.length; i++) {
      const { part, at } = directed[i]!
      part.read(tracked.directed[i]!, out, at)
      if (checked.side === 'short') for (let k = at; k < at + part.outputs.length; k++) out[k] = -out[k]!
    }
    for (let i = 0; i < this.#ofSymbols.length; i++) {
      const { part, at } = this.#ofSymbols[i]!
      part.indicator.read(this.#contextStates[i]!, out, at)
    }
    if (this.#ofPeers.length > 0) this.#writePeers(checked, asking, out)
    this.#history.write(checked, out)
    for (const { part, at } of own) part.read(checked, out, at)
    writeMeta(meta, checked.meta, out)

    // an overflow at absurd prices counts as missing: learners refuse infinities
    for (let i = 0; i < size; i++) if (!Number.isFinite(out[i])) out[i] = NaN
    return out
  }

  /** A vector with its names, for people. */
  row(x: Vector): Row<Name> {
    checkVector(x, this.schema.size)
    return Object.fromEntries(this.schema.names.map((name, i) => [name, x[i]])) as Row<Name>
  }

  /** Takes in a closed candle; a new symbol starts warming up with its first. */
  update(candle: Candle): void {
    const known = this.#bySymbol.get((candle as Candle | null)?.symbol as string)
    checkCandle(candle, known?.state.time)
    const { symbol } = candle
    const { candles, directed } = this.#layout
    const tracked = known ?? this.#add(symbol)
    const { state } = tracked

    state.time = candle.time
    state.close = candle.close
    this.#atr.update(state.atr, candle)
    for (let i = 0; i < candles.length; i++) candles[i]!.part.update(tracked.candles[i]!, candle)
    for (let i = 0; i < directed.length; i++) directed[i]!.part.update(tracked.directed[i]!, candle)
    for (let i = 0; i < this.#ofSymbols.length; i++) {
      const { part } = this.#ofSymbols[i]!
      if (part.symbol === symbol) part.indicator.update(this.#contextStates[i]!, candle)
    }
    pushTape(state.tape, candle.time, candle.close)
  }

  /**
   * Takes in how a trade closed. It counts for signals of its exit time and later, whenever it is told; tell each once.
   *
   * @throws `INVALID_OUTCOME`, `INVALID_TIME` or `UNKNOWN_SYMBOL`, changing nothing
   */
  settle(trade: ClosedTrade): void {
    checkTrade(trade)
    const newest = this.#stateOf(trade.symbol).time
    // signals are not from before their own symbol's newest candle, so none is from before the oldest of these
    let safe = newest
    for (const { time } of this.#state.symbols) if (time < safe) safe = time
    const { exitTime = Math.max(newest, trade.time), meta = {} } = trade
    this.#history.add({ ...trade, exitTime, meta }, safe)
  }

  toJSON(): Snapshot {
    const { names, kinds, fingerprint } = this.schema
    const state = { ...this.#state, history: this.#history.state }
    return snapshot(FeatureEngineer, { ...this.options, names, kinds, fingerprint }, state)
  }

  /**
   * Reads snapshots of engineers with the same declaration, which a file cannot hold because it is made of functions.
   *
   * Those of version 1 are brought forward where their indicators' states still are what they were.
   *
   * @throws `SCHEMA_MISMATCH` that names the features that differ; `UNSUPPORTED_VERSION` or `CORRUPT_SNAPSHOT`
   */
  codec(): Codec<FeatureEngineer<D, Name, Asked>> {
    const declaration = this.#declaration
    return {
      type: FeatureEngineer.type,
      version: FeatureEngineer.version,
      fromJSON(json: Snapshot): FeatureEngineer<D, Name, Asked> {
        const whole = checkSnapshot(FeatureEngineer, json)
        const old = whole.version === 1
        const { options, state } = old ? forwardFromVersion1(whole) : whole
        const template = { maxSymbols: 0, maxGroups: 0, names: [''], kinds: [''], fingerprint: '' }
        const { maxSymbols, maxGroups, ...was } = unpackState(options, template, 'options')
        const engineer = new FeatureEngineer<D, Name, Asked>(declaration, { maxSymbols, maxGroups })
        checkSame(was, engineer.schema)
        if (old) olderState(() => engineer.#unpack(state))
        else engineer.#unpack(state)
        return engineer
      },
    }
  }

  #unpack({ history, ...state }: JsonObject): void {
    this.#state = unpackState(state, { ...this.#state, symbols: [this.#fresh('')] })
    this.#history.unpack(history)
    const { symbols } = this.#state
    this.#contextStates = inOrder(this.#ofSymbols, this.#state.context)
    this.#bySymbol = new Map(symbols.map((each) => [each.symbol, this.#track(each)]))
    if (this.#bySymbol.size < symbols.length) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', 'Snapshot value "state.symbols" must hold each symbol once.')
    }
    for (const { tape } of symbols) checkTape(tape, this.#lookBack, 'state.symbols.tape')
  }

  #stateOf(symbol: string): SymbolState {
    return this.#trackedOf(symbol).state
  }

  #trackedOf(symbol: string): Tracked {
    const tracked = this.#bySymbol.get(symbol)
    if (tracked) return tracked
    const known = few([...this.#bySymbol.keys()])
    throw new TradeLearnError(
      'UNKNOWN_SYMBOL',
      `A symbol must have had a candle, got ${show(symbol)}; known: ${known || 'none'}.`,
    )
  }

  #fresh(symbol: string): SymbolState {
    const { candles, directed } = this.#layout
    return {
      symbol,
      time: 0,
      close: NaN,
      atr: this.#atr.init(),
      candles: initAll(candles),
      directed: initAll(directed),
      tape: createTape(this.#lookBack),
    }
  }

  #track(state: SymbolState): Tracked {
    const { candles, directed } = this.#layout
    return { state, candles: inOrder(candles, state.candles), directed: inOrder(directed, state.directed) }
  }

  #add(symbol: string): Tracked {
    const { maxSymbols } = this.options
    const { symbols } = this.#state
    if (symbols.length >= maxSymbols) {
      throw new TradeLearnError(
        'UNKNOWN_SYMBOL',
        `"maxSymbols" allows ${maxSymbols} symbols, got a candle of one more, ${show(symbol)}.`,
      )
    }
    const state = this.#fresh(symbol)
    symbols.push(state)
    const tracked = this.#track(state)
    this.#bySymbol.set(symbol, tracked)
    return tracked
  }

  /** Refuses a signal from before a candle that its features would look at. */
  #checkPresent({ symbol, time: newest }: SymbolState, now: number): void {
    if (now < newest) tooEarly(symbol, newest, now)
    for (const { part } of this.#ofSymbols) {
      const other = this.#bySymbol.get(part.symbol)
      if (other && now < other.state.time) tooEarly(part.symbol, other.state.time, now)
    }
    const { earliest } = this.#history
    if (now < earliest)
      invalid(`"signal.time" must not lie before a trade's exit that counts, ${earliest}, got ${now}.`)
  }

  #writePeers(signal: Signal, asking: Asking | undefined, out: Vector): void {
    const positions = asking?.positions ?? NO_POSITIONS
    if (!Array.isArray(positions)) {
      throw new TradeLearnError('INVALID_ACCOUNT', `"positions" must be an array or left out, got ${show(positions)}.`)
    }
    const peers: Peers = { tapeOf: this.#tapeOf, positions }
    for (const { part, at } of this.#ofPeers) part.readPeers(signal, peers, out, at)
  }
}

const isOfPeers = (slot: Slot<ContextFeature>): slot is Slot<PeerFeature> => 'readPeers' in slot.part
const isOfSymbol = (slot: Slot<ContextFeature>): slot is Slot<SymbolFeature> => !isOfPeers(slot)

/** The states of some parts in the parts' order, which is quicker to walk than their names. */
function inOrder(slots: readonly Slot<unknown>[], states: States): readonly Plain[] {
  return slots.map(({ key }) => states[key]!)
}

function initAll(slots: readonly Slot<{ init(): Plain }>[]): States {
  return Object.fromEntries(slots.map(({ key, part }) => [key, part.init()]))
}

function checkSame(was: Omit<Schema, 'size'>, now: Schema): void {
  if (was.fingerprint === now.fingerprint) return
  throw new TradeLearnError(
    'SCHEMA_MISMATCH',
    `The snapshot must be of the declared features (${now.fingerprint}), got others (${was.fingerprint}): ${difference(was, now)}.`,
  )
}

function tooEarly(symbol: string, newest: number, now: number): never {
  invalid(`"signal.time" must not lie before the newest candle of ${symbol}, ${newest}, got ${now}.`)
}

function invalid(message: string): never {
  throw new TradeLearnError('INVALID_SIGNAL', message)
}
