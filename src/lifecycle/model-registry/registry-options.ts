import { integer } from '../../core/check.ts'
import { show, TradeLearnError } from '../../core/errors.ts'

/** What a model must have learned from before it may decide anything, shadow included. */
export type MinimumData = {
  /** Trades in all. @defaultValue 100 */
  readonly trades: number
  /** Trades of each regime that the version counts. @defaultValue 50 */
  readonly perRegime: number
  /** Trades of each symbol that the version counts. @defaultValue 20 */
  readonly perSymbol: number
}

/** Options of `ModelRegistry`: the operator's, never those of a file. */
export type RegistryOptions = {
  /** What challenger and champion must have learned from; 0 asks for nothing. */
  readonly minimum: MinimumData
  /**
   * Models that are kept whole; of older ones the card stays. What an alias points to, the champion before this one and the
   * newest version are kept in any case. @defaultValue 10
   */
  readonly keepBodies: number
  /** Versions whose cards are kept. @defaultValue 1000 */
  readonly maxCards: number
  /** Moves of aliases that are remembered; a journal has all. @defaultValue 1000 */
  readonly remember: number
}

/** What may be left out, in the minimum too. */
export type RegistrySettings = Partial<Omit<RegistryOptions, 'minimum'>> & { readonly minimum?: Partial<MinimumData> }

/** Checked, frozen options with a default in the place of whatever is left out. @throws `INVALID_OPTION` */
export function createRegistryOptions({
  minimum = {},
  keepBodies = 10,
  maxCards = 1000,
  remember = 1000,
}: RegistrySettings = {}): RegistryOptions {
  if (typeof minimum !== 'object' || minimum === null) {
    throw new TradeLearnError('INVALID_OPTION', `"minimum" must be an object, got ${show(minimum)}.`)
  }
  const { trades = 100, perRegime = 50, perSymbol = 20 } = minimum
  return Object.freeze({
    minimum: Object.freeze({
      trades: integer('minimum.trades', trades, 0),
      perRegime: integer('minimum.perRegime', perRegime, 0),
      perSymbol: integer('minimum.perSymbol', perSymbol, 0),
    }),
    // champion, challenger, and the champion before
    keepBodies: integer('keepBodies', keepBodies, 3),
    // more than there can be bodies, so that there is always a card to let go
    maxCards: integer('maxCards', maxCards, keepBodies + MAX_ALIASES + 2),
    remember: integer('remember', remember),
  })
}

/** Aliases at a time. */
export const MAX_ALIASES = 20
