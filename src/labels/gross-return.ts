import type { Side } from '../market.ts'

/** Return of a position before costs, as a fraction of the entry price. */
export function grossReturn(side: Side, entry: number, exit: number): number {
  return (side === 'long' ? exit - entry : entry - exit) / entry
}
