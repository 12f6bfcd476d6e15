import type { Clearance, DecisionContext } from '../decision/index.ts'
import type { Account, Signal } from '../market.ts'
import type { Parts } from './parts.ts'

/** What a policy gets to know of a signal besides the prediction: what it may do, and `novelty` where a scorer was asked. */
export function contextOf<S extends Signal>(
  { features }: Parts<S>,
  { symbol, side, stop, target }: S,
  price: number,
  account: Account,
  trades: number,
  { state, cause }: Clearance,
  novelty?: number,
): DecisionContext {
  return {
    signal: {
      symbol,
      side,
      price,
      ...(stop === undefined ? {} : { stop }),
      ...(target === undefined ? {} : { target }),
    },
    atr: features.atr(symbol),
    account,
    trades,
    ...(novelty === undefined ? {} : { novelty }),
    halted: state === 'halted' ? (cause ?? { code: 'UNKNOWN', text: 'The kill switch gave no cause.' }) : null,
  }
}
