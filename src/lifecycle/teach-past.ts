import { TradeLearnError } from '../core/errors.ts'
import type { Plan, Prediction, Signal } from '../market.ts'
import { checkEnough, livePast, type Past, type PastRow, type UnusedTrade } from './bootstrap.ts'
import { copyMeta } from './closed-trade.ts'
import type { OpenDecision } from './decision-book.ts'
import { forecast } from './forecast.ts'
import type { Parts, TradePolicy } from './parts.ts'
import type { Scoreboard } from './scoreboard.ts'
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
 * Lets fresh parts live through a bot's past: each trade is predicted at its entry with what was known, and scored and
 * learned from at its exit, as it would have been live. Kill switch, labeler and detectors see none of it: what is over
 * halts nobody.
 */
export function teachPast<S extends Signal>(
  parts: Parts<S>,
  policy: TradePolicy,
  board: Scoreboard,
  past: Past,
): TaughtPast {
  const { features, labeler, interval, novelty, monitor } = parts
  if (board.labels > 0 || past.candles.some(({ symbol }) => features.knows(symbol))) {
    throw new TradeLearnError(
      'INVALID_INPUT',
      'Only a fresh learner can live through a past, got one that has learned.',
    )
  }
  const entries = new Map<PastRow, Entry>()
  let newest = Number.NEGATIVE_INFINITY
  for (const { time } of past.candles) newest = Math.max(newest, time)
  const unused = livePast(
    past,
    { features, policy, costs: labeler.options.costs },
    {
      entered: (row) => {
        const { x, plan, context } = row
        const prediction = forecast(parts, x, plan, board.labels)
        const { action } = policy.decide(prediction, { ...context, trades: board.labels })
        const scale = Math.abs(plan.stop - plan.price) / plan.price
        entries.set(row, { prediction, action, scale, halfWidth: interval.halfWidth(scale) })
        novelty?.learn(x)
        monitor?.update(x)
      },
      closed: (row) => {
        const { prediction, action, scale, halfWidth } = entries.get(row)!
        entries.delete(row)
        const { symbol, side, entryTime: time, meta } = row.trade
        board.update(row.label.y, prediction.probability, row.label.netReturn, action)
        const decision = { symbol, side, time, prediction }
        teach(parts, { decision, x: row.x, meta: copyMeta(meta), halfWidth, scale }, row.label)
      },
    },
  )
  checkEnough(board.labels, 1, unused)
  return { taught: board.labels, unused, newest }
}

/** What is kept of an entry until its exit. */
type Entry = Pick<OpenDecision, 'halfWidth' | 'scale'> & {
  readonly prediction: Prediction
  readonly action: Plan['action']
}
