import type { Serializable, Snapshot } from '../contracts.ts'
import { integer, positive, text, time } from '../core/check.ts'
import { checkCandle } from '../core/check-candle.ts'
import { TradeLearnError } from '../core/errors.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'
import type { Candle } from '../market.ts'

/** Options of {@link CandleInspector}. */
export type CandleInspectorOptions = {
  /** Mean absolute returns of late that a jump must exceed. @defaultValue 10 */
  readonly threshold: number
  /** Candles over which the usual size of a return is averaged, and after which the first jump can be told. @defaultValue 50 */
  readonly window: number
  /** Candles with one and the same price after which a series counts as standing still. @defaultValue 10 */
  readonly flatAfter: number
  /** Symbols that it keeps state for. @defaultValue 1000 */
  readonly maxSymbols: number
}

/** What is odd about a candle. */
export type CandleFlagCode = 'JUMP' | 'SPIKE' | 'POSSIBLE_SPLIT' | 'FLAT' | 'NO_VOLUME'

/** A candle that a person should look at. */
export type CandleFlag = {
  readonly code: CandleFlagCode
  readonly symbol: string
  /** Open time of the candle. */
  readonly time: number
  readonly message: string
}

/** Of one symbol: newest close, how large returns have been, and the last jump. */
type Watched = {
  readonly symbol: string
  time: number
  close: number
  /** Returns that have been averaged, up to `window`. */
  n: number
  /** Mean absolute log return. */
  usual: number
  /** Log return of the last candle if that was a jump, else 0. */
  jump: number
  /** Candles in a row with one price. */
  flat: number
  /** Candles in a row without volume, where there has been some. */
  silent: number
  traded: boolean
}

/**
 * A split's price ratios, and those of reverse splits: 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50 for 1, and 3 for 2.
 * Also what a bar of that day adds: the price may move 2 % besides.
 */
const SPLITS = [2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50, 1.5]
const SPLIT_MARGIN = 0.02
/** A spike comes back by at least this share of the way on the next candle. */
const RETURNED = 0.7
/** A return smaller than this, 5 %, is no jump however quiet the market was: 10 ticks of a penny stock are none. */
const LEAST_JUMP = 0.05
/** What a return counts for in the usual size, in usual sizes: one bad print must not hide the next. */
const MOST_COUNTED = 5

/**
 * Points out candles that are sound by themselves and odd among their neighbours: bad prints, splits that nobody
 * adjusted for, a feed that stands still.
 *
 *     JUMP            |log return| > threshold * mean |log return| of the last candles, and more than 5 %
 *     SPIKE           a jump of which the next candle takes back 70 % and more: a bad print, most likely
 *     POSSIBLE_SPLIT  a jump at the open by a ratio like 2 for 1, and the market otherwise as before
 *     FLAT            `flatAfter` candles with one price, open, high, low and close
 *     NO_VOLUME       `flatAfter` candles without volume where there was some before
 *
 * It reports and repairs nothing: a split is a jump that the label of every open trade takes for real, and what to do
 * about it is yours. A flag is a reason to look, not a verdict: AAPL fell by 52 % on 29 September 2000. O(1) a candle; a
 * record a symbol.
 *
 * @example
 * ```ts
 * const inspector = new CandleInspector()
 * for (const candle of candles) for (const { time, message } of inspector.update(candle)) console.log(time, message)
 * ```
 */
export class CandleInspector implements Serializable {
  static readonly type: string = 'candle-inspector'
  static readonly version: number = 1

  readonly options: CandleInspectorOptions
  readonly #symbols = new Map<string, Watched>()

  constructor({
    threshold = 10,
    window = 50,
    flatAfter = 10,
    maxSymbols = 1000,
  }: Partial<CandleInspectorOptions> = {}) {
    this.options = {
      threshold: positive('threshold', threshold),
      window: integer('window', window, 2),
      flatAfter: integer('flatAfter', flatAfter, 2),
      maxSymbols: integer('maxSymbols', maxSymbols),
    }
  }

