import { canonicalJson } from '../core/canonical-json.ts'
import { fraction, integer, positive, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import { fnv1a } from '../core/hash.ts'
import { packState } from '../core/state.ts'

/** What the operator allows. Never learned, never stored in a model, never widened by a prediction. */
export type Limits = {
  /** Largest position in one symbol, as a fraction of equity. @defaultValue 0.1 */
  readonly maxPosition: number
  /** Most positions open at once. @defaultValue 20 */
  readonly maxPositions: number
  /** Largest loss at the stop in one trade, as a fraction of equity. @defaultValue 0.01 */
  readonly maxRisk: number
  /** Most orders within `ordersWindow`; needs a ledger. @defaultValue Infinity */
  readonly maxOrders: number
  /** The window of `maxOrders`, in milliseconds. @defaultValue 60_000 */
  readonly ordersWindow: number
  /** Most held in one symbol, both sides added up, as a fraction of equity. @defaultValue Infinity */
  readonly maxSymbolExposure: number
  /** Most held in one sector, both sides added up, as a fraction of equity. @defaultValue Infinity */
  readonly maxSectorExposure: number
  /** The sector of each symbol. Symbols that are missing here form one sector together. @defaultValue {} */
  readonly sectorOf: { readonly [symbol: string]: string }
  /** Most held on one side over all symbols, as fractions of equity. @defaultValue { long: Infinity, short: Infinity } */
  readonly maxSideExposure: { readonly long: number; readonly short: number }
  /** Most held over all, both sides added up, as a fraction of equity. @defaultValue Infinity */
  readonly maxGrossExposure: number
  /** Loss since the day began, as a fraction of the equity then, at which nothing is opened for the rest of the day;
   *  needs a ledger. @defaultValue Infinity */
  readonly maxDailyLoss: number
  /** Hash of all the others: equal limits have equal ones. */
  readonly fingerprint: string
}

/** Limits as an operator writes them: what is left out gets its default. */
export type LimitOptions = Partial<Omit<Limits, 'maxSideExposure' | 'fingerprint'>> & {
  readonly maxSideExposure?: { readonly long?: number; readonly short?: number }
  /** Worked out anew, whatever stands here. */
  readonly fingerprint?: string
}

/** Checked limits, frozen all the way down; what is left out gets its default. */
export function createLimits(options: LimitOptions = {}): Limits {
  const { maxPosition = 0.1, maxPositions = 20, maxRisk = 0.01 } = options
  const { maxOrders = Infinity, ordersWindow = 60_000, maxDailyLoss = Infinity } = options
  const { maxSymbolExposure = Infinity, maxSectorExposure = Infinity, maxGrossExposure = Infinity } = options
  const { long = Infinity, short = Infinity } = options.maxSideExposure ?? {}
  const limits = {
    maxPosition: fraction('maxPosition', maxPosition),
    maxPositions: integer('maxPositions', maxPositions, 0),
    maxRisk: fraction('maxRisk', maxRisk),
    maxOrders: maxOrders === Infinity ? maxOrders : integer('maxOrders', maxOrders, 0),
    ordersWindow: positive('ordersWindow', ordersWindow),
    maxSymbolExposure: most('maxSymbolExposure', maxSymbolExposure),
    maxSectorExposure: most('maxSectorExposure', maxSectorExposure),
    sectorOf: sectors(options.sectorOf ?? {}),
    maxSideExposure: Object.freeze({
      long: most('maxSideExposure.long', long),
      short: most('maxSideExposure.short', short),
    }),
    maxGrossExposure: most('maxGrossExposure', maxGrossExposure),
    maxDailyLoss: maxDailyLoss === Infinity ? maxDailyLoss : fraction('maxDailyLoss', maxDailyLoss),
  }
  return Object.freeze({ ...limits, fingerprint: fnv1a(canonicalJson(packState(limits))) })
}

/** Passes a share of equity that may be unlimited or, with borrowed money, above 1; else throws. */
function most(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new TradeLearnError('INVALID_OPTION', `"${name}" must be a number of at least 0, got ${show(value)}.`)
}

/** A frozen copy without a prototype, so that a symbol named "constructor" has no sector. */
function sectors(sectorOf: { readonly [symbol: string]: string }): { readonly [symbol: string]: string } {
  const copy: { [symbol: string]: string } = Object.create(null)
  for (const [symbol, sector] of Object.entries(sectorOf)) copy[symbol] = text(`sectorOf.${symbol}`, sector)
  return Object.freeze(copy)
}
