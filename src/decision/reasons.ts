import type { Reason } from '../market.ts'

/**
 * Every code that a plan or the kill switch can give as a reason, with its meaning.
 *
 * Programs compare codes; the sentence beside a code carries the numbers and may change between releases.
 */
export const REASONS = {
  // what the model says
  TAKE_BAND: 'The win probability lies above the take band: taken, sized by confidence.',
  REDUCE_BAND: 'The win probability lies between the bands: taken at a reduced size.',
  SKIP_BAND: 'The win probability lies below the skip band: not taken.',
  EV_NEGATIVE: 'A note: the trade is taken although its expected value at this bracket is not positive.',
  EV_POSITIVE: 'A note: the trade is skipped although its expected value at this bracket is positive.',
  EV_VETO: 'The expected value at this bracket is not positive: not taken.',
  NO_EDGE: 'The probability leaves no edge to size by (Kelly at its lower bound, or the bet size): not taken.',
  INVALID_PREDICTION: 'The prediction holds a number that cannot be: not taken.',

  // what was learnt besides the model
  ADAPTED: 'A note: a learnt value stands in the place of the one in the configuration.',
  SOURCES: 'The votes of its sources make a win less likely: made smaller, or not taken.',

  // what the model may not say yet
  BASELINE: 'The signal is taken at the base size; no model was asked.',
  MIN_DATA: 'Too few closed trades for the model to decide: the baseline plan stands.',
  OUT_OF_DISTRIBUTION: 'The signal is unlike those that the model has learned from, so it is not asked.',
  STALE_MODEL: 'The model has learned no label for too long, so it is not asked.',
  FEATURES_INCOMPLETE: 'Too many of the features are missing, so the model is not asked.',
  PROBE: 'Taken as a probe, at the smallest size.',
  WARMING_UP: 'A note: no volatility is known yet, so the fallback sets the bracket.',

  // what the operator's limits say
  MAX_POSITION: 'The position in this symbol has reached its limit: made smaller, or not taken.',
  MAX_POSITIONS: 'As many positions are open as may be: nothing new is opened.',
  MAX_RISK: 'The loss at the stop would exceed its limit: made smaller, or not taken.',
  MAX_ORDERS: 'As many orders were given as may be within the window: nothing new is opened.',
  MAX_SYMBOL: 'What is held in this symbol, both sides together, has reached its limit: made smaller, or not taken.',
  MAX_SECTOR: 'What is held in the sector of this symbol has reached its limit: made smaller, or not taken.',
  MAX_SIDE: 'What is held on this side has reached its limit: made smaller, or not taken.',
  MAX_GROSS: 'What is held over all has reached its limit: made smaller, or not taken.',
  MAX_DAILY_LOSS: 'The loss of the day has reached its limit: nothing new is opened until the next day.',
  CLOCK: 'The clock went back or gave no time: nothing new is opened.',
  NO_LEDGER: 'A limit needs a ledger that was not given or knows no account: nothing new is opened.',
  LEDGER_FULL: 'Too many decisions wait to show up in the account: nothing new is opened.',
  CLOSES_POSITION: 'Only as much as closes the opposite position, which no limit and no halt stands against.',
  INVALID_PLAN: 'The plan holds a number that cannot be: not taken.',
  KILL_SWITCH: 'The kill switch has halted trading: nothing new is opened.',

  // what the kill switch says
  LOSS_STREAK: 'Too many losses in a row.',
  WIN_RATE: 'The win rate has demonstrably fallen below its floor.',
  DRAWDOWN: 'Equity has fallen too far below its peak.',
  LATENCY: 'A prediction took too long.',
  OPERATOR: 'Halted by the operator.',
  UNREADABLE: 'The saved state of the kill switch could not be read.',
  INVALID_OBSERVATION: 'The kill switch was shown a number that cannot be.',
  RESET: 'Set going again by the operator.',

  // what the kill switch says of narrower scopes, timed locks and its own records
  LOSS_RATE: 'Too large a share of trades lost.',
  STALE_DATA: 'The newest candle of the symbol is too old, or none is known.',
  PROBE_LOST: 'A probe trade after a lock lost: locked again, for longer.',
  MODEL_HALTED: "The kill switch has halted the model: the baseline's plan stands.",
  PROBES_OUT: 'As many probe trades are out after a lock as may be: their outcomes are awaited.',
  PROVEN: 'The probe trades after a lock won: the lock is lifted.',
  NOT_WRITTEN: 'A change of the kill switch could not be written down.',
  NO_ROOM: 'Too many symbols are halted for another one to be watched.',
} as const

/** One of the codes of {@link REASONS}. */
export type ReasonCode = keyof typeof REASONS

/** A reason whose code is in the list. */
export function because(code: ReasonCode, text: string): Reason {
  return { code, text }
}

/** A fraction as people read it: 0.125 is "12.50 %". */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
