import type { Vector } from '../contracts.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { State } from '../core/state.ts'
import type { Indicator } from './indicator.ts'

/** State of {@link lagged}: the indicator's own, and its numbers as of the last candles. */
export type LaggedState<S extends State = State> = {
  readonly inner: S
  /** One block of numbers a candle, a ring; NaN where no candle has come in yet. */
  readonly past: Float64Array
  /** Block of the newest candle. */
  at: number
}

/**
 * An indicator beside what it said some candles ago: `lagged(rsi(14), 1, 3)` has outputs `value`, `lag1` and `lag3`.
 *
 * A model that sees one moment at a time cannot see a turn; with the same number of one candle ago it can. Numbers of
 * before the first candle are missing. O(1) a candle; one number an output and candle up to the longest lag.
 *
 * @param lags - how many candles ago, each 1 or more
 */
export function lagged<S extends State, Out extends string, const Lags extends readonly [number, ...number[]]>(
  indicator: Indicator<S, Out>,
  ...lags: Lags
): Indicator<LaggedState<S>, Out | LagName<Out, Lags[number]>> {
  for (const [i, lag] of lags.entries()) {
    if (Number.isSafeInteger(lag) && lag >= 1 && lag <= MOST && lags.indexOf(lag) === i) continue
    throw new TradeLearnError(
      'INVALID_OPTION',
      `"lags" must be different whole numbers from 1 to ${MOST}, got ${show(lag)}.`,
    )
  }
  const width = indicator.outputs.length
  const blocks = Math.max(...lags) + 1
  const names = lags.flatMap((lag) => indicator.outputs.map((output) => lagName(output, lag)))
  return {
    kind: `lagged(${indicator.kind}, ${lags.join(', ')})`,
    outputs: [...indicator.outputs, ...names] as (Out | LagName<Out, Lags[number]>)[],
    init: () => ({ inner: indicator.init(), past: new Float64Array(blocks * width).fill(NaN), at: 0 }),
    update(state, candle) {
      indicator.update(state.inner, candle)
      state.at = state.at + 1 < blocks ? state.at + 1 : 0
      indicator.read(state.inner, state.past, state.at * width)
    },
    read({ past, at: newest }, out: Vector, at) {
      let to = at
      for (let i = 0; i < width; i++) out[to++] = past[newest * width + i]!
      for (let k = 0; k < lags.length; k++) {
        const block = newest - lags[k]!
        const from = (block < 0 ? block + blocks : block) * width
        for (let i = 0; i < width; i++) out[to++] = past[from + i]!
      }
    },
  }
}

/** `lag2` of a single number, `signal_lag2` of one among several. */
export type LagName<Out extends string, Lag extends number> = Out extends 'value' ? `lag${Lag}` : `${Out}_lag${Lag}`

/** Longer lags are a mistake, or would be memory without end. */
const MOST = 10_000

const lagName = (output: string, lag: number): string => (output === 'value' ? `lag${lag}` : `${output}_lag${lag}`)
