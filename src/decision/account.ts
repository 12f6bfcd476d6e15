import { nonNegative, oneOf, positive, text } from '../core/check.ts'
import { show, TradeLearnError } from '../core/errors.ts'
import type { Account, Position, Side } from '../market.ts'

/** Where a plan would be carried out. */
export type Order = { readonly symbol: string; readonly side: Side }

/** Passes a sane account, else throws `INVALID_ACCOUNT`. */
export function checkAccount(account: Account): Account {
  if (typeof account !== 'object' || account === null) invalid('"account" must be an object', account)
  positive('account.equity', account.equity, 'INVALID_ACCOUNT')
  if (!Array.isArray(account.positions)) invalid('"account.positions" must be an array', account.positions)
  for (const position of account.positions) {
    if (typeof position !== 'object' || position === null) invalid('A position must be an object', position)
    text('position.symbol', position.symbol, 'INVALID_ACCOUNT')
    oneOf('position.side', position.side, ['long', 'short'], 'INVALID_ACCOUNT')
    nonNegative('position.notional', position.notional, 'INVALID_ACCOUNT')
  }
  return account
}

/** What is held on the order's side of its symbol, in account currency. O(positions). */
export function heldIn(positions: readonly Position[], { symbol, side }: Order): number {
  let sum = 0
  for (const position of positions) if (position.symbol === symbol && position.side === side) sum += position.notional
  return sum
}

/** The same symbol, the other way. */
export function opposite({ symbol, side }: Order): Order {
  return { symbol, side: side === 'long' ? 'short' : 'long' }
}

function invalid(wanted: string, got: unknown): never {
  throw new TradeLearnError('INVALID_ACCOUNT', `${wanted}, got ${show(got)}.`)
}
