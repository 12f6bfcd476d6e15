import type { Serializable, Vector } from '../../contracts.ts'

/**
 * Chooses among a few arms, of which it only ever sees the reward of the one it chose.
 *
 * Laws: `choose` gives a whole number from 0 to `arms` - 1; it may draw from the bandit's own source of chance, which
 * is part of its snapshot, but what has been learned stays as it was. `update` may come late, several at once, or for
 * an arm that was not chosen. Equal options, seeds and calls give equal choices; a bad arm, reward or context is an
 * error that changes nothing; memory is bounded by options.
 */
export interface Bandit extends Serializable {
  /** Number of arms. */
  readonly arms: number
  /** Number of rewards learned from. */
  readonly seen: number
  /** Picks an arm for the situation `context`, which bandits without contexts ignore. */
  choose(context?: Vector): number
  /** Learns what an arm brought. */
  update(arm: number, reward: number, context?: Vector): void
}
