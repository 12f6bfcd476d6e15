import { positive } from '../core/check.ts'
import { TripleBarrier, type TripleBarrierOptions } from '../labels/index.ts'
import type { Account, Candle, Label, Plan, Position, Side } from '../market.ts'

/**
 * A broker on paper: fills every plan at its price, ends it by its bracket as `TripleBarrier` says, and charges costs.
 *
 * Equity moves when trades close. Good enough to compare two ways of deciding on the same signals; it knows nothing
 * of partial fills, financing or market impact.
 */
export class PaperBroker {
  readonly #barrier: TripleBarrier
  readonly #held = new Map<string, Position>()
  #equity: number

  constructor(equity: number, barrier: Partial<TripleBarrierOptions> = {}) {
    this.#equity = positive('equity', equity)
    this.#barrier = new TripleBarrier(barrier)
  }

  get account(): Account {
    return { equity: this.#equity, positions: [...this.#held.values()] }
  }

  /** Enters a trade; a plan without a size is followed but moves no money. */
  enter(id: string, symbol: string, side: Side, time: number, { price, stop, target, size }: Plan): void {
    this.#barrier.open({ id, symbol, side, time, price, stop, target })
    const notional = size * this.#equity
    if (notional > 0) this.#held.set(id, { id, symbol, side, notional })
  }

  /** Moves on by a candle and returns the trades that it ended. */
  onCandle(candle: Candle): readonly Label[] {
    const labels = this.#barrier.advance(candle)
    for (const { id, netReturn } of labels) {
      const held = this.#held.get(id)
      if (!held) continue
      this.#equity += held.notional * netReturn
      this.#held.delete(id)
    }
    return labels
  }
}
