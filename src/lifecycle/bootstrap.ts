import { integer } from '../core/check.ts'
import { type ErrorCode, show, TradeLearnError } from '../core/errors.ts'
import { type DecisionContext, DecisionPolicy } from '../decision/index.ts'
import type { Dataset } from '../evaluation/index.ts'
import { labelFromOutcome } from '../labels/index.ts'
import type { Candle, ExitReason, Label, Plan, Signal } from '../market.ts'
import { outcomeOf, type PastTrade, signalOf } from '../trades/past-trade.ts'
import { inClosingOrder } from './closing-times.ts'
import { entryPriceOf } from './entry-price.ts'
import type { Features, TradePolicy } from './parts.ts'

/** A bot's past: what it traded, and the prices it saw. */
export type Past = {
  /** Closed trades, in any order; `readTrades`, `readFreqtrade` and `RoundTripBuilder` make them. */
  readonly trades: readonly PastTrade[]
  /** Closed candles of all symbols, each symbol's oldest first. They should begin well before the first trade. */
  readonly candles: readonly Candle[]
}

/** A past trade that could not be used, and why. */
export type UnusedTrade = {
  /** Its position in `trades`. */
  readonly trade: number
  readonly code: ErrorCode
  readonly message: string
}

/** A past trade with its features as they stood at its entry. */
export type PastRow = {
  readonly trade: PastTrade
  readonly x: Float64Array
  /** What a policy was asked at its entry. */
  readonly context: DecisionContext
  /** What the baseline would have planned, with the trade's own stop and target where it names them. */
  readonly plan: Plan
  /** Available once its exit has been reached. */
  readonly label: Label
}

/** What happens as a past is lived through: a trade is entered, and later closed. */
export type PastEvents = {
  readonly entered: (row: PastRow) => void
  readonly closed: (row: PastRow) => void
}

/** How a past is read. */
type Means<S extends Signal> = {
  readonly features: Features<S>
  readonly policy: TradePolicy
  /** Round-trip costs of trades that do not name their fees. */
  readonly costs: number
}

/**
 * Lives through a past in the order of its moments: candles as they closed, trades as they were entered and closed. What
 * happened before a candle's close is told before that candle is, so no feature sees its own future.
 *
 * @returns the trades that could not be used
 */
export function livePast<S extends Signal>(
  { trades, candles: given }: Past,
  { features, policy, costs }: Means<S>,
  { entered, closed }: PastEvents,
): UnusedTrade[] {
  const unused: UnusedTrade[] = []
  const rows = new Map<number, PastRow>()
  const moments = momentsOf(trades, unused)
  const { candles, closes } = inClosingOrder(given)
  let next = 0

  const live = ({ at, trade: i }: Moment): void => {
    const trade = trades[i]!
    if (at === 'exit') {
      const row = rows.get(i)
      rows.delete(i)
      if (row) closed(row)
      return
    }
    try {
      const signal = signalOf(trade) as S
      const x = features.vector(signal)
      const price = entryPriceOf(features, signal)
      const account = { equity: 1, positions: [] }
      const context = {
        signal: { ...signal, price },
        atr: features.atr(trade.symbol),
        account,
        trades: 0,
        halted: null,
      }
      const plan = policy.baseline(context)
      const id = trade.id ?? String(i)
      const outcome = { ...outcomeOf(trade), exitReason: trade.exitReason ?? reasonOf(trade) }
      const row = { trade, x, context, plan, label: labelFromOutcome({ id, side: trade.side, price }, outcome, costs) }
      rows.set(i, row)
      entered(row)
    } catch (error) {
      unused.push(because(i, error))
    }
  }
  for (const [k, candle] of candles.entries()) {
    for (; next < moments.length && moments[next]!.time < closes[k]!; next++) live(moments[next]!)
    features.update(candle)
  }
  for (; next < moments.length; next++) live(moments[next]!)
  return unused.sort((a, b) => a.trade - b.trade)
}

/** Options of {@link bootstrap}. */
export type BootstrapOptions<S extends Signal = Signal> = Past & {
  /** Fresh features. */
  readonly features: Features<S>
  /** Sets the brackets that scale the returns of trades without a stop. @defaultValue `new DecisionPolicy()` */
  readonly policy?: TradePolicy
  /** Costs of the round trip of trades that do not name their fees, as a fraction of the entry value. @defaultValue 0.001 */
  readonly costs?: number
  /** Trades that must be usable. @defaultValue 1 */
  readonly least?: number
}

/** What {@link bootstrap} made of a past. */
export type Bootstrap = {
  /** One row a trade, in the order of their entries. */
  readonly dataset: Dataset
  readonly unused: readonly UnusedTrade[]
}

