import { text } from '../core/check.ts'
import type { State } from '../core/state.ts'
import type { Indicator } from './indicator.ts'
import { level } from './indicators/level.ts'
import { trendStrength } from './indicators/trend-strength.ts'

/** An indicator of one fixed symbol, seen by the signals of all symbols. */
export interface ContextFeature<Out extends string = string> {
  readonly kind: string
  readonly outputs: readonly Out[]
  readonly symbol: string
  readonly indicator: Indicator<State, Out>
}

/**
 * What any indicator says about another symbol: `onSymbol('BTCUSDT', rsi(14))`.
 *
 * It is missing until the symbol's candles have come in and warmed it up. Feed candles in the order in which they
 * closed: a daily candle opens before the hours of its day but is known only after them.
 */
export function onSymbol<S extends State, Out extends string>(
  symbol: string,
  indicator: Indicator<S, Out>,
): ContextFeature<Out> {
  text('symbol', symbol)
  return {
    kind: `${indicator.kind} of ${symbol}`,
    outputs: indicator.outputs,
    symbol,
    indicator: indicator as unknown as Indicator<State, Out>,
  }
}

/** How straight another symbol, usually the market, has been moving, -1 to 1: its {@link trendStrength}. */
export function trendOf(symbol: string, bars = 20): ContextFeature<'value'> {
  return onSymbol(symbol, trendStrength(bars))
}

/** The close of another symbol as it is, for volatility indices and rates. */
export function levelOf(symbol: string): ContextFeature<'value'> {
  return onSymbol(symbol, level())
}
