import type { DecisionContext } from '../decision/index.ts'
import type { Account, Signal } from '../market.ts'
import type { Parts } from './parts.ts'

/** What a policy gets to know about a signal besides the prediction; `novelty` where a scorer has been asked. */
export function contextOf<S extends Signal>(
  { features, killSwitch }: Parts<S>,
  { symbol, side, stop, target }: S,
  price: number,
  account: Account,
  trades: number,
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
    halted: killSwitch.halted
      ? (killSwitch.cause ?? { code: 'UNKNOWN', text: 'The kill switch gave no cause.' })
      : null,
  }
}