/**
 * Training rows out of a bot's past: its closed trades, with their features recomputed as they stood at entry.
 *
 * Candles are told in the order of their closing, trades in the order of their moments, and a trade's history features
 * know only what had closed before. The label is what really happened, net of its own fees. Trades that cannot be used (a
 * symbol without candles, a price far from the market's, a signal without the `meta` that the features ask for) are
 * listed with the reason, and nothing is made up for them.
 *
 * A bot trades what it chose to, so such rows say nothing of the signals it left out; `buildDataset` labels those too,
 * where signals are at hand. To teach a TradeLearner, and have its hundred trades on the first day, use its `bootstrap`.
 *
 * @throws `NOT_ENOUGH_DATA` where fewer than `least` trades can be used, naming the first that cannot
 *
 * @example
 * ```ts
 * const trades = readTrades(readFileSync('trades.csv', 'utf8'))
 * const { dataset, unused } = bootstrap({ trades, candles, features: new FeatureEngineer(defaultFeatures()) })
 * ```
 */
export function bootstrap<S extends Signal = Signal>(options: BootstrapOptions<S>): Bootstrap {
  const { features, policy = new DecisionPolicy(), costs = 0.001, least = 1 } = options
  integer('least', least)
  const rows: PastRow[] = []
  const unused = livePast(options, { features, policy, costs }, { entered: (row) => rows.push(row), closed: settle })
  checkEnough(rows.length, least, unused)
  const column = (of: (row: PastRow) => number): Float64Array => Float64Array.from(rows, of)
  const dataset: Dataset = {
    names: features.schema.names,
    rows: rows.map(({ x }) => x),
    times: column(({ trade }) => trade.entryTime),
    labelEnds: column(({ trade }) => trade.exitTime),
    y: column(({ label }) => label.y),
    netReturns: column(({ label }) => label.netReturn),
  }
  return { dataset, unused }

  function settle({ trade, label }: PastRow): void {
    const { symbol, side, entryTime, meta = {} } = trade
    features.settle({
      symbol,
      side,
      time: entryTime,
      exitTime: trade.exitTime,
      won: label.y,
      netReturn: label.netReturn,
      meta,
    })
  }
}

/** Throws where fewer than `least` trades could be used. */
export function checkEnough(used: number, least: number, unused: readonly UnusedTrade[]): void {
  if (used >= least) return
  const first = unused[0]
  const why = first ? `; trade ${first.trade}: ${first.message}` : ''
  throw new TradeLearnError('NOT_ENOUGH_DATA', `At least ${least} trades must be usable, got ${used}${why}`)
}

/** A trade's entry or exit. */
type Moment = { readonly time: number; readonly at: 'entry' | 'exit'; readonly trade: number }

/** All moments in their order; at the same one, exits come first, but no trade's exit before its own entry. */
function momentsOf(trades: readonly PastTrade[], unused: UnusedTrade[]): Moment[] {
  const moments = trades.flatMap((trade, i): Moment[] => {
    const { entryTime, exitTime } = trade ?? {}
    if (Number.isSafeInteger(entryTime) && Number.isSafeInteger(exitTime) && exitTime! >= entryTime!) {
      return [
        { time: entryTime!, at: 'entry', trade: i },
        { time: exitTime!, at: 'exit', trade: i },
      ]
    }
    const message = `A trade must have times, the exit not before the entry, got ${show(entryTime)} and ${show(exitTime)}.`
    unused.push({ trade: i, code: 'INVALID_INPUT', message })
    return []
  })
  const instant = ({ trade }: Moment): boolean => trades[trade]!.entryTime === trades[trade]!.exitTime
  const rank = (moment: Moment): number => (moment.at === 'entry' ? 1 : instant(moment) ? 2 : 0)
  return moments.sort((a, b) => a.time - b.time || rank(a) - rank(b) || a.trade - b.trade)
}

/** Which barrier a trade without a reason ended at, by its own stop and target. */
function reasonOf({ side, exitPrice, stop, target }: PastTrade): ExitReason {
  const sign = side === 'long' ? 1 : -1
  if (stop !== undefined && sign * (exitPrice - stop) <= 0) return 'stop'
  if (target !== undefined && sign * (exitPrice - target) >= 0) return 'target'
  return 'exit'
}

function because(trade: number, error: unknown): UnusedTrade {
  const { code, message } = error as TradeLearnError
  // what is no refusal of ours is a fault, and must not be hidden among the trades
  if (typeof code !== 'string') throw error
  return { trade, code, message }
}
