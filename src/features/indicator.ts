import type { Vector } from '../contracts.ts'
import type { State } from '../core/state.ts'
import type { Candle } from '../market.ts'

/**
 * One number, or a few, that follow a symbol's candles.
 *
 * A definition holds no data of its own: the caller keeps the state, which is plain, so one definition serves any
 * number of symbols and its state is saved without its help. Write your own like those of `indicators/`.
 *
 * Laws
 * 1. `update` reads the candle and the state only: no clock, no chance, nothing of other symbols.
 * 2. `read` is pure and writes `outputs.length` numbers from position `at` on; NaN while warming up or where undefined.
 * 3. The state's memory is fixed by the definition, and so is the time of a step.
 */
export interface Indicator<S extends State = State, Out extends string = string> {
  /** What it computes, with its parameters, e.g. `"rsi(14)"`. Part of the schema's fingerprint. */
  readonly kind: string
  /** Names of its numbers. `"value"` goes by the name it is declared under; others are put behind it: `macd.signal`. */
  readonly outputs: readonly Out[]
  /** The state before the first candle. */
  init(): S
  /** Takes in the symbol's next closed candle. */
  update(state: S, candle: Candle): void
  /** Writes the numbers as of the last candle. */
  read(state: S, out: Vector, at: number): void
}
