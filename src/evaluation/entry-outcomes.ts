import type { Labeler } from '../contracts.ts'
import { checkCandle } from '../core/check-candle.ts'
import type { Bracket, Candle, Label, Side } from '../market.ts'

/** How entries are opened and what becomes of them. */
export type EntryLabeling<Opened> = {
  /** A new labeler with the strategy's barriers or holding time, and costs. */
  readonly labeler: () => Labeler<Opened, Candle, Pick<Label, 'id' | 'netReturn'>>
  /**
   * What to open for an entry before candle number `row` of `candles`, such as `fixedBracket(entry, widths)`;
   * `undefined` where nobody could enter, such as while an indicator warms up. It must not look at the candle or
   * beyond.
   */
  readonly open: (entry: Omit<Bracket, 'stop' | 'target'>, row: number) => Opened | undefined
}

/** What an entry before each candle would have come to. */
export type EntryOutcomes = {
  /** Numbers of each symbol's candles, in order of time. */
  readonly rowsOf: ReadonlyMap<string, readonly number[]>
  /** Net return by candle; NaN where it was not settled, or nothing was opened. */
  readonly returns: { readonly [side in Side]: Float64Array }
}

/** Opens an entry before every candle but the first of its symbol, on every side given, at the close before it. */
export function labelEveryEntry<Opened>(
  candles: readonly Candle[],
  sides: readonly Side[],
  { labeler, open }: EntryLabeling<Opened>,
): EntryOutcomes {
  const labels = labeler()
  const rowsOf = new Map<string, number[]>()
  const nothing = (): Float64Array => new Float64Array(candles.length).fill(NaN)
  const returns = { long: nothing(), short: nothing() }
  for (const [row, candle] of candles.entries()) {
    const rows = rowsOf.get(candle?.symbol) ?? []
    const previous = rows.length > 0 ? candles[rows[rows.length - 1]!]! : undefined
    checkCandle(candle, previous?.time)
    const { symbol, time } = candle
    if (previous) {
      for (const side of sides) {
        const opened = open({ id: `${side}:${row}`, symbol, side, time, price: previous.close }, row)
        if (opened !== undefined) labels.open(opened)
      }
    }
    rowsOf.set(symbol, rows)
    rows.push(row)
    for (const { id, netReturn } of labels.advance(candle)) {
      const [side, at] = id.split(':') as [Side, string]
      returns[side][Number(at)] = netReturn
    }
  }
  return { rowsOf, returns }
}
