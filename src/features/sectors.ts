import { text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { fnv1a } from '../core/hash.ts'

/** The sector, or any other group, of each symbol: `{ AAPL: 'tech', MSFT: 'tech', XOM: 'energy' }`. */
export type SectorMap = { readonly [symbol: string]: string }

/** Passes a copy of a map from symbols to sectors that nobody else can change, else throws. */
export function copySectors(sectors: SectorMap): SectorMap {
  const given = typeof sectors === 'object' && sectors !== null && !Array.isArray(sectors)
  const entries = given ? Object.entries(sectors) : []
  if (entries.length === 0) {
    throw new TradeLearnError('INVALID_OPTION', `"sectors" must name a sector of each symbol, got ${show(sectors)}.`)
  }
  for (const [symbol, sector] of entries) text(`sectors.${symbol}`, sector)
  return Object.freeze(Object.fromEntries(entries))
}

/** A hash of who belongs where, whatever the order: part of the kind of what depends on it. */
export function sectorsHash(sectors: SectorMap): string {
  return fnv1a(
    Object.keys(sectors)
      .sort()
      .map((symbol) => JSON.stringify([symbol, sectors[symbol]]))
      .join(),
  )
}
