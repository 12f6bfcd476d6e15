import type { Vector } from '../contracts.ts'
import { checkHalfLife } from '../core/check.ts'
import { addDecayed, createDecayedMoments, type DecayedMoments, decayOf } from '../core/decayed-moments.ts'
import type { State } from '../core/state.ts'

/** Numbers that follow how a symbol's own trades closed. The laws of `Indicator` hold. */
export interface HistoryFeature<S extends State = State, Out extends string = string> {
  readonly kind: string
  readonly outputs: readonly Out[]
  /** The state before the first trade. */
  init(): S
  /** Takes in the next closed trade. */
  update(state: S, won: 0 | 1): void
  /** Writes the numbers as of the last closed trade. */
  read(state: S, out: Vector, at: number): void
}

/**
 * The symbol's recent win rate, 0 to 1: an average in which a trade counts half after `halfLife` more.
 *
 * The first trades count as a plain average; missing before the first.
 */
export function recentWinRate(halfLife = 20): HistoryFeature<DecayedMoments, 'value'> {
  const decay = decayOf(checkHalfLife('halfLife', halfLife))
  return {
    kind: `recentWinRate(${halfLife})`,
    outputs: ['value'],
    init: createDecayedMoments,
    update(state, won) {
      addDecayed(state, won, decay)
    },
    read({ n, mean }, out, at) {
      out[at] = n > 0 ? mean : NaN
    },
  }
}
