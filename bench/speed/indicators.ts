import { performance } from 'node:perf_hooks'
import type { Candle } from 'tradelearn'
import { adx, atr, bollinger, emaDistance, type Indicator, macd, rsi, sessionVwap } from 'tradelearn/features'
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

const DAY = 86_400_000
/** Name of the row in which all take turns. */
export const TOGETHER = 'all seven together'
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
  {
    name: 'VWAP of the day',
    ours: widen(sessionVwap()),
    peer: () => {
      let peer = new peers.VWAP()
      let day = Number.NaN
      return ({ time, high, low, close, volume }) => {
        const today = Math.floor(time / DAY)
        if (today !== day) peer = new peers.VWAP()
        day = today
        return close / peer.add({ high, low, close, volume: volume! })! - 1
      }
    },
    same: (out) => out[0]!,
  },
]

/** Rounds that the median is taken of; ours and the peer take turns, so that both see the same machine. */
const ROUNDS = 9

/**
 * Times each indicator beside its peer, and all of them in turn as a bot would run them: update and read once a candle.
 *
 * @throws where the two do not agree on the last value, as then they would not be the same work
 */
export function compareIndicators(candles: readonly Candle[], onProgress: (done: number) => void): Comparison[] {
  const groups = [...PAIRS.map((pair) => [pair]), PAIRS]
  return groups.map((pairs, i) => {
    const compared = comparePairs(pairs, candles)
    onProgress((i + 1) / groups.length)
    return compared
  })
}

function comparePairs(pairs: readonly Pair[], candles: readonly Candle[]): Comparison {
  const indicators = pairs.map(({ ours }) => ours)
  const out = indicators.map(({ outputs }) => new Float64Array(outputs.length))
  const last = pairs.map(() => Number.NaN)
  const runOurs = (): number => {
    const states = indicators.map((indicator) => indicator.init())
    const start = performance.now()
    for (const candle of candles) {
      for (let k = 0; k < indicators.length; k++) {
        indicators[k]!.update(states[k]!, candle)
        indicators[k]!.read(states[k]!, out[k]!, 0)
      }
    }
    return performance.now() - start
  }
  const runPeers = (): number => {
    const add = pairs.map(({ peer }) => peer())
    const start = performance.now()
    for (const candle of candles) for (let k = 0; k < add.length; k++) last[k] = add[k]!(candle)
    return performance.now() - start
  }
  const [mine, theirs]: [number[], number[]] = [[], []]
  // the first round of each warms up the compiler and does not count
  for (let round = 0; round <= ROUNDS; round++) {
    const times = [runOurs(), runPeers()] as const
    if (round === 0) continue
    mine.push(times[0])
    theirs.push(times[1])
  }
  for (const [k, { name, same }] of pairs.entries()) {
    const found = same(out[k]!, candles.at(-1)!.close)
    if (Math.abs(found - last[k]!) <= 1e-6 * Math.max(1e-6, Math.abs(last[k]!))) continue
    throw new Error(`${name}: ours gives ${found}, trading-signals ${last[k]}`)
  }
  const perCandle = (times: number[]): number => (times.sort((a, b) => a - b)[ROUNDS >> 1]! * 1e6) / candles.length
  const [ours, peer] = [perCandle(mine), perCandle(theirs)]
  const name = pairs.length === 1 ? pairs[0]!.name : TOGETHER
  return { name, ours, peer, ratio: peer / ours }
}
