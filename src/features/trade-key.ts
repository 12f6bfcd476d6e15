import { text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { Signal } from '../market.ts'
import { copySectors, type SectorMap, sectorsHash } from './sectors.ts'

/**
 * What tells closed trades apart: `'symbol'`, `'side'`, `'hour'` (of entry, in UTC), a map from symbols to sectors, or
 * the name of a declared meta feature, as `'source'`.
 */
export type TradeKey = 'symbol' | 'side' | 'hour' | SectorMap | (string & {})

/** What a signal and a closed trade have in common. */
export type Entry = Pick<Signal, 'symbol' | 'side' | 'time' | 'meta'>

/** Longer texts are no key: they are notes, of which no two are alike. */
const LONGEST = 200

const HOUR_MS = 3_600_000

const BUILT_IN: readonly unknown[] = ['symbol', 'side', 'hour']

/** Passes a key, a map as a copy of its own; else throws. */
export function copyKey(by: TradeKey): TradeKey {
  if (typeof by === 'string') return text('by', by)
  if (typeof by === 'object' && by !== null) return copySectors(by)
  throw new TradeLearnError(
    'INVALID_OPTION',
    `"by" must be "symbol", "side", "hour", a map of sectors or the name of a meta feature, got ${show(by)}.`,
  )
}

/** How a key stands in the kind of a feature; nothing for `'symbol'`, the default. */
export function keyKind(by: TradeKey): string {
  if (by === 'symbol') return ''
  if (typeof by !== 'string') return ` by sectors ${sectorsHash(by)}`
  return BUILT_IN.includes(by) ? ` by ${by}` : ` by meta ${by}`
}

/** The meta feature that a key is the name of, if it is one. */
export function metaOfKey(by: TradeKey): string | undefined {
  return typeof by === 'string' && !BUILT_IN.includes(by) ? by : undefined
}

/** How to find the group of a signal or trade; `undefined` for one that belongs to none. */
export function groupBy(by: TradeKey): (entry: Entry) => string | undefined {
  if (by === 'symbol') return ({ symbol }) => symbol
  if (by === 'side') return ({ side }) => side
  if (by === 'hour') return ({ time }) => String(((Math.floor(time / HOUR_MS) % 24) + 24) % 24)
  if (typeof by !== 'string') {
    const sectors = new Map(Object.entries(by))
    return ({ symbol }) => sectors.get(symbol)
  }
  return ({ meta }) => (meta && Object.hasOwn(meta, by) ? keyText(meta[by]) : undefined)
}

/** A meta value as a key; `undefined` for none, for NaN and for long texts. */
export function keyText(value: unknown): string | undefined {
  if (typeof value === 'string') return value !== '' && value.length <= LONGEST ? value : undefined
  if (typeof value === 'boolean') return String(value)
  return Number.isFinite(value) ? String(value) : undefined
}
