import { performance } from 'node:perf_hooks'
import type { Candle } from 'tradelearn'
import { adx, atr, bollinger, emaDistance, type Indicator, macd, rsi } from 'tradelearn/features'
import * as peers from 'trading-signals'

/** One indicator of ours and the same one of `trading-signals`. */
type Pair = {
  readonly name: string
  readonly ours: Indicator
  /** Takes a candle and returns what `same` makes of our numbers. */
  readonly peer: () => (candle: Candle) => number
  /** Our numbers in the peer's terms, to show that both compute the same. */
  readonly same: (out: Float64Array, close: number) => number
}

/** How two implementations of one indicator compare, in nanoseconds a candle. */
export type Comparison = {
  readonly name: string
  readonly ours: number
  readonly peer: number
  /** Peer over ours: above 1, ours is faster. */
  readonly ratio: number
}

const widen = (indicator: unknown): Indicator => indicator as Indicator

const PAIRS: readonly Pair[] = [
  {
    name: 'RSI 14',
    ours: widen(rsi(14)),
    peer: () => {
      const peer = new peers.RSI(14)
      return ({ close }) => peer.add(close) ?? Number.NaN
    },
    same: (out) => out[0]!,
  },
  {
    name: 'MACD 12, 26, 9',
    ours: widen(macd(12, 26, 9)),
    peer: () => {
      const peer = new peers.MACD(new peers.EMA(12), new peers.EMA(26), new peers.EMA(9))
      return ({ close }) => peer.add(close)?.histogram ?? Number.NaN
    },
    same: (out, close) => out[2]! * close,
  },
  {
    name: 'ADX 14 with +DI, -DI',
    ours: widen(adx(14)),
    peer: () => {
      const peer = new peers.ADX(14)
      return (candle) => peer.add(candle) ?? Number.NaN
    },
    same: (out) => out[0]!,
  },
  {
    name: 'ATR 14',
    ours: widen(atr(14)),
    peer: () => {
      const peer = new peers.ATR(14)
      return (candle) => peer.add(candle) ?? Number.NaN
    },
    same: (out, close) => out[0]! * close,
  },
  {
    name: 'EMA 9 and 21',
    ours: widen(emaDistance(9, 21)),
    peer: () => {
      const [fast, slow] = [new peers.EMA(9), new peers.EMA(21)]
      return ({ close }) => fast.add(close)! / slow.add(close)! - 1
    },
    same: (out) => out[2]!,
  },
  {
    name: 'Bollinger 20, 2',
    ours: widen(bollinger(20, 2)),
    peer: () => {
      const peer = new peers.BollingerBands(20, 2)
      return ({ close }) => {
        const bands = peer.add(close)
        return bands ? (bands.upper - bands.lower) / bands.middle : Number.NaN
      }
    },
    same: (out) => out[1]!,
  },
]

/** Rounds that the median is taken of; ours and the peer take turns, so that both see the same machine. */
const ROUNDS = 9

/**
 * Times each indicator beside its peer: update and read once a candle.
 *
 * @throws where the two do not agree on the last value, as then they would not be the same work
 */
export function compareIndicators(candles: readonly Candle[], onProgress: (done: number) => void): Comparison[] {
  return PAIRS.map(({ name, ours, peer, same }, i) => {
    const out = new Float64Array(ours.outputs.length)
    const [mine, theirs]: [number[], number[]] = [[], []]
    let last = Number.NaN
    const runOurs = (): number => {
      const state = ours.init()
      const start = performance.now()
      for (const candle of candles) {
        ours.update(state, candle)
        ours.read(state, out, 0)
      }
      return performance.now() - start
    }
    const runPeer = (): number => {
      const add = peer()
      const start = performance.now()
      for (const candle of candles) last = add(candle)
      return performance.now() - start
    }
    // the first round of each warms up the compiler and does not count
    for (let round = 0; round <= ROUNDS; round++) {
      const times = [runOurs(), runPeer()] as const
      if (round === 0) continue
      mine.push(times[0])
      theirs.push(times[1])
    }
    const found = same(out, candles.at(-1)!.close)
    if (!(Math.abs(found - last) <= 1e-6 * Math.max(1e-6, Math.abs(last)))) {
      throw new Error(`${name}: ours gives ${found}, trading-signals ${last}`)
    }
    onProgress((i + 1) / PAIRS.length)
    const perCandle = (times: number[]): number => (times.sort((a, b) => a - b)[ROUNDS >> 1]! * 1e6) / candles.length
    const [a, b] = [perCandle(mine), perCandle(theirs)]
    return { name, ours: a, peer: b, ratio: b / a }
  })
}
