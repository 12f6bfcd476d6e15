import { TradeLearnError } from '../core/errors.ts'
import { DecisionPolicy } from '../decision/index.ts'
import type { Dataset } from '../evaluation/index.ts'
import { TripleBarrier } from '../labels/index.ts'
import type { Candle, Label, Signal } from '../market.ts'
import { closedTrade } from './closed-trade.ts'
import { inClosingOrder } from './closing-times.ts'
import { entryPriceOf } from './entry-price.ts'
import type { Features } from './parts.ts'
import type { Strategy } from './replay.ts'

/** Options of {@link buildDataset}. */
export type BuildDatasetOptions<S extends Signal = Signal> = {
  /** Closed candles of all symbols, each symbol's oldest first; they are read in the order of their closing. */
  readonly candles: readonly Candle[]
  /** The bot's signals, oldest first, or the rule that makes them. */
  readonly signals: readonly S[] | Strategy<S>
  /** Fresh features. */
  readonly features: Features<S>
  /** Fresh labeler. @defaultValue `new TripleBarrier()` */
  readonly labeler?: TripleBarrier
  /** Sets the brackets of signals that bring none. @defaultValue `new DecisionPolicy()` */
  readonly policy?: DecisionPolicy
}

/**
 * Turns candles and signals into rows, labels and times for walk-forward validation: one row a signal, on features
 * known at its time, labelled by the candles that followed. Signals that never settle are left out. Nobody holds
 * anything here, so features of what the account holds are missing.
 *
 * @throws `INVALID_OPTION` for signals out of order
 */
export function buildDataset<S extends Signal = Signal>({
  candles: given,
  signals,
  features,
  labeler = new TripleBarrier(),
  policy = new DecisionPolicy(),
}: BuildDatasetOptions<S>): Dataset {
  const opened: { readonly id: string; readonly x: Float64Array; readonly signal: S }[] = []
  const labels = new Map<string, Label>()
  const known = new Map<string, number>()
  const { candles, closes } = inClosingOrder(given)
  let next = 0

  const open = (signal: S): void => {
    const { symbol, side, time } = signal
    if (opened.length > 0 && time < opened.at(-1)!.signal.time) {
      throw new TradeLearnError(
        'INVALID_OPTION',
        `"signals" must be oldest first; signal ${opened.length} is older than its predecessor.`,
      )
    }
    const x = features.vector(signal)
    const price = entryPriceOf(features, signal)
    const { stop, target } = policy.baseline({
      signal: { ...signal, price },
      atr: features.atr(symbol),
      account: { equity: 1, positions: [] },
      trades: 0,
      halted: null,
    })
    const id = String(opened.length)
    labeler.open({ id, symbol, side, time, price, stop, target })
    opened.push({ id, x, signal })
  }

  for (const [i, candle] of candles.entries()) {
    if (typeof signals !== 'function') {
      for (; next < signals.length && signals[next]!.time < closes[i]!; next++) open(signals[next]!)
    }
    features.update(candle)
    for (const label of labeler.advance(candle)) {
      labels.set(label.id, label)
      known.set(label.id, Math.max(closes[i]!, candle.time + 1))
      features.settle(closedTrade(opened[Number(label.id)]!.signal, label))
    }
    if (typeof signals === 'function') {
      const signal = signals(candle)
      if (signal) open(signal)
    }
  }
  const rows = opened.filter(({ id }) => labels.has(id))
  const labelOf = (row: { id: string }): Label => labels.get(row.id)!
  return {
    names: features.schema.names,
    rows: rows.map(({ x }) => x),
    times: Float64Array.from(rows, ({ signal }) => signal.time),
    // a label is known once the candle that settled it has closed
    labelEnds: Float64Array.from(rows, ({ id }) => known.get(id)!),
    y: Float64Array.from(rows, (row) => labelOf(row).y),
    netReturns: Float64Array.from(rows, (row) => labelOf(row).netReturn),
    ids: rows.map(({ id }) => id),
    groups: groupsOf(rows.map(({ signal }) => signal)),
  }
}

/** What signals can be told apart by: symbol, side, and whatever their metas say in words. */
function groupsOf(signals: readonly Signal[]): { readonly [name: string]: readonly string[] } {
  const worded = signals.flatMap(({ meta = {} }) => Object.keys(meta).filter((name) => typeof meta[name] === 'string'))
  return {
    ...Object.fromEntries(
      [...new Set(worded)].map((name) => [name, signals.map(({ meta }) => String(meta?.[name] ?? 'none'))]),
    ),
    symbol: signals.map(({ symbol }) => symbol),
    side: signals.map(({ side }) => side),
  }
}
