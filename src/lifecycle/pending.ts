import type { Account, Position } from '../market.ts'
import type { OpenDecision } from './decision-book.ts'

/**
 * The account with the trades that were decided on since the newest bar and are not among its positions yet: thirty
 * signals at one close must not each find the limits unused.
 *
 * A position is known by the `id` of its decision. From the next bar on the account is taken at its word.
 */
export function withPending(account: Account, open: Iterable<OpenDecision>, bar: number): Account {
  // an account that cannot be is refused by whoever reads it, with its reason
  if (!Array.isArray(account?.positions) || typeof account.equity !== 'number') return account
  const held = new Set(account.positions.map((position) => position?.id))
  const pending: Position[] = []
  for (const { decision, traded, bar: made } of open) {
    const { id, symbol, side, size } = decision
    if (traded && made === bar && !held.has(id)) pending.push({ id, symbol, side, notional: size * account.equity })
  }
  return pending.length > 0 ? { ...account, positions: [...account.positions, ...pending] } : account
}
