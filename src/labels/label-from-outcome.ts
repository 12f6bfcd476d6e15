import { finite, integer, nonNegative, oneOf, positive, time } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { Decision, ExitReason, Label, Outcome } from '../market.ts'
import { grossReturn } from './gross-return.ts'

/** How far a position has been into gain and loss, as fractions of the entry price of at least 0, and for how long. */
export type Excursions = {
  readonly maxFavorable: number
  readonly maxAdverse: number
  /** Candles since entry. */
  readonly bars: number
}

const NONE: Excursions = { maxFavorable: 0, maxAdverse: 0, bars: 0 }
/** Largest return, in stakes: no trade gains or loses 100 times what it cost, a price or fee in the wrong unit does. */
const MOST = 100
const REASONS: readonly ExitReason[] = ['target', 'stop', 'time', 'exit']

/**
 * The label of a trade that was really made.
 *
 * The return is measured from the price that was paid, less the fees that were paid; where the outcome leaves them out
 * the decision's price and `costs` stand in. The exit itself is part of the way, so the excursions are at least the
 * gain or loss at the exit; without `excursions` they are just that. Pure.
 *
 * @param costs - round-trip costs as a fraction of the entry value
 * @param excursions - what a labeler has seen of the position, measured from the decision's price
 * @throws `INVALID_OUTCOME`, also for an exit before the decision's `time` and where the return is more than 100 times the stake either way
 *
 * @example
 * ```ts
 * const decision = { id: 'a', side: 'short', price: 100 } as const
 * const outcome = { exitPrice: 98, exitTime: 1_700_000_000_000 }
 * labelFromOutcome(decision, outcome, 0.001).netReturn // 0.019
 * ```
 */
export function labelFromOutcome(
  { id, side, price, time: entered }: Pick<Decision, 'id' | 'side' | 'price'> & Partial<Pick<Decision, 'time'>>,
  outcome: Outcome,
  costs: number,
  excursions: Excursions = NONE,
): Label {
  if (typeof outcome !== 'object' || outcome === null) {
    throw new TradeLearnError('INVALID_OUTCOME', `An outcome must be an object, got ${show(outcome)}.`)
  }
  const { exitPrice, exitTime, exitReason = 'exit', entryPrice = price, fees = costs } = outcome
  const code = 'INVALID_OUTCOME'
  positive('outcome.exitPrice', exitPrice, code)
  time('outcome.exitTime', exitTime, code)
  if (entered !== undefined && exitTime < entered) {
    throw new TradeLearnError(
      code,
      `"outcome.exitTime" must not lie before the decision at ${entered}, got ${exitTime}.`,
    )
  }
  oneOf('outcome.exitReason', exitReason, REASONS, code)
  positive('outcome.entryPrice', entryPrice, code)
  // rebates may make them negative; 1 and more is an amount of money by mistake
  if (Math.abs(finite('outcome.fees', fees, code)) >= 1) {
    throw new TradeLearnError(code, `"outcome.fees" must be a fraction of the entry value, got ${show(fees)}.`)
  }
  nonNegative('excursions.maxFavorable', excursions.maxFavorable, code)
  nonNegative('excursions.maxAdverse', excursions.maxAdverse, code)
  integer('excursions.bars', excursions.bars, 0, code)

  const gross = grossReturn(side, entryPrice, exitPrice)
  const netReturn = gross - fees
  // written so that NaN, of prices too far apart for a number, is refused too
  if (!(Math.abs(netReturn) <= MOST)) {
    throw new TradeLearnError(
      code,
      `A trade must return at most ${MOST} times the stake (a price in another unit?), got ${show(netReturn)} ` +
        `from an entry at ${show(entryPrice)} and an exit at ${show(exitPrice)}.`,
    )
  }
  return {
    id,
    y: netReturn > 0 ? 1 : 0,
    netReturn,
    exitReason,
    exitPrice,
    exitTime,
    ambiguous: false,
    maxFavorable: Math.max(excursions.maxFavorable, gross),
    maxAdverse: Math.max(excursions.maxAdverse, -gross),
    bars: excursions.bars,
  }
}
