import type { Codec, Serializable, Snapshot, Vector } from '../contracts.ts'
import { checkVector, integer, oneOf, text, time } from '../core/check.ts'
import { checkCandle } from '../core/check-candle.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { type State as Plain, unpackState } from '../core/state.ts'
import type { Candle, Signal, SignalMeta } from '../market.ts'
import type { Declaration, FeatureName, Row, SignalOf } from './declaration.ts'
import { type AtrState, atr, atrOf } from './indicators/atr.ts'
import { difference, few, type Layout, layOut, type Schema, type Slot } from './schema.ts'

/** Options of {@link FeatureEngineer}. */
export type FeatureEngineerOptions = {
  /** Symbols that it keeps state for; a candle of one more is an error. @defaultValue 1000 */
  readonly maxSymbols: number
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
  readonly history: States
}

type State = { readonly context: States; readonly symbols: SymbolState[] }

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
  static readonly version: number = 1

  readonly options: FeatureEngineerOptions
  /** What the vectors hold. */
  readonly schema: Schema<Name>
  readonly #declaration: D
  readonly #layout: Layout<Name>
  readonly #atr = atr(ATR_PERIOD)
  #state: State
  /** The symbols' states by name: an index into `#state.symbols`. */
  #bySymbol: Map<string, SymbolState> = new Map()

  constructor(declaration: D, { maxSymbols = 1000 }: Partial<FeatureEngineerOptions> = {}) {
    this.options = { maxSymbols: integer('maxSymbols', maxSymbols) }
    this.#declaration = declaration
    this.#layout = layOut<Name>(declaration)
    this.schema = this.#layout.schema
    this.#state = {
      context: Object.fromEntries(this.#layout.context.map(({ key, part }) => [key, part.indicator.init()])),
      symbols: [],
    }
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

  /** The features of a signal as of now, written into `out`. Pure. */
  vector(signal: Asked, out: Vector = new Float64Array(this.schema.size)): Vector {
    const { size } = this.schema
    const { candles, directed, context, history, signal: own, meta } = this.#layout
    const checked = checkSignal(signal)
    const state = this.#stateOf(checked.symbol)
    this.#checkPresent(state, checked.time)
    if (out.length !== size)
      throw new TradeLearnError('INVALID_INPUT', `"out" must have ${size} features, got ${out.length}.`)

    for (const { key, part, at } of candles) part.read(state.candles[key]!, out, at)
    for (const { key, part, at } of directed) {
      part.read(state.directed[key]!, out, at)
      if (checked.side === 'short') for (let i = at; i < at + part.outputs.length; i++) out[i] = -out[i]!
    }
    for (const { key, part, at } of context) part.indicator.read(this.#state.context[key]!, out, at)
    for (const { key, part, at } of history) part.read(state.history[key]!, out, at)
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
    checkCandle(candle, known?.time)
    const { symbol } = candle
    const state = known ?? this.#add(symbol)

    state.time = candle.time
    state.close = candle.close
    this.#atr.update(state.atr, candle)
    for (const { key, part } of this.#layout.candles) part.update(state.candles[key]!, candle)
    for (const { key, part } of this.#layout.directed) part.update(state.directed[key]!, candle)
    for (const { key, part } of this.#layout.context) {
      if (part.symbol === symbol) part.indicator.update(this.#state.context[key]!, candle)
    }
  }

  /** Takes in how a trade of the symbol closed. */
  settle(symbol: string, won: 0 | 1): void {
    const { history } = this.#stateOf(symbol)
    if (won !== 0 && won !== 1) throw new TradeLearnError('INVALID_OUTCOME', `"won" must be 0 or 1, got ${show(won)}.`)
    for (const { key, part } of this.#layout.history) part.update(history[key]!, won)
  }

  toJSON(): Snapshot {
    const { names, kinds, fingerprint } = this.schema
    return snapshot(FeatureEngineer, { ...this.options, names, kinds, fingerprint }, this.#state)
  }

  /**
   * Reads snapshots of engineers with the same declaration, which a file cannot hold because it is made of functions.
   *
   * @throws `SCHEMA_MISMATCH` that names the features that differ
   */
  codec(): Codec<FeatureEngineer<D, Name, Asked>> {
    const declaration = this.#declaration
    return {
      type: FeatureEngineer.type,
      version: FeatureEngineer.version,
      fromJSON(json: Snapshot): FeatureEngineer<D, Name, Asked> {
        const { options, state } = checkSnapshot(FeatureEngineer, json)
        const template = { maxSymbols: 0, names: [''], kinds: [''], fingerprint: '' }
        const { maxSymbols, ...was } = unpackState(options, template, 'options')
        const engineer = new FeatureEngineer<D, Name, Asked>(declaration, { maxSymbols })
        checkSame(was, engineer.schema)
        const { context, symbols } = unpackState(state, { ...engineer.#state, symbols: [engineer.#fresh('')] })
        engineer.#state = { context, symbols }
        engineer.#bySymbol = new Map(symbols.map((each) => [each.symbol, each]))
        if (engineer.#bySymbol.size < symbols.length) {
          throw new TradeLearnError('CORRUPT_SNAPSHOT', 'Snapshot value "state.symbols" must hold each symbol once.')
        }
        return engineer
      },
    }
  }

  #stateOf(symbol: string): SymbolState {
    const state = this.#bySymbol.get(symbol)
    if (state) return state
    const known = few([...this.#bySymbol.keys()])
    throw new TradeLearnError(
      'UNKNOWN_SYMBOL',
      `A symbol must have had a candle, got ${show(symbol)}; known: ${known || 'none'}.`,
    )
  }

  #fresh(symbol: string): SymbolState {
    const { candles, directed, history } = this.#layout
    return {
      symbol,
      time: 0,
      close: NaN,
      atr: this.#atr.init(),
      candles: initAll(candles),
      directed: initAll(directed),
      history: initAll(history),
    }
  }

  #add(symbol: string): SymbolState {
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
    this.#bySymbol.set(symbol, state)
    return state
  }

  /** Refuses a signal from before a candle that its features would look at. */
  #checkPresent({ symbol, time: newest }: SymbolState, now: number): void {
    if (now < newest) tooEarly(symbol, newest, now)
    for (const { part } of this.#layout.context) {
      const other = this.#bySymbol.get(part.symbol)
      if (other && now < other.time) tooEarly(part.symbol, other.time, now)
    }
  }
}

function initAll(slots: readonly Slot<{ init(): Plain }>[]): States {
  return Object.fromEntries(slots.map(({ key, part }) => [key, part.init()]))
}

function checkSignal(signal: Signal): Signal {
  if (typeof signal !== 'object' || signal === null) invalid(`A signal must be an object, got ${show(signal)}.`)
  text('signal.symbol', signal.symbol, 'INVALID_SIGNAL')
  oneOf('signal.side', signal.side, ['long', 'short'], 'INVALID_SIGNAL')
  time('signal.time', signal.time)
  return signal
}

function writeMeta(slots: Layout['meta'], meta: SignalMeta | undefined, out: Vector): void {
  if (meta !== undefined && (typeof meta !== 'object' || meta === null || Array.isArray(meta))) {
    invalid(`"signal.meta" must be an object, got ${show(meta)}.`)
  }
  let found = 0
  for (const { key, part, at } of slots) {
    const given = meta !== undefined && Object.hasOwn(meta, key)
    if (given) found++
    const value = given ? meta[key] : undefined
    if (part.accepts(value)) part.write(value, out, at)
    else if (part.presence === 'optional' && isMissing(value)) out.fill(NaN, at, at + part.outputs.length)
    else invalid(`"signal.meta.${key}" must be ${part.wanted}, got ${show(value)}.`)
  }
  if (meta === undefined || found === Object.keys(meta).length) return
  const declared = slots.map(({ key }) => key)
  const unknown = Object.keys(meta).filter((key) => !declared.includes(key))
  invalid(`"signal.meta" must hold only what is declared (${few(declared) || 'nothing'}), got ${few(unknown)}.`)
}

const isMissing = (value: unknown): boolean => value === undefined || value === null || Number.isNaN(value)

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
