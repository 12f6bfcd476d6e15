import type { JsonObject, JsonValue, Snapshot } from '../contracts.ts'
import { TradeLearnError } from '../core/errors.ts'
import { packState } from '../core/state.ts'
import { createTape } from './tape.ts'

/**
 * A snapshot of version 1 as one of version 2.
 *
 * There, each symbol kept the states of its history features, all by symbol; here, they stand by feature and group. What
 * is not of that shape is left as it is, for the reader of version 2 to refuse.
 */
export function forwardFromVersion1({ options, state, ...rest }: Snapshot): Snapshot {
  const { maxSymbols } = options
  const symbols = Array.isArray(state['symbols']) ? (state['symbols'] as readonly JsonValue[]) : []
  const groups: { [feature: string]: JsonObject[] } = {}
  const bare = symbols.map((each) => {
    if (!isRecord(each)) return each
    const { history, ...symbol } = each
    for (const [feature, saved] of isRecord(history) ? Object.entries(history) : []) {
      const list = Object.hasOwn(groups, feature) ? groups[feature]! : []
      list.push({ group: each['symbol'] ?? null, state: saved })
      groups[feature] = list
    }
    return { ...symbol, tape: packState(createTape(0)) }
  })
  return {
    ...rest,
    version: 2,
    // room for a group of each symbol
    options: { ...options, maxGroups: typeof maxSymbols === 'number' ? Math.max(maxSymbols, 1000) : 1000 },
    state: { ...state, symbols: bare, history: { groups, waiting: [], counted: packState(-Infinity) } },
  }
}

/** Reads a state of version 1; where some indicator has come to keep another state since, says so. */
export function olderState(read: () => void): void {
  try {
    read()
  } catch (error) {
    if ((error as Partial<TradeLearnError>).code !== 'CORRUPT_SNAPSHOT') throw error
    throw new TradeLearnError(
      'UNSUPPORTED_VERSION',
      'The features were saved by an older release (version 1), and what they keep has changed since: feed new ones with ' +
        `past candles instead. (${(error as Error).message})`,
    )
  }
}

const isRecord = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
