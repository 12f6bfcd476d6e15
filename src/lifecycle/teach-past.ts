import { TradeLearnError } from '../core/errors.ts'
import type { Signal } from '../market.ts'
import { checkEnough, livePast, type Past, type PastRow, type UnusedTrade } from './bootstrap.ts'
import { copyMeta } from './closed-trade.ts'
import type { OpenDecision } from './decision-book.ts'
import type { Parts, TradePolicy } from './parts.ts'
import { teach } from './teaching.ts'

/** What came of teaching a past. */
export type TaughtPast = {
  /** Trades that were learned from. */
  readonly taught: number
  readonly unused: readonly UnusedTrade[]
  /** Open time of the newest candle. */
  readonly newest: number
}

/**
 * Lets fresh parts live through a bot's past: each trade is predicted at its entry with what was known, and learned from
 * at its exit, as it would have been live. Kill switch, labeler and detectors see none of it: what is over halts nobody.
 */
export function teachPast<S extends Signal>(parts: Parts<S>, policy: TradePolicy, past: Past): TaughtPast {
  const { features, labeler, expectedReturn, interval, success, novelty, monitor } = parts
  if (success.seen > 0 || past.candles.some(({ symbol }) => features.knows(symbol))) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      'Only a fresh learner can live through the past, got one that has learned.',
    )
  }
  const entries = new Map<PastRow, Pick<OpenDecision, 'halfWidth' | 'scale'> & { readonly expected: number }>()
  let newest = Number.NEGATIVE_INFINITY
  for (const { time } of past.candles) newest = Math.max(newest, time)
  let taught = 0
  const unused = livePast(
    past,
    { features, policy, costs: labeler.options.costs },
    {
      entered: (row) => {
        const { price, stop } = row.plan
        const scale = Math.abs(stop - price) / price
        entries.set(row, { scale, halfWidth: interval.halfWidth(scale), expected: expectedReturn.predict(row.x) })
        novelty?.learn(row.x)
        monitor?.update(row.x)
      },
      closed: (row) => {
        const { halfWidth, scale, expected } = entries.get(row)!
        entries.delete(row)
        const { symbol, side, entryTime: time, meta } = row.trade
        const decision = { symbol, side, time, prediction: { expectedReturn: expected } }
        teach(parts, { decision, x: row.x, meta: copyMeta(meta), halfWidth, scale } as OpenDecision, row.label)
        taught++
      },
    },
  )
  checkEnough(taught, 1, unused)
  return { taught, unused, newest }
}
