import type { Vector } from '../contracts.ts'
import { integer, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { Position, Signal } from '../market.ts'
import { copySectors, type SectorMap, sectorsHash } from './sectors.ts'
import { betaOf, correlationOf, type Tape, tapeIndex } from './tape.ts'

/** What a feature of several symbols looks at. */
export type Peers = {
  /** The newest candles of a symbol; `undefined` before its first. */
  tapeOf(symbol: string): Tape | undefined
  /** What the account holds as the signal is made; empty where nobody said. */
  readonly positions: readonly Position[]
}

/** Numbers that set the signal's symbol beside others. */
export interface PeerFeature<Out extends string = string> {
  readonly kind: string
  readonly outputs: readonly Out[]
  /** The newest candles of each symbol that it needs; memory of each symbol grows with it. */
  readonly lookBack: number
  /** Writes the numbers for a signal; pure. NaN where there is too little to go by. */
  readPeers(signal: Signal, peers: Peers, out: Vector, at: number): void
}

/**
 * Candles that are looked through for each common return wanted: a share trades in 7 hours of the 24 in which a coin
 * does.
 */
const REACH = 4

/**
 * The correlation of the signal's symbol with another, usually the market: of the newest `bars` log returns between
 * candles of equal open time, -1 to 1.
 *
 * It does not matter which symbol's candle comes first, and candles that one of them lacks are passed over, within the
 * newest 4 `bars` of each. Both need candles of one length. Missing before `bars` common returns, and where one of the
 * two did not move. O(1) a candle, O(`bars`) a read.
 */
export function correlationTo(symbol: string, bars = 50): PeerFeature<'value'> {
  return relation('correlation', symbol, bars, correlationOf)
}

/**
 * By how much the signal's symbol moves for each per cent of another, usually the market.
 *
 *     cov(r, r of symbol) / var(r of symbol)        over the newest `bars` common log returns
 *
 * The returns are those of {@link correlationTo}; a value of 1 moves like the other, 0 on its own. Missing before `bars`
 * common returns and where the other did not move. O(1) a candle, O(`bars`) a read.
 */
export function betaTo(symbol: string, bars = 50): PeerFeature<'value'> {
  return relation('beta', symbol, bars, betaOf)
}

function relation(
  name: string,
  symbol: string,
  bars: number,
  relate: (own: Tape, other: Tape, bars: number) => number,
): PeerFeature<'value'> {
  text('symbol', symbol)
  integer('bars', bars, 2)
  return {
    kind: `${name}(${bars}) to ${symbol}`,
    outputs: ['value'],
    lookBack: REACH * bars + 1,
    readPeers(signal, { tapeOf }, out, at) {
      const [own, other] = [tapeOf(signal.symbol), tapeOf(symbol)]
      out[at] = own && other ? relate(own, other, bars) : NaN
    },
  }
}

/**
 * How the signal's sector has done: the mean log return over `bars` candles of the other symbols in its sector.
 *
 * A symbol counts with the candles that opened by the signal's time, if the newest of them lies within the last `bars`
 * candles of the signal's own symbol. Missing where no other counts. O(1) a candle, O(symbols of the sector) a read.
 *
 * @example
 * ```ts
 * const sectors = { AAPL: 'tech', MSFT: 'tech', NVDA: 'tech', XOM: 'energy', CVX: 'energy' }
 * const engineer = new FeatureEngineer({ context: { sector: sectorReturn(sectors, 20), beta: betaTo('SPY') } })
 * ```
 */
export function sectorReturn(sectors: SectorMap, bars = 20): PeerFeature<'value'> {
  integer('bars', bars)
  const sectorOf = new Map(Object.entries(copySectors(sectors)))
  const members = new Map<string, string[]>()
  for (const [symbol, sector] of sectorOf) members.set(sector, [...(members.get(sector) ?? []), symbol])
  return {
    kind: `sectorReturn(${bars}) by sectors ${sectorsHash(sectors)}`,
    outputs: ['value'],
    // as far again, for a signal that is from before another symbol's newest candles
    lookBack: 2 * bars + 1,
    readPeers({ symbol, time }, { tapeOf }, out, at) {
      const own = tapeOf(symbol)
      let sum = 0
      let n = 0
      for (const other of own ? (members.get(sectorOf.get(symbol) ?? '') ?? []) : []) {
        const tape = other === symbol ? undefined : tapeOf(other)
        const change = tape ? returnBy(tape, time, bars, oldestOf(own!, bars)) : NaN
        if (Number.isNaN(change)) continue
        sum += change
        n++
      }
      out[at] = n > 0 ? sum / n : NaN
    },
  }
}

/** Open time of the candle `bars` ago, or of the oldest there is. */
function oldestOf(tape: Tape, bars: number): number {
  return tape.times[tapeIndex(tape, Math.min(bars, tape.size - 1))]!
}

/** The log return of the `bars` candles up to `time`; NaN where there are fewer, or the newest is from before `since`. */
function returnBy(tape: Tape, time: number, bars: number, since: number): number {
  let ago = 0
  while (ago < tape.size && tape.times[tapeIndex(tape, ago)]! > time) ago++
  if (ago + bars >= tape.size || tape.times[tapeIndex(tape, ago)]! < since) return NaN
  return Math.log(tape.closes[tapeIndex(tape, ago)]! / tape.closes[tapeIndex(tape, ago + bars)]!)
}

/**
 * How much the trade would be the same as what the account already holds.
 *
 *     value    mean over the positions, weighted by their notional, of ± correlation
 *     highest  the largest ± correlation
 *
 * The sign is that of the two sides: a short of a symbol that moves with a long's is a hedge, -1. A position in the
 * signal's own symbol is 1 or -1. The correlations are those of {@link correlationTo}. Missing without positions, or
 * where none can be compared. O(1) a candle, O(positions x `bars`) a read.
 *
 * Positions come with the question: `engineer.vector(signal, out, account)`; a `TradeLearner` hands on the account
 * that `decide` is given, and training rows made by `buildDataset` have none.
 */
export function correlationToPositions(bars = 50): PeerFeature<'value' | 'highest'> {
  integer('bars', bars, 2)
  return {
    kind: `correlationToPositions(${bars})`,
    outputs: ['value', 'highest'],
    lookBack: REACH * bars + 1,
    readPeers({ symbol, side }, { tapeOf, positions }, out, at) {
      const own = tapeOf(symbol)
      let [sum, weight, highest] = [0, 0, NaN]
      for (let i = 0; i < positions.length; i++) {
        const position = checkPosition(positions[i], i)
        const tape = tapeOf(position.symbol)
        if (!own || !tape) continue
        const alike = position.symbol === symbol ? 1 : correlationOf(own, tape, bars)
        if (Number.isNaN(alike)) continue
        const signed = position.side === side ? alike : -alike
        sum += signed * position.notional
        weight += position.notional
        if (!(signed <= highest)) highest = signed
      }
      out[at] = weight > 0 ? sum / weight : NaN
      out[at + 1] = highest
    },
  }
}

function checkPosition(position: Position | undefined, i: number): Position {
  const sided = position?.side === 'long' || position?.side === 'short'
  // a position so small that it rounds to nothing is allowed, as it is in an account
  if (sided && typeof position.symbol === 'string' && position.notional >= 0 && position.notional < Infinity) {
    return position
  }
  throw new TradeLearnError(
    'INVALID_ACCOUNT',
    `"positions[${i}]" must have a symbol, a side and a notional of at least 0, got ${show(position)}.`,
  )
}
