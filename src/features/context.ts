import { text } from '../core/check.ts'
import type { State } from '../core/state.ts'
import type { Indicator } from './indicator.ts'
import { level } from './indicators/level.ts'
import { percentile } from './indicators/percentile.ts'
import { returns } from './indicators/returns.ts'
import { trendStrength } from './indicators/trend-strength.ts'
import type { PeerFeature } from './peers.ts'

/** An indicator of one fixed symbol, seen by the signals of all symbols. */
export interface SymbolFeature<Out extends string = string> {
  readonly kind: string
  readonly outputs: readonly Out[]
  readonly symbol: string
  readonly indicator: Indicator<State, Out>
}

/** What the world around a signal's symbol does: an indicator of another symbol, or how it stands beside others. */
export type ContextFeature<Out extends string = string> = SymbolFeature<Out> | PeerFeature<Out>

/**
 * What any indicator says about another symbol: `onSymbol('BTCUSDT', rsi(14))`.
 *
 * It is missing until the symbol's candles have come in and warmed it up. Feed candles in the order in which they
 * closed: a daily candle opens before the hours of its day but is known only after them.
 */
export function onSymbol<S extends State, Out extends string>(
  symbol: string,
  indicator: Indicator<S, Out>,
): SymbolFeature<Out> {
  text('symbol', symbol)
  return {
    kind: `${indicator.kind} of ${symbol}`,
    outputs: indicator.outputs,
    symbol,
    indicator: indicator as unknown as Indicator<State, Out>,
  }
}

/** How straight another symbol, usually the market, has been moving, -1 to 1: its {@link trendStrength}. */
export function trendOf(symbol: string, bars = 20): SymbolFeature<'value'> {
  return onSymbol(symbol, trendStrength(bars))
}

/** Log returns of another symbol over several spans, each an output named by its number of bars: its {@link returns}. */
export function returnsOf<const Bars extends readonly number[]>(
  symbol: string,
  ...bars: Bars
): SymbolFeature<`${Bars[number]}`> {
  return onSymbol(symbol, returns(...bars))
}

/** The close of another symbol as it is, for volatility indices and rates. */
export function levelOf(symbol: string): SymbolFeature<'value'> {
  return onSymbol(symbol, level())
}

/**
 * Where the close of another symbol stands among its newest `window`, 0 the lowest and 1 the highest: whether a
 * volatility index is high for these times. Its {@link percentile}.
 */
export function percentileOf(symbol: string, window = 250): SymbolFeature<'value'> {
  return onSymbol(symbol, percentile(window))
}
