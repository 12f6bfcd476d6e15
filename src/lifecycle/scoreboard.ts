import type { Serializable, Snapshot } from '../contracts.ts'
import { checkHalfLife, integer } from '../core/check.ts'
import { addDecayed, createDecayedMoments, decayOf } from '../core/decayed-moments.ts'
import { clamp, logLossOf } from '../core/math.ts'
import { checkSnapshot, snapshot } from '../core/snapshot.ts'
import { unpackState } from '../core/state.ts'

/** Options of {@link Scoreboard}. */
export type ScoreboardOptions = {
  /** Labels after which a score counts half. @defaultValue 200 */
  readonly halfLife: number
}

/** How the model fares, each figure beside the baseline that needs no learning. */
export type RunningScores = {
  /** Labels behind the figures. */
  readonly labels: number
  /** Share of signals that paid: what taking every one would win. */
  readonly winRate: number
  /** Recent log loss of the model's probabilities, prequential. */
  readonly logLoss: number
  /** Recent log loss of always saying the win rate so far. */
  readonly baseRateLogLoss: number
  /** `1 - logLoss / baseRateLogLoss`: above 0 where the model knows something. */
  readonly skill: number
  /** Mean net return of the signals that the model would take or reduce. */
  readonly meanReturnKept: number
  /** Mean net return of all signals. */
  readonly meanReturnAll: number
}

const fresh = () => ({
  labels: 0,
  wins: 0,
  model: createDecayedMoments(),
  baseRate: createDecayedMoments(),
  kept: createDecayedMoments(),
  all: createDecayedMoments(),
})

/**
 * A running comparison of the model with its baselines, on predictions made before their labels were known.
 *
 * Each label is scored with the probability that was stored at its decision. The base rate's own probability is
 * `(wins + 1) / (labels + 2)` just before the label. All means forget exponentially. O(1) a label.
 */
export class Scoreboard implements Serializable {
  static readonly type: string = 'scoreboard'
  static readonly version: number = 1

  readonly options: ScoreboardOptions
  #state: ReturnType<typeof fresh> = fresh()

  constructor({ halfLife = 200 }: Partial<ScoreboardOptions> = {}) {
    this.options = { halfLife: checkHalfLife('halfLife', halfLife) }
  }

  /** Labels scored so far. */
  get labels(): number {
    return this.#state.labels
  }

  get scores(): RunningScores {
    const { labels, wins, model, baseRate, kept, all } = this.#state
    const known = (moments: { n: number; mean: number }): number => (moments.n > 0 ? moments.mean : Number.NaN)
    return {
      labels,
      winRate: labels > 0 ? wins / labels : Number.NaN,
      logLoss: known(model),
      baseRateLogLoss: known(baseRate),
      skill: labels > 0 ? 1 - model.mean / baseRate.mean : Number.NaN,
      meanReturnKept: known(kept),
      meanReturnAll: known(all),
    }
  }

  /**
   * Whether a probability lay on the wrong side of the base rate: 1 if so, 0 if not, 0.5 where it did not take sides.
   *
   * This is what drift detectors are shown. It asks about the ranking alone: a mixture that has turned cautious after a
   * change still errs in the same direction, which its log loss no longer shows. Without skill its mean is one half.
   */
  errorOf(y: 0 | 1, probability: number): 0 | 0.5 | 1 {
    const side = probability - this.#baseRate()
    // nor does a model take sides that says no number
    if (!(Math.abs(side) >= 1e-9)) return 0.5
    return side > 0 === (y === 1) ? 0 : 1
  }

  /**
   * Scores one settled decision: the label, the probability stored for it, its net return, and the model's action. A
   * probability that is no number scores as the base rate does.
   */
  update(y: 0 | 1, probability: number, netReturn: number, action: 'take' | 'reduce' | 'skip'): void {
    const s = this.#state
    const decay = decayOf(this.options.halfLife)
    const base = this.#baseRate()
    addDecayed(s.model, logLossOf(y, Number.isNaN(probability) ? base : clamp(probability, 1e-6, 1 - 1e-6)), decay)
    addDecayed(s.baseRate, logLossOf(y, base), decay)
    addDecayed(s.all, netReturn, decay)
    if (action !== 'skip') addDecayed(s.kept, netReturn, decay)
    s.labels++
    s.wins += y
  }

  #baseRate(): number {
    const { labels, wins } = this.#state
    return (wins + 1) / (labels + 2)
  }

  toJSON(): Snapshot {
    return snapshot(Scoreboard, this.options, this.#state)
  }

  /** Reads back what {@link toJSON} wrote. */
  static fromJSON(json: Snapshot): Scoreboard {
    const { options, state } = checkSnapshot(Scoreboard, json)
    const board = new Scoreboard(unpackState(options, { halfLife: 0 }, 'options'))
    const saved = unpackState(state, fresh())
    integer('scoreboard.labels', saved.labels, 0, 'CORRUPT_SNAPSHOT')
    integer('scoreboard.wins', saved.wins, 0, 'CORRUPT_SNAPSHOT')
    board.#state = saved
    return board
  }
}