  /**
   * Takes in the symbol's next closed candle and says what is odd about it, or, for a spike, about the one before.
   *
   * @throws `INVALID_CANDLE`, `DUPLICATE_CANDLE`, `OUT_OF_ORDER`, `UNKNOWN_SYMBOL` beyond `maxSymbols`
   */
  update(candle: Candle): readonly CandleFlag[] {
    const known = this.#symbols.get(candle?.symbol)
    checkCandle(candle, known?.time)
    const watched = known ?? this.#add(candle)
    const flags = known ? this.#judge(watched, candle) : []
    flags.push(...this.#count(watched, candle))
    watched.time = candle.time
    watched.close = candle.close
    return flags
  }

  toJSON(): Snapshot {
    return snapshot(CandleInspector, this.options, { symbols: [...this.#symbols.values()] })
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): CandleInspector {
    const { options, state } = checkSnapshot(CandleInspector, json)
    const inspector = new CandleInspector(unpackState(options, { ...new CandleInspector().options }, 'options'))
    const { symbols } = unpackState(state, { symbols: [fresh('', 0, 0)] })
    for (const row of symbols) {
      checkWatched(row)
      inspector.#symbols.set(row.symbol, row)
    }
    if (inspector.#symbols.size !== symbols.length || symbols.length > inspector.options.maxSymbols) {
      throw new TradeLearnError('CORRUPT_SNAPSHOT', 'Snapshot value "state.symbols" must hold each symbol once.')
    }
    return inspector
  }

  #add({ symbol, time: opened, close }: Candle): Watched {
    const { maxSymbols } = this.options
    if (this.#symbols.size >= maxSymbols) {
      throw new TradeLearnError('UNKNOWN_SYMBOL', `"maxSymbols" allows ${maxSymbols} symbols, got one more.`)
    }
    const watched = fresh(symbol, opened, close)
    this.#symbols.set(symbol, watched)
    return watched
  }

  /** What the step from the last candle says. */
  #judge(watched: Watched, candle: Candle): CandleFlag[] {
    const { threshold, window } = this.options
    const { symbol, close, usual, jump } = watched
    const step = Math.log(candle.close / close)
    const size = Math.abs(step)
    const flags: CandleFlag[] = []
    const flag = (code: CandleFlagCode, at: number, message: string): number =>
      flags.push({ code, symbol, time: at, message })

    const back = jump !== 0 && step * jump < 0 && size >= RETURNED * Math.abs(jump)
    const jumped = watched.n >= window && size > Math.max(threshold * usual, LEAST_JUMP)
    if (back) {
      flag('SPIKE', watched.time, `${symbol} went ${percent(jump)} and came back ${percent(step)} on the next candle.`)
    } else if (jumped) {
      const ratio = splitOf(close, candle.open)
      if (ratio === undefined) flag('JUMP', candle.time, `${symbol} went ${percent(step)} in one candle.`)
      else
        flag(
          'POSSIBLE_SPLIT',
          candle.time,
          `${symbol} opened ${percent(Math.log(candle.open / close))}: a split of ${ratio}?`,
        )
    }
    watched.jump = jumped && !back ? step : 0
    // a jump counts as a large return, not as what it is
    const counted = watched.n >= window ? Math.min(size, MOST_COUNTED * usual || size) : size
    watched.n = Math.min(watched.n + 1, window)
    watched.usual += (counted - usual) / watched.n
    return flags
  }

  /** What candles that repeat themselves say. */
  #count(watched: Watched, { symbol, time: opened, open, high, low, close, volume }: Candle): CandleFlag[] {
    const { flatAfter } = this.options
    const same = high === low && open === close && close === watched.close
    watched.flat = same ? Math.min(watched.flat + 1, flatAfter + 1) : 0
    const silent = volume === 0 && watched.traded
    watched.silent = silent ? Math.min(watched.silent + 1, flatAfter + 1) : 0
    watched.traded ||= volume !== undefined && volume > 0
    const flags: CandleFlag[] = []
    if (watched.flat === flatAfter) {
      flags.push({ code: 'FLAT', symbol, time: opened, message: `${symbol} has stood still for ${flatAfter} candles.` })
    }
    if (watched.silent === flatAfter) {
      const message = `${symbol} has had no volume for ${flatAfter} candles.`
      flags.push({ code: 'NO_VOLUME', symbol, time: opened, message })
    }
    return flags
  }
}

function fresh(symbol: string, opened: number, close: number): Watched {
  return { symbol, time: opened, close, n: 0, usual: 0, jump: 0, flat: 0, silent: 0, traded: false }
}

/** The split that a gap from `close` to `open` looks like: "2 for 1", "1 for 10". */
function splitOf(close: number, open: number): string | undefined {
  for (const ratio of SPLITS) {
    const name = ratio === 1.5 ? ['3 for 2', '2 for 3'] : [`${ratio} for 1`, `1 for ${ratio}`]
    if (Math.abs((open * ratio) / close - 1) < SPLIT_MARGIN) return name[0]
    if (Math.abs(open / (close * ratio) - 1) < SPLIT_MARGIN) return name[1]
  }
  return undefined
}

/** A change in per cent, or as a factor where that says more. */
function percent(logReturn: number): string {
  if (Math.abs(logReturn) > Math.LN10) return `by a factor of ${Math.exp(logReturn).toPrecision(3)}`
  const change = 100 * Math.expm1(logReturn)
  return `${change > 0 ? '+' : ''}${change.toFixed(1)} %`
}

function checkWatched({ symbol, time: opened, close, n, usual, jump, flat, silent }: Watched): void {
  const code = 'CORRUPT_SNAPSHOT'
  text('symbol', symbol, code)
  time('time', opened, code)
  positive('close', close, code)
  for (const [name, count] of Object.entries({ n, flat, silent })) integer(name, count, 0, code)
  if (!(usual >= 0 && usual < Infinity && Number.isFinite(jump))) {
    throw new TradeLearnError(code, `"usual" and "jump" must be finite, got ${usual} and ${jump}.`)
  }
}
