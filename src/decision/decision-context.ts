import type { Account, Reason, SignalMeta } from '../market.ts'
import type { Entry } from './bracket.ts'
import type { RiskLedger } from './risk-ledger.ts'

/** What a decision depends on besides the prediction. */
export type DecisionContext = {
  /** The signal, its price filled in. */
  readonly signal: Entry
  /** What the bot said of its signal. Nothing where left out. */
  readonly meta?: SignalMeta
  /** Average true range in price units; NaN while unknown. */
  readonly atr: number
  readonly account: Account
  /** Closed trades learned from. */
  readonly trades: number
  /** How unlike the past the signal's features are, 0 to 1: the share of past signals that were less so. Unknown where left out. */
  readonly novelty?: number
  /** Milliseconds since the model last learned a label. Where left out it is older than any `maxModelAge`. */
  readonly modelAge?: number
  /** Share of the features that is missing. Where left out, all of them. */
  readonly missing?: number
  /** Why the kill switch has halted trading (its `cause`), or null while it has not. */
  readonly halted: Reason | null
  /** Why only a probe may be traded, as while the kill switch is half open, or null where all may. @defaultValue null */
  readonly probe?: Reason | null
  /** What the account does not show; limits on orders and on the loss of a day need it. Read, never changed. */
  readonly ledger?: RiskLedger
  /** Now, by the clock of the account's ledger, epoch milliseconds; needed with a ledger. */
  readonly time?: number
}
